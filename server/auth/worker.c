/* Job workers at the door of their artifacts: credentials that belong to one offer of one job. The session token says
 * which job; key, secret and token are made of the job's id and the offer's nonce under the server's key, so that
 * nothing has to be kept, and all of them are worth nothing as soon as the job has another nonce or has ended. */
#include "common/hash.h"
#include "common/sigv4.h"
#include "common/str.h"
#include "server/auth/auth.h"
#include "server/auth/token.h"
#include "server/server.h"
#include "server/store/worker_jobs.h"

#include <string.h>

#define KEY_ID_LETTERS 17

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

static const char *derive_hex(const struct auth *auth, struct arena *arena, const char *purpose, const char *offer,
                              size_t length) {
    uint8_t bytes[SHA256_BYTES];
    char *hex = arena_alloc(arena, SHA256_HEX_SIZE);
    auth_derive(auth, purpose, offer, bytes);
    hash_to_hex(bytes, sizeof bytes, hex);
    hash_wipe(bytes, sizeof bytes);
    hex[length] = '\0';
    return hex;
}

static const char *derive_key_id(const struct auth *auth, struct arena *arena, const char *offer) {
    uint8_t bytes[SHA256_BYTES];
    char *id = arena_strdup(arena, "PSW.................");
    auth_derive(auth, "worker key id", offer, bytes);
    for (size_t i = 0; i < KEY_ID_LETTERS; i++)
        id[3 + i] = letters[bytes[i] % 32];
    return id;
}

void auth_worker_credentials(const struct auth *auth, struct arena *arena, const char *job_id, const char *nonce,
                             struct auth_worker_credentials *out) {
    const char *offer = arena_printf(arena, "%s %s", job_id, nonce);
    *out = (struct auth_worker_credentials){
        .access_key_id = derive_key_id(auth, arena, offer),
        .secret_access_key = derive_hex(auth, arena, "worker secret", offer, 40),
        .session_token =
            arena_printf(arena, TOKEN_WORKER "%s_%s", job_id, derive_hex(auth, arena, "worker token", offer, 40)),
    };
}

/* ---- the check ---- */

struct lookup {
    struct arena *arena;
    const char *job_id;
    struct worker_job_row job;
};

static bool find_job(struct tx *tx, void *context, struct err *err) {
    struct lookup *lookup = context;
    return worker_jobs_get(tx, lookup->arena, lookup->job_id, &lookup->job, err);
}

static bool wrong_key(struct err *err) {
    return err_set_code(err, ERR_DENIED, "InvalidAccessKeyId",
                        "only the artifactCredentials of a job worker's job are good here; these are none");
}

static bool over(struct err *err) {
    return err_set_code(err, ERR_DENIED, "ExpiredToken",
                        "the job that these credentials belong to has ended, or was offered again");
}

static const char *job_of_token(struct arena *arena, const char *token) {
    if (!token || !str_starts_with(token, TOKEN_WORKER) || strlen(token) < strlen(TOKEN_WORKER) + UUID_SIZE)
        return NULL;
    return arena_strndup(arena, token + strlen(TOKEN_WORKER), UUID_SIZE - 1);
}

static bool is_live(const struct worker_job_row *job) {
    return job->state == WORKER_JOB_DISPATCHED || job->state == WORKER_JOB_IN_PROGRESS;
}

/* The signature, as far as it can be checked before the body is there. */
static bool check_signature(struct request *request, const struct sigv4_authorization *authorization,
                            const struct auth_worker_credentials *credentials, struct err *err) {
    const struct sigv4_request as_sent = {
        .method = request->method,
        .path = request->path,
        .query = request->query,
        .headers = request->headers,
        .header_count = request->header_count,
    };
    if (!hash_equal_text(authorization->access_key, credentials->access_key_id) ||
        !hash_equal_text(request_header(request, "x-amz-security-token"), credentials->session_token))
        return over(err);
    return sigv4_verify_head(request->arena, &as_sent, authorization, credentials->secret_access_key,
                             clock_wall_ms(request->server->clock), err);
}

bool auth_worker(struct request *request, struct err *err) {
    struct sigv4_authorization authorization;
    struct auth_worker_credentials credentials;
    struct lookup lookup = {.arena = request->arena};
    if (!sigv4_parse(request->arena, request_header(request, "authorization"), &authorization, err))
        return false;
    lookup.job_id = job_of_token(request->arena, request_header(request, "x-amz-security-token"));
    if (!lookup.job_id)
        return wrong_key(err);
    if (!db_read(request->server->db, find_job, &lookup, err))
        return err->kind == ERR_NOT_FOUND ? wrong_key(err) : false;
    if (!is_live(&lookup.job))
        return over(err);
    auth_worker_credentials(request->server->auth, request->arena, lookup.job.id, lookup.job.nonce, &credentials);
    if (!check_signature(request, &authorization, &credentials, err))
        return false;
    request->principal = (struct principal){
        .kind = PRINCIPAL_WORKER, .id = lookup.job.id, .service = authorization.service, .nonce = lookup.job.nonce};
    return true;
}
