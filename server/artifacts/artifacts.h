/*
 * Artifacts on disk: opaque zip files named by their SHA-256, DATA/artifacts/xx/SHA256. Which artifact of which action
 * that is, the store knows. Never unpacked here. The same bytes lie there once.
 */
#ifndef SERVER_ARTIFACTS_ARTIFACTS_H
#define SERVER_ARTIFACTS_ARTIFACTS_H

#include "common/err.h"
#include "common/hash.h"

#include <stdint.h>

#define ARTIFACT_BYTES_MAX (5LL << 30)

struct artifacts;

bool artifacts_open(const char *directory, struct artifacts **out, struct err *err);
void artifacts_close(struct artifacts *artifacts); /* accepts NULL */

/* Keeps what the file holds (an unnamed file on the same disk gets its name, another is copied); on disk with its
 * folder when this returns, so that a row may name it. `expected` is the hash that the sender gave, or NULL. Errors:
 * ERR_INVALID "HashMismatchException", ERR_LIMIT the disk is full. */
bool artifacts_put(struct artifacts *artifacts, int fd, const char *expected, char out_sha256[SHA256_HEX_SIZE],
                   int64_t *out_size, struct err *err);

/* The caller closes *out_fd. Errors: ERR_NOT_FOUND, ERR_INVALID not 64 lower-case hex digits. */
bool artifacts_get(struct artifacts *artifacts, const char *sha256, int *out_fd, int64_t *out_size, struct err *err);

#endif
