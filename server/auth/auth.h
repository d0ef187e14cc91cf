/*
 * Who is this, may they: sessions of browsers, access keys (SigV4), runners' tokens, git's Basic credentials. Also
 * makes all of these. What a token is checked against stands in the store as a SHA-256; access keys' and hooks'
 * secrets, which have to be known again, stand there sealed under DATA/secret.key.
 *
 * The functions that create something write it in their own transaction and return the secret once.
 */
#ifndef SERVER_AUTH_AUTH_H
#define SERVER_AUTH_AUTH_H

#include "common/hash.h"
#include "server/http/http.h"

#include <stddef.h>
#include <stdint.h>

struct auth; /* the secret key */
struct server;

#define AUTH_SESSION_COOKIE "penstock_session"
#define AUTH_SESSION_MS (30LL * 24 * 60 * 60 * 1000)
#define AUTH_SIGN_IN_LINK_MS (30LL * 60 * 1000)
#define AUTH_JOIN_TOKEN_MS (15LL * 60 * 1000)

/* Reads DATA/secret.key, or makes it (mode 0600) where there is none. Errors: ERR_INVALID a file of another size,
 * ERR_DENIED one that others can read, errno's kinds. */
bool auth_open(const char *data_directory, struct auth **out, struct err *err);
void auth_close(struct auth *auth); /* accepts NULL */

/* A secret as it may lie in the database: bytes (in the arena) that only this server's key opens. */
void auth_seal(const struct auth *auth, struct arena *arena, const char *secret, const void **out, size_t *out_size);
/* Opens them; `context` is the struct auth (the form that jobs/job_message.h wants). Errors: ERR_INTERNAL where they
 * were sealed under another key or changed. */
bool auth_unseal(void *context, struct arena *arena, const void *sealed, size_t size, const char **out,
                 struct err *err);

/* Checks for the route table (server/http/http.h): they fill in request->principal or refuse.
 *   user     a session's cookie or a SigV4 header; auth_user_body then checks the signature over the body, or for a
 *            session's writes Origin and X-Penstock-Csrf
 *   runner   Authorization: Bearer with a runner's own token
 *   worker   SigV4 of service s3 with the credentials of a job worker's job; errors with S3's codes
 *   git      Basic: a git token, an access key's pair, `aws codecommit credential-helper`, or a runner
 * Errors: ERR_DENIED with AWS's code; the same for what does not exist and for what does not fit. */
bool auth_user(struct request *request, struct err *err);
bool auth_user_body(struct request *request, struct err *err);
bool auth_session(struct request *request, struct err *err);
bool auth_runner(struct request *request, struct err *err);
bool auth_git(struct request *request, struct err *err);
bool auth_worker(struct request *request, struct err *err);

/* What the store finds the request's session by (store/sessions.h); false where it came with no cookie. */
bool auth_session_hash(const struct request *request, uint8_t out[SHA256_BYTES]);

/* What this session sends back in X-Penstock-Csrf; NULL where the request came with no session. In the arena. */
const char *auth_csrf_token(const struct request *request);

struct auth_access_key {
    const char *id;     /* "PSK" and 17 characters A-Z0-9 */
    const char *secret; /* 40 characters */
    int64_t created_ms;
};
bool auth_create_access_key(struct server *server, struct arena *arena, const char *user_name,
                            struct auth_access_key *out, struct err *err);

struct auth_token {
    const char *id;    /* for lists and deletion; NULL where tokens have none */
    const char *token; /* the secret itself */
    int64_t created_ms;
    int64_t expires_ms; /* 0: never */
};
bool auth_create_git_token(struct server *server, struct arena *arena, const char *user_name, const char *description,
                           struct auth_token *out, struct err *err);
/* For one runner, for AUTH_JOIN_TOKEN_MS. */
bool auth_create_join_token(struct server *server, struct arena *arena, const char *user_name, struct auth_token *out,
                            struct err *err);
/* `token` is the whole URL to open in a browser; good once, for AUTH_SIGN_IN_LINK_MS. */
bool auth_create_sign_in_link(struct server *server, struct arena *arena, const char *user_name, struct auth_token *out,
                              struct err *err);

/* What a job worker reads and writes its job's artifacts with: good while the job is Dispatched under this nonce or
 * InProgress. Made from the server's key, kept nowhere: asking again gives the same. */
struct auth_worker_credentials {
    const char *access_key_id;
    const char *secret_access_key;
    const char *session_token;
};
void auth_worker_credentials(const struct auth *auth, struct arena *arena, const char *job_id, const char *nonce,
                             struct auth_worker_credentials *out);

/* The ARN of a user, as AWS's answers show who did something. */
const char *auth_user_arn(const struct server *server, struct arena *arena, const char *user_name);

/* Doors: GET and POST /sign-in, POST /sign-out. */
void auth_sign_in_page(struct request *request, struct reply *reply);
void auth_sign_in(struct request *request, struct reply *reply);
void auth_sign_out(struct request *request, struct reply *reply);

#endif
