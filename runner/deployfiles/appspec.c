/*
 * Which platform an appspec is for, and what all of them have in common.
 */
#include "runner/deployfiles/appspec.h"

#include "common/doc.h"
#include "common/str.h"
#include "common/suggest.h"
#include "runner/deployfiles/appspec_parts.h"
#include "runner/deployfiles/json_file.h"

#include <string.h>

#define ECS_TYPE "AWS::ECS::Service"
#define LAMBDA_TYPE "AWS::Lambda::Function"

struct json *appspec_resource(struct json *root) {
    struct json *resources = root->first;
    while (resources && !str_equal(resources->name, "Resources"))
        resources = resources->next;
    struct json *entry = resources && resources->type == JSON_ARRAY ? resources->first : NULL;
    return entry && entry->type == JSON_OBJECT ? entry->first : NULL;
}

static void check_version(struct findings *findings, const struct json *root) {
    const struct json *version = json_get(root, "version");
    if (!version)
        (void)findings_refuse(findings, root, "'version' is missing; begin the file with 'version: 0.0'");
    else if (!str_equal(version->text, "0.0"))
        (void)findings_refuse(findings, version, "'version' must be 0.0, the only one that CodeDeploy has");
}

static void check_hook(struct findings *findings, const struct json *hook, const char *const *events) {
    bool known = false;
    for (const char *const *event = events; *event; event++)
        known = known || str_equal(*event, hook->name);
    const char *meant = known ? NULL : suggest_nearest(hook->name, events);
    if (!known)
        (void)findings_refuse_name(findings, hook, "there is no hook '%.100s' here%s%s%s", hook->name,
                                   meant ? "; did you mean '" : "", meant ? meant : "", meant ? "'?" : "");
    else if (hook->type != JSON_TEXT || !*hook->text)
        (void)findings_refuse(findings, hook, "the hook '%s' must name a Lambda function", hook->name);
}

void appspec_check_functions(struct findings *findings, const struct json *root, const char *const *events) {
    const struct json *hooks = json_get(root, "Hooks");
    if (json_get(root, "hooks"))
        (void)findings_refuse_name(findings, json_get(root, "hooks"), "'hooks' must be written 'Hooks' here");
    if (hooks && hooks->type != JSON_ARRAY)
        (void)findings_refuse(findings, hooks,
                              "'Hooks' must be a list; write each as '- Event: function' on a line of its own");
    json_each(entry, hooks && hooks->type == JSON_ARRAY ? hooks : NULL) {
        if (entry->type != JSON_OBJECT)
            (void)findings_refuse(findings, entry, "a hook must be 'Event: function', not %s", json_file_found(entry));
        else
            json_each(hook, entry) check_hook(findings, hook, events);
    }
}

/* A type that is neither, or none: the file is for one of the two all the same. */
static bool refuse_type(struct findings *findings, const struct json *root, struct json *resource) {
    const struct json *resources = json_get(root, "Resources");
    const struct json *type = json_get(resource, "Type");
    if (!resource)
        return findings_refuse(findings, resources,
                               "'Resources' must be a list with one entry, such as "
                               "'- TargetService:' and below it 'Type' and 'Properties'");
    return findings_refuse(findings, type ? type : resource,
                           "'Type' of '%.100s' must be " ECS_TYPE " or " LAMBDA_TYPE "%s", resource->name,
                           type ? "" : ", and is missing");
}

static bool refuse_unknown(struct findings *findings, const struct json *root) {
    const struct json *small = json_get(root, "resources");
    if (json_get(root, "containerDefinitions"))
        return findings_refuse(findings, root, "this is a task definition, not an appspec file");
    if (small)
        return findings_refuse_name(findings, small, "'resources' must be written 'Resources'");
    return findings_refuse(findings, root,
                           "an appspec file has 'Resources' (ECS, Lambda), or 'os' and 'files' (servers); this one has "
                           "neither");
}

static bool has_server_keys(const struct json *root) {
    return json_get(root, "os") || json_get(root, "files") || json_get(root, "permissions") || json_get(root, "hooks");
}

static bool check_platform(struct findings *findings, struct json *root, struct appspec *out) {
    struct json *resource = appspec_resource(root);
    const char *type = json_get_text_or(resource, "Type", "");
    *out = (struct appspec){.root = root};
    if (str_equal(type, ECS_TYPE)) {
        appspec_check_ecs(findings, root, out);
    } else if (str_equal(type, LAMBDA_TYPE)) {
        out->platform = APPSPEC_LAMBDA;
        appspec_check_lambda(findings, root);
    } else if (json_get(root, "Resources")) {
        return refuse_type(findings, root, resource);
    } else if (has_server_keys(root)) {
        out->platform = APPSPEC_SERVER;
        appspec_check_server(findings, root);
    } else {
        return refuse_unknown(findings, root);
    }
    return true;
}

bool appspec_check(const char *text, size_t size, struct appspec *out, struct findings *findings) {
    const struct json *root;
    const size_t before = findings->error_count;
    struct err err = {0};
    findings->reader = "CodeDeploy";
    if (!doc_parse(findings->arena, findings->file, text, size, &root, &err))
        return findings_take(findings, &err, "");
    if (root->type != JSON_OBJECT)
        return findings_refuse(findings, root, "an appspec file must hold keys (version, Resources), not %s",
                               json_file_found(root));
    check_version(findings, root);
    return check_platform(findings, json_copy(findings->arena, root), out) && findings->error_count == before;
}

bool appspec_read(struct arena *arena, const char *file, const char *text, size_t size, struct appspec *out,
                  struct err *err) {
    struct findings findings = findings_of(arena, file);
    struct appspec own;
    bool good = appspec_check(text, size, &own, &findings);
    if (!findings_verdict(&findings, err) || !good)
        return false;
    *out = own;
    return true;
}

const char *appspec_fill(struct arena *arena, const char *text, size_t size, const char *task_definition) {
    struct str filled CLEANUP(str_release) = STR_INIT(2 * APPSPEC_CEILING);
    const char *own = arena_strndup(arena, text, size);
    for (const char *found; (found = strstr(own, APPSPEC_TASK_DEFINITION));
         own = found + strlen(APPSPEC_TASK_DEFINITION)) {
        str_append_bytes(&filled, own, (size_t)(found - own));
        str_append(&filled, task_definition);
    }
    str_append(&filled, own);
    return arena_strdup(arena, str_text(&filled));
}
