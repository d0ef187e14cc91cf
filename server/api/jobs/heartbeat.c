/*
 * "Is this job still mine, and still wanted?" The answer is held until there is a cancel, somebody answered the
 * deploy's pause, or the wait is over. Each look extends the lease, the first one before the wait and the last one
 * right before the answer.
 */
#include "server/api/jobs/jobs.h"

#include "common/str.h"
#include "common/wire_read.h"
#include "server/api/jobs/fence.h"
#include "server/server.h"
#include "server/wake.h"

#define WAIT_SECONDS_MAX 10
#define ABANDON_EACH_MS 1000

struct beat {
    struct arena *arena;
    struct queue_fence fence;
    struct queue_word word;
};

static bool beat(struct tx *tx, void *context, struct err *err) {
    struct beat *what = context;
    return queue_heartbeat(tx, what->arena, &what->fence, &what->word, err);
}

/* How long an answer is held. A runner says that it saw the cancel, but not that it saw the abandon which may follow:
 * that one is told again each second instead of at once, for else the two would talk without a pause. */
static int64_t hold_ms(enum job_cancel cancel, bool seen, int64_t wait_ms) {
    if (cancel == JOB_CANCEL_NONE || (cancel == JOB_CANCEL_UNDO && seen))
        return wait_ms;
    if (!seen)
        return 0;
    return wait_ms < ABANDON_EACH_MS ? wait_ms : ABANDON_EACH_MS;
}

static void show_decision(struct arena *arena, const struct pause_row *answer, struct json *out) {
    json_set_text(arena, out, "pauseId", answer->pause);
    json_set_text(arena, out, "answer", answer->state == PAUSE_APPROVED ? "APPROVED" : "REJECTED");
    json_set_text(arena, out, "by", answer->answered_by);
    json_set_text(arena, out, "summary", answer->summary);
}

static void answer(const struct request *request, struct reply *reply, const struct queue_word *word) {
    struct arena *arena = request->arena;
    struct json *body = json_object(arena);
    json_set_bool(arena, body, "cancel", word->cancel != JOB_CANCEL_NONE);
    json_set_bool(arena, body, "abandon", word->cancel == JOB_CANCEL_ABANDON);
    json_set_text(arena, body, "cancelledBy", word->cancelled_by);
    json_set_text(arena, body, "reason", word->cancel_reason);
    if (word->answered)
        show_decision(arena, &word->answer, json_set_object(arena, body, "decision"));
    reply_json(request, reply, 200, body);
}

void jobs_heartbeat(struct request *request, struct reply *reply) {
    struct beat what = {.arena = request->arena};
    const struct json *message;
    const char *decision_seen = NULL;
    int64_t wait_seconds = 0;
    bool seen = false;
    struct err err = {0};
    if (!fence_of_message(request, &message, &what.fence, &err) ||
        !wire_integer(message, "waitSeconds", WIRE_OPTIONAL, 0, WAIT_SECONDS_MAX, &wait_seconds, &err) ||
        !wire_bool(message, "cancelSeen", &seen, &err) ||
        !wire_text(request->arena, message, "decisionSeen", WIRE_OPTIONAL, &decision_seen, &err) ||
        !db_write(request->server->db, beat, &what, &err)) {
        reply_error(request, reply, &err);
        return;
    }
    bool news = what.word.answered && !str_equal(what.word.answer.pause, decision_seen);
    int64_t hold = news ? 0 : hold_ms(what.word.cancel, seen, wait_seconds * 1000);
    int64_t until = request->arrived_boot_ms + hold;
    if (clock_boot_ms(request->server->clock) < until)
        reply_wait(reply, arena_printf(request->arena, WAKE_JOB, what.fence.job_id), until);
    else
        answer(request, reply, &what.word);
}
