/* What starts pipelines by the clock. Everybody may read; only the engine writes. */
#ifndef SERVER_STORE_SCHEDULES_H
#define SERVER_STORE_SCHEDULES_H

#include "server/store/db.h"
#include "server/store/pipelines.h"

#include <stdint.h>

struct schedule_row {
    int64_t id; /* never given out again */
    int64_t pipeline_id;
    const char *pipeline; /* name */
    const char *name;     /* within its pipeline */
    const char *expression;
    const char *time_zone;
    bool enabled;
    enum origin origin;
    int64_t anchor_ms; /* rates are counted from here */
    int64_t next_ms;   /* 0: never */
    int64_t last_ms;   /* the instant that started something last; 0: none */
    int64_t created_ms;
    int64_t updated_ms;
};

/* By name; those of one pipeline, or of all (pipeline_id 0) by pipeline and name. */
bool schedules_list(struct tx *tx, struct arena *arena, int64_t pipeline_id, struct schedule_row **out, size_t *count,
                    struct err *err);
bool schedules_find(struct tx *tx, struct arena *arena, int64_t pipeline_id, const char *name, bool *found,
                    struct schedule_row *out, struct err *err);
/* *found false: it was deleted. */
bool schedules_get(struct tx *tx, struct arena *arena, int64_t id, bool *found, struct schedule_row *out,
                   struct err *err);

/* The ids of those that are enabled and due at that moment. */
bool schedules_due(struct tx *tx, struct arena *arena, int64_t wall_ms, int64_t **out, size_t *count, struct err *err);
/* When the first one is due; 0: never. */
bool schedules_next_due(struct tx *tx, int64_t *wall_ms, struct err *err);

/* For the engine only. All wake WAKE_CLOCK. */

/* Adds the row, or changes the one of that pipeline and name; id, last_ms and the times of the row itself are not read.
 */
bool schedules_put(struct tx *tx, const struct schedule_row *row, struct err *err);
/* Sets anchor_ms, next_ms and last_ms. */
bool schedules_set_times(struct tx *tx, const struct schedule_row *row, struct err *err);
bool schedules_delete(struct tx *tx, int64_t id, struct err *err);
bool schedules_delete_all(struct tx *tx, int64_t pipeline_id, struct err *err);

#endif
