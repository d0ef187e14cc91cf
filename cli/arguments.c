/*
 * Reading a sub-command's arguments by its table of flags.
 */
#include "cli/arguments.h"

#include "common/str.h"
#include "common/suggest.h"

#include <assert.h>
#include <string.h>

/* The flag of that name (not terminated, length bytes), or NULL. */
static const struct flag *find_flag(const struct flag *flags, const char *name, size_t length) {
    for (const struct flag *flag = flags; flag->name; flag++)
        if (strlen(flag->name) == length && memcmp(flag->name, name, length) == 0)
            return flag;
    return NULL;
}

static bool unknown_flag(struct arena *arena, const struct flag *flags, const char *name, struct err *err) {
    const char *candidates[ARGUMENTS_FLAGS_MAX + 4] = {"json", "no-color", "help"};
    size_t count = 3;
    for (const struct flag *flag = flags; flag->name && count < ARGUMENTS_FLAGS_MAX + 3; flag++)
        candidates[count++] = flag->name;
    const char *bare = arena_strndup(arena, name, strcspn(name, "="));
    const char *near = suggest_nearest(bare, candidates);
    return near ? err_set(err, ERR_INVALID, "no flag '--%s'; did you mean '--%s'?", bare, near)
                : err_set(err, ERR_INVALID, "no flag '--%s'; --help lists those there are", bare);
}

/* Takes the flag at words[*index], and the next word where that is its value. */
static bool read_flag(struct arena *arena, struct arguments *out, int count, const char *const *words, int *index,
                      struct err *err) {
    const char *name = words[*index] + 2;
    size_t length = strcspn(name, "=");
    const struct flag *flag = find_flag(out->flags, name, length);
    if (!flag)
        return unknown_flag(arena, out->flags, name, err);
    const char *value = name[length] == '=' ? name + length + 1 : NULL;
    if (!flag->value && value)
        return err_set(err, ERR_INVALID, "'--%s' takes no value", flag->name);
    if (flag->value && !value) {
        if (*index + 1 >= count)
            return err_set(err, ERR_INVALID, "'--%s' needs a value: --%s %s", flag->name, flag->name, flag->value);
        value = words[++*index];
    }
    out->values[flag - out->flags] = value ? value : "";
    return true;
}

/* The flags of every command. */
static bool read_common(const char *word, struct arguments *out) {
    if (str_equal(word, "--json"))
        out->json = true;
    else if (str_equal(word, "--no-color"))
        out->no_color = true;
    else if (str_equal(word, "--help") || str_equal(word, "-h"))
        out->help = true;
    else
        return false;
    return true;
}

bool arguments_read(struct arena *arena, const struct flag *flags, int count, const char *const *words,
                    struct arguments *out, struct err *err) {
    struct arguments result = {.flags = flags};
    const char **positional = arena_array(arena, const char *, (size_t)count + 1);
    bool only_words = false;
    for (int i = 0; i < count; i++) {
        const char *word = words[i];
        if (only_words || word[0] != '-' || str_equal(word, "-")) {
            positional[result.count++] = word;
        } else if (str_equal(word, "--")) {
            only_words = true;
        } else if (read_common(word, &result)) {
            continue;
        } else if (word[1] != '-') {
            return err_set(err, ERR_INVALID, "no flag '%s'; --help lists those there are", word);
        } else if (!read_flag(arena, &result, count, words, &i, err)) {
            return false;
        }
    }
    result.positional = positional;
    *out = result;
    return true;
}

const char *arguments_get(const struct arguments *arguments, const char *name) {
    const struct flag *flag = find_flag(arguments->flags, name, strlen(name));
    assert(flag);
    return arguments->values[flag - arguments->flags];
}

bool arguments_has(const struct arguments *arguments, const char *name) {
    return arguments_get(arguments, name) != NULL;
}

const char *arguments_word(const struct arguments *arguments, size_t index) {
    return index < arguments->count ? arguments->positional[index] : NULL;
}
