/* What runners share with the network. */
#ifndef TESTS_SIM_RUNNER_H
#define TESTS_SIM_RUNNER_H

#include "common/err.h"
#include "server/jobs/job_message.h"
#include "server/store/states.h"
#include "tests/sim/sim.h"

struct reply {
    bool has_job;
    struct wire_job job; /* in sim->scratch */
    enum job_cancel cancel;
    enum pause_state answer; /* to the deploy's pause; PAUSE_WAITING: none */
    const char *sha256;      /* of an input */
};

/* requests.c: what the server's doors do with the message (server/api/jobs). */
enum answer runner_request(struct sim *sim, const struct request *request, struct reply *reply, struct err *err);
/* slot.c: what becomes of the answer: ANSWER_DONE with the reply, or ANSWER_REFUSED with *err. */
void runner_hear(struct sim *sim, const struct request *request, enum answer answer, const struct reply *reply,
                 const struct err *err);

/* slot.c. A message with what the slot is about. */
struct request slot_request(const struct sim *sim, const struct runner *runner, const struct slot *slot,
                            enum request_kind kind);
/* The next thing that it does; false: there is nothing to do now. */
bool slot_act(struct sim *sim, const struct runner *runner, struct slot *slot);
/* A sign of life, where one is due. */
void slot_beat(struct sim *sim, const struct runner *runner, struct slot *slot);
/* The job is not its own any more, by its own clock. */
bool slot_gave_up(struct sim *sim, struct slot *slot);
void slot_forget_job(struct slot *slot);

#endif
