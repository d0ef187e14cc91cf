/*
 * A zip of one file.
 */
#include "runner/actions/output_file.h"

#include "common/str.h"
#include "runner/archive/zip.h"

#include <string.h>

bool output_file(struct job *job, const char *artifact, const char *file, const char *text, struct err *err) {
    const char *path = arena_printf(job->arena, "%s/%s-output.zip", job->folder, artifact);
    const struct zip_entry entry = {
        .name = file, .mode = 0644, .bytes = text, .descriptor = -1, .size = (int64_t)strlen(text)};
    struct zip_writer *zip;
    if (!zip_writer_open(path, &zip, err))
        return false;
    if (!zip_writer_add(zip, &entry, err)) {
        zip_writer_abandon(zip);
        return false;
    }
    return zip_writer_close(zip, err) && job_output(job, artifact, path, err);
}
