/*
 * `env` of a buildspec: variables of the three kinds, the shell, what is exported. Version 0.1 has variables only,
 * under another name.
 */
#include "runner/buildspec/read.h"

#include "common/str.h"
#include "common/suggest.h"

#include <string.h>

#define SECRET_PARTS 4 /* secret-id:json-key:version-stage:version-id */
#define ARN_PARTS 7    /* arn:aws:secretsmanager:region:account:secret:name */

static const char *const env_keys[] = {
    "shell", "variables", "parameter-store", "secrets-manager", "exported-variables", "git-credential-helper", NULL};

bool buildspec_is_variable_name(const char *name) {
    if (!*name || (*name >= '0' && *name <= '9'))
        return false;
    for (; *name; name++)
        if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_", *name))
            return false;
    return true;
}

static bool check_name(struct reader *reader, const struct json *item) {
    if (!buildspec_is_variable_name(item->name))
        return spec_refuse_key(reader, item,
                               "'%.100s' is no name for a variable; use letters, digits and '_', no digit first",
                               item->name);
    if (str_starts_with(item->name, "CODEBUILD_"))
        spec_notice(reader, item, "'%.100s' is not set: names that begin with CODEBUILD_ are the build's own",
                    item->name);
    return true;
}

static void read_variables(struct reader *reader, const struct json *object, struct buildspec *out) {
    struct buildspec_variable *variables =
        arena_array(reader->arena, struct buildspec_variable, (object ? object->count : 0) + 1);
    out->variables = variables;
    json_each(item, object) {
        if (!check_name(reader, item))
            continue;
        if (spec_is_scalar(item))
            variables[out->variable_count++] = (struct buildspec_variable){
                .name = arena_strdup(reader->arena, item->name),
                .value = item->type == JSON_NULL ? "" : arena_strdup(reader->arena, item->text)};
        else
            spec_refuse(reader, item, "the value of variable '%.100s' must be a text", item->name);
    }
}

/* The name of a parameter or a secret behind a variable's; NULL where it was refused. */
static const char *read_reference(struct reader *reader, const struct json *item, const char *what) {
    if (!check_name(reader, item))
        return NULL;
    if (spec_is_scalar(item) && item->type != JSON_NULL && *item->text)
        return arena_strdup(reader->arena, item->text);
    spec_refuse_key(reader, item, "variable '%.100s' needs the name of its %s as a text", item->name, what);
    return NULL;
}

static void read_parameters(struct reader *reader, const struct json *env, struct buildspec *out) {
    const struct json *object;
    spec_object(reader, env, "parameter-store", &object);
    struct buildspec_parameter *parameters =
        arena_array(reader->arena, struct buildspec_parameter, (object ? object->count : 0) + 1);
    out->parameters = parameters;
    json_each(item, object) {
        const char *parameter = read_reference(reader, item, "parameter");
        if (parameter)
            parameters[out->parameter_count++] = (struct buildspec_parameter){
                .variable = arena_strdup(reader->arena, item->name), .parameter = parameter};
    }
}

/* Where the secret's id ends: an ARN holds colons of its own. NULL where it is no whole ARN. */
static const char *end_of_secret_id(const char *text) {
    if (!str_starts_with(text, "arn:"))
        return text + strcspn(text, ":");
    const char *end = text;
    for (int i = 1; i < ARN_PARTS; i++) {
        end = strchr(end, ':');
        if (!end)
            return NULL;
        end++;
    }
    end += strcspn(end, ":");
    return end[-1] == ':' ? NULL : end;
}

/* The next part behind a colon, NULL where it is empty or absent. */
static const char *next_part(struct arena *arena, const char **at) {
    if (**at != ':')
        return NULL;
    const char *begin = ++*at;
    *at += strcspn(begin, ":");
    return *at > begin ? arena_strndup(arena, begin, (size_t)(*at - begin)) : NULL;
}

