/*
 * Names of images and what people leave in them: blanks, addresses, variables that nobody filled in.
 */
#include "runner/deployfiles/image_name.h"

#include "common/str.h"

#include <string.h>

#define DIGEST "sha256:"
#define HEX_DIGITS 64

/* <account>.dkr.ecr.<region>.amazonaws.com[.cn] */
static void read_ecr(struct arena *arena, const char *registry, struct image_name *out) {
    const char *mark = strstr(registry, ".dkr.ecr");
    if (!mark || mark - registry != 12 || strspn(registry, "0123456789") != 12)
        return;
    const char *region = mark + strlen(".dkr.ecr");
    region = str_starts_with(region, "-fips.") ? region + 6 : *region == '.' ? region + 1 : NULL;
    const char *end = region ? strstr(region, ".amazonaws.com") : NULL;
    if (!end || memchr(region, '.', (size_t)(end - region)))
        return;
    out->account = arena_strndup(arena, registry, 12);
    out->region = arena_strndup(arena, region, (size_t)(end - region));
}

struct image_name image_name_read(struct arena *arena, const char *name) {
    struct image_name out = {0};
    const char *slash = strchr(name, '/');
    if (slash && (memchr(name, '.', (size_t)(slash - name)) || memchr(name, ':', (size_t)(slash - name)) ||
                  str_starts_with(name, "localhost/"))) {
        out.registry = arena_strndup(arena, name, (size_t)(slash - name));
        name = slash + 1;
        read_ecr(arena, out.registry, &out);
    }
    const char *at = strchr(name, '@');
    size_t length = at ? (size_t)(at - name) : strlen(name);
    const char *colon = memchr(name, ':', length);
    out.digest = at ? arena_strdup(arena, at + 1) : NULL;
    if (colon)
        out.tag = arena_strndup(arena, colon + 1, length - (size_t)(colon + 1 - name));
    out.repository = arena_strndup(arena, name, colon ? (size_t)(colon - name) : length);
    return out;
}

bool image_name_is_placeholder(const char *name) {
    size_t length = strlen(name);
    return length > 2 && name[0] == '<' && name[length - 1] == '>' && strcspn(name + 1, "<>/: ") == length - 2;
}

/* What a shell or a template should have filled in. */
static bool has_variable(const char *name) {
    return strstr(name, "${") || strstr(name, "$(") || strstr(name, "{{") || strchr(name, '$');
}

static bool is_digest(const char *digest) {
    return str_starts_with(digest, DIGEST) && strlen(digest) == strlen(DIGEST) + HEX_DIGITS &&
           strspn(digest + strlen(DIGEST), "0123456789abcdef") == HEX_DIGITS;
}

static bool is_tag(const char *tag) {
    const char *word = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
    return *tag && !strchr(".-", *tag) && strlen(tag) <= 128 && strspn(tag, word) == strlen(tag);
}

static bool check_parts(struct findings *findings, const struct json *at, const char *name) {
    const struct image_name parts = image_name_read(findings->arena, name);
    const char *letters = "abcdefghijklmnopqrstuvwxyz0123456789._-/";
    if (!*parts.repository)
        return findings_refuse(findings, at, "image '%.255s' names no repository", name);
    if (strspn(parts.repository, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-/") ==
            strlen(parts.repository) &&
        strspn(parts.repository, letters) != strlen(parts.repository))
        return findings_refuse(findings, at,
                               "image '%.255s' has capital letters in its repository, which no registry takes", name);
    if (strspn(parts.repository, letters) != strlen(parts.repository))
        return findings_refuse(findings, at, "image '%.255s' is no image's name; write registry/repository:tag", name);
    if (parts.tag && !is_tag(parts.tag))
        return findings_refuse(findings, at,
                               *parts.tag ? "the tag of image '%.255s' may hold letters, digits, '_', '.' and '-' only"
                                          : "image '%.255s' ends where a tag should stand; was a variable empty?",
                               name);
    if (parts.digest && !is_digest(parts.digest))
        return findings_refuse(findings, at, "the digest of image '%.255s' must be sha256: and 64 hex digits", name);
    return true;
}

bool image_name_check(struct findings *findings, const struct json *at, const char *name) {
    if (image_name_is_placeholder(name))
        return true;
    if (strlen(name) > IMAGE_NAME_MAX)
        return findings_refuse(findings, at, "image '%.60s…' has %zu characters; ECS takes %d", name, strlen(name),
                               IMAGE_NAME_MAX);
    if (has_variable(name))
        return findings_refuse(findings, at, "image '%.255s' holds a variable that nothing filled in", name);
    if (strstr(name, "://"))
        return findings_refuse(findings, at, "image '%.255s' is an address; leave out what stands before the registry",
                               name);
    if (strpbrk(name, " \t\r\n"))
        return findings_refuse(findings, at, "image '%.*s' holds a %s", (int)strcspn(name, "\t\r\n"), name,
                               strpbrk(name, "\r\n") ? "line end" : "blank");
    return check_parts(findings, at, name);
}
