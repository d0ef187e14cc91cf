/*
 * A tar stream made as it is read: texts, folders, and the contents of zip files below a folder. It is what a build
 * container is filled with; nothing is unpacked on this machine.
 */
#ifndef RUNNER_ARCHIVE_TAR_FEED_H
#define RUNNER_ARCHIVE_TAR_FEED_H

#include "common/err.h"

#include <stddef.h>

struct tar_feed;

struct tar_feed *tar_feed_new(void);
void tar_feed_free(struct tar_feed *feed);     /* accepts NULL */
void tar_feed_cleanup(struct tar_feed **feed); /* for CLEANUP() */

/* Paths without a slash in front. Texts are copied. They come in the order added. */
void tar_feed_add_folder(struct tar_feed *feed, const char *path, unsigned mode);
void tar_feed_add_text(struct tar_feed *feed, const char *path, const char *text, unsigned mode);
void tar_feed_add_zip(struct tar_feed *feed, const char *zip_path, const char *folder);

/* Only what lies below `part` ("source/") of the zip, without that part of the name, and only what `accepts` takes of
 * it (its path in the tar, without a slash in front). `folder` "": the root. What
 * stands behind a symlink of the zip itself is left out. */
void tar_feed_add_zip_part(struct tar_feed *feed, const char *zip_path, const char *part, const char *folder,
                           bool (*accepts)(const void *context, const char *path), const void *context);

/* For http_client's read_body: 0 at the end, -1 on an error, which tar_feed_failed() then tells (returns true): the zip
 * is broken, an entry climbs out of it, it is too large. */
ptrdiff_t tar_feed_read(void *feed, void *buffer, size_t room);
bool tar_feed_failed(const struct tar_feed *feed, struct err *err);

#endif
