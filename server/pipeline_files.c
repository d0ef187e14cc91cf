/*
 * Wiring between the folder, the definition and the engine; the only place that reads pipeline files from disk.
 */
#include "server/pipeline_files.h"

#include "common/doc.h"
#include "common/log.h"
#include "common/str.h"
#include "server/definition/definition.h"
#include "server/engine/engine.h"
#include "server/engine/worker_types.h"
#include "server/jobs/queue.h"
#include "server/server.h"
#include "server/store/projects.h"
#include "server/store/repositories.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FILES_MAX 1000
#define BATCH 1000

/* One file on its way into the store. */
struct load {
    struct arena arena;
    const char *file;         /* without the folder */
    const char *const *files; /* all that are there */
    size_t file_count;
    struct definition_result result;
    const char *problem; /* why it is not in force; NULL: it is */
    bool changed;
};

static bool is_pipeline_file(const char *name) {
    return name[0] != '.' &&
           (str_ends_with(name, ".yml") || str_ends_with(name, ".yaml") || str_ends_with(name, ".json"));
}

static int by_text(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void close_folder(DIR **folder) {
    if (*folder)
        closedir(*folder);
}

static bool list_files(struct arena *arena, const char *directory, const char ***out, size_t *count, struct err *err) {
    DIR *folder CLEANUP(close_folder) = opendir(directory);
    if (!folder)
        return err_set_errno(err, errno, "unable to open the folder of pipeline files '%s'", directory);
    const char **names = NULL;
    size_t capacity = 0;
    *count = 0;
    for (struct dirent *entry; (entry = readdir(folder));) {
        if (!is_pipeline_file(entry->d_name))
            continue;
        if (*count == FILES_MAX)
            return err_set(err, ERR_LIMIT, "more than %d pipeline files in '%s'", FILES_MAX, directory);
        if (*count == capacity)
            names = arena_grow(arena, names, sizeof *names, &capacity);
        names[(*count)++] = arena_strdup(arena, entry->d_name);
    }
    if (*count > 0)
        qsort(names, *count, sizeof *names, by_text);
    *out = names;
    return true;
}

struct types_wanted {
    struct arena *arena;
    struct custom_types types;
};

static bool read_types(struct tx *tx, void *context, struct err *err) {
    struct types_wanted *wanted = context;
    return worker_types_load(tx, wanted->arena, false, &wanted->types, err);
}

/* Sets load->problem to the first thing wrong and logs everything. */
static void read_file(struct load *load, const char *directory, const struct custom_types *types) {
    const struct json *document;
    struct err err = {0};
    const char *path = arena_printf(&load->arena, "%s/%s", directory, load->file);
    if (!doc_read(&load->arena, path, &document, &err)) {
        LOG_WARNING("pipeline file is broken", "err", err.message);
        /* People who look at the dashboard know the file, not where the server keeps it. */
        const char *message = str_starts_with(err.message, path) ? err.message + strlen(directory) + 1 : err.message;
        load->problem = arena_strdup(&load->arena, message);
        return;
    }
    if (definition_check(&load->arena, document, DEFINITION_FILE, types, &load->result))
        return;
    const struct definition_errors *errors = &load->result.errors;
    for (size_t i = 0; i < errors->count; i++)
        LOG_WARNING("pipeline file is broken", "err",
                    definition_error_text(&load->arena, load->file, &errors->list[i]));
    load->problem = definition_error_text(&load->arena, load->file, &errors->list[0]);
    if (errors->count > 1)
        load->problem = arena_printf(&load->arena, "%s (and %zu more)", load->problem, errors->count - 1);
}

static bool refuse(struct load *load, const char *problem, struct err *err) {
    load->problem = problem;
    return err_set(err, ERR_CONFLICT, "%s", problem);
}

static bool is_there(const char *const *files, size_t count, const char *file) {
    for (size_t i = 0; i < count; i++)
        if (str_equal(files[i], file))
            return true;
    return false;
}

/* May this file say what the thing of that name is? It may take it over from a file that is gone (renamed). */
static bool check_owner(struct load *load, const char *what, const char *name, enum origin origin, const char *file,
                        struct err *err) {
    if (origin == ORIGIN_API)
        return refuse(load,
                      arena_printf(&load->arena,
                                   "%s: %s '%s' was made through the API; delete it there, or choose another name",
                                   load->file, what, name),
                      err);
    if (str_equal(file, load->file) || !is_there(load->files, load->file_count, file))
        return true;
    return refuse(load,
                  arena_printf(&load->arena, "%s: %s '%s' is in the file '%s' already; keep one of the two", load->file,
                               what, name, file),
                  err);
}

static bool store_project(struct tx *tx, struct load *load, const struct definition_project *project, struct err *err) {
    struct project_row old;
    const struct json *tags = json_get(project->settings, "tags");
    struct json *document = json_copy(&load->arena, project->settings);
    json_remove(document, "tags");
    const struct project_row row = {
        .name = project->name,
        .origin = ORIGIN_FILE,
        .file = load->file,
        .tags = tags ? json_print(&load->arena, tags) : "[]",
        .document = json_print(&load->arena, document),
    };
    if (!projects_get(tx, &load->arena, row.name, &old, err)) {
        if (err->kind != ERR_NOT_FOUND)
            return false;
        err_clear(err);
        load->changed = true;
        return projects_add(tx, &row, err);
    }
    if (!check_owner(load, "project", row.name, old.origin, old.file, err))
        return false;
    if (str_equal(old.document, row.document) && str_equal(old.tags, row.tags) && str_equal(old.file, row.file))
        return true;
    load->changed = true;
    return projects_change(tx, &row, err) && queue_let_go(tx, row.name, err);
}

static bool store_pipeline(struct tx *tx, struct load *load, struct err *err) {
    const struct pipeline *pipeline = load->result.pipeline;
    const struct engine_definition definition = {.pipeline = pipeline,
                                                 .origin = ORIGIN_FILE,
                                                 .file = load->file,
                                                 .schedules = load->result.schedules,
                                                 .schedule_count = load->result.schedule_count};
    struct pipeline_row old;
    bool changed, there = pipelines_get(tx, &load->arena, pipeline->name, &old, err);
    if (!there && err->kind != ERR_NOT_FOUND)
        return false;
    err_clear(err);
    if (there && !check_owner(load, "pipeline", pipeline->name, old.origin, old.file, err))
        return false;
    if (!engine_put_pipeline(tx, &load->arena, &definition, &changed, err)) {
        if (err->kind == ERR_CONFLICT || err->kind == ERR_LIMIT) /* of its schedules */
            load->problem = arena_printf(&load->arena, "%s: %s", load->file, err->message);
        return false;
    }
    load->changed = load->changed || changed;
    return !there || changed || str_equal(old.file, load->file) ||
           pipelines_set_file(tx, pipeline->name, load->file, err);
}

static bool store_work(struct tx *tx, void *context, struct err *err) {
    struct load *load = context;
    load->changed = false;
    for (size_t i = 0; i < load->result.project_count; i++)
        if (!store_project(tx, load, &load->result.projects[i], err))
            return false;
    return !load->result.pipeline || store_pipeline(tx, load, err);
}

/* What the pipelines of a file are told; NULL takes it back. */
struct telling {
    struct arena *arena;
    const char *const *files; /* those that are there; NULL: look at `file` only */
    size_t file_count;
    const char *file;
    const char *problem;
};

static bool is_told(const struct telling *telling, const struct pipeline_row *row, const char **problem) {
    *problem = telling->problem;
    if (row->origin != ORIGIN_FILE)
        return false;
    if (!telling->files)
        return str_equal(row->file, telling->file);
    if (is_there(telling->files, telling->file_count, row->file))
        return false;
    *problem = arena_printf(telling->arena, "the file '%s' is gone; put it back, or delete the pipeline", row->file);
    return true;
}

static bool tell_work(struct tx *tx, void *context, struct err *err) {
    const struct telling *telling = context;
    struct pipeline_row *rows;
    size_t count;
    const char *after = NULL, *problem;
    do {
        if (!pipelines_list(tx, telling->arena, after, BATCH, &rows, &count, err))
            return false;
        for (size_t i = 0; i < count; i++) {
            after = rows[i].name;
            if (is_told(telling, &rows[i], &problem) && !str_equal(rows[i].file_error, problem) &&
                !pipelines_set_file_error(tx, rows[i].name, problem, err))
                return false;
        }
    } while (count == BATCH);
    return true;
}

/* The pipeline starts with the first push, once somebody creates the repository. */
static bool warn_work(struct tx *tx, void *context, struct err *err) {
    struct load *load = context;
    const struct pipeline_stage *first = &load->result.pipeline->stages[0];
    for (size_t i = 0; i < first->action_count; i++) {
        struct repository_row repository;
        const struct pipeline_action *action = &first->actions[i];
        for (size_t j = 0; j < action->configuration_count; j++) {
            const struct pipeline_setting *setting = &action->configuration[j];
            if (!str_equal(action->type->provider, "CodeCommit") || !str_equal(setting->key, "RepositoryName") ||
                repositories_get(tx, &load->arena, setting->value, &repository, err))
                continue;
            if (err->kind != ERR_NOT_FOUND)
                return false;
            err_clear(err);
            LOG_WARNING("pipeline waits for a repository that does not exist yet", "pipeline",
                        load->result.pipeline->name, "repository", setting->value);
        }
    }
    return true;
}

static bool store_file(struct db *db, struct load *load, struct err *err) {
    if (!load->problem && !db_write(db, store_work, load, err)) {
        if (!load->problem)
            return err_wrap(err, "storing the pipeline file '%s'", load->file);
        LOG_WARNING("pipeline file is refused", "err", load->problem);
        err_clear(err);
    }
    if (load->problem) {
        struct telling telling = {.arena = &load->arena, .file = load->file, .problem = load->problem};
        return db_write(db, tell_work, &telling, err);
    }
    if (load->changed)
        LOG_INFO("pipeline file loaded", "file", load->file, "pipeline",
                 load->result.pipeline ? load->result.pipeline->name : NULL);
    return !load->result.pipeline || db_read(db, warn_work, load, err);
}

bool pipeline_files_load(struct server *server, const char *directory, struct err *err) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    const char **files;
    size_t count;
    struct types_wanted wanted = {.arena = &arena};
    if (!list_files(&arena, directory, &files, &count, err) || !db_read(server->db, read_types, &wanted, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        struct load load = {.arena = ARENA_INIT, .file = files[i], .files = files, .file_count = count};
        read_file(&load, directory, &wanted.types);
        bool stored = store_file(server->db, &load, err);
        arena_release(&load.arena);
        if (!stored)
            return false;
    }
    static const char *const none[] = {NULL};
    struct telling telling = {.arena = &arena, .files = count > 0 ? files : none, .file_count = count};
    return db_write(server->db, tell_work, &telling, err);
}
