/*
 * Names of files.
 */
#include "runner/actions/static_files.h"

#include "common/str.h"
#include "runner/archive/glob.h"

#include <ctype.h>
#include <string.h>

#define FOREVER "public, max-age=31536000, immutable"
#define ALWAYS_ASK "no-cache"
#define UNKNOWN_TYPE "application/octet-stream"
#define HASH_LEAST 8
#define HASH_MOST 64
#define EXTENSION_MAX 16

/* Without a type of its own S3 says binary/octet-stream, and a browser downloads the page in the place of showing it.
 * `text`: worth compressing, so that "app.js.gz" is a script that is sent compressed, and "backup.tar.gz" is a file. */
static const struct {
    const char *extension;
    const char *type;
    bool text;
} types[] = {
    {"html", "text/html; charset=utf-8", true},
    {"htm", "text/html; charset=utf-8", true},
    {"css", "text/css; charset=utf-8", true},
    {"js", "text/javascript; charset=utf-8", true},
    {"mjs", "text/javascript; charset=utf-8", true},
    {"cjs", "text/javascript; charset=utf-8", true},
    {"json", "application/json", true},
    {"map", "application/json", true},
    {"webmanifest", "application/manifest+json", true},
    {"wasm", "application/wasm", true},
    {"txt", "text/plain; charset=utf-8", true},
    {"md", "text/markdown; charset=utf-8", true},
    {"csv", "text/csv; charset=utf-8", true},
    {"xml", "application/xml", true},
    {"rss", "application/rss+xml", true},
    {"atom", "application/atom+xml", true},
    {"svg", "image/svg+xml", true},
    {"ico", "image/x-icon", true},
    {"png", "image/png", false},
    {"apng", "image/apng", false},
    {"jpg", "image/jpeg", false},
    {"jpeg", "image/jpeg", false},
    {"gif", "image/gif", false},
    {"webp", "image/webp", false},
    {"avif", "image/avif", false},
    {"bmp", "image/bmp", true},
    {"woff", "font/woff", false},
    {"woff2", "font/woff2", false},
    {"ttf", "font/ttf", true},
    {"otf", "font/otf", true},
    {"eot", "application/vnd.ms-fontobject", true},
    {"mp3", "audio/mpeg", false},
    {"ogg", "audio/ogg", false},
    {"wav", "audio/wav", false},
    {"mp4", "video/mp4", false},
    {"webm", "video/webm", false},
    {"pdf", "application/pdf", false},
    {"zip", "application/zip", false},
    {"gz", "application/gzip", false},
    {"tgz", "application/gzip", false},
    {"br", "application/x-brotli", false},
    {"tar", "application/x-tar", false},
};

static const char *base_of(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* In lower case, without the dot; "" where there is none. */
static const char *extension_of(struct arena *arena, const char *path) {
    const char *base = base_of(path);
    const char *dot = strrchr(base, '.');
    if (!dot || dot == base || strlen(dot + 1) > EXTENSION_MAX)
        return "";
    char *extension = arena_strdup(arena, dot + 1);
    for (char *letter = extension; *letter; letter++)
        *letter = (char)tolower((unsigned char)*letter);
    return extension;
}

static const char *type_of(struct arena *arena, const struct static_rules *rules, const char *path, bool *text) {
    const char *extension = extension_of(arena, path);
    const char *own = json_get_text(rules->content_types, arena_printf(arena, ".%s", extension));
    *text = own != NULL;
    if (own)
        return own;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (str_equal(types[i].extension, extension)) {
            *text = types[i].text;
            return types[i].type;
        }
    }
    return UNKNOWN_TYPE;
}

/* One of the tokens that builders put into names: hex digits as webpack's, or Vite's eight of base64. What might be a
 * word, a date or a version is none: taken for a hash, it would be kept for a year; not taken for one, it is asked for
 * again. */
static bool is_hash(const char *token, size_t length) {
    bool digit = false, upper = false, lower = false, hex = true;
    if (length < HASH_LEAST || length > HASH_MOST)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (!isalnum((unsigned char)token[i]))
            return false;
        digit = digit || isdigit((unsigned char)token[i]);
        upper = upper || isupper((unsigned char)token[i]);
        lower = lower || islower((unsigned char)token[i]);
        hex = hex && strchr("0123456789abcdef", token[i]);
    }
    return digit && lower && (hex || upper);
}

/* Parts between '.', '-', '_' and '~' of a file's name; a folder's name counts as a whole. */
static bool is_hashed(const char *path) {
    const char *base = base_of(path);
    for (const char *at = path; at < base; at += strcspn(at, "/") + 1)
        if (strcspn(at, "/") >= 2 * HASH_LEAST && is_hash(at, strcspn(at, "/")))
            return true;
    for (const char *at = base; *at;) {
        size_t length = strcspn(at, ".-_~");
        if (is_hash(at, length))
            return true;
        at += length + (at[length] != '\0');
    }
    return false;
}

