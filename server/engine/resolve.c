/*
 * Variables in settings: #{codepipeline.PipelineExecutionId}, #{variables.NAME} of the pipeline, #{namespace.NAME} of
 * an action that has succeeded before.
 */
#include "common/str.h"
#include "server/engine/carry_out.h"
#include "server/store/revisions.h"

#include <string.h>

/* "namespace" and "name" out of "#{namespace.name}"; NULL where the text at `open` is something else. */
static const char *read_reference(struct arena *arena, const char *open, const char **variable_namespace,
                                  const char **name) {
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789@-_";
    const char *begin = open + 2;
    size_t first = strspn(begin, allowed);
    const char *dot = begin + first;
    if (first == 0 || *dot != '.')
        return NULL;
    size_t second = strspn(dot + 1, allowed);
    const char *close = dot + 1 + second;
    if (second == 0 || *close != '}')
        return NULL;
    *variable_namespace = arena_strndup(arena, begin, first);
    *name = arena_strndup(arena, dot + 1, second);
    return close + 1;
}

static bool find_pipeline_variable(struct step *step, int64_t execution_id, const char *name, const char **out,
                                   struct err *err) {
    struct execution_variable *variables = NULL;
    size_t count = 0;
    if (!execution_variables_list(step->tx, step->arena, execution_id, &variables, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (str_equal(variables[i].name, name))
            *out = variables[i].value;
    }
    return true;
}

static bool find_value(struct step *step, int64_t execution_id, const char *execution, const char *variable_namespace,
                       const char *name, const char **out, struct err *err) {
    *out = NULL;
    if (str_equal(variable_namespace, "codepipeline")) {
        *out = str_equal(name, "PipelineExecutionId") ? execution : NULL;
        return true;
    }
    if (str_equal(variable_namespace, "variables"))
        return find_pipeline_variable(step, execution_id, name, out, err);
    return action_runs_find_variable(step->tx, step->arena, execution_id, variable_namespace, name, out, err);
}

static bool append_resolved(struct step *step, int64_t execution_id, const char *execution, const char *value,
                            struct str *out, struct err *err) {
    const char *open;
    while ((open = strstr(value, "#{")) != NULL) {
        const char *variable_namespace, *name, *found;
        const char *rest = read_reference(step->arena, open, &variable_namespace, &name);
        str_append_bytes(out, value, (size_t)(open - value));
        value = rest ? rest : open + 2;
        if (!rest) { /* no reference: stays as it is written */
            str_append(out, "#{");
            continue;
        }
        if (!find_value(step, execution_id, execution, variable_namespace, name, &found, err))
            return false;
        if (!found)
            return err_set_code(err, ERR_INVALID, "ConfigurationError",
                                "the variable #{%s.%s} has no value: nothing before this action put it out",
                                variable_namespace, name);
        str_append(out, found);
    }
    str_append(out, value);
    return true;
}

bool resolve(struct step *step, int64_t execution_id, const char *execution, const char *value, const char **out,
             struct err *err) {
    struct str resolved CLEANUP(str_release) = STR_INIT(RESOLVED_MAX);
    if (!append_resolved(step, execution_id, execution, value, &resolved, err))
        return false;
    if (resolved.cut)
        return err_set_code(err, ERR_INVALID, "ConfigurationError",
                            "the configuration has more than 100 KB once its variables are filled in");
    *out = arena_strdup(step->arena, str_text(&resolved));
    return true;
}
