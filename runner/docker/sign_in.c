/*
 * The ECR token, cached, in the two forms that Docker wants.
 */
#include "runner/docker/sign_in.h"

#include "common/clock.h"
#include "common/hash.h"
#include "common/str.h"
#include "runner/aws/ecr.h"
#include "runner/docker/images.h"
#include "runner/runner.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define MARGIN_MS (30 * 60 * 1000) /* a push at the end of a build must still be let in */
#define LONGEST_MS (11 * 60 * 60 * 1000)

struct ecr {
    pthread_mutex_t mutex;
    struct arena arena;
    struct ecr_token token;
    bool has_token;
    int64_t good_until_ms;
};

struct ecr *sign_in_new(void) {
    struct ecr *ecr = calloc(1, sizeof *ecr);
    if (!ecr)
        abort();
    pthread_mutex_init(&ecr->mutex, NULL);
    return ecr;
}

static bool refresh(const struct runner *runner, struct ecr *ecr, const char *region, struct err *err) {
    struct arena fresh = ARENA_INIT;
    struct ecr_token token;
    if (!ecr_token(runner->aws, &fresh, region, &token, err)) {
        arena_release(&fresh);
        return false;
    }
    arena_release(&ecr->arena);
    ecr->arena = fresh;
    ecr->token = token;
    ecr->has_token = true;
    int64_t now = clock_wall_ms(&clock_system);
    ecr->good_until_ms = token.expires_ms > now ? token.expires_ms - MARGIN_MS : now + LONGEST_MS;
    return true;
}

/* *got false where the runner has no credentials. */
static bool get_token(const struct runner *runner, struct arena *arena, struct ecr_token *out, bool *got,
                      struct err *err) {
    struct ecr *ecr = runner->ecr;
    struct aws_credentials credentials;
    const char *region = getenv("AWS_REGION");
    *got = false;
    if (!aws_credentials(runner->aws, arena, &credentials, NULL))
        return true;
    if (!region || !*region)
        region = getenv("AWS_DEFAULT_REGION");
    if (!region || !*region)
        region = runner->region;
    pthread_mutex_lock(&ecr->mutex);
    bool good =
        (ecr->has_token && clock_wall_ms(&clock_system) < ecr->good_until_ms) || refresh(runner, ecr, region, err);
    if (good)
        *out = (struct ecr_token){.token = arena_strdup(arena, ecr->token.token),
                                  .password = arena_strdup(arena, ecr->token.password),
                                  .registry = arena_strdup(arena, ecr->token.registry)};
    pthread_mutex_unlock(&ecr->mutex);
    *got = good;
    return good;
}

/* base64url, as the X-Registry-Auth header wants it. */
static const char *encode_header(struct arena *arena, const char *text) {
    char *out = arena_alloc(arena, HASH_BASE64_SIZE(strlen(text)));
    hash_to_base64(text, strlen(text), out);
    for (char *at = out; *at; at++)
        *at = *at == '+' ? '-' : *at == '/' ? '_' : *at;
    return out;
}

const char *sign_in_header(struct arena *arena, const char *registry, const char *user, const char *password) {
    struct json *auth = json_object(arena);
    json_set_text(arena, auth, "username", user);
    json_set_text(arena, auth, "password", password);
    json_set_text(arena, auth, "serveraddress", registry);
    return encode_header(arena, json_print(arena, auth));
}

bool sign_in_for_image(const struct runner *runner, struct arena *arena, const char *image, const char **registry_auth,
                       struct err *err) {
    struct ecr_token token;
    bool got;
    *registry_auth = NULL;
    const char *registry = image_registry(arena, image);
    if (str_equal(registry, "docker.io"))
        return true;
    if (!get_token(runner, arena, &token, &got, err))
        return false;
    if (!got || !str_equal(registry, token.registry))
        return true;
    *registry_auth = sign_in_header(arena, token.registry, "AWS", token.password);
    return true;
}

bool sign_in_config(const struct runner *runner, struct arena *arena, const char **config,
                    struct sign_in_secrets *secrets, struct err *err) {
    struct ecr_token token;
    bool got;
    *config = NULL;
    if (!get_token(runner, arena, &token, &got, err))
        return false;
    if (!got)
        return true;
    struct json *root = json_object(arena);
    struct json *entry = json_set_object(arena, json_set_object(arena, root, "auths"), token.registry);
    json_set_text(arena, entry, "auth", token.token);
    *config = json_print(arena, root);
    *secrets = (struct sign_in_secrets){.password = token.password, .encoded = token.token};
    return true;
}
