/*
 * Hashes and randomness by libsodium.
 */
#include "common/hash.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static_assert(sizeof(struct hash_sha256_state) >= sizeof(crypto_hash_sha256_state), "room for libsodium's state");

void hash_init(void) {
    if (sodium_init() < 0) {
        (void)fputs("the machine gives no random bytes\n", stderr);
        abort();
    }
}

void hash_sha256(const void *bytes, size_t size, uint8_t out[SHA256_BYTES]) {
    (void)crypto_hash_sha256(out, bytes, size);
}

void hash_sha256_hex(const void *bytes, size_t size, char out[SHA256_HEX_SIZE]) {
    uint8_t digest[SHA256_BYTES];
    hash_sha256(bytes, size, digest);
    hash_to_hex(digest, sizeof digest, out);
}

void hash_hmac_sha256(const void *key, size_t key_size, const void *bytes, size_t size, uint8_t out[SHA256_BYTES]) {
    struct hash_hmac_state state;
    hash_hmac_begin(&state, key, key_size);
    hash_hmac_update(&state, bytes, size);
    hash_hmac_end(&state, out);
}

void hash_hmac_begin(struct hash_hmac_state *state, const void *key, size_t key_size) {
    (void)crypto_auth_hmacsha256_init((crypto_auth_hmacsha256_state *)(void *)state->opaque, key, key_size);
}

void hash_hmac_update(struct hash_hmac_state *state, const void *bytes, size_t size) {
    (void)crypto_auth_hmacsha256_update((crypto_auth_hmacsha256_state *)(void *)state->opaque, bytes, size);
}

void hash_hmac_end(struct hash_hmac_state *state, uint8_t out[SHA256_BYTES]) {
    (void)crypto_auth_hmacsha256_final((crypto_auth_hmacsha256_state *)(void *)state->opaque, out);
    sodium_memzero(state, sizeof *state);
}

void hash_sha256_begin(struct hash_sha256_state *state) {
    (void)crypto_hash_sha256_init((crypto_hash_sha256_state *)(void *)state->opaque);
}

void hash_sha256_update(struct hash_sha256_state *state, const void *bytes, size_t size) {
    (void)crypto_hash_sha256_update((crypto_hash_sha256_state *)(void *)state->opaque, bytes, size);
}

void hash_sha256_end(struct hash_sha256_state *state, uint8_t out[SHA256_BYTES]) {
    (void)crypto_hash_sha256_final((crypto_hash_sha256_state *)(void *)state->opaque, out);
}

void hash_to_hex(const uint8_t *bytes, size_t size, char *out) {
    (void)sodium_bin2hex(out, size * 2 + 1, bytes, size);
}

bool hash_from_hex(const char *text, uint8_t *out, size_t size) {
    if (!text || strlen(text) != size * 2)
        return false;
    size_t written = 0;
    return sodium_hex2bin(out, size, text, size * 2, NULL, &written, NULL) == 0 && written == size;
}

bool hash_equal(const void *a, const void *b, size_t size) {
    return sodium_memcmp(a, b, size) == 0;
}

bool hash_equal_text(const char *a, const char *b) {
    size_t length = strlen(a);
    return strlen(b) == length && hash_equal(a, b, length);
}

void hash_to_base64(const void *bytes, size_t size, char *out) {
    (void)sodium_bin2base64(out, HASH_BASE64_SIZE(size), bytes, size, sodium_base64_VARIANT_ORIGINAL);
}

bool hash_from_base64(const char *text, uint8_t *out, size_t *out_size) {
    size_t length = strlen(text);
    return sodium_base642bin(out, length, text, length, NULL, out_size, NULL, sodium_base64_VARIANT_ORIGINAL) == 0;
}

void hash_random(void *out, size_t size) {
    randombytes_buf(out, size);
}

void hash_uuid(char out[UUID_SIZE]) {
    uint8_t bytes[16];
    hash_random(bytes, sizeof bytes);
    bytes[6] = (uint8_t)((bytes[6] & 0x0f) | 0x40);
    bytes[8] = (uint8_t)((bytes[8] & 0x3f) | 0x80);
    char hex[33];
    hash_to_hex(bytes, sizeof bytes, hex);
    (void)snprintf(out, UUID_SIZE, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
}

void hash_random_text(char *out, size_t length) {
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    for (size_t i = 0; i < length; i++)
        out[i] = alphabet[randombytes_uniform(sizeof alphabet - 1)];
    out[length] = '\0';
}

void hash_wipe(void *bytes, size_t size) {
    sodium_memzero(bytes, size);
}
