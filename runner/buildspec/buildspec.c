/*
 * The top of a buildspec: version, env, phases.
 */
#include "runner/buildspec/buildspec.h"

#include "common/str.h"
#include "common/suggest.h"
#include "runner/buildspec/read.h"

#include <string.h>
#include <strings.h>

static const struct {
    const char *key;
    const char *name;
} phase_names[PHASE_COUNT] = {
    [PHASE_INSTALL] = {"install", "INSTALL"},
    [PHASE_PRE_BUILD] = {"pre_build", "PRE_BUILD"},
    [PHASE_BUILD] = {"build", "BUILD"},
    [PHASE_POST_BUILD] = {"post_build", "POST_BUILD"},
};

const char *build_phase_name(enum build_phase phase) {
    return phase_names[phase].name;
}

bool buildspec_is_inline(const char *text) {
    return strchr(text, '\n') || strstr(text, ": ") || text[0] == '{';
}

static bool read_version(struct reader *reader, const struct json *root, struct buildspec *out) {
    const struct json *version = json_get(root, "version");
    if (!version)
        return reader_refuse(reader, root, "the buildspec lacks 'version'; write version: 0.2");
    const char *text = version->text ? version->text : "";
    out->version_0_1 = strcmp(text, "0.1") == 0;
    if (!out->version_0_1 && strcmp(text, "0.2") != 0)
        return reader_refuse(reader, version, "version must be 0.1 or 0.2, not '%.100s'", text);
    return true;
}

bool buildspec_is_variable_name(const char *name) {
    if (!*name || (*name >= '0' && *name <= '9'))
        return false;
    for (; *name; name++)
        if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_", *name))
            return false;
    return true;
}

static bool read_variables(struct reader *reader, const struct json *object, struct buildspec *out) {
    struct buildspec_variable *variables =
        arena_array(reader->arena, struct buildspec_variable, (object ? object->count : 0) + 1);
    json_each(item, object) {
        if (item->type == JSON_ARRAY || item->type == JSON_OBJECT)
            return reader_refuse(reader, item, "the value of variable '%s' must be a text", item->name);
        if (!buildspec_is_variable_name(item->name))
            return reader_refuse(reader, item,
                                 "'%.100s' is no name for a variable; use letters, digits and '_', no digit first",
                                 item->name);
        variables[out->variable_count++] = (struct buildspec_variable){
            .name = arena_strdup(reader->arena, item->name),
            .value = item->type == JSON_NULL ? "" : arena_strdup(reader->arena, item->text)};
    }
    out->variables = variables;
    return true;
}

static bool read_shell(struct reader *reader, const struct json *env, struct buildspec *out) {
    const char *shell = NULL;
    if (!reader_text(reader, env, "shell", &shell))
        return false;
    if (!shell || str_equal(shell, "/bin/sh") || str_equal(shell, "sh"))
        return true;
    if (str_equal(shell, "bash") || str_equal(shell, "/bin/bash")) {
        out->shell = shell;
        return true;
    }
    return reader_refuse(reader, json_get(env, "shell"), "shell '%.100s' is not supported yet; use bash or /bin/sh",
                         shell);
}

static bool refuse_secrets(struct reader *reader, const struct json *env, const char *name) {
    const struct json *value = json_get(env, name);
    if (!value || value->count == 0)
        return true;
    return reader_refuse(reader, value, "env '%s' is not supported yet", name);
}

static bool read_env_0_1(struct reader *reader, const struct json *root, struct buildspec *out) {
    const struct json *env;
    const struct json *plain;
    return reader_object(reader, root, "environment_variables", &env) &&
           reader_object(reader, env, "plaintext", &plain) && read_variables(reader, plain, out);
}

static bool read_env(struct reader *reader, const struct json *root, struct buildspec *out) {
    const struct json *env;
    const struct json *variables;
    bool credential_helper = false;
    if (!reader_object(reader, root, "env", &env) || !reader_object(reader, env, "variables", &variables) ||
        !read_variables(reader, variables, out) || !read_shell(reader, env, out) ||
        !refuse_secrets(reader, env, "parameter-store") || !refuse_secrets(reader, env, "secrets-manager") ||
        !reader_texts(reader, json_get(env, "exported-variables"), "Exported-variables", false, &out->exported) ||
        !reader_flag(reader, env, "git-credential-helper", &credential_helper))
        return false;
    for (size_t i = 0; i < out->exported.count; i++) {
        const char *name = out->exported.items[i];
        if (!buildspec_is_variable_name(name) || str_starts_with(name, "AWS_"))
            return reader_refuse(reader, json_get(env, "exported-variables"),
                                 "'%.100s' cannot be exported: it is no variable's name, or begins with AWS_", name);
    }
    if (credential_helper)
        reader_notice(reader, "Skipping git-credential-helper: not supported yet");
    return true;
}

