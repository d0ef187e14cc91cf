/* Tokens: what they look like and what the store knows of them. For this room and for joining runners. */
#ifndef SERVER_AUTH_TOKEN_H
#define SERVER_AUTH_TOKEN_H

#include "common/arena.h"
#include "common/hash.h"

/* A new secret: the prefix says to people (and secret scanners) what it is for. */
char *token_new(struct arena *arena, const char *prefix);

#define TOKEN_GIT "pst_"
#define TOKEN_RUNNER "psr_"
#define TOKEN_JOIN "psj_"
#define TOKEN_SIGN_IN "psl_"
#define TOKEN_SESSION "pss_"
#define TOKEN_WORKER "psw_" /* and the job's id, "_", 40 characters */

void token_hash(const char *token, uint8_t out[SHA256_BYTES]);

struct auth;
/* 32 bytes that nobody else can make, of a purpose and a text. */
void auth_derive(const struct auth *auth, const char *purpose, const char *text, uint8_t out[SHA256_BYTES]);

struct request;
/* True where a browser's Origin header names this server: the configured address, or whatever host the browser used. */
bool auth_own_origin(const struct request *request, const char *origin);
/* What the browser's cookie says; NULL for none. In the request's arena. */
const char *auth_session_token(const struct request *request);

#endif
