/*
 * The AWS door: `POST /` with X-Amz-Target, AWS's JSON protocol. One operation is one function in one file; each folder
 * beside this file has one table of them. What an operation needs is done around it, once for all: the target is looked
 * up, the input is checked against its table, the transaction is opened, a repeated call (amz-sdk-invocation-id) gets
 * its first answer, errors become what AWS's clients know.
 *
 * docs/doors.md lists the services and Penstock's own operations.
 */
#ifndef SERVER_API_AWS_H
#define SERVER_API_AWS_H

#include "server/config.h"
#include "server/definition/shape.h"
#include "server/http/http.h"
#include "server/server.h"
#include "server/store/db.h"

struct aws_service;

/* A call under way. Everything made for it lives in the arena. */
struct aws_call {
    struct server *server;
    struct request *request;
    struct arena *arena;
    const struct aws_service *service;
    const struct json *input; /* an object; checked against the operation's shape */
    const char *region;
    const char *account_id;
    const char *by;   /* ARN of who calls */
    const char *user; /* their name */
    struct aws_later *later;
};

/* What a read leaves for after its snapshot: asking git takes long, and a snapshot that is held so long keeps the
 * database's journal from being emptied. In the order in which it was asked for. */
struct aws_later {
    struct aws_later_work *first, **end;
};
/* For operations of kind AWS_READ: `work` completes the answer, with the context, after the snapshot. */
void aws_later(const struct aws_call *call, void (*work)(const struct aws_call *call, void *context), void *context);

enum aws_kind {
    AWS_READ,  /* in a snapshot; then what aws_later was told */
    AWS_WRITE, /* in the writer's transaction; repeated calls under one invocation id get the first answer */
    AWS_ALONE, /* without a transaction (tx is NULL): it opens its own, or gives out a secret that must not be kept */
};

/* Fills in `out`, an empty object, or fails. May run twice (db_write), each time with a new `out`. */
typedef bool aws_run(struct tx *tx, struct aws_call *call, struct json *out, struct err *err);

struct aws_operation {
    const char *name;
    enum aws_kind kind;
    const struct shape *input;
    aws_run *run;
    /* Before the transaction: what takes long or touches files. May be NULL; must bear being repeated. */
    bool (*prepare)(struct aws_call *call, struct err *err);
    /* After the commit, not for a repeated call: what the committed rows make superfluous outside of the database. May
     * be NULL; where a crash leaves it out, nothing may depend on it. */
    void (*settle)(struct aws_call *call);
    bool silent; /* the answer has no body */
};

struct aws_service {
    const char *target;                     /* "CodePipeline_20150709" */
    const char *name;                       /* SigV4's: "codepipeline" */
    const char *validation;                 /* how it calls input that breaks its own rules: "ValidationException" */
    const char *bad_token;                  /* a nextToken that it did not give out */
    const struct aws_operation *operations; /* ends with a NULL name */
};

extern const struct aws_service codepipeline_service;
extern const struct aws_service codebuild_service;
extern const struct aws_service codecommit_service;
extern const struct aws_service penstock_service;

/* Declares what a table row of that name needs: its input's shape and its function. */
#define AWS_OPERATION(name)                                                                                            \
    extern const struct shape name##_input;                                                                            \
    bool name(struct tx *tx, struct aws_call *call, struct json *out, struct err *err)

/* The door. */
void aws_door(struct request *request, struct reply *reply);

/* The answer to a failed call (api/reply.c): AWS's status, name and sentence. */
void aws_reply_error(const struct aws_call *call, struct reply *reply, const struct err *err);

/* The input's member as text, or NULL. */
const char *aws_text(const struct aws_call *call, const char *name);

/* Checks a tree against a shape as an operation's input is checked. */
bool aws_check(struct aws_call *call, const struct json *input, const struct shape *shape, struct err *err);

/* Shapes that many operations share. */
extern const struct shape aws_any;
extern const struct shape aws_plain_text;
extern const struct shape aws_filled_text;
extern const struct shape aws_boolean;
extern const struct shape aws_uuid;
extern const struct shape aws_next_token;
extern const struct shape aws_tag_list; /* [{key, value}] */
extern const struct shape aws_tag_keys;
extern const struct shape aws_nothing; /* {} */

#endif
