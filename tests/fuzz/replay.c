/*
 * Feeds every file of the given folders to a fuzzing target: what fuzzing once found stays found, with any compiler.
 */
#include "common/arena.h"
#include "tests/fuzz/target.h"

#include <dirent.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

static bool replay_file(const char *path) {
    struct stat status;
    FILE *file = fopen(path, "rb");
    if (!file || fstat(fileno(file), &status) < 0) {
        (void)fprintf(stderr, "cannot read %s\n", path);
        return false;
    }
    /* Exactly as large as the input, so that the sanitizer sees a byte read too many. */
    size_t size = (size_t)status.st_size;
    uint8_t *bytes = malloc(size ? size : 1);
    size_t got = bytes ? fread(bytes, 1, size, file) : 0;
    (void)fclose(file);
    if (bytes && got == size)
        (void)LLVMFuzzerTestOneInput(bytes, size);
    free(bytes);
    return got == size;
}

static int replay_folder(const char *path) {
    DIR *folder = opendir(path);
    if (!folder) {
        (void)fprintf(stderr, "cannot open %s\n", path);
        return -1;
    }
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    int count = 0;
    for (const struct dirent *entry; count >= 0 && (entry = readdir(folder));) {
        if (entry->d_type == DT_DIR || entry->d_name[0] == '.')
            continue;
        count = replay_file(arena_printf(&arena, "%s/%s", path, entry->d_name)) ? count + 1 : -1;
    }
    (void)closedir(folder);
    return count;
}

int main(int count, char **arguments) {
    for (int i = 1; i < count; i++) {
        int files = replay_folder(arguments[i]);
        if (files <= 0) {
            (void)fprintf(stderr, "no input in %s\n", arguments[i]);
            return 1;
        }
        printf("%s: %d inputs\n", arguments[i], files);
    }
    return 0;
}
