/* What people do to pipelines themselves, to their schedules, and to builds. */
#include "tests/sim/people.h"

#include "tests/sim/draw.h"

static bool write_pipeline(struct tx *tx, void *context, struct err *err) {
    const struct order *order = context;
    const struct engine_definition definition = {.pipeline = order->definition, .origin = ORIGIN_API};
    return order->create ? engine_create_pipeline(tx, &order->sim->scratch, &definition, err)
                         : engine_update_pipeline(tx, &order->sim->scratch, &definition, err);
}

void people_create(struct sim *sim, struct design *design) {
    struct order order = {.definition = design_read(sim, design), .create = true};
    enum answer answer = people_ask(sim, write_pipeline, &order, people_say(sim, "create", design->name, NULL));
    /* Where nobody heard, the next to try finds the name in use. */
    if (answer != ANSWER_NONE) {
        design->exists = true;
        design->generation++;
    }
}

bool people_update(struct sim *sim, struct design *design) {
    if (draw_chance(850))
        design_change(design);
    struct order order = {.definition = design_read(sim, design), .design = design};
    if (people_ask(sim, write_pipeline, &order, people_say(sim, "update", design->name, NULL)) == ANSWER_DONE)
        count(COUNT_UPDATES);
    return true;
}

static bool delete_pipeline(struct tx *tx, void *context, struct err *err) {
    const struct order *order = context;
    return engine_delete_pipeline(tx, &order->sim->scratch, order->design->name, "someone", err);
}

bool people_delete(struct sim *sim, struct design *design) {
    struct order order = {.design = design};
    /* Unheard or not, it counts as gone for senders: what they sent before is of the earlier pipeline. */
    design->generation++;
    if (people_ask(sim, delete_pipeline, &order, people_say(sim, "delete", design->name, NULL)) == ANSWER_DONE) {
        design->exists = false;
        count(COUNT_DELETIONS);
    }
    return true;
}

/* ---- schedules ---- */

static bool put_schedule(struct tx *tx, void *context, struct err *err) {
    const struct order *order = context;
    return engine_put_schedule(tx, &order->sim->scratch, order->schedule, err);
}

bool people_put_schedule(struct sim *sim, struct design *design) {
    static const char *const expressions[] = {"rate(5 minutes)", "rate(1 minute)", "cron(0/2 * * * ? *)",
                                              "rate(1 hour)"};
    const struct engine_schedule_request request = {.pipeline = design->name,
                                                    .name = "now-and-then",
                                                    .expression = expressions[draw_below(4)],
                                                    .enabled = draw_chance(900)};
    struct order order = {.schedule = &request, .design = design};
    if (people_ask(sim, put_schedule, &order, people_say(sim, "schedule", request.expression, NULL)) == ANSWER_DONE)
        count(COUNT_SCHEDULES);
    return true;
}

static bool delete_schedule(struct tx *tx, void *context, struct err *err) {
    const struct order *order = context;
    return engine_delete_schedule(tx, &order->sim->scratch, order->design->name, "now-and-then", err);
}

bool people_delete_schedule(struct sim *sim, struct design *design) {
    struct order order = {.design = design};
    (void)people_ask(sim, delete_schedule, &order, people_say(sim, "delete the schedule", design->name, NULL));
    return true;
}

/* ---- builds ---- */

/* The newest that runs, where there is one. */
static bool stop_build(struct tx *tx, void *context, struct err *err) {
    struct order *order = context;
    struct arena *arena = &order->sim->scratch;
    static const char *const projects[] = {"shop", "tools"};
    order->count = 0;
    for (size_t i = 0; i < 2 && order->count == 0; i++) {
        struct build_row *rows = NULL, stopped;
        size_t count = 0;
        if (!builds_list(tx, arena, projects[i], false, 0, 5, &rows, &count, err))
            return false;
        for (size_t j = 0; j < count && order->count == 0; j++) {
            if (rows[j].status != BUILD_IN_PROGRESS)
                continue;
            order->count = 1;
            if (!engine_stop_build(tx, arena, projects[i], rows[j].uuid, &stopped, err))
                return false;
        }
    }
    return true;
}

bool people_stop_build(struct sim *sim) {
    struct order order = {0};
    if (people_ask(sim, stop_build, &order, "stop a build") == ANSWER_DONE && order.count)
        count(COUNT_BUILDS_STOPPED);
    return true;
}
