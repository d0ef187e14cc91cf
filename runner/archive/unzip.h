/*
 * A zip file unpacked into a folder of this machine: what a program that runs here (`docker build`) is to work on. Its
 * contents are foreign: nothing is written outside the folder, no link that leads out of it is made, no device, no
 * set-user-id, and a zip bomb ends at the limits of archive/names.h.
 */
#ifndef RUNNER_ARCHIVE_UNZIP_H
#define RUNNER_ARCHIVE_UNZIP_H

#include "common/err.h"

#include <stdint.h>

struct unzip {
    const char *zip;                                       /* path */
    const char *folder;                                    /* absolute, free of links, made if missing */
    int64_t bytes_max;                                     /* 0: ARCHIVE_BYTES_MAX */
    void (*left_out)(void *context, const char *sentence); /* a link out, a device: the rest is unpacked */
    bool (*interrupted)(void *context);
    void *context;
};

/* Errors: ERR_INVALID (no zip, a name that climbs out), ERR_LIMIT, ERR_INTERNAL (disk). */
bool unzip(const struct unzip *request, struct err *err);

#endif
