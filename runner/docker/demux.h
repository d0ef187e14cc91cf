/*
 * Docker's output stream taken apart: frames of an 8-byte header (kind, three zeros, length in big endian) and that
 * many bytes. Frames and headers may be split anywhere between reads. Foreign bytes.
 */
#ifndef RUNNER_DOCKER_DEMUX_H
#define RUNNER_DOCKER_DEMUX_H

#include "common/err.h"

#include <stddef.h>
#include <stdint.h>

enum stream_kind { STREAM_INPUT, STREAM_OUTPUT, STREAM_ERRORS };

struct demux {
    unsigned char header[8];
    size_t header_size; /* how much of it is here */
    uint32_t left;      /* bytes of the frame still to come */
    void (*take)(void *context, enum stream_kind kind, const void *bytes, size_t size);
    void *context;
};

/* Hands over what the bytes hold. Errors: ERR_INVALID: no such stream. */
bool demux_feed(struct demux *demux, const void *bytes, size_t size, struct err *err);

#endif
