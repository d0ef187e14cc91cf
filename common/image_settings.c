/*
 * A table of keys, each with the function that reads its value. Everything that becomes an argument of `docker build`
 * has a pattern, so that no value can be taken for an option.
 */
#include "common/image_settings.h"

#include "common/str.h"

#include <string.h>

#define TAGS_MAX 50
#define PAIRS_MAX 100
#define NAME_MAX_LENGTH 256
#define TAG_MAX_LENGTH 128

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"
#define LETTERS LOWER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define WORD LETTERS DIGITS "_"

struct reading {
    struct arena *arena;
    struct image_settings *out;
};

static bool is_made_of(const char *text, const char *first, const char *rest, size_t most) {
    size_t length = strlen(text);
    return length > 0 && length <= most && strchr(first, text[0]) && strspn(text, rest) == length;
}

static bool read_repository(struct reading *reading, const char *value, struct err *err) {
    if (!is_made_of(value, LOWER DIGITS, LOWER DIGITS "._-/", NAME_MAX_LENGTH) || strstr(value, "//") ||
        str_ends_with(value, "/"))
        return err_set(err, ERR_INVALID,
                       "ECRRepositoryName '%.100s' is no repository's name; write it as ECR shows it, without the "
                       "registry and the tag",
                       value);
    reading->out->repository = arena_strdup(reading->arena, value);
    return true;
}

/* Below the source; the file itself is looked for when it is there. */
static bool read_path(struct reading *reading, const char *key, const char *value, const char **out, struct err *err) {
    while (str_starts_with(value, "./"))
        value += 2;
    char *path = arena_strdup(reading->arena, str_equal(value, ".") ? "" : value);
    size_t length = strlen(path);
    while (length > 0 && path[length - 1] == '/')
        path[--length] = '\0';
    bool climbs =
        str_equal(path, "..") || str_starts_with(path, "../") || str_ends_with(path, "/..") || strstr(path, "/../");
    if (path[0] == '/' || value[0] == '/' || climbs || strpbrk(path, "\n\r"))
        return err_set(err, ERR_INVALID, "%s '%.200s' must be a path below the source's root", key, value);
    *out = path;
    return true;
}

static bool read_dockerfile(struct reading *reading, const char *value, struct err *err) {
    return read_path(reading, "DockerFilePath", value, &reading->out->dockerfile, err);
}

static bool read_context(struct reading *reading, const char *value, struct err *err) {
    return read_path(reading, "BuildContext", value, &reading->out->context, err);
}

static bool read_tags(struct reading *reading, const char *value, struct err *err) {
    const char **tags = arena_array(reading->arena, const char *, TAGS_MAX);
    size_t count = 0;
    char *rest = arena_strdup(reading->arena, value);
    for (char *item; (item = strsep(&rest, ",")) != NULL;) {
        item += strspn(item, " ");
        for (size_t length = strlen(item); length > 0 && item[length - 1] == ' ';)
            item[--length] = '\0';
        if (!is_made_of(item, WORD, WORD ".-", TAG_MAX_LENGTH))
            return err_set(
                err, ERR_INVALID,
                "ImageTags: '%.140s' is no tag; write names of letters, digits and . _ - with commas between", item);
        if (count == TAGS_MAX)
            return err_set(err, ERR_INVALID, "ImageTags: more than %d tags", TAGS_MAX);
        bool again = false;
        for (size_t i = 0; i < count; i++)
            again = again || str_equal(tags[i], item);
        if (!again)
            tags[count++] = item;
    }
    reading->out->tags = tags;
    reading->out->tag_count = count;
    return true;
}

static bool read_type(struct reading *reading, const char *value, struct err *err) {
    reading->out->is_public = str_equal(value, "public");
    return reading->out->is_public || str_equal(value, "private") ||
           err_set(err, ERR_INVALID, "RegistryType '%.100s' is not known; write private or public", value);
}

static bool read_target(struct reading *reading, const char *value, struct err *err) {
    if (!is_made_of(value, LETTERS DIGITS, WORD ".-", NAME_MAX_LENGTH))
        return err_set(err, ERR_INVALID, "Target '%.100s' is no stage's name", value);
    reading->out->target = arena_strdup(reading->arena, value);
    return true;
}

