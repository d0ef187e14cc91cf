/*
 * What a job says while it runs, in a thread of its own so that the work never waits for the server: its log, in
 * batches, each at its byte offset (a repeated batch changes nothing), and the latest progress. Secrets are masked on
 * the way in. Bytes wait in memory up to a ceiling; past it the work waits, so that nothing is dropped.
 */
#ifndef RUNNER_REPORTER_H
#define RUNNER_REPORTER_H

#include "common/wire.h"
#include "runner/heartbeat.h"

struct reporter;

/* The log goes on from byte `log_size`: an earlier holder of the job may have written to it. `heartbeat` must outlive
 * the reporter: it is told when the server says that the job is lost. */
struct reporter *reporter_start(const struct account *account, struct heartbeat *heartbeat, const char *job_id,
                                int64_t token, int64_t log_size);

/* The log is written to that descriptor as it comes, and progress goes nowhere. */
struct reporter *reporter_start_local(int descriptor, struct heartbeat *heartbeat);

/* Sends what is left (unless the job is lost), ends the thread, frees. */
void reporter_finish(struct reporter *reporter);

/* From now on what is shown also goes into that file, which stays the caller's; -1 ends it. False where something could
 * not be written there meanwhile. */
bool reporter_copy_to(struct reporter *reporter, int descriptor);

void reporter_add_secret(struct reporter *reporter, const char *secret);
void reporter_log(struct reporter *reporter, const void *bytes, size_t size);

/* One line; its end is added. */
void reporter_line(struct reporter *reporter, const char *line);

/* True where exactly that was the last that came, by reporter_line. */
bool reporter_ends_with(struct reporter *reporter, const char *line);

/* The text with secrets masked, whole, in the arena: for what leaves the runner beside the log (a sentence that quotes
 * what a build printed, the value of an exported variable). */
const char *reporter_masked(struct reporter *reporter, struct arena *arena, const char *text);

/* The source of what came so far has ended: what was held back as a possible secret can be shown. Not for a pause. */
void reporter_flush_mask(struct reporter *reporter);

/* Replaces a progress that was not sent yet. The token is filled in. */
void reporter_progress(struct reporter *reporter, const struct wire_progress *progress);

#endif
