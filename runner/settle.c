/*
 * Loading some fifty libraries (libcurl's and libarchive's) touches several megabytes of code that a runner in its long
 * poll never runs. Only executable mappings of files are dropped: they are never written, so nothing can be lost.
 */
#include "runner/settle.h"

#include "common/attributes.h"

#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

static void close_file(FILE **file) {
    if (*file)
        (void)fclose(*file);
}

static void drop(const char *line) {
    uintptr_t first, last;
    char permissions[5] = "";
    if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s", &first, &last, permissions) != 3)
        return;
    if (strcmp(permissions, "r-xp") == 0 && strchr(line, '/'))
        (void)madvise((void *)first, last - first, MADV_DONTNEED);
}

void settle(void) {
    char line[4096];
    (void)malloc_trim(0);
    FILE *maps CLEANUP(close_file) = fopen("/proc/self/maps", "re");
    while (maps && fgets(line, sizeof line, maps))
        drop(line);
}
