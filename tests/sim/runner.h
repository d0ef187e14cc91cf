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
};

/* requests.c: what the server's doors do with the message (server/api/jobs). */
enum answer runner_request(struct sim *sim, const struct request *request, struct reply *reply, struct err *err);
/* What becomes of the answer: ANSWER_DONE with the reply, or ANSWER_REFUSED with *err. */
void runner_hear(struct sim *sim, const struct request *request, enum answer answer, const struct reply *reply,
                 const struct err *err);

#endif
