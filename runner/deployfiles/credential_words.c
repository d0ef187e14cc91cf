/*
 * Credentials by their looks.
 */
#include "runner/deployfiles/credential_words.h"

#include "common/str.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define TEXT_MAX (64 * 1024)
#define MASK "***"

static const char *const words[] = {"password",   "passwd", "passphrase", "secret",     "token",        "credential",
                                    "privatekey", "apikey", "accesskey",  "signingkey", "encryptionkey"};

static bool has_word(const char *name, size_t length) {
    char letters[128];
    size_t count = 0;
    for (size_t i = 0; i < length && count + 1 < sizeof letters; i++)
        if (isalnum((unsigned char)name[i]))
            letters[count++] = (char)tolower((unsigned char)name[i]);
    letters[count] = '\0';
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strstr(letters, words[i]))
            return true;
    return false;
}

bool credential_is_named(const char *name) {
    return has_word(name, strlen(name));
}

/* The password's bytes in "://user:password@"; false where the address that begins there has none. */
static bool find_password(const char *address, const char **begin, const char **end) {
    const char *user = address + strlen("://");
    size_t length = strcspn(user, "/?# \t\r\n\"'");
    const char *at = memrchr(user, '@', length);
    const char *colon = at ? memchr(user, ':', (size_t)(at - user)) : NULL;
    *begin = colon ? colon + 1 : NULL;
    *end = at;
    return colon && at > colon + 1;
}

/* The bytes behind "--db-password=" */
static bool find_option(const char *text, const char **begin, const char **end) {
    size_t name = strcspn(text, "= \t\r\n\"'");
    if (text[name] != '=' || !has_word(text, name))
        return false;
    *begin = text + name + 1;
    *end = *begin + strcspn(*begin, " \t\r\n\"'");
    return *end > *begin;
}

static bool find_access_key(const char *text, const char **begin, const char **end) {
    *begin = text;
    *end = text + 20;
    return (str_starts_with(text, "AKIA") || str_starts_with(text, "ASIA")) &&
           strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == 20;
}

const char *credential_hide(struct arena *arena, const char *text) {
    struct str out CLEANUP(str_release) = STR_INIT(TEXT_MAX);
    const char *rest = text;
    for (const char *at = text; *at;) {
        const char *begin, *end;
        bool word_begins = at == text || strchr(" \t\r\n\"'=,[", at[-1]);
        bool found = (str_starts_with(at, "://") && find_password(at, &begin, &end)) ||
                     (word_begins && *at == '-' && find_option(at, &begin, &end)) || find_access_key(at, &begin, &end);
        if (!found) {
            at++;
            continue;
        }
        str_append_bytes(&out, rest, (size_t)(begin - rest));
        str_append(&out, MASK);
        rest = at = end;
    }
    if (rest == text)
        return text;
    str_append(&out, rest);
    return arena_strdup(arena, str_text(&out));
}