static bool read_on_failure(struct reader *reader, const struct json *phase, enum on_failure *out) {
    const char *text = NULL;
    if (!reader_text(reader, phase, "on-failure", &text))
        return false;
    if (!text)
        return true;
    if (strcasecmp(text, "ABORT") == 0)
        *out = ON_FAILURE_ABORT;
    else if (strcasecmp(text, "CONTINUE") == 0)
        *out = ON_FAILURE_CONTINUE;
    else if (strncasecmp(text, "RETRY", 5) == 0)
        return reader_refuse(reader, json_get(phase, "on-failure"),
                             "on-failure '%.100s' is not supported yet; use ABORT or CONTINUE", text);
    else
        return reader_refuse(reader, json_get(phase, "on-failure"),
                             "on-failure must be ABORT or CONTINUE, not '%.100s'", text);
    return true;
}

static bool read_phase(struct reader *reader, const struct json *phase, const struct buildspec *spec,
                       struct buildspec_phase *out) {
    if (phase->type == JSON_NULL)
        return true;
    if (phase->type != JSON_OBJECT)
        return reader_refuse(reader, phase, "phase '%s' must hold keys such as 'commands', not a list or a text",
                             phase->name);
    const struct json *runtimes = json_get(phase, "runtime-versions");
    if (runtimes && runtimes->count > 0)
        reader_notice(reader, "Skipping install of runtimes. Runtime version selection is not supported by this build "
                              "image");
    if (!reader_texts(reader, json_get(phase, "commands"), "Commands", false, &out->commands))
        return false;
    if (spec->version_0_1)
        return true;
    return reader_texts(reader, json_get(phase, "finally"), "Finally", false, &out->finally) &&
           reader_text(reader, phase, "run-as", &out->run_as) && read_on_failure(reader, phase, &out->on_failure);
}

/* A phase's name, but for hyphens. */
static const char *phase_that_was_meant(const char *name) {
    for (size_t i = 0; i < PHASE_COUNT; i++) {
        const char *key = phase_names[i].key;
        size_t at = 0;
        while (key[at] && (key[at] == name[at] || (key[at] == '_' && name[at] == '-')))
            at++;
        if (!key[at] && !name[at])
            return key;
    }
    return NULL;
}

static void note_phase(struct reader *reader, const struct json *item) {
    const char *keys[PHASE_COUNT + 1] = {0};
    for (size_t i = 0; i < PHASE_COUNT; i++)
        keys[i] = phase_names[i].key;
    const char *meant = suggest_nearest(item->name, keys);
    reader_notice(reader, "%s:%d:%d: phase '%.100s' is ignored%s%s%s", reader->file, item->name_line, item->name_column,
                  item->name, meant ? "; did you mean '" : "", meant ? meant : "", meant ? "'?" : "");
}

static bool read_phases(struct reader *reader, const struct json *root, struct buildspec *out) {
    const struct json *phases;
    if (!reader_object(reader, root, "phases", &phases))
        return false;
    if (!phases)
        return reader_refuse(reader, root, "the buildspec lacks 'phases'");
    json_each(item, phases) {
        bool known = false;
        for (size_t i = 0; i < PHASE_COUNT; i++) {
            if (!str_equal(item->name, phase_names[i].key))
                continue;
            known = true;
            if (!read_phase(reader, item, out, &out->phases[i]))
                return false;
        }
        if (!known)
            note_phase(reader, item);
    }
    return true;
}

static void note_unused(struct reader *reader, const struct json *root) {
    if (json_get(root, "reports"))
        reader_notice(reader, "Skipping reports: not supported yet");
    if (json_get(root, "cache"))
        reader_notice(reader, "Skipping cache: not supported yet");
    json_each(item, root) {
        if (phase_that_was_meant(item->name))
            reader_notice(reader, "%s:%d:%d: '%s' stands at the top and is ignored; move it below 'phases'",
                          reader->file, item->name_line, item->name_column, item->name);
    }
}

static bool read_root(struct reader *reader, const struct json *root, struct buildspec *out) {
    if (!root || root->type != JSON_OBJECT)
        return err_set_code(reader->err, ERR_INVALID, "YAML_FILE_ERROR",
                            "%s:1:1: a buildspec must hold keys: version, phases, artifacts", reader->file);
    out->shell = "/bin/sh";
    if (!read_version(reader, root, out) || !reader_text(reader, root, "run-as", &out->run_as))
        return false;
    if (out->version_0_1 ? !read_env_0_1(reader, root, out) : !read_env(reader, root, out))
        return false;
    if (!read_phases(reader, root, out) || !buildspec_read_artifacts(reader, root, out))
        return false;
    note_unused(reader, root);
    out->notices = (struct buildspec_list){.items = reader->notices, .count = reader->notice_count};
    return true;
}

bool buildspec_parse(struct arena *arena, const char *file, const char *text, size_t size, struct buildspec *out,
                     struct err *err) {
    const struct json *root = NULL;
    struct err own = {0};
    if (!doc_parse(arena, file, text, size, &root, &own))
        return err_set_code(err, own.kind, "YAML_FILE_ERROR", "%s", own.message);
    struct reader reader = {.arena = arena, .file = file, .err = err};
    struct buildspec spec = {0};
    if (!read_root(&reader, root, &spec))
        return false;
    *out = spec;
    return true;
}
