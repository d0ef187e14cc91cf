/*
 * Lists, graphs and fan-outs; what they have in common with a matrix.
 */
#include "runner/buildspec/batch.h"

#include "common/str.h"
#include "runner/buildspec/batch_read.h"

#include <string.h>

static const char *const reserved[] = {"DOWNLOAD_SOURCE", "COMBINE_ARTIFACTS"};

bool batch_draft_add(struct batch_draft *draft, const struct json *at, const struct batch_group *group) {
    struct reader *reader = draft->reader;
    if (draft->count >= draft->most)
        return spec_refuse(reader, at, "the batch has more than the %zu builds that are allowed", draft->most);
    if (draft->count == draft->capacity)
        draft->groups = arena_grow(reader->arena, draft->groups, sizeof *draft->groups, &draft->capacity);
    draft->groups[draft->count] = *group;
    draft->groups[draft->count].line = at->line;
    draft->groups[draft->count++].column = at->column;
    return true;
}

bool batch_check_identifier(struct reader *reader, const struct json *at, const char *identifier) {
    size_t length = strlen(identifier);
    if (length == 0 || length > BATCH_IDENTIFIER_MAX ||
        strspn(identifier, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") != length)
        return spec_refuse(reader, at, "'%.140s' is no identifier; use 1 to %d letters, digits and '_'", identifier,
                           BATCH_IDENTIFIER_MAX);
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
        if (str_equal(reserved[i], identifier))
            return spec_refuse(reader, at, "'%s' is a group that each batch may have; choose another identifier",
                               identifier);
    return true;
}

/* ---- one task ---- */

static bool read_variables(struct reader *reader, const struct json *env, struct batch_environment *out) {
    const struct json *object;
    if (!spec_object(reader, env, "variables", &object))
        return false;
    struct buildspec_variable *variables =
        arena_array(reader->arena, struct buildspec_variable, (object ? object->count : 0) + 1);
    json_each(item, object) {
        if (item->type == JSON_ARRAY || item->type == JSON_OBJECT)
            return spec_refuse(reader, item, "the value of variable '%s' must be a text", item->name);
        if (!buildspec_is_variable_name(item->name))
            return spec_refuse(reader, item,
                               "'%.100s' is no name for a variable; use letters, digits and '_', no digit first",
                               item->name);
        variables[out->variable_count++] = (struct buildspec_variable){
            .name = arena_strdup(reader->arena, item->name),
            .value = item->type == JSON_NULL ? "" : arena_strdup(reader->arena, item->text)};
    }
    out->variables = variables;
    return true;
}

/* CodeBuild has more of both, which the server refuses in projects, too (server/definition/project_rules.c). */
static const char *const types[] = {"LINUX_CONTAINER", "ARM_CONTAINER", "LINUX_EC2", "ARM_EC2", NULL};
static const char *const compute_types[] = {"BUILD_GENERAL1_SMALL",
                                            "BUILD_GENERAL1_MEDIUM",
                                            "BUILD_GENERAL1_LARGE",
                                            "BUILD_GENERAL1_XLARGE",
                                            "BUILD_GENERAL1_2XLARGE",
                                            "ATTRIBUTE_BASED_COMPUTE",
                                            NULL};

static bool check_choice(struct reader *reader, const struct json *at, const char *what, const char *const *choices) {
    const char *list = "";
    for (size_t i = 0; choices[i]; i++) {
        if (str_equal(choices[i], at->text))
            return true;
        const char *between = i == 0 ? "" : choices[i + 1] ? ", " : " or ";
        list = arena_printf(reader->arena, "%s%s%s", list, between, choices[i]);
    }
    return spec_refuse(reader, at, "'%.60s' is no %s that builds have here; write %s", at->text, what, list);
}

bool batch_check_choices(struct reader *reader, const struct json *values, const char *key) {
    bool is_type = str_equal(key, "type");
    bool good = true;
    if (!values || !(is_type || str_equal(key, "compute-type")))
        return true;
    const struct json *value = values->type == JSON_ARRAY ? json_first(values) : values;
    for (; value; value = value == values ? NULL : value->next)
        if (value->type != JSON_NULL && *value->text)
            good =
                check_choice(reader, value, is_type ? "type" : "compute-type", is_type ? types : compute_types) && good;
    return good;
}

bool batch_read_environment(struct reader *reader, const struct json *task, struct batch_environment *out) {
    const struct json *env;
    if (!spec_object(reader, task, "env", &env))
        return false;
    if (!spec_text(reader, env, "compute-type", &out->compute_type) || !spec_text(reader, env, "fleet", &out->fleet) ||
        !spec_text(reader, env, "image", &out->image) || !spec_text(reader, env, "type", &out->type) ||
        !spec_flag(reader, env, "privileged-mode", &out->privileged) || !read_variables(reader, env, out) ||
        !batch_check_choices(reader, json_get(env, "compute-type"), "compute-type") ||
        !batch_check_choices(reader, json_get(env, "type"), "type"))
        return false;
    out->sets_privileged = json_get(env, "privileged-mode") != NULL;
    if (out->compute_type && out->fleet)
        return spec_refuse(reader, json_get(env, "fleet"), "'fleet' and 'compute-type' exclude each other; keep one");
    return true;
}

static bool note_debug_session(struct reader *reader, const struct json *task, const char *identifier) {
    bool debug = false;
    if (!spec_flag(reader, task, "debug-session", &debug))
        return false;
    if (debug)
        spec_notice(reader, NULL, "Skipping debug-session of %s: sessions in builds are not supported", identifier);
    return true;
}

static bool read_task(struct batch_draft *draft, const struct json *task, bool graph) {
    struct reader *reader = draft->reader;
    struct batch_group group = {0};
    if (task->type != JSON_OBJECT)
        return spec_refuse(reader, task, "a build of the batch must hold keys, 'identifier' at least");
    if (!spec_text(reader, task, "identifier", &group.identifier))
        return false;
    if (!group.identifier)
        return spec_refuse(reader, task, "a build of the batch lacks 'identifier'");
    if (!batch_check_identifier(reader, json_get(task, "identifier"), group.identifier) ||
        !spec_text(reader, task, "buildspec", &group.buildspec) ||
        !spec_flag(reader, task, "ignore-failure", &group.ignore_failure) ||
        !batch_read_environment(reader, task, &group.environment) ||
        !note_debug_session(reader, task, group.identifier))
        return false;
    for (size_t i = 0; i < draft->count; i++)
        if (str_equal(draft->groups[i].identifier, group.identifier))
            return spec_refuse(reader, json_get(task, "identifier"), "'%s' stands here twice, first in line %d",
                               group.identifier, draft->groups[i].line);
    const struct json *depends = json_get(task, "depend-on");
    if (depends && !graph)
        return spec_refuse(reader, depends, "'depend-on' has no meaning in a build-list; write build-graph");
    return spec_texts(reader, depends, "Depend-on", true, &group.depends_on) && batch_draft_add(draft, task, &group);
}

static bool read_tasks(struct batch_draft *draft, const struct json *list, bool graph) {
    if (list->type != JSON_ARRAY || list->count == 0)
        return spec_refuse(draft->reader, list, "'%s' must be a list of builds, each with an 'identifier'", list->name);
    bool good = true;
    json_each(task, list) {
        good = read_task(draft, task, graph) && good;
    }
    return good;
}

/* ---- the graph ---- */

/* The groups by number: edges[i] are those that group i waits for. */
struct graph {
    struct batch_draft *draft;
    size_t **edges;
    bool *left; /* not yet known to be free of cycles */
};

static bool refuse_at(struct batch_draft *draft, const struct batch_group *group, const char *text) {
    const struct json place = {.line = group->line, .column = group->column};
    return spec_refuse(draft->reader, &place, "%s", text);
}

static bool find_edge(struct batch_draft *draft, const struct batch_group *group, const char *identifier, size_t *out) {
    for (size_t i = 0; i < draft->count; i++) {
        *out = i;
        if (str_equal(draft->groups[i].identifier, identifier))
            return true;
    }
    return refuse_at(draft, group,
                     arena_printf(draft->reader->arena,
                                  "'%s' depends on '%.140s', which is no identifier of this batch", group->identifier,
                                  identifier));
}

static bool find_edges(struct graph *graph) {
    struct batch_draft *draft = graph->draft;
    graph->edges = arena_array(draft->reader->arena, size_t *, draft->count);
    for (size_t i = 0; i < draft->count; i++) {
        const struct batch_group *group = &draft->groups[i];
        if (group->depends_on.count > draft->count)
            return refuse_at(
                draft, group,
                arena_printf(draft->reader->arena, "'%s' depends on more builds than there are", group->identifier));
        graph->edges[i] = arena_array(draft->reader->arena, size_t, group->depends_on.count + 1);
        for (size_t j = 0; j < group->depends_on.count; j++)
            if (!find_edge(draft, group, group->depends_on.items[j], &graph->edges[i][j]))
                return false;
    }
    return true;
}

static bool waits_for_left(const struct graph *graph, size_t group, size_t *next) {
    for (size_t j = 0; j < graph->draft->groups[group].depends_on.count; j++) {
        *next = graph->edges[group][j];
        if (graph->left[*next])
            return true;
    }
    return false;
}

/* Each group that is left waits for another that is left, so following them comes round: "a -> b -> a". */
static bool refuse_cycle(struct graph *graph) {
    struct batch_draft *draft = graph->draft;
    struct arena *arena = draft->reader->arena;
    bool *seen = arena_array(arena, bool, draft->count);
    size_t at = 0, next = 0;
    while (!graph->left[at])
        at++;
    for (; !seen[at] && waits_for_left(graph, at, &next); at = next)
        seen[at] = true;
    const struct batch_group *first = &draft->groups[at];
    const char *text = first->identifier;
    do {
        (void)waits_for_left(graph, at, &next);
        at = next;
        text = arena_printf(arena, "%s -> %s", text, draft->groups[at].identifier);
    } while (&draft->groups[at] != first);
    return refuse_at(draft, first, arena_printf(arena, "the builds depend on each other: %s", text));
}

/* Takes away what waits for nothing that is left, until nothing goes any more. */
static bool check_graph(struct batch_draft *draft) {
    struct graph graph = {.draft = draft, .left = arena_array(draft->reader->arena, bool, draft->count)};
    size_t remaining = draft->count, next = 0;
    if (!find_edges(&graph))
        return false;
    memset(graph.left, true, draft->count * sizeof *graph.left);
    for (bool moved = true; moved;) {
        moved = false;
        for (size_t i = 0; i < draft->count; i++) {
            if (!graph.left[i] || waits_for_left(&graph, i, &next))
                continue;
            graph.left[i] = false;
            moved = true;
            remaining--;
        }
    }
    return remaining == 0 || refuse_cycle(&graph);
}

/* ---- the fan-out ---- */

static bool read_fanout(struct batch_draft *draft, const struct json *fanout) {
    struct reader *reader = draft->reader;
    struct batch_group group = {0};
    const char *text = NULL;
    long long parallelism = 0;
    if (fanout->type != JSON_OBJECT)
        return spec_refuse(reader, fanout, "'build-fanout' must hold 'parallelism'");
    if (!spec_text(reader, fanout, "parallelism", &text) ||
        !spec_flag(reader, fanout, "ignore-failure", &group.ignore_failure))
        return false;
    if (!text || !str_to_int64(text, 1, (long long)draft->most, &parallelism))
        return spec_refuse(reader, text ? json_get(fanout, "parallelism") : fanout,
                           "'parallelism' must be a whole number from 1 to %zu", draft->most);
    group.shard_count = (size_t)parallelism;
    for (; group.shard < group.shard_count; group.shard++) {
        group.identifier = arena_printf(reader->arena, "shard%zu", group.shard);
        if (!batch_draft_add(draft, fanout, &group))
            return false;
    }
    return true;
}

/* ---- the whole ---- */

static bool read_kind(struct batch_draft *draft, const struct json *value) {
    if (str_equal(value->name, "build-list"))
        return read_tasks(draft, value, false);
    if (str_equal(value->name, "build-graph"))
        return read_tasks(draft, value, true) && check_graph(draft);
    if (str_equal(value->name, "build-matrix"))
        return batch_read_matrix(draft, value);
    return read_fanout(draft, value);
}

static bool read_batch(struct batch_draft *draft, const struct json *root, struct batch *out) {
    static const char *const kinds[] = {"build-list", "build-graph", "build-matrix", "build-fanout"};
    struct reader *reader = draft->reader;
    const struct json *batch, *chosen = NULL;
    if (!spec_object(reader, root, "batch", &batch))
        return false;
    if (!batch)
        return spec_refuse(reader, root, "the buildspec has no 'batch', so there is no batch to build");
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        const struct json *value = json_get(batch, kinds[i]);
        if (value && chosen)
            return spec_refuse(reader, value, "a batch has one kind of builds; keep '%s' or '%s'", chosen->name,
                               value->name);
        chosen = value ? value : chosen;
    }
    if (!chosen)
        return spec_refuse(reader, batch,
                           "'batch' lacks its builds; write build-list, build-graph, build-matrix or build-fanout");
    out->kind = arena_strdup(reader->arena, chosen->name);
    return spec_flag(reader, batch, "fast-fail", &out->fast_fail) && read_kind(draft, chosen);
}

bool batch_parse(struct arena *arena, const char *file, const char *text, size_t size, size_t most, struct batch *out,
                 struct err *err) {
    const struct json *root = NULL;
    struct reader reader;
    struct batch_draft draft = {.reader = &reader, .most = most};
    struct batch batch = {0};
    if (!spec_open(&reader, arena, file, text, size, &root) || !read_batch(&draft, root, &batch))
        return spec_verdict(&reader, err);
    batch.groups = draft.groups;
    batch.group_count = draft.count;
    batch.notices = spec_notice_lines(&reader);
    *out = batch;
    return true;
}

/* ---- for the wire ---- */

static void encode_environment(struct arena *arena, const struct batch_environment *environment, struct json *out) {
    json_set_text(arena, out, "computeTypeOverride", environment->compute_type);
    json_set_text(arena, out, "imageOverride", environment->image);
    json_set_text(arena, out, "environmentTypeOverride", environment->type);
    if (environment->sets_privileged)
        json_set_bool(arena, out, "privilegedModeOverride", environment->privileged);
    if (environment->fleet)
        json_set_text(arena, json_set_object(arena, out, "fleetOverride"), "fleetArn", environment->fleet);
    if (environment->variable_count == 0)
        return;
    struct json *variables = json_set_array(arena, out, "environmentVariablesOverride");
    for (size_t i = 0; i < environment->variable_count; i++) {
        struct json *variable = json_append_object(arena, variables);
        json_set_text(arena, variable, "name", environment->variables[i].name);
        json_set_text(arena, variable, "value", environment->variables[i].value);
        json_set_text(arena, variable, "type", "PLAINTEXT");
    }
}

static void encode_group(struct arena *arena, const struct batch_group *group, struct json *out) {
    json_set_text(arena, out, "identifier", group->identifier);
    struct json *depends = json_set_array(arena, out, "dependsOn");
    for (size_t i = 0; i < group->depends_on.count; i++)
        json_append_text(arena, depends, group->depends_on.items[i]);
    json_set_bool(arena, out, "ignoreFailure", group->ignore_failure);
    struct json *overrides = json_set_object(arena, out, "overrides");
    json_set_text(arena, overrides, "buildspecOverride", group->buildspec);
    encode_environment(arena, &group->environment, overrides);
    if (group->shard_count == 0)
        return;
    struct json *shard = json_set_object(arena, out, "shard");
    json_set_integer(arena, shard, "index", (int64_t)group->shard);
    json_set_integer(arena, shard, "count", (int64_t)group->shard_count);
}

struct json *batch_encode(struct arena *arena, const struct batch *batch) {
    struct json *out = json_object(arena);
    json_set_text(arena, out, "type", batch->kind);
    json_set_bool(arena, out, "fastFail", batch->fast_fail);
    struct json *groups = json_set_array(arena, out, "groups");
    for (size_t i = 0; i < batch->group_count; i++)
        encode_group(arena, &batch->groups[i], json_append_object(arena, groups));
    return out;
}
