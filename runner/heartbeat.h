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

/* Why a job must end before its end; only ever rises. */
enum stop_reason {
    STOP_NONE,
    STOP_TIMED_OUT, /* its own time is up */
    STOP_CANCELLED, /* somebody wants it undone */
    STOP_LOST,      /* not ours any more: nothing that we say about it counts, so nothing may go on */
};

struct heartbeat;

/* `cancelled`: the job came as one that is to be undone. */
struct heartbeat *heartbeat_start(const struct account *account, const char *job_id, int64_t token, bool cancelled);

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

/* Sleeps; false as soon as the reason is `wake_at` or more, or the undo is abandoned. */
bool heartbeat_sleep(struct heartbeat *heartbeat, int64_t milliseconds, enum stop_reason wake_at);

#endif
