/*
 * Schedules: when the clock starts a pipeline. AWS keeps them elsewhere (EventBridge), so that only files have them,
 * beside the pipeline.
 */
#include "server/definition/structure.h"

#include "server/triggers/schedule.h"

#include "common/str.h"

static const char *name_of(struct arena *arena, const struct json *schedule, size_t index) {
    const char *name = shape_get_text(arena, schedule, "name");
    return name ? name : arena_printf(arena, "schedule-%zu", index + 1);
}

static void check_name(struct definition_errors *errors, const struct place *place, size_t index) {
    const char *name = name_of(errors->arena, place->value, index);
    size_t above = 0;
    json_each(other, place->parent->value) {
        if (above == index)
            return;
        if (str_equal(name_of(errors->arena, other, above++), name)) {
            errors_add(errors, place, DEFINITION_STRUCTURE, NULL,
                       "a schedule named '%s' stands above already; give each its own name", name);
            return;
        }
    }
}

static void check_times(struct definition_errors *errors, const struct place *schedule) {
    struct place expression = PLACE_MEMBER(schedule, "expression", json_get(schedule->value, "expression"));
    struct place zone = PLACE_MEMBER(schedule, "timezone", json_get(schedule->value, "timezone"));
    const char *text = shape_text(errors->arena, expression.value);
    const char *name = shape_text(errors->arena, zone.value);
    struct schedule *parsed;
    const struct time_zone *found;
    struct err err;
    if (text && *text && !schedule_parse(errors->arena, text, &parsed, &err))
        errors_add(errors, &expression, DEFINITION_STRUCTURE, NULL, "%s", err.message);
    if (name && *name && !time_zone_find(errors->arena, name, &found, &err))
        errors_add(errors, &zone, DEFINITION_STRUCTURE, NULL, "%s", err.message);
}

void schedules_check(struct definition_errors *errors, const struct place *place, const struct pipeline_schedule **out,
                     size_t *count) {
    shape_check(errors, place, &schedules_shape, DEFINITION_FILE);
    if (place->value->type != JSON_ARRAY)
        return;
    struct arena *arena = errors->arena;
    struct pipeline_schedule *schedules = arena_array(arena, struct pipeline_schedule, place->value->count);
    size_t index = 0;
    json_each(item, place->value) {
        struct place schedule = PLACE_ELEMENT(place, index, item);
        if (item->type == JSON_OBJECT) {
            const char *zone = shape_get_text(arena, item, "timezone");
            check_name(errors, &schedule, index);
            check_times(errors, &schedule);
            schedules[index] = (struct pipeline_schedule){
                .name = name_of(arena, item, index),
                .expression = shape_get_text(arena, item, "expression"),
                .time_zone = zone ? zone : "UTC",
            };
        }
        index++;
    }
    *out = schedules;
    *count = index;
}
