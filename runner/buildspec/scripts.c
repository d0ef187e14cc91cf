/*
 * Script texts. The command begins on line 4, as people know it from CodeBuild's "script.sh: line 4:". The carried
 * files are replaced by renaming, and readable whatever umask the command has set: with run-as, another user than the
 * one before must be able to use and replace them.
 */
#include "runner/buildspec/scripts.h"

#include "common/str.h"

#define SCRIPT_CEILING (512 * 1024)

const char *script_of_command(struct arena *arena, const struct buildspec *spec, const char *source_folder,
                              const char *command) {
    /* Nothing is carried, so that the file holds at most what script_of_failure() wrote. */
    if (spec->version_0_1)
        return arena_printf(arena, "cd '%s'\n. " SCRIPT_ENVIRONMENT "\n%s\n", source_folder, command);
    return arena_printf(arena,
                        "cd \"$(cat " SCRIPT_DIRECTORY ")\"\n"
                        "set -a\n"
                        ". " SCRIPT_ENVIRONMENT "\n"
                        "%s\n"
                        "CODEBUILD_LAST_EXIT=$?\n"
                        "umask 022\n"
                        "export -p > " SCRIPT_ENVIRONMENT ".new && mv -f " SCRIPT_ENVIRONMENT ".new " SCRIPT_ENVIRONMENT
                        "\n"
                        "pwd > " SCRIPT_DIRECTORY ".new && mv -f " SCRIPT_DIRECTORY ".new " SCRIPT_DIRECTORY "\n"
                        "exit $CODEBUILD_LAST_EXIT\n",
                        command);
}

const char *script_of_failure(void) {
    return "echo 'export CODEBUILD_BUILD_SUCCEEDING=0' >> " SCRIPT_ENVIRONMENT "\n";
}

const char *script_of_values(struct arena *arena, const char *const *names, size_t count) {
    struct str script CLEANUP(str_release) = STR_INIT(SCRIPT_CEILING);
    str_append(&script, ". " SCRIPT_ENVIRONMENT "\n{\n");
    for (size_t i = 0; i < count; i++)
        str_printf(&script, "printf '%%s\\0' \"${%s+=$%s}\"\n", names[i], names[i]);
    str_append(&script, ":\n} > " SCRIPT_VALUES "\n");
    return arena_strdup(arena, str_text(&script));
}

const char *script_of_texts(struct arena *arena, const char *source_folder, const char *const *texts, size_t count,
                            const char *delimiter) {
    struct str script CLEANUP(str_release) = STR_INIT(SCRIPT_CEILING);
    str_printf(&script, "cd '%s'\n. " SCRIPT_ENVIRONMENT "\n{\n", source_folder);
    for (size_t i = 0; i < count; i++)
        str_printf(&script, "printf '=%%s\\0' \"$(cat <<%s\n%s\n%s\n)\"\n", delimiter, texts[i], delimiter);
    str_append(&script, ":\n} > " SCRIPT_VALUES "\n");
    return arena_strdup(arena, str_text(&script));
}
