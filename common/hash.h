/*
 * Hashes, signatures over shared secrets, random bytes, and their text forms. The only room for libsodium in common;
 * secrets are compared here in constant time and nowhere else.
 */
#ifndef COMMON_HASH_H
#define COMMON_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHA256_BYTES 32
#define SHA256_HEX_SIZE 65 /* with the final NUL */
#define UUID_SIZE 37       /* "c2b7…": 36 characters and the final NUL */

/* Once, before anything else in this header. Ends the program where the machine gives no randomness. */
void hash_init(void);

void hash_sha256(const void *bytes, size_t size, uint8_t out[SHA256_BYTES]);
void hash_sha256_hex(const void *bytes, size_t size, char out[SHA256_HEX_SIZE]);
void hash_hmac_sha256(const void *key, size_t key_size, const void *bytes, size_t size, uint8_t out[SHA256_BYTES]);

/* SHA-256 in pieces. */
struct hash_sha256_state {
    /* libsodium's state is 104 bytes and wants 8-byte alignment; kept opaque so that no library header shows here. */
    uint64_t opaque[13];
};
void hash_sha256_begin(struct hash_sha256_state *state);
void hash_sha256_update(struct hash_sha256_state *state, const void *bytes, size_t size);
void hash_sha256_end(struct hash_sha256_state *state, uint8_t out[SHA256_BYTES]);

/* HMAC-SHA256 in pieces; the end wipes the state. */
struct hash_hmac_state {
    uint64_t opaque[26]; /* the same: libsodium's is 208 bytes */
};
void hash_hmac_begin(struct hash_hmac_state *state, const void *key, size_t key_size);
void hash_hmac_update(struct hash_hmac_state *state, const void *bytes, size_t size);
void hash_hmac_end(struct hash_hmac_state *state, uint8_t out[SHA256_BYTES]);

/* Lower-case hex with a final NUL: out has room for 2 * size + 1. */
void hash_to_hex(const uint8_t *bytes, size_t size, char *out);

/* Exactly 2 * size hex digits of either case, nothing behind them; false otherwise. */
bool hash_from_hex(const char *text, uint8_t *out, size_t size);

/* True where both are the same; takes the same time wherever they differ. The lengths are no secret. */
bool hash_equal(const void *a, const void *b, size_t size);
bool hash_equal_text(const char *a, const char *b);

/* Standard base64 with padding. Encoding: out has room for HASH_BASE64_SIZE(size). Decoding: out has room for
 * strlen(text) bytes; false for anything that is not base64 throughout. */
#define HASH_BASE64_SIZE(size) (((size) + 2) / 3 * 4 + 1)
void hash_to_base64(const void *bytes, size_t size, char *out);
bool hash_from_base64(const char *text, uint8_t *out, size_t *out_size);

void hash_random(void *out, size_t size);

/* A random (version 4) UUID in lower case: the form of every id that AWS gives out. */
void hash_uuid(char out[UUID_SIZE]);

/* `length` random characters of A-Z a-z 0-9 and a final NUL. */
void hash_random_text(char *out, size_t length);

/* Overwrites a secret where the compiler must not leave it out. */
void hash_wipe(void *bytes, size_t size);

#endif
