/* The server under test. */
#include "tests/unit/server/api/door_under_test.h"

#include "common/hash.h"
#include "common/str.h"
#include "server/artifacts/artifacts.h"
#include "server/config.h"
#include "server/logs/logs.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#define BEGIN_MS 1795412345678LL
#define HEADERS_MAX 8

struct server under_test;
struct arena test_arena = ARENA_INIT;
int64_t test_now_ms;

static char directory[64];

static int64_t read_now(void *context) {
    (void)context;
    return test_now_ms;
}
static const struct clock hand_clock = {read_now, read_now, NULL};
static const struct config config = {
    .base_url = "http://127.0.0.1:8080", .region = "eu-west-1", .account_id = "123456789012"};

const char *test_path(const char *name) {
    return arena_printf(&test_arena, "%s/%s", directory, name);
}

static bool open_all(struct err *err) {
    static const struct http_route none[1];
    struct http_settings settings = {
        .workers = 1, .connection_limit = 4, .body_directory = directory, .routes = none, .server = &under_test};
    int port = 0;
    return db_open(test_path("test.db"), &hand_clock, NULL, NULL, &under_test.db, err) &&
           auth_open(directory, &under_test.auth, err) &&
           logs_open(test_path("logs"), &hand_clock, &under_test.logs, err) &&
           artifacts_open(test_path("artifacts"), &under_test.artifacts, err) &&
           http_bind("127.0.0.1", 0, &settings.listen_fd, &port, err) &&
           http_open(&settings, &under_test.listener, err);
}

int under_test_open(void **state) {
    (void)state;
    struct err err = {0};
    hash_init();
    test_now_ms = BEGIN_MS;
    snprintf(directory, sizeof directory, "/tmp/penstock-doors-XXXXXX");
    assert_non_null(mkdtemp(directory));
    under_test = (struct server){.config = &config, .clock = &hand_clock};
    if (!open_all(&err))
        fail_msg("%s", err.message);
    return 0;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *ftw) {
    (void)status, (void)kind, (void)ftw;
    return remove(path);
}

int under_test_close(void **state) {
    (void)state;
    bool closed = http_close(under_test.listener, 20000);
    db_close(under_test.db);
    auth_close(under_test.auth);
    logs_close(under_test.logs);
    artifacts_close(under_test.artifacts);
    arena_release(&test_arena);
    return nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS) || !closed;
}

struct request request_to(const char *method, const char *query, const char *body, const char *runner_id) {
    return (struct request){
        .server = &under_test,
        .arena = &test_arena,
        .id = "1f6b0c1e-0000-4000-8000-000000000000",
        .method = method,
        .path = "/",
        .query = query,
        .headers = arena_array(&test_arena, struct http_header, HEADERS_MAX),
        .has_body = *body != '\0',
        .body = body,
        .body_size = strlen(body),
        .body_fd = -1,
        .captures = arena_array(&test_arena, const char *, 2),
        .principal = {.kind = runner_id ? PRINCIPAL_RUNNER : PRINCIPAL_NONE, .id = runner_id, .name = "r"},
        .arrived_boot_ms = test_now_ms,
    };
}

void request_with(struct request *request, const char *name, const char *value) {
    struct http_header *headers = arena_array(&test_arena, struct http_header, request->header_count + 1);
    if (request->header_count)
        memcpy(headers, request->headers, request->header_count * sizeof *headers);
    headers[request->header_count++] = (struct http_header){name, value};
    request->headers = headers;
}

void request_capture(struct request *request, const char *first, const char *second) {
    const char **captures = arena_array(&test_arena, const char *, 2);
    captures[0] = first;
    captures[1] = second;
    request->captures = captures;
    request->capture_count = second ? 2 : 1;
}

void request_body_file(struct request *request, const void *bytes, size_t size) {
    int fd = open(directory, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, size), size);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    request->body_fd = fd;
    request->body = "";
    request->body_size = size;
    request->has_body = true;
}

struct reply call(http_handler *handler, struct request *request) {
    struct reply reply = {.body_fd = -1};
    handler(request, &reply);
    assert_true(reply.status != 0 || reply.wait_topic);
    return reply;
}

void write_in(db_work *work, void *context) {
    struct err err = {0};
    if (!db_write(under_test.db, work, context, &err))
        fail_msg("%s", err.message);
}

void read_in(db_work *work, void *context) {
    struct err err = {0};
    if (!db_read(under_test.db, work, context, &err))
        fail_msg("%s", err.message);
}

static void add_file(struct hash_sha256_state *state, const char *path) {
    char piece[65536];
    FILE *file = fopen(path, "re");
    size_t got;
    while (file && (got = fread(piece, 1, sizeof piece, file)) > 0)
        hash_sha256_update(state, piece, got);
    if (file)
        fclose(file);
}

const char *database_digest(void) {
    struct hash_sha256_state state;
    uint8_t hash[SHA256_BYTES];
    char *hex = arena_alloc(&test_arena, SHA256_HEX_SIZE);
    hash_sha256_begin(&state);
    add_file(&state, test_path("test.db"));
    add_file(&state, test_path("test.db-wal"));
    hash_sha256_end(&state, hash);
    hash_to_hex(hash, sizeof hash, hex);
    return hex;
}
