/* Which of the job's artifacts a request means. Only for this room. */
#ifndef SERVER_API_S3_OBJECT_H
#define SERVER_API_S3_OBJECT_H

#include "server/api/s3/s3.h"
#include "server/jobs/worker_queue.h"

struct s3_object {
    const struct worker_artifact *artifact;
    bool is_output;
    const char *bucket;
    /* Query parameters; NULL where they did not come. */
    const char *uploads;
    const char *upload_id;
    int64_t part_number; /* 0: none */
};

/* Reads path and query; the artifact must be an input of the principal's job or an output that was uploaded
 * (for_writing: an output). Errors:
 * ERR_DENIED AccessDenied, ExpiredToken; ERR_INVALID NotImplemented, InvalidArgument. */
bool s3_find(const struct request *request, bool for_writing, struct s3_object *out, struct err *err);
/* The same within a transaction. */
bool s3_find_in(struct tx *tx, const struct request *request, bool for_writing, struct s3_object *out, struct err *err);

/* The object's upload_id is one that its job began for this artifact. Errors: ERR_NOT_FOUND NoSuchUpload.
 * (multipart.c) */
bool s3_check_upload(struct tx *tx, const struct request *request, const struct s3_object *object, struct err *err);

/* An answer in S3's XML. */
void s3_reply_xml(const struct request *request, struct reply *reply, int status, const char *xml);
/* The text between two tags. */
const char *s3_escape(struct arena *arena, const char *text);
/* An error as this door's refusal. */
void s3_fail(const struct request *request, struct reply *reply, const struct err *err);

#endif