static bool read_platform(struct reading *reading, const char *value, struct err *err) {
    if (!is_made_of(value, LOWER, LOWER DIGITS "/.-", NAME_MAX_LENGTH))
        return err_set(err, ERR_INVALID, "Platform '%.100s' is not known; write one such as linux/arm64", value);
    reading->out->platform = arena_strdup(reading->arena, value);
    return true;
}

static bool read_container(struct reading *reading, const char *value, struct err *err) {
    if (!is_made_of(value, LETTERS DIGITS, WORD "-", 255))
        return err_set(err, ERR_INVALID, "ContainerName '%.100s' is no name of a container in a task definition",
                       value);
    reading->out->container = arena_strdup(reading->arena, value);
    return true;
}

static bool read_pull(struct reading *reading, const char *value, struct err *err) {
    reading->out->pull = str_equal(value, "true");
    return reading->out->pull || str_equal(value, "false") ||
           err_set(err, ERR_INVALID, "PullBaseImages '%.100s' is not known; write true or false", value);
}

/* A JSON object of texts, as EnvironmentVariables of CodeBuild is a JSON list: configuration values are texts. */
static bool read_pairs(struct reading *reading, const char *key, const char *value, const char *name_characters,
                       const struct image_pair **out, size_t *out_count, struct err *err) {
    const struct json *object;
    if (!json_parse(reading->arena, value, strlen(value), &object, NULL) || object->type != JSON_OBJECT)
        return err_set(err, ERR_INVALID, "%s must be a text that holds a JSON object, such as '{\"NAME\": \"value\"}'",
                       key);
    if (object->count > PAIRS_MAX)
        return err_set(err, ERR_INVALID, "%s has more than %d members", key, PAIRS_MAX);
    struct image_pair *pairs = arena_array(reading->arena, struct image_pair, object->count + 1);
    size_t count = 0;
    json_each(item, object) {
        if (!is_made_of(item->name, WORD, name_characters, NAME_MAX_LENGTH))
            return err_set(err, ERR_INVALID, "%s: '%.100s' cannot be a name", key, item->name);
        if (item->type != JSON_TEXT)
            return err_set(err, ERR_INVALID, "%s: the value of '%.100s' must be a text", key, item->name);
        pairs[count++] = (struct image_pair){.name = item->name, .value = item->text};
    }
    *out = pairs;
    *out_count = count;
    return true;
}

static bool read_arguments(struct reading *reading, const char *value, struct err *err) {
    return read_pairs(reading, "BuildArguments", value, WORD, &reading->out->arguments, &reading->out->argument_count,
                      err);
}

static bool read_secrets(struct reading *reading, const char *value, struct err *err) {
    return read_pairs(reading, "BuildSecrets", value, WORD ".-", &reading->out->secrets, &reading->out->secret_count,
                      err);
}

static const struct {
    const char *key;
    bool (*read)(struct reading *reading, const char *value, struct err *err);
} keys[] = {
    {"ECRRepositoryName", read_repository},
    {"DockerFilePath", read_dockerfile},
    {"ImageTags", read_tags},
    {"RegistryType", read_type},
    {"BuildContext", read_context},
    {"BuildArguments", read_arguments},
    {"BuildSecrets", read_secrets},
    {"Target", read_target},
    {"Platform", read_platform},
    {"ContainerName", read_container},
    {"PullBaseImages", read_pull},
};

#define KEY_COUNT (sizeof keys / sizeof *keys)

bool image_setting_check(struct arena *arena, const char *key, const char *value, struct err *err) {
    struct image_settings settings = {0};
    struct reading reading = {.arena = arena, .out = &settings};
    for (size_t i = 0; i < KEY_COUNT; i++)
        if (str_equal(keys[i].key, key))
            return keys[i].read(&reading, value, err);
    return true;
}

bool image_settings_read(struct arena *arena, const struct json *configuration, struct image_settings *out,
                         struct err *err) {
    static const char *const latest[] = {"latest"};
    struct image_settings settings = {.dockerfile = "", .context = "", .tags = latest, .tag_count = 1};
    struct reading reading = {.arena = arena, .out = &settings};
    for (size_t i = 0; i < KEY_COUNT; i++) {
        const char *value = json_get_text(configuration, keys[i].key);
        if (value && *value && !keys[i].read(&reading, value, err))
            return false;
    }
    if (!settings.repository)
        return err_set(err, ERR_INVALID, "the action names no repository; set ECRRepositoryName");
    *out = settings;
    return true;
}
