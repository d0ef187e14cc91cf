/*
 * All lines stand in the BUILD phase. Variables, files and the folder carry from one to the next as in a buildspec.
 */
#include "runner/buildspec/commands.h"

#include "common/str.h"

static const char *const compute_types[] = {"BUILD_GENERAL1_SMALL", "BUILD_GENERAL1_MEDIUM", "BUILD_GENERAL1_LARGE",
                                            NULL};

static struct buildspec_list patterns_of(struct arena *arena, const struct json *files) {
    static const char *const everything[] = {"**/*"};
    if (!files || files->count == 0)
        return (struct buildspec_list){.items = everything, .count = 1};
    const char **items = arena_array(arena, const char *, files->count);
    size_t count = 0;
    json_each(file, files) items[count++] = file->text;
    return (struct buildspec_list){.items = items, .count = count};
}

/* Names go into a shell script as they are. */
static bool check_variables(const struct wire_job *job, struct err *err) {
    for (size_t i = 0; i < job->output_variable_count; i++)
        if (!buildspec_is_variable_name(job->output_variables[i]))
            return err_set(err, ERR_INVALID,
                           "output variable '%.100s' is no variable's name; use letters, digits and '_', no digit "
                           "first",
                           job->output_variables[i]);
    return true;
}

bool buildspec_of_commands(struct arena *arena, const struct wire_job *job, struct buildspec *out, struct err *err) {
    if (job->command_count == 0)
        return err_set(err, ERR_INVALID, "there are no commands to run");
    if (!check_variables(job, err))
        return false;
    struct buildspec spec = {
        .shell = "/bin/sh",
        .exported = {.items = job->output_variables, .count = job->output_variable_count},
    };
    spec.phases[PHASE_BUILD] = (struct buildspec_phase){
        .commands = {.items = job->commands, .count = job->command_count}, .on_failure = ON_FAILURE_ABORT};
    if (job->output_count > 0) {
        spec.has_artifacts = true;
        spec.artifacts.files = patterns_of(arena, json_get(job->output_files, job->outputs[0]));
    }
    *out = spec;
    return true;
}

static bool is_compute_type(const char *type) {
    for (const char *const *name = compute_types; *name; name++)
        if (str_equal(*name, type))
            return true;
    return false;
}

bool build_of_commands(struct arena *arena, const struct wire_job *job, const char *image, const struct json **out,
                       struct err *err) {
    const char *type = json_get_text_or(job->configuration, "EnvironmentType", "LINUX_CONTAINER");
    const char *compute = json_get_text_or(job->configuration, "ComputeType", compute_types[0]);
    if (!str_equal(type, "LINUX_CONTAINER"))
        return err_set(err, ERR_INVALID, "EnvironmentType '%.100s' is not supported; use LINUX_CONTAINER", type);
    if (!is_compute_type(compute))
        return err_set(err, ERR_INVALID,
                       "no ComputeType '%.100s'; there are BUILD_GENERAL1_SMALL, BUILD_GENERAL1_MEDIUM and "
                       "BUILD_GENERAL1_LARGE",
                       compute);
    struct json *build = json_object(arena);
    json_set_text(arena, build, "id",
                  arena_printf(arena, "%s:%s", job->pipeline ? job->pipeline : "commands",
                               job->action_execution_id ? job->action_execution_id : job->id));
    json_set_integer(arena, build, "timeoutInMinutes", COMMANDS_MINUTES);
    struct json *environment = json_set_object(arena, build, "environment");
    json_set_text(arena, environment, "type", type);
    json_set_text(arena, environment, "computeType", compute);
    json_set_text(arena, environment, "image", image);
    *out = build;
    return true;
}
