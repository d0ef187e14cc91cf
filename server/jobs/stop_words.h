/* Who wants a job undone, and why. Only for this room. */
#ifndef SERVER_JOBS_STOP_WORDS_H
#define SERVER_JOBS_STOP_WORDS_H

#include "server/store/job_rows.h"

struct stop_words {
    const char *by;     /* ARN; NULL: the job is not cancelled, or nobody said */
    const char *reason; /* or NULL */
};

bool stop_words_read(struct tx *tx, struct arena *arena, const struct job_row *job, struct stop_words *out,
                     struct err *err);

#endif
