/*
 * The server as the command line sees it: AWS's JSON protocol with a SigV4 signature on every request, the same doors
 * that `aws` and the dashboard use. Address and access key come from PENSTOCK_CONFIG, else
 * ~/.config/penstock/config.json, or from PENSTOCK_URL, PENSTOCK_ACCESS_KEY_ID and PENSTOCK_SECRET_ACCESS_KEY.
 */
#ifndef CLI_CLIENT_H
#define CLI_CLIENT_H

#include "common/arena.h"
#include "common/err.h"
#include "common/json.h"

struct client;

/* Errors: ERR_NOT_FOUND where nothing says which server; ERR_INVALID where the file is broken. */
bool client_open(struct arena *arena, struct client **out, struct err *err);
void client_close(struct client *client); /* accepts NULL */

/* Calls "CodePipeline.StartPipelineExecution", "Penstock.GetOverview". *out is the answer's object, in the arena.
 * Errors: the server's own, its kind made from AWS's name; ERR_UNAVAILABLE where it cannot be reached. */
bool client_call(struct client *client, struct arena *arena, const char *operation, const struct json *input,
                 const struct json **out, struct err *err);

/* GET of a path with its query, both already percent-encoded; the answer is JSON. */
bool client_get(struct client *client, struct arena *arena, const char *path, const char *query,
                const struct json **out, struct err *err);

const char *client_url(const struct client *client);

#endif
