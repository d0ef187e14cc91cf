/* What the people's files share: an order to the server, and each deed. */
#ifndef TESTS_SIM_PEOPLE_H
#define TESTS_SIM_PEOPLE_H

#include "server/engine/engine.h"
#include "tests/sim/look.h"

#define EXECUTIONS_MOST 7 /* that senders start: a history is to be short, so that there can be many */

struct order {
    struct sim *sim;
    const struct pipeline *definition;
    const struct engine_start_request *start;
    const struct engine_change_request *change;
    const struct engine_stop_request *stop;
    const struct engine_answer *answer;
    const struct engine_abandon_request *abandon;
    const struct engine_retry_request *retry;
    const struct engine_rollback_request *rollback;
    const struct engine_transition_request *transition;
    const struct engine_override_request *override;
    const struct engine_schedule_request *schedule;
    struct design *design; /* that it is about, or NULL */
    bool create;
    const char *execution; /* what was started */
    const char *const *executions;
    size_t count;
};

/* Asks, and tells in one line what came of it. */
enum answer people_ask(struct sim *sim, db_work *work, struct order *order, const char *what);
/* "verb what of something", in sim->scratch. */
const char *people_say(struct sim *sim, const char *verb, const char *what, const char *of);

/* senders.c. Below, false: there was nothing to do that to. */
struct sent_start *people_remember_start(struct sim *sim, size_t pipeline, const char *token);
void people_acknowledge(struct sent_start *sent, const char *execution);
void people_start_one(struct sim *sim, size_t pipeline);
bool people_start_some(struct sim *sim, bool by_push);
bool people_start_again(struct sim *sim);
bool people_start_together(struct sim *sim);

/* people_pipelines.c */
void people_create(struct sim *sim, struct design *design);
bool people_update(struct sim *sim, struct design *design);
bool people_delete(struct sim *sim, struct design *design);
bool people_put_schedule(struct sim *sim, struct design *design);
bool people_delete_schedule(struct sim *sim, struct design *design);

bool people_stop_build(struct sim *sim);

/* people_stages.c */
bool people_retry(struct sim *sim);
bool people_roll_back(struct sim *sim);
void people_turn_transition(struct sim *sim, const struct design *design, const char *stage, bool enable);
bool people_override(struct sim *sim);

#endif
