/* Where a job's source is fetched from, and who signs in there. Only for this room. */
#ifndef SERVER_JOBS_JOB_SOURCE_H
#define SERVER_JOBS_JOB_SOURCE_H

#include "server/jobs/job_message.h"

struct job_sources {
    struct tx *tx;
    struct arena *arena;
    const struct job_message_settings *settings;
};

/* `source` is the message's, being written. A repository of our own: read with the runner's token, which it has. */
void job_source_hosted(const struct job_sources *sources, struct json *source, const char *repository);

/* One that is named without an address ("owner/name"): its hook's, or GitHub's. */
bool job_source_named(const struct job_sources *sources, struct json *source, const char *repository, struct err *err);

/* The sources of a build that no pipeline started, as the build describes them. */
bool job_sources_of_build(const struct job_sources *sources, const struct json *build, struct wire_job *message,
                          struct err *err);

/* Two addresses with the same scheme and host (and port); false where one is NULL or no address. */
bool job_source_same_server(const char *a, const char *b);

#endif
