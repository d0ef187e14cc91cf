/*
 * A server for tests of single doors: a real store in a file, real auth, logs and artifacts, a listener that nobody
 * calls, and a clock that is moved by hand. Handlers are called directly. For tests of api/jobs and api/hooks.
 */
#ifndef TESTS_DOOR_UNDER_TEST_H
#define TESTS_DOOR_UNDER_TEST_H

#include "server/auth/auth.h"
#include "server/http/http.h"
#include "server/server.h"
#include "server/store/db.h"

extern struct server under_test;
extern struct arena test_arena; /* until the test ends */
extern int64_t test_now_ms;     /* both clocks */

/* cmocka's setup and teardown of one test. */
int under_test_open(void **state);
int under_test_close(void **state);

/* A request with the principal's runner id (NULL: nobody). */
struct request request_to(const char *method, const char *query, const char *body, const char *runner_id);
void request_with(struct request *request, const char *name, const char *value);
/* What the path's `*` matched; `second` may be NULL. */
void request_capture(struct request *request, const char *first, const char *second);
/* The body as an unnamed file. */
void request_body_file(struct request *request, const void *bytes, size_t size);

/* Runs the handler. */
struct reply call(http_handler *handler, struct request *request);

/* Work that must succeed. */
void write_in(db_work *work, void *context);
void read_in(db_work *work, void *context);

/* A hash over the database's files: any commit changes it. */
const char *database_digest(void);

/* The file in the test's folder, "logs/…". */
const char *test_path(const char *name);

#endif