static bool read_secret(struct reader *reader, const struct json *item, const char *text,
                        struct buildspec_secret *out) {
    const char *at = end_of_secret_id(text);
    if (!at)
        return spec_refuse(reader, item,
                           "'%.200s' is no whole ARN of a secret: arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME",
                           text);
    if (at == text)
        return spec_refuse(reader, item,
                           "the secret's id is missing in '%.200s'; write "
                           "secret-id:json-key:version-stage:version-id, what is not needed left empty",
                           text);
    out->variable = arena_strdup(reader->arena, item->name);
    out->secret = arena_strndup(reader->arena, text, (size_t)(at - text));
    out->json_key = next_part(reader->arena, &at);
    out->version_stage = next_part(reader->arena, &at);
    out->version_id = next_part(reader->arena, &at);
    if (*at)
        return spec_refuse(reader, item,
                           "'%.200s' has more than %d parts; write secret-id:json-key:version-stage:version-id", text,
                           SECRET_PARTS);
    if (out->version_stage && out->version_id)
        return spec_refuse(reader, item, "'%.200s' names a version stage and a version id; a secret takes one of them",
                           text);
    return true;
}

static void read_secrets(struct reader *reader, const struct json *env, struct buildspec *out) {
    const struct json *object;
    spec_object(reader, env, "secrets-manager", &object);
    struct buildspec_secret *secrets =
        arena_array(reader->arena, struct buildspec_secret, (object ? object->count : 0) + 1);
    out->secrets = secrets;
    json_each(item, object) {
        const char *text = read_reference(reader, item, "secret");
        struct buildspec_secret secret = {0};
        if (text && read_secret(reader, item, text, &secret))
            secrets[out->secret_count++] = secret;
    }
}

static void read_shell(struct reader *reader, const struct json *env, struct buildspec *out) {
    static const char *const shells[] = {"bash", "/bin/sh", NULL};
    const char *shell = NULL;
    if (!spec_text(reader, env, "shell", &shell) || !shell || str_equal(shell, "/bin/sh") || str_equal(shell, "sh"))
        return;
    const struct json *at = json_get(env, "shell");
    if (str_equal(shell, "bash") || str_equal(shell, "/bin/bash"))
        out->shell = "bash";
    else if (str_equal(shell, "powershell.exe") || str_equal(shell, "cmd.exe"))
        spec_refuse(reader, at, "shell '%s' is one of Windows; builds run in Linux containers, use bash or /bin/sh",
                    shell);
    else if (suggest_nearest(shell, shells))
        spec_refuse(reader, at, "no shell '%.100s'; did you mean '%s'?", shell, suggest_nearest(shell, shells));
    else
        spec_refuse(reader, at, "no shell '%.100s'; use bash or /bin/sh", shell);
}

static void check_exported(struct reader *reader, const struct json *item) {
    if (!spec_is_scalar(item) || item->type == JSON_NULL || !*item->text)
        return;
    if (!buildspec_is_variable_name(item->text))
        spec_refuse(reader, item, "'%.100s' cannot be exported: it is no name of a variable", item->text);
    else if (str_starts_with(item->text, "AWS_"))
        spec_refuse(reader, item, "'%.100s' cannot be exported: its name begins with AWS_", item->text);
}

static void read_exported(struct reader *reader, const struct json *env, struct buildspec *out) {
    const struct json *value = json_get(env, "exported-variables");
    spec_texts(reader, value, "Exported-variables", true, &out->exported);
    if (value && spec_is_scalar(value))
        check_exported(reader, value);
    json_each(item, value && value->type == JSON_ARRAY ? value : NULL) {
        check_exported(reader, item);
    }
}

static void read_env_0_1(struct reader *reader, const struct json *root, struct buildspec *out) {
    const struct json *env;
    const struct json *plain;
    static const char *const keys[] = {"plaintext", NULL};
    if (!spec_object(reader, root, "environment_variables", &env))
        return;
    spec_note_unknown(reader, env, keys, "of 'environment_variables'");
    if (spec_object(reader, env, "plaintext", &plain))
        read_variables(reader, plain, out);
}

void buildspec_read_env(struct reader *reader, const struct json *root, struct buildspec *out) {
    const struct json *env;
    const struct json *variables;
    if (reader->version_0_1)
        read_env_0_1(reader, root, out);
    if (!spec_counts(reader, root, "env") || !spec_object(reader, root, "env", &env) || !env)
        return;
    spec_note_unknown(reader, env, env_keys, "of 'env'");
    spec_object(reader, env, "variables", &variables);
    read_variables(reader, variables, out);
    read_parameters(reader, env, out);
    read_secrets(reader, env, out);
    read_shell(reader, env, out);
    read_exported(reader, env, out);
    spec_flag(reader, env, "git-credential-helper", &out->git_credential_helper);
}
