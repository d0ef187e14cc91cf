/*
 * build-matrix: what is the same in all builds, and the values that are multiplied with each other.
 */
#include "runner/buildspec/batch_read.h"

#include "common/str.h"

#include <string.h>

#define DIMENSIONS_MAX 64

/* One row of the matrix: a setting and the values that it takes. */
struct dimension {
    const char *key;  /* "image", or the variable's name */
    bool is_variable; /* of env.variables */
    const struct json *at;
    struct buildspec_list values;
};

struct matrix {
    struct batch_draft *draft;
    struct dimension dimensions[DIMENSIONS_MAX];
    size_t count;
};

static bool add_dimension(struct matrix *matrix, const struct json *values, const char *key, bool is_variable) {
    struct reader *reader = matrix->draft->reader;
    if (!values)
        return true;
    if (matrix->count == DIMENSIONS_MAX)
        return spec_refuse(reader, values, "a matrix has at most %d rows", DIMENSIONS_MAX);
    struct dimension *dimension = &matrix->dimensions[matrix->count++];
    *dimension = (struct dimension){.key = key, .is_variable = is_variable, .at = values};
    if (!spec_texts(reader, values, key, true, &dimension->values))
        return false;
    if (dimension->values.count == 0)
        return spec_refuse(reader, values, "'%s' has no values", key);
    return is_variable || batch_check_choices(reader, values, key);
}

static bool read_dimensions(struct matrix *matrix, const struct json *dynamic) {
    static const char *const keys[] = {"compute-type", "fleet", "image", "privileged-mode", "type"};
    struct reader *reader = matrix->draft->reader;
    const struct json *env, *variables;
    if (!spec_object(reader, dynamic, "env", &env) || !spec_object(reader, env, "variables", &variables) ||
        !add_dimension(matrix, json_get(dynamic, "buildspec"), "buildspec", false))
        return false;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (!add_dimension(matrix, json_get(env, keys[i]), keys[i], false))
            return false;
    json_each(item, variables) {
        if (!buildspec_is_variable_name(item->name))
            return spec_refuse(reader, item,
                               "'%.100s' is no name for a variable; use letters, digits and '_', no digit first",
                               item->name);
        if (!add_dimension(matrix, item, arena_strdup(reader->arena, item->name), true))
            return false;
    }
    return true;
}

static void set_variable(struct reader *reader, struct batch_environment *environment, const char *name,
                         const char *value) {
    struct buildspec_variable *variables =
        arena_array(reader->arena, struct buildspec_variable, environment->variable_count + 1);
    size_t at = environment->variable_count;
    for (size_t i = 0; i < environment->variable_count; i++) {
        variables[i] = environment->variables[i];
        if (str_equal(variables[i].name, name))
            at = i;
    }
    variables[at] = (struct buildspec_variable){.name = name, .value = value};
    environment->variables = variables;
    environment->variable_count += at == environment->variable_count;
}

static bool set_privileged(struct reader *reader, const struct dimension *dimension, const char *value,
                           struct batch_environment *environment) {
    const struct json text = {.type = JSON_TEXT, .text = value, .name = "privileged-mode"};
    struct json object = {.type = JSON_OBJECT, .count = 1};
    struct json member = text;
    member.line = dimension->at->line;
    member.column = dimension->at->column;
    object.first = object.last = &member;
    environment->sets_privileged = true;
    return spec_flag(reader, &object, "privileged-mode", &environment->privileged);
}

/* Gives the build one value of the dimension. */
static bool apply(struct reader *reader, const struct dimension *dimension, size_t index, struct batch_group *group) {
    const char *value = dimension->values.items[index];
    struct batch_environment *environment = &group->environment;
    if (dimension->is_variable)
        set_variable(reader, environment, dimension->key, value);
    else if (str_equal(dimension->key, "buildspec"))
        group->buildspec = value;
    else if (str_equal(dimension->key, "compute-type"))
        environment->compute_type = value;
    else if (str_equal(dimension->key, "fleet"))
        environment->fleet = value;
    else if (str_equal(dimension->key, "image"))
        environment->image = value;
    else if (str_equal(dimension->key, "type"))
        environment->type = value;
    else
        return set_privileged(reader, dimension, value, environment);
    return true;
}

/* The build of that number: its digits, in the system that the dimensions make, are the values; the last dimension's is
 * the lowest. */
static bool add_build(struct matrix *matrix, const struct json *at, const struct batch_group *same, size_t number) {
    struct reader *reader = matrix->draft->reader;
    struct batch_group group = *same;
    size_t rest = number;
    group.identifier = arena_printf(reader->arena, "build%zu", number);
    for (size_t i = matrix->count; i-- > 0;) {
        const struct dimension *dimension = &matrix->dimensions[i];
        if (!apply(reader, dimension, rest % dimension->values.count, &group))
            return false;
        rest /= dimension->values.count;
    }
    if (group.environment.compute_type && group.environment.fleet)
        return spec_refuse(reader, at, "'fleet' and 'compute-type' exclude each other; keep one");
    return batch_draft_add(matrix->draft, at, &group);
}

/* Product of all dimensions; more than the most, where it is. */
static size_t count_builds(const struct matrix *matrix) {
    size_t product = 1;
    for (size_t i = 0; i < matrix->count && product <= matrix->draft->most; i++)
        product *= matrix->dimensions[i].values.count;
    return product;
}

bool batch_read_matrix(struct batch_draft *draft, const struct json *value) {
    struct matrix matrix = {.draft = draft};
    struct batch_group same = {0};
    const struct json *fixed, *dynamic;
    if (value->type != JSON_OBJECT)
        return spec_refuse(draft->reader, value, "'build-matrix' must hold 'dynamic', and may hold 'static'");
    if (!spec_object(draft->reader, value, "static", &fixed) ||
        !spec_flag(draft->reader, fixed, "ignore-failure", &same.ignore_failure) ||
        !batch_read_environment(draft->reader, fixed, &same.environment) ||
        !spec_object(draft->reader, value, "dynamic", &dynamic) || !read_dimensions(&matrix, dynamic))
        return false;
    if (matrix.count == 0)
        return spec_refuse(draft->reader, value,
                           "'build-matrix' has nothing to multiply; write 'dynamic' with "
                           "'buildspec' or 'env'");
    size_t count = count_builds(&matrix);
    for (size_t i = 0; i < count; i++)
        if (!add_build(&matrix, value, &same, i))
            return false;
    return true;
}
