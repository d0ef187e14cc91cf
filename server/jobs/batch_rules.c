/*
 * The rules of batches.
 */
#include "server/jobs/batch_rules.h"

static bool is_good(const struct batch_rule_group *group) {
    return group->state == BATCH_GROUP_SUCCEEDED || (group->state == BATCH_GROUP_FAILED && group->ignore_failure);
}

static bool may_start(const struct batch_rule_view *view, const struct batch_rule_group *group) {
    if (group->state != BATCH_GROUP_WAITING)
        return false;
    for (size_t i = 0; i < group->depend_count; i++)
        if (!is_good(&view->groups[group->depends_on[i]]))
            return false;
    return true;
}

static enum build_status status_of(const struct batch_rule_view *view) {
    bool good = view->was_read;
    for (size_t i = 0; i < view->count; i++)
        good = good && is_good(&view->groups[i]);
    if (good && view->stop != BATCH_STOP_FAILED) /* a stop that came too late stopped nothing */
        return BUILD_SUCCEEDED;
    switch (view->stop) {
    case BATCH_STOP_ASKED:
        return BUILD_STOPPED;
    case BATCH_STOP_TIMEOUT:
        return BUILD_TIMED_OUT;
    case BATCH_STOP_NONE:
    case BATCH_STOP_FAILED:
        break;
    }
    return BUILD_FAILED;
}

void batch_decide(struct arena *arena, const struct batch_rule_view *view, struct batch_decision *out) {
    size_t *start = arena_array(arena, size_t, view->count + 1);
    size_t *stop = arena_array(arena, size_t, view->count + 1);
    bool failed = false, runs = false;
    *out = (struct batch_decision){.start = start, .stop = stop};
    for (size_t i = 0; i < view->count; i++) {
        failed = failed || (view->groups[i].state == BATCH_GROUP_FAILED && !view->groups[i].ignore_failure);
        runs = runs || view->groups[i].state == BATCH_GROUP_RUNNING;
    }
    out->fails_fast = view->stop == BATCH_STOP_NONE && view->fast_fail && failed;
    bool stops = view->stop != BATCH_STOP_NONE || out->fails_fast;
    for (size_t i = 0; i < view->count; i++) {
        if (stops && view->groups[i].state == BATCH_GROUP_RUNNING)
            stop[out->stop_count++] = i;
        else if (!stops && may_start(view, &view->groups[i]))
            start[out->start_count++] = i;
    }
    out->ended = !runs && out->start_count == 0;
    if (out->ended)
        out->status = status_of(view);
}
