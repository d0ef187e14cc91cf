/*
 * The image's list: {runtimes: {NAME: {default?, versions: {VERSION: {commands: […], requires?: {NAME:
 * [VERSION…]}}}}}}.
 */
#include "runner/buildspec/runtimes.h"

#include "common/str.h"

#include <stdlib.h>
#include <string.h>

#define LIST_CEILING 4096
#define CODE "YAML_FILE_ERROR"

static int by_name(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* "10, 12" */
static const char *names_of(struct arena *arena, const struct json *object) {
    struct str text CLEANUP(str_release) = STR_INIT(LIST_CEILING);
    const char **names = arena_array(arena, const char *, (object ? object->count : 0) + 1);
    size_t count = 0;
    json_each(item, object) names[count++] = item->name;
    if (count > 0)
        qsort(names, count, sizeof *names, by_name);
    for (size_t i = 0; i < count; i++)
        str_printf(&text, "%s%s", i ? ", " : "", names[i]);
    return arena_strdup(arena, str_text(&text));
}

/* The letters of a distribution ("corretto17") are passed over. */
static const char *number_of(const char *version) {
    return version + strcspn(version, "0123456789");
}

/* 3.9 is lower than 3.10. */
static int compare(const char *a, const char *b) {
    a = number_of(a);
    b = number_of(b);
    while (*a && *b) {
        char *a_end, *b_end;
        unsigned long one = strtoul(a, &a_end, 10);
        unsigned long other = strtoul(b, &b_end, 10);
        if (one != other)
            return one < other ? -1 : 1;
        a = *a_end ? number_of(a_end + 1) : a_end;
        b = *b_end ? number_of(b_end + 1) : b_end;
    }
    return (*a != '\0') - (*b != '\0');
}

/* Whether the image's version is one of "3.x": 3, or 3 with anything behind a dot. */
static bool is_of_major(const char *version, const char *pattern) {
    size_t length = strlen(pattern) - 2;
    return strncmp(version, pattern, length) == 0 && (version[length] == '\0' || version[length] == '.');
}

static const struct json *find_version(const struct json *versions, const char *wanted) {
    const struct json *best = NULL;
    bool latest = str_equal(wanted, "latest");
    bool any_minor = str_ends_with(wanted, ".x");
    json_each(item, versions) {
        if (str_equal(item->name, wanted))
            return item;
        if ((latest || (any_minor && is_of_major(item->name, wanted))) &&
            (!best || compare(item->name, best->name) > 0))
            best = item;
    }
    return best;
}

static struct buildspec_list texts_of(struct arena *arena, const struct json *list) {
    const char **items = arena_array(arena, const char *, (list ? list->count : 0) + 1);
    size_t count = 0;
    json_each(item, list) if (item->text) items[count++] = item->text;
    return (struct buildspec_list){.items = items, .count = count};
}

static bool choose_one(struct arena *arena, const struct json *runtimes, const struct buildspec_runtime *wanted,
                       struct runtime_choice *out, struct err *err) {
    const struct json *runtime = json_get(runtimes, wanted->name);
    if (!runtime)
        return err_set_code(err, ERR_INVALID, CODE,
                            "Unknown runtime named '%.100s'. This build image has the following runtimes: %s",
                            wanted->name, names_of(arena, runtimes));
    const struct json *versions = json_get(runtime, "versions");
    const struct json *version = find_version(versions, wanted->version);
    if (!version)
        return err_set_code(
            err, ERR_INVALID, CODE,
            "Unknown runtime version named '%.100s' of %s. This build image has the following versions: "
            "%s",
            wanted->version, wanted->name, names_of(arena, versions));
    *out = (struct runtime_choice){
        .name = wanted->name, .version = version->name, .commands = texts_of(arena, json_get(version, "commands"))};
    return true;
}

static const char *chosen_version(const struct runtime_choice *choices, size_t count, const char *name) {
    for (size_t i = 0; i < count; i++)
        if (str_equal(choices[i].name, name))
            return choices[i].version;
    return NULL;
}

static bool is_listed(const struct json *list, const char *text) {
    if (list->type != JSON_ARRAY)
        return str_equal(list->text, text);
    json_each(item, list) if (str_equal(item->text, text)) return true;
    return false;
}

/* What one version needs of other runtimes. */
static bool check_needs(struct arena *arena, const struct json *runtimes, const struct runtime_choice *choices,
                        size_t count, size_t which, struct err *err) {
    const struct json *versions = json_get(json_get(runtimes, choices[which].name), "versions");
    json_each(need, json_get(json_get(versions, choices[which].version), "requires")) {
        const char *has = chosen_version(choices, count, need->name);
        if (has && is_listed(need, has))
            continue;
        struct str allowed CLEANUP(str_release) = STR_INIT(LIST_CEILING);
        if (need->type != JSON_ARRAY)
            str_append(&allowed, need->text ? need->text : "");
        json_each(item, need) str_printf(&allowed, "%s%s", item == need->first ? "" : ", ", item->text);
        return err_set_code(err, ERR_INVALID, CODE, "Runtime %s version %s requires %s version %s%s%s",
                            choices[which].name, choices[which].version, need->name,
                            arena_strdup(arena, str_text(&allowed)), has ? ", not " : "; write it beside it",
                            has ? has : "");
    }
    return true;
}

bool runtimes_choose(struct arena *arena, const struct json *image, const struct buildspec_runtime *wanted,
                     size_t count, struct runtime_choice *out, struct err *err) {
    const struct json *runtimes = json_get(image, "runtimes");
    for (size_t i = 0; i < count; i++)
        if (!choose_one(arena, runtimes, &wanted[i], &out[i], err))
            return false;
    for (size_t i = 0; i < count; i++)
        if (!check_needs(arena, runtimes, out, count, i, err))
            return false;
    return true;
}
