/*
 * The program's image is a tar stream of one file, put together here.
 */
#include "runner/docker/fence.h"

#include "common/hash.h"
#include "runner/docker/containers.h"
#include "runner/docker/images.h"

#include <stdio.h>
#include <string.h>

#define BLOCK 512 /* of a tar stream */
#define TAG_LENGTH 12
#define IMPORT_MS 60000

extern const unsigned char fence_program[]; /* fence_embedded.S */
extern const unsigned char fence_program_end[];

struct tar_header {
    char name[100];
    char mode[8];
    char owner[8];
    char group[8];
    char size[12];
    char time[12];
    char checksum[8];
    char kind;
    char link[100];
    char magic[6];
    char version[2];
    char rest[247];
};
_Static_assert(sizeof(struct tar_header) == BLOCK, "a tar header is one block");

struct tar {
    struct tar_header header;
    size_t program_size;
    size_t total;
    size_t done;
};

static void make_tar(struct tar *tar) {
    size_t size = (size_t)(fence_program_end - fence_program);
    *tar = (struct tar){.program_size = size, .total = BLOCK + (size + BLOCK - 1) / BLOCK * BLOCK + 2 * BLOCK};
    struct tar_header *header = &tar->header;
    (void)snprintf(header->name, sizeof header->name, "%s", &FENCE_PROGRAM[1]);
    (void)snprintf(header->mode, sizeof header->mode, "%07o", 0755);
    (void)snprintf(header->owner, sizeof header->owner, "%07o", 0);
    (void)snprintf(header->group, sizeof header->group, "%07o", 0);
    (void)snprintf(header->size, sizeof header->size, "%011zo", size);
    (void)snprintf(header->time, sizeof header->time, "%011o", 0);
    (void)snprintf(header->magic, sizeof header->magic, "ustar");
    memcpy(header->version, "00", sizeof header->version);
    header->kind = '0';
    memset(header->checksum, ' ', sizeof header->checksum);
    unsigned sum = 0;
    for (size_t i = 0; i < sizeof *header; i++)
        sum += ((const unsigned char *)header)[i];
    (void)snprintf(header->checksum, sizeof header->checksum, "%06o", sum);
}

static ptrdiff_t read_tar(void *context, void *buffer, size_t room) {
    struct tar *tar = context;
    size_t at = tar->done;
    const unsigned char *source = NULL;
    size_t left = tar->total - at; /* of zeros, unless one of the others */
    if (at < BLOCK) {
        source = (const unsigned char *)&tar->header + at;
        left = BLOCK - at;
    } else if (at < BLOCK + tar->program_size) {
        source = fence_program + (at - BLOCK);
        left = BLOCK + tar->program_size - at;
    }
    size_t size = left < room ? left : room;
    if (source)
        memcpy(buffer, source, size);
    else
        memset(buffer, 0, size);
    tar->done += size;
    return (ptrdiff_t)size;
}

bool fence_image(struct docker *docker, struct arena *arena, const char **image, struct err *err) {
    char hex[SHA256_HEX_SIZE];
    bool present = false;
    hash_sha256_hex(fence_program, (size_t)(fence_program_end - fence_program), hex);
    const char *name = arena_printf(arena, "penstock/fence:%.*s", TAG_LENGTH, hex);
    if (!image_present(docker, arena, name, &present, err))
        return false;
    if (!present) {
        struct tar tar;
        make_tar(&tar);
        const struct docker_call call = {
            .method = "POST",
            .path = arena_printf(arena, "/images/create?fromSrc=-&repo=penstock%%2Ffence&tag=%.*s", TAG_LENGTH, hex),
            .read_body = read_tar,
            .context = &tar,
            .timeout_ms = IMPORT_MS};
        if (!docker_send(docker, arena, &call, NULL, err))
            return err_wrap(err, "importing '%s'", name);
    }
    *image = name;
    return true;
}

void fence_prefix(const char *runner_id, char out[FENCE_PREFIX_SIZE]) {
    char hex[SHA256_HEX_SIZE];
    hash_sha256_hex(runner_id, strlen(runner_id), hex);
    (void)snprintf(out, FENCE_PREFIX_SIZE, "psb%.6s-", hex);
}

bool fence_run(struct docker *docker, struct arena *arena, struct container_spec *spec, int *exit_code,
               struct err *err) {
    const char *id;
    if (!fence_image(docker, arena, &spec->image, err) || !container_create(docker, arena, spec, &id, err))
        return false;
    bool good = container_start(docker, arena, id, err) && container_wait(docker, arena, id, exit_code, err);
    (void)container_remove(docker, arena, id, NULL);
    return good;
}

static bool run(struct docker *docker, struct arena *arena, const char *runner_id, const char *order,
                const char *const *more, int *exit_code, struct err *err) {
    char prefix[FENCE_PREFIX_SIZE];
    const char *command[4 + FENCE_REACH_MAX] = {FENCE_PROGRAM, order, prefix};
    fence_prefix(runner_id, prefix);
    for (int i = 0; more && i < FENCE_REACH_MAX && more[i]; i++)
        command[3 + i] = more[i];
    struct container_spec spec = {.kind = CONTAINER_FENCE,
                                  .command = command,
                                  .runner_id = runner_id,
                                  .network = "host",
                                  .capability = "NET_ADMIN"};
    return fence_run(docker, arena, &spec, exit_code, err);
}

bool fence_wall(struct docker *docker, struct arena *arena, const char *runner_id, const char *const *reach,
                struct err *err) {
    int exit_code = 0;
    if (!run(docker, arena, runner_id, "wall", reach, &exit_code, err))
        return err_wrap(err, "walling builds off");
    return exit_code == 0 ||
           err_set(err, ERR_UNAVAILABLE,
                   "builds cannot be walled off: the kernel of the engine's machine did not take the rules (%s); it "
                   "needs nf_tables with fib and reject, or choose --build-network bridge for builds without walls",
                   strerror(exit_code));
}

bool fence_open(struct docker *docker, struct arena *arena, const char *runner_id, struct err *err) {
    int exit_code = 0;
    if (!run(docker, arena, runner_id, "open", NULL, &exit_code, err))
        return false;
    return exit_code == 0 || err_set(err, ERR_INTERNAL, "the rules around builds stay: %s", strerror(exit_code));
}
