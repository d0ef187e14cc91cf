/*
 * `runtime-versions`: AWS's own build images say in a file which runtimes they have and how each is switched to. As
 * with CodeBuild this happens at the end of DOWNLOAD_SOURCE, before the first phase of the buildspec.
 */
#include "runner/actions/build.h"

#include "common/doc.h"
#include "common/str.h"
#include "runner/archive/tree.h"
#include "runner/buildspec/runtimes.h"
#include "runner/buildspec/scripts.h"

#define TAR_CEILING (1024 * 1024)

static bool collect_bytes(void *context, const void *bytes, size_t size) {
    str_append_bytes(context, bytes, size);
    return !((struct str *)context)->cut;
}

/* *out stays NULL where the image has no such file. */
static bool read_image(struct build *build, const struct json **out, struct err *err) {
    struct str tar CLEANUP(str_release) = STR_INIT(TAR_CEILING);
    const char *bytes;
    size_t size;
    struct err own = {0};
    if (!build_get(build, RUNTIMES_FILE, collect_bytes, &tar, &own))
        return own.kind == ERR_NOT_FOUND || err_set(err, own.kind, "%s", own.message);
    return (tree_first_file(build->arena, str_text(&tar), tar.length, &bytes, &size, err) &&
            doc_parse(build->arena, RUNTIMES_FILE, bytes, size, out, err)) ||
           err_wrap(err, "the build image's list of runtimes");
}

/* `nodejs: $NODE_VERSION` */
static bool expand_versions(struct build *build, const struct buildspec_phase *phase, struct buildspec_runtime *out,
                            struct err *err) {
    const char **texts = arena_array(build->arena, const char *, phase->runtime_count);
    for (size_t i = 0; i < phase->runtime_count; i++)
        texts[i] = phase->runtimes[i].version;
    if (!build_expand(build, texts, phase->runtime_count, texts, err))
        return false;
    for (size_t i = 0; i < phase->runtime_count; i++)
        out[i] = (struct buildspec_runtime){.name = phase->runtimes[i].name, .version = texts[i]};
    return true;
}

static bool put_script(struct build *build, const char *path, const char *command, struct err *err) {
    struct tar_feed *feed CLEANUP(tar_feed_cleanup) = tar_feed_new();
    tar_feed_add_text(feed, path + 1, script_of_command(build->arena, &build->spec, build->source_folder, command),
                      0755);
    return build_put(build, feed, err);
}

static bool switch_to(struct build *build, const struct runtime_choice *choice, struct err *err) {
    for (size_t i = 0; i < choice->commands.count; i++) {
        const char *path = arena_printf(build->arena, SCRIPT_FOLDER "/runtime-%s-%zu/script.sh", choice->name, i);
        if (!put_script(build, path, choice->commands.items[i], err) ||
            !build_run_command(build, build->shell, choice->commands.items[i], path, err))
            return false;
    }
    return true;
}

bool build_install_runtimes(struct build *build, struct err *err) {
    const struct buildspec_phase *phase = &build->spec.phases[PHASE_INSTALL];
    const struct json *image = NULL;
    size_t count = phase->runtime_count;
    if (count == 0)
        return true;
    if (!read_image(build, &image, err))
        return false;
    if (!image) {
        build_say(build,
                  "Skipping install of runtimes. Runtime version selection is not supported by this build image");
        return true;
    }
    struct buildspec_runtime *wanted = arena_array(build->arena, struct buildspec_runtime, count);
    struct runtime_choice *choices = arena_array(build->arena, struct runtime_choice, count);
    if (!expand_versions(build, phase, wanted, err))
        return false;
    for (size_t i = 0; i < count; i++)
        build_say(build, "Selecting '%s' runtime version '%s' based on manual selections...", wanted[i].name,
                  wanted[i].version);
    if (!runtimes_choose(build->arena, image, wanted, count, choices, err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!switch_to(build, &choices[i], err))
            return false;
    return true;
}