static bool is_one_of(const char *text, const char *const *list) {
    for (; *list; list++)
        if (str_equal(text, *list))
            return true;
    return false;
}

enum static_rank static_rank(const char *path) {
    static const char *const names[] = {"sw.js",
                                        "service-worker.js",
                                        "firebase-messaging-sw.js",
                                        "manifest.json",
                                        "asset-manifest.json",
                                        "version.json",
                                        NULL};
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    char *name = arena_strdup(&arena, path);
    const char *last = extension_of(&arena, name);
    if (str_equal(last, "gz") || str_equal(last, "br")) {
        name[strlen(name) - strlen(last) - 1] = '\0';
        last = extension_of(&arena, name);
    }
    if (str_equal(last, "html") || str_equal(last, "htm") || str_equal(last, "webmanifest") ||
        is_one_of(base_of(name), names))
        return STATIC_ENTRY;
    return is_hashed(name) ? STATIC_HASHED : STATIC_PLAIN;
}

static const char *cache_of(const struct static_rules *rules, const char *path) {
    json_each(rule, rules->cache_rules) if (glob_match(json_get_text_or(rule, "glob", ""), path)) return json_get_text(
        rule, "cacheControl");
    if (rules->by_hash && static_rank(path) == STATIC_HASHED)
        return FOREVER;
    if (rules->by_hash && (static_rank(path) == STATIC_ENTRY || !rules->cache_control))
        return ALWAYS_ASK;
    return rules->cache_control;
}

struct static_headers static_headers(struct arena *arena, const struct static_rules *rules, const char *path) {
    const char *last = extension_of(arena, path);
    bool text = false;
    struct static_headers headers = {.cache_control = cache_of(rules, path)};
    if (str_equal(last, "gz") || str_equal(last, "br")) {
        const char *inner = arena_strndup(arena, path, strlen(path) - strlen(last) - 1);
        const char *type = type_of(arena, rules, inner, &text);
        if (text) {
            headers.content_type = type;
            headers.content_encoding = str_equal(last, "gz") ? "gzip" : "br";
            return headers;
        }
    }
    headers.content_type = type_of(arena, rules, path, &text);
    return headers;
}

/* ---- the configuration's texts ---- */

/* What goes into a header must not end it. */
static bool is_header_value(const char *text) {
    for (; text && *text; text++)
        if ((unsigned char)*text < ' ' || *text == 127)
            return false;
    return text != NULL;
}

static bool parse(struct arena *arena, const char *key, const char *text, enum json_type type, const struct json **out,
                  struct err *err) {
    struct err own = {0};
    if (!json_parse(arena, text, strlen(text), out, &own))
        return err_set(err, ERR_INVALID, "%s is no JSON: %s", key, own.message);
    return (*out)->type == type || err_set(err, ERR_INVALID, "%s must be a JSON %s, not a %s", key,
                                           json_type_name(type), json_type_name((*out)->type));
}

static bool check_types(const struct json *types_given, struct err *err) {
    json_each(item, types_given) if (item->name[0] != '.' || item->type != JSON_TEXT || !strchr(item->text, '/') ||
                                     !is_header_value(
                                         item->text)) return err_set(err, ERR_INVALID,
                                                                     "ContentTypes: '%.50s' must be an extension with "
                                                                     "its type, such as \".glb\": "
                                                                     "\"model/gltf-binary\"",
                                                                     item->name);
    return true;
}

static bool check_rules(const struct json *rules, struct err *err) {
    json_each(rule, rules) if (!json_get_text(rule, "glob") || !is_header_value(json_get_text(rule, "cacheControl")) ||
                               rule->count != 2) return err_set(err, ERR_INVALID,
                                                                "CacheControlRules: each rule must be {\"glob\": "
                                                                "\"**/*.js\", \"cacheControl\": "
                                                                "\"max-age=60\"}");
    return true;
}

bool static_rules_read(struct arena *arena, const char *content_types, const char *cache_rules,
                       const char *cache_control, struct static_rules *out, struct err *err) {
    struct static_rules rules = {0};
    if (content_types && *content_types &&
        (!parse(arena, "ContentTypes", content_types, JSON_OBJECT, &rules.content_types, err) ||
         !check_types(rules.content_types, err)))
        return false;
    if (str_equal(cache_rules, "HASHED"))
        rules.by_hash = true;
    else if (cache_rules && *cache_rules &&
             (!parse(arena, "CacheControlRules", cache_rules, JSON_ARRAY, &rules.cache_rules, err) ||
              !check_rules(rules.cache_rules, err)))
        return false;
    if (cache_control && *cache_control) {
        if (!is_header_value(cache_control))
            return err_set(err, ERR_INVALID, "CacheControl holds a character that no header can have");
        rules.cache_control = cache_control;
    }
    *out = rules;
    return true;
}
