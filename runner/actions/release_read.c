/*
 * Members: a JSON list of {name, provider, inputArtifact?, configuration}. A member's configuration has the keys of its
 * action; what the release says of all of them holds where a member says nothing itself.
 */
#include "common/action_types.h"
#include "common/str.h"
#include "common/suggest.h"
#include "runner/actions/release.h"
#include "runner/actions/settings.h"

#include <string.h>

#define NAME_MAX_LENGTH 100
#define NAME_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"

static const char *const common_keys[] = {"OnStuck", "OnStuckSeconds", "DeploymentTimeout", "Preflight"};

static bool refuse(const struct release_member *member, struct err *err, const char *sentence) {
    return err_set_code(err, ERR_INVALID, "ConfigurationError", "member '%.100s' of Members: %s", member->name,
                        sentence);
}

static bool knows_key(const struct action_type *type, const char *key) {
    for (size_t i = 0; type->keys[i].name; i++)
        if (str_equal(type->keys[i].name, key))
            return true;
    return false;
}

static const char *nearest_key(struct arena *arena, const struct action_type *type, const char *key) {
    const char **names = arena_array(arena, const char *, ACTION_KEYS_MAX + 1);
    for (size_t i = 0; i < ACTION_KEYS_MAX && type->keys[i].name; i++)
        names[i] = type->keys[i].name;
    const char *nearest = suggest_nearest(key, names);
    return nearest ? arena_printf(arena, "; did you mean '%s'?", nearest) : "";
}

static bool check_key(const struct release_member *member, const struct action_type *type, const struct json *value,
                      struct err *err) {
    struct arena *arena = member->release->arena;
    if (!knows_key(type, value->name))
        return refuse(member, err,
                      arena_printf(arena, "%s has no key '%.100s'%s", type->provider, value->name,
                                   nearest_key(arena, type, value->name)));
    if (str_equal(value->name, "OnCancel"))
        return refuse(member, err, "OnCancel stands in the release: its members return together");
    return value->type == JSON_TEXT || refuse(member, err,
                                              arena_printf(arena, "%.100s must be a text in quotes, not a %s",
                                                           value->name, json_type_name(value->type)));
}

/* The member's configuration, as an action's would be. */
static bool merge(const struct release_member *member, const struct json *given, struct json **out, struct err *err) {
    struct release *release = member->release;
    const struct action_type *type = action_types_find(member->kind->provider, ACTION_DEPLOY);
    struct json *merged = json_object(release->arena);
    if (!type)
        return refuse(member, err, "its provider is no deploy");
    json_each(value, given) {
        if (!check_key(member, type, value, err))
            return false;
        json_set_text(release->arena, merged, value->name, value->text);
    }
    for (size_t i = 0; i < sizeof common_keys / sizeof *common_keys; i++)
        if (knows_key(type, common_keys[i]) && !json_get(merged, common_keys[i]))
            json_set_text(release->arena, merged, common_keys[i], job_setting(release->job, common_keys[i]));
    *out = merged;
    return true;
}

/* It also names copies in a bucket. */
static bool is_name(const char *text) {
    return text && *text && strlen(text) <= NAME_MAX_LENGTH && strspn(text, NAME_CHARACTERS) == strlen(text);
}

static bool is_taken(const struct release *release, const char *name) {
    for (size_t i = 0; i < release->count; i++)
        if (str_equal(release->members[i].name, name))
            return true;
    return false;
}

static bool read_member(struct release *release, const struct json *given, struct err *err) {
    struct release_member *member = &release->members[release->count];
    const char *name = json_get_text(given, "name");
    const char *provider = json_get_text_or(given, "provider", "");
    struct json *configuration;
    struct err own = {0};
    if (!is_name(name) || is_taken(release, name))
        return err_set_code(err, ERR_INVALID, "ConfigurationError",
                            "each member of Members needs a name of its own: up to %d letters, digits, '.', '_' or '-'",
                            NAME_MAX_LENGTH);
    *member = (struct release_member){.release = release,
                                      .name = name,
                                      .artifact = json_get_text(given, "inputArtifact"),
                                      .kind = release_kind_find(provider)};
    if (!member->kind)
        return refuse(member, err,
                      arena_printf(release->arena, "'%.50s' is no provider of a member; there are %s", provider,
                                   release_kind_names(release->arena)));
    if (!merge(member, json_get(given, "configuration"), &configuration, err))
        return false;
    struct wire_job message = *release->job->message;
    struct job view = *release->job;
    message.configuration = configuration;
    view.message = &message;
    if (!member->kind->plan(member, &view, &own))
        return refuse(member, err, own.message);
    release->count++;
    return true;
}

static bool read_members(struct release *release, struct err *err) {
    const char *text = job_setting(release->job, "Members");
    const struct json *list = NULL;
    struct err own = {0};
    if (!text || !json_parse(release->arena, text, strlen(text), &list, &own) || list->type != JSON_ARRAY)
        return err_set_code(err, ERR_INVALID, "ConfigurationError",
                            "Members must be a JSON list of {\"name\", \"provider\", \"configuration\"}%s%.200s",
                            *own.message ? ": " : "", own.message);
    if (list->count < 1 || list->count > RELEASE_MEMBERS_MAX)
        return err_set_code(err, ERR_INVALID, "ConfigurationError", "Members must have 1 to %d members, not %zu",
                            RELEASE_MEMBERS_MAX, list->count);
    release->members = arena_array(release->arena, struct release_member, list->count);
    json_each(given, list) {
        if (!read_member(release, given, err))
            return false;
    }
    return true;
}

bool release_read(struct release *release, struct err *err) {
    release->name = job_setting(release->job, "ReleaseName");
    if (!release->name || !*release->name)
        return err_set_code(err, ERR_INVALID, "ConfigurationError", "the action's configuration lacks ReleaseName");
    return settings_choice(release->job, "OnCancel", "ROLLBACK", "LEAVE", &release->leave_on_cancel, err) &&
           read_members(release, err);
}
