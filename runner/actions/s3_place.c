/*
 * Keys in S3.
 */
#include "runner/actions/s3_place.h"

#include "common/str.h"
#include "runner/aws/s3.h"

#include <string.h>

#define KEY_MAX 1024

/* Appends a part without slashes at its ends, and a slash behind it. "" and "/" add nothing. */
static void append_part(struct str *key, const char *part) {
    if (!part)
        return;
    part += strspn(part, "/");
    size_t length = strlen(part);
    while (length > 0 && part[length - 1] == '/')
        length--;
    if (length == 0)
        return;
    str_append_bytes(key, part, length);
    str_append_char(key, '/');
}

static bool climbs(const char *key) {
    while (*key) {
        size_t length = strcspn(key, "/");
        if (length == 2 && memcmp(key, "..", 2) == 0)
            return true;
        key += length + (key[length] == '/');
    }
    return false;
}

static const char *chosen_name(const struct s3_place_question *question) {
    const char *name = json_get_text(question->artifacts, "name");
    if (json_get_bool(question->artifacts, "overrideArtifactName", false) && question->name && *question->name)
        return question->name;
    return name && *name ? name : question->project;
}

bool s3_place_find(struct arena *arena, const struct s3_place_question *question, struct s3_place *out,
                   struct err *err) {
    const struct json *artifacts = question->artifacts;
    bool by_build = str_equal(json_get_text(artifacts, "namespaceType"), "BUILD_ID");
    bool zip = str_equal(json_get_text(artifacts, "packaging"), "ZIP");
    const char *location = json_get_text_or(artifacts, "location", "");
    const char *uuid = strchr(question->build_id, ':');
    const char *name = chosen_name(question);
    const char *bucket;
    const char *below;
    struct str key CLEANUP(str_release) = STR_INIT(KEY_MAX * 2);
    if (!s3_split(arena, location, &bucket, &below))
        return err_set_code(err, ERR_INVALID, "CLIENT_ERROR",
                            "the project's artifacts name no bucket: set 'location', which is '%.100s'", location);
    append_part(&key, below);
    append_part(&key, by_build && question->s3_prefix ? question->s3_prefix : json_get_text(artifacts, "path"));
    if (by_build)
        append_part(&key, uuid ? uuid + 1 : question->build_id);
    size_t folder = key.length;
    append_part(&key, name);
    if (zip && key.length == folder) /* "/" names a folder, and a zip is an object */
        str_printf(&key, "%s.zip/", question->project);
    char *text = arena_strdup(arena, str_text(&key));
    if (zip)
        text[key.length - 1] = '\0';
    if (key.cut || strlen(text) > KEY_MAX || climbs(text))
        return err_set_code(err, ERR_INVALID, "CLIENT_ERROR",
                            "'%.200s' is no key for an artifact in S3: at most %d bytes, no '..'", text, KEY_MAX);
    *out = (struct s3_place){.bucket = bucket, .key = text, .zip = zip};
    return true;
}
