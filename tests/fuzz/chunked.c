/*
 * aws-chunked: what is taken out of a body is no more than came, and comes out again the same when it is wrapped in one
 * chunk. Nobody can sign chunks without the key.
 */
#include "server/api/s3/body.h"

#include "common/arena.h"
#include "common/sigv4.h"
#include "tests/fuzz/target.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int file_of(const void *bytes, size_t size) {
    int fd = memfd_create("body", MFD_CLOEXEC);
    TARGET_CHECK(fd >= 0 && write(fd, bytes, size) == (ssize_t)size);
    return fd;
}

static bool unwrap(struct arena *arena, const void *bytes, size_t size, struct sigv4_chunks *chunks, const char **out,
                   size_t *out_size) {
    int fd = file_of(bytes, size);
    int64_t unwrapped = 0;
    const char *trailer = NULL;
    bool taken = s3_unwrap(fd, chunks, arena, &unwrapped, &trailer, NULL);
    if (taken) {
        struct stat status;
        TARGET_CHECK(fstat(fd, &status) == 0 && status.st_size == unwrapped && (size_t)unwrapped < size);
        TARGET_CHECK(strlen(trailer) + (size_t)unwrapped < size);
        char *text = arena_alloc(arena, (size_t)unwrapped + 1);
        TARGET_CHECK(pread(fd, text, (size_t)unwrapped, 0) == (ssize_t)unwrapped);
        *out = text;
        *out_size = (size_t)unwrapped;
    }
    close(fd);
    return taken;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct sigv4_chunks chunks = {.moment = "20130524T000000Z", .scope = "20130524/us-east-1/s3/aws4_request"};
    const char *out, *again;
    size_t length, again_length;
    TARGET_CHECK(!unwrap(&arena, bytes, size, &chunks, &out, &length));
    if (!unwrap(&arena, bytes, size, NULL, &out, &length))
        return 0;
    const char *head = length > 0 ? arena_printf(&arena, "%zx\r\n", length) : "";
    const char *tail = length > 0 ? "\r\n0\r\n" : "0\r\n";
    size_t head_length = strlen(head), wrapped_length = head_length + length + strlen(tail);
    char *wrapped = arena_alloc(&arena, wrapped_length);
    memcpy(wrapped, head, head_length);
    memcpy(wrapped + head_length, out, length);
    memcpy(wrapped + head_length + length, tail, strlen(tail));
    TARGET_CHECK(unwrap(&arena, wrapped, wrapped_length, NULL, &again, &again_length));
    TARGET_CHECK(again_length == length && memcmp(again, out, length) == 0);
    return 0;
}
