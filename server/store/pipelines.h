/*
 * Pipelines and the versions of their definitions. Doors read here; what changes a pipeline goes through the engine
 * (engine_create_pipeline and its kin), because it touches executions too.
 */
#ifndef SERVER_STORE_PIPELINES_H
#define SERVER_STORE_PIPELINES_H

#include "server/definition/pipeline.h"
#include "server/store/db.h"

#include <stdint.h>

enum origin { ORIGIN_API, ORIGIN_FILE };

const char *origin_name(enum origin origin); /* "api", "file" */
bool origin_parse(const char *name, enum origin *out);

struct pipeline_row {
    int64_t id;
    const char *name;
    int64_t version;
    int64_t last_number; /* of its newest execution */
    enum execution_mode mode;
    const char *type;        /* "V1", "V2" */
    const char *declaration; /* JSON text as GetPipeline shows it, without "version" */
    enum origin origin;
    const char *file;       /* ORIGIN_FILE, else NULL */
    const char *file_error; /* or NULL */
    const char *tags;       /* JSON list of {key, value} */
    int64_t created_ms;
    int64_t updated_ms;
    bool deleted;
};

/* The pipeline of that name. Errors: ERR_NOT_FOUND PipelineNotFoundException. */
bool pipelines_get(struct tx *tx, struct arena *arena, const char *name, struct pipeline_row *out, struct err *err);

/* The same by id, a deleted one too. */
bool pipelines_get_by_id(struct tx *tx, struct arena *arena, int64_t id, struct pipeline_row *out, struct err *err);

/* Up to `limit` pipelines by name, after `after` (NULL: from the first). */
bool pipelines_list(struct tx *tx, struct arena *arena, const char *after, size_t limit, struct pipeline_row **out,
                    size_t *count, struct err *err);

/* One version's declaration (JSON text) and when it was made (may be NULL). Errors: ERR_NOT_FOUND
 * PipelineVersionNotFoundException. */
bool pipelines_get_version(struct tx *tx, struct arena *arena, int64_t pipeline_id, int64_t version,
                           const char **declaration, int64_t *created_ms, struct err *err);

/* Why the newest text of the file that `name` came from is not in force; NULL: it is. */
bool pipelines_set_file_error(struct tx *tx, const char *name, const char *file_error, struct err *err);

/* The same definition now comes from a file of another name. */
bool pipelines_set_file(struct tx *tx, const char *name, const char *file, struct err *err);

/* Where the version in force comes from; takes away the file's error. */
bool pipelines_set_origin(struct tx *tx, int64_t id, enum origin origin, const char *file, struct err *err);

bool pipelines_set_tags(struct tx *tx, int64_t id, const char *tags, struct err *err);

/* For the engine only. */
struct pipeline_source {
    const char *action;
    bool hosted; /* our own repository; else one behind a webhook */
    const char *repository;
    const char *branch;
    bool filtered; /* the filters of its trigger say which changes count, not the branch */
};

struct pipeline_change {
    const char *name;
    enum execution_mode mode;
    const char *type;
    const char *declaration;
    enum origin origin;
    const char *file;
    const char *tags; /* NULL: none, or as they are */
    const struct pipeline_source *sources;
    size_t source_count;
};

/* Errors: ERR_CONFLICT PipelineNameInUseException. */
bool pipelines_add(struct tx *tx, const struct pipeline_change *change, int64_t *id, struct err *err);
/* The next version. */
bool pipelines_change(struct tx *tx, int64_t id, const struct pipeline_change *change, struct err *err);
/* Frees the name; versions and executions stay. */
bool pipelines_delete(struct tx *tx, int64_t id, struct err *err);
/* Counts its executions: the number of the next one. */
bool pipelines_next_number(struct tx *tx, int64_t id, int64_t *out, struct err *err);

/* Who names that repository as source, by pipeline and action. Names of repositories elsewhere are the same in any
 * letter case. */
struct pipeline_source_match {
    int64_t pipeline_id;
    const char *pipeline;
    int64_t version;
    const char *action;
    const char *branch;
    bool filtered;
};
bool pipelines_with_source(struct tx *tx, struct arena *arena, bool hosted, const char *repository,
                           struct pipeline_source_match **out, size_t *count, struct err *err);

#endif
