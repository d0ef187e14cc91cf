/*
 * What only the build's own shell can tell: the values that its commands left in variables, and what texts of the
 * buildspec ("app-$(date +%F)") come to. A script writes the answers to a file in the container, which is read back:
 * output is never read for meaning.
 */
#include "runner/actions/build.h"

#include "common/hash.h"
#include "common/str.h"
#include "runner/archive/tree.h"
#include "runner/buildspec/scripts.h"

#include <string.h>

#define VALUES_CEILING (1024 * 1024)
#define DELIMITER_SIZE 25

static bool collect_bytes(void *context, const void *bytes, size_t size) {
    str_append_bytes(context, bytes, size);
    return !((struct str *)context)->cut;
}

/* Runs a script that fills SCRIPT_VALUES as script_of_values() says. */
static bool read_values(struct build *build, const char *script, size_t count, const char **values, struct err *err) {
    struct str tar CLEANUP(str_release) = STR_INIT(VALUES_CEILING);
    struct tar_feed *feed CLEANUP(tar_feed_cleanup) = tar_feed_new();
    const char *bytes;
    size_t size;
    int exit_code = 0;
    tar_feed_add_text(feed, &SCRIPT_VALUES_SCRIPT[1], script, 0755);
    if (!build_put(build, feed, err) ||
        !shell_run(build->shell, build->spec.shell, SCRIPT_VALUES_SCRIPT, &exit_code, err))
        return false;
    if (exit_code != 0)
        return err_set_code(err, ERR_INVALID, "CLIENT_ERROR", "the shell refused it with exit status %d", exit_code);
    if (!build_get(build, SCRIPT_VALUES, collect_bytes, &tar, err) ||
        !tree_first_file(build->arena, str_text(&tar), tar.length, &bytes, &size, err))
        return false;
    const char *at = bytes;
    const char *end = bytes + size;
    for (size_t i = 0; i < count; i++) {
        values[i] = at < end && *at == '=' ? at + 1 : NULL;
        at += at < end ? strnlen(at, (size_t)(end - at)) + 1 : 0;
    }
    return true;
}

bool build_values(struct build *build, const char *const *names, size_t count, const char **values, struct err *err) {
    return count == 0 || read_values(build, script_of_values(build->arena, names, count), count, values, err) ||
           err_wrap(err, "reading the build's variables");
}

bool build_expand(struct build *build, const char *const *texts, size_t count, const char **out, struct err *err) {
    const char **written = arena_array(build->arena, const char *, count + 1);
    const char **values = arena_array(build->arena, const char *, count + 1);
    char delimiter[DELIMITER_SIZE + 1];
    size_t asked = 0;
    for (size_t i = 0; i < count; i++)
        if (texts[i] && strpbrk(texts[i], "$`"))
            written[asked++] = texts[i];
    hash_random_text(delimiter, DELIMITER_SIZE);
    if (asked > 0 && !read_values(build, script_of_texts(build->arena, build->source_folder, written, asked, delimiter),
                                  asked, values, err))
        return err_wrap(err, "expanding '%.200s'%s", written[0], asked > 1 ? " and what stands beside it" : "");
    size_t taken = 0;
    for (size_t i = 0; i < count; i++) {
        out[i] = texts[i];
        if (taken < asked && texts[i] == written[taken])
            out[i] = values[taken++];
    }
    return true;
}
