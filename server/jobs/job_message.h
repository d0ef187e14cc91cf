/* The message that hands a job to a runner, put together from the store's rows. */
#ifndef SERVER_JOBS_JOB_MESSAGE_H
#define SERVER_JOBS_JOB_MESSAGE_H

#include "common/wire.h"
#include "server/store/db.h"

struct job_message_settings {
    const char *base_url; /* hosted repositories are at BASE/git/NAME */
    const char *region;
    const char *account_id;
    /* Opens what the auth room sealed (a source hook's clone password) into the arena. NULL where none can be opened.
     */
    bool (*open_secret)(void *context, struct arena *arena, const void *sealed, size_t size, const char **out,
                        struct err *err);
    void *context;
};

/* The job as the runner is to see it now (token, attempt, checkpoint, cancel). Source actions: a hosted repository is
 * read with user "runner" and the runner's own token, which the runner knows, so no password is in the message; one
 * behind a webhook comes with its clone user and password. Errors: ERR_NOT_FOUND. */
bool job_message(struct tx *tx, struct arena *arena, const struct job_message_settings *settings, const char *job_id,
                 struct wire_job *out, struct err *err);

#endif
