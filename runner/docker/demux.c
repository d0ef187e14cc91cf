/*
 * Frames, one piece at a time.
 */
#include "runner/docker/demux.h"

#include <string.h>

static bool read_header(struct demux *demux, const unsigned char **at, size_t *size, struct err *err) {
    size_t wanted = sizeof demux->header - demux->header_size;
    size_t got = *size < wanted ? *size : wanted;
    memcpy(demux->header + demux->header_size, *at, got);
    demux->header_size += got;
    *at += got;
    *size -= got;
    if (demux->header_size < sizeof demux->header)
        return true;
    const unsigned char *header = demux->header;
    if (header[0] > STREAM_ERRORS || header[1] || header[2] || header[3])
        return err_set(err, ERR_INVALID, "Docker's output is not in frames (byte %u where a stream's number belongs)",
                       header[0]);
    demux->left = (uint32_t)header[4] << 24 | (uint32_t)header[5] << 16 | (uint32_t)header[6] << 8 | header[7];
    if (demux->left == 0)
        demux->header_size = 0;
    return true;
}

bool demux_feed(struct demux *demux, const void *bytes, size_t size, struct err *err) {
    const unsigned char *at = bytes;
    while (size > 0) {
        if (demux->header_size < sizeof demux->header) {
            if (!read_header(demux, &at, &size, err))
                return false;
            continue;
        }
        size_t piece = size < demux->left ? size : demux->left;
        demux->take(demux->context, (enum stream_kind)demux->header[0], at, piece);
        at += piece;
        size -= piece;
        demux->left -= (uint32_t)piece;
        if (demux->left == 0)
            demux->header_size = 0;
    }
    return true;
}
