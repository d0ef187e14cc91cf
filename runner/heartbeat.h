/*
 * One job's tie to the server, in a thread of its own: extends the lease, learns of a cancel at once (the heartbeat is
 * a long poll), watches the job's own time limit, and gives the job up where no heartbeat succeeded for 45 seconds; the
 * server lets somebody else have it after 60.
 *
 * A heartbeat outlives the job by up to a second (its last question is still on the way), so it owns all it touches.
 */
#ifndef RUNNER_HEARTBEAT_H
#define RUNNER_HEARTBEAT_H

#include "runner/config.h"

#include <stdint.h>

struct arena;
struct wire_job;

/* Why a job must end before its end; only ever rises. */
enum stop_reason {
    STOP_NONE,
    STOP_TIMED_OUT, /* its own time is up */
    STOP_CANCELLED, /* somebody wants it undone */
    STOP_LOST,      /* not ours any more: nothing that we say about it counts, so nothing may go on */
};

struct heartbeat;

/* The job may have come as one that is to be undone, and says then who wants that. */
struct heartbeat *heartbeat_start(const struct account *account, const struct wire_job *message);

/* Of a job without a server: only the caller, and the deadline, end it. */
struct heartbeat *heartbeat_start_local(void);

/* Ends the thread (later, by itself) and frees the heartbeat. Waits for a callback that is running. */
void heartbeat_end(struct heartbeat *heartbeat);

enum stop_reason heartbeat_reason(struct heartbeat *heartbeat);

/* The undo itself is no longer wanted: leave everything as it is. */
bool heartbeat_abandoned(struct heartbeat *heartbeat);

/* From now on, at this moment of clock_system's boot time, the job has timed out. 0: never. */
void heartbeat_set_deadline(struct heartbeat *heartbeat, int64_t boot_ms);

/* Raises the reason from this side: a second SIGTERM, a 409 to another call. */
void heartbeat_raise(struct heartbeat *heartbeat, enum stop_reason reason);

/* Runs `stop(context)` in the heartbeat's thread each time the reason rises, and at once in this thread where it has
 * already risen. NULL takes it back; when that returns, the callback does not run and will not. */
void heartbeat_on_stop(struct heartbeat *heartbeat, void (*stop)(void *context), void *context);

/* Who asked for the end (an ARN), and why; NULL where nobody said. Copied into the arena. */
const char *heartbeat_cancelled_by(struct heartbeat *heartbeat, struct arena *arena);
const char *heartbeat_cancel_reason(struct heartbeat *heartbeat, struct arena *arena);

/* What a person answered to a pause of the deployment (wire_progress.deployment.pause). */
struct heartbeat_decision {
    bool approved;       /* else: roll back */
    const char *by;      /* ARN, or NULL; lives as long as the heartbeat, as does the next */
    const char *summary; /* or NULL */
};

/* True when that pause is answered; from then on the server knows that we know. One that was answered while an earlier
 * holder had the job is told again. */
bool heartbeat_decision(struct heartbeat *heartbeat, const char *pause_id, struct heartbeat_decision *out);

/* Sleeps; false as soon as the reason is `wake_at` or more, or the undo is abandoned. An answer to a pause ends the
 * sleep too, with true. */
bool heartbeat_sleep(struct heartbeat *heartbeat, int64_t milliseconds, enum stop_reason wake_at);

#endif
