/*
 * A repository elsewhere changed: what every provider's webhook becomes, and how it is taken. Taking it is one
 * transaction: the delivery is noted and the pipelines are started, or neither.
 */
#ifndef SERVER_API_HOOKS_CHANGE_H
#define SERVER_API_HOOKS_CHANGE_H

#include "server/api/hooks/payload.h"
#include "server/engine/engine.h"
#include "server/git/remote.h"
#include "server/store/source_hooks.h"

/* What a sender says is told to people and never acted on, but for the branch or tag, the commit and the files. */
struct change {
    /* Without repository and trigger: these are the hook's. Where the files are not known, git is asked if a filter
     * wants them. */
    struct engine_change_request request;
    /* What to ask git then; `from` NULL: nothing can be asked, request.files_unknown says why. */
    struct remote_comparison comparison;
    bool tag_object; /* request.commit_id may be an annotated tag: git is asked for the commit */
    bool may_wait;   /* the door is one where waiting for git keeps nobody from anything quicker */
};

struct delivery {
    const struct source_hook_row *hook; /* whose signature fitted */
    const char *id;                     /* the provider's own, the same when it is sent again */
    const struct payload *payload;
    const struct change *change; /* NULL: it starts nothing (a ping) */
};

/* Answers {"executions": [id…], "pipelines": [{"pipelineName", "pipelineExecutionId"?, "message"}…], "message"?}: 202,
 * or 200 where none was started. A delivery that was taken before, under this id or with these very bytes (an id is not
 * signed, the bytes are), gets the answer that it got then. */
void change_take(const struct request *request, struct reply *reply, const struct delivery *delivery);

/* Answers 200 to what starts nothing; the sender's list of deliveries shows the reason. Leaves no trace. */
void change_pass_over(const struct request *request, struct reply *reply, const char *reason);

/* True for 40 or 64 lower-case hex digits, not all 0. */
bool change_is_commit(const char *text);

/* Texts as they may be kept, in the arena: NULL stays NULL. */
const char *change_first_line(struct arena *arena, const char *text);
const char *change_link(struct arena *arena, const char *url); /* NULL where it is not http or https */
int64_t change_time_ms(const char *rfc3339);                   /* 0 where it is none */

#endif
