/*
 * What a container's engine sends: Docker's stream of frames, and our shell's answers in it. The first byte is the size
 * of the pieces in which the rest arrives. However it is cut, the same comes out of the frames; a shell ends with an
 * exit code from 0 to 255 or an error, and shows no byte that did not come, nor the mark that it asked for.
 */
#include "runner/docker/demux.h"
#include "common/hash.h"
#include "tests/fuzz/target.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Else no input could hold the mark. */
static void known_mark(char *out, size_t length) {
    memset(out, 'm', length);
    out[length] = '\0';
}

#define hash_random_text known_mark
#include "runner/docker/shell.c"

#define BYTES_MAX 4096 /* a socket takes that much without a reader, packet by packet */

struct taken {
    unsigned char kinds[BYTES_MAX];
    unsigned char bytes[BYTES_MAX];
    size_t size;
    bool good;
};

static void take_frame(void *context, enum stream_kind kind, const void *bytes, size_t size) {
    struct taken *taken = context;
    TARGET_CHECK(kind <= STREAM_ERRORS && taken->size + size <= BYTES_MAX);
    memset(taken->kinds + taken->size, (int)kind, size);
    memcpy(taken->bytes + taken->size, bytes, size);
    taken->size += size;
}

static void take_apart(const uint8_t *bytes, size_t size, size_t piece, struct taken *out) {
    struct demux demux = {.take = take_frame, .context = out};
    out->good = true;
    for (size_t at = 0; at < size && out->good; at += piece)
        out->good = demux_feed(&demux, bytes + at, size - at < piece ? size - at : piece, NULL);
}

static void try_frames(const uint8_t *bytes, size_t size, size_t piece) {
    static struct taken whole, cut;
    whole.size = cut.size = 0;
    take_apart(bytes, size, size, &whole);
    take_apart(bytes, size, piece, &cut);
    TARGET_CHECK(whole.good == cut.good && whole.size == cut.size);
    TARGET_CHECK(memcmp(whole.kinds, cut.kinds, cut.size) == 0 && memcmp(whole.bytes, cut.bytes, cut.size) == 0);
}

static void count_output(void *context, const void *bytes, size_t size) {
    (void)bytes;
    *(size_t *)context += size;
}

static void try_shell(const uint8_t *bytes, size_t size, size_t piece) {
    int ends[2];
    size_t shown = 0;
    int exit_code = -1;
    struct err err = {0};
    TARGET_CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
    struct shell *shell = shell_new(ends[0], count_output, &shown);
    for (size_t at = 0; at < size; at += piece)
        TARGET_CHECK(send(ends[1], bytes + at, size - at < piece ? size - at : piece, MSG_NOSIGNAL) > 0);
    /* It can still be written to, as a container's shell can; but nothing more will come. */
    TARGET_CHECK(shutdown(ends[1], SHUT_WR) == 0);
    for (int i = 0; i < 3 && shell_run(shell, "sh", "/script", &exit_code, &err); i++)
        TARGET_CHECK(exit_code >= 0 && exit_code <= 255);
    TARGET_CHECK(shown <= size);
    shell_free(shell);
    (void)close(ends[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    if (size < 2 || size > BYTES_MAX)
        return 0;
    size_t piece = bytes[0] ? bytes[0] : 256;
    try_frames(bytes + 1, size - 1, piece);
    /* So many packets fit into a socket. */
    try_shell(bytes + 1, size - 1, piece < 64 ? 64 : piece);
    return 0;
}
