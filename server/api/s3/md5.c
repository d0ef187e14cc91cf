/*
 * RFC 1321.
 */
#include "server/api/s3/md5.h"

#include <string.h>

static const uint8_t shifts[4][4] = {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};

/* floor(2^32 * |sin(i + 1)|) */
static const uint32_t sines[64] = {
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
};

static uint32_t rotate(uint32_t word, unsigned bits) {
    return word << bits | word >> (32 - bits);
}

static uint32_t read_word(const uint8_t *bytes) {
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

/* The round's function of three words, and which word of the block its step takes. */
static uint32_t mix(unsigned step, uint32_t b, uint32_t c, uint32_t d, unsigned *word) {
    switch (step / 16) {
    case 0:
        *word = step;
        return (b & c) | (~b & d);
    case 1:
        *word = (5 * step + 1) % 16;
        return (d & b) | (~d & c);
    case 2:
        *word = (3 * step + 5) % 16;
        return b ^ c ^ d;
    default:
        *word = 7 * step % 16;
        return c ^ (b | ~d);
    }
}

static void digest(struct md5_state *state, const uint8_t *block) {
    uint32_t a = state->words[0], b = state->words[1], c = state->words[2], d = state->words[3];
    for (unsigned step = 0; step < 64; step++) {
        unsigned word;
        uint32_t mixed = mix(step, b, c, d, &word);
        uint32_t turned =
            rotate(a + mixed + sines[step] + read_word(block + 4 * (size_t)word), shifts[step / 16][step % 4]);
        a = d;
        d = c;
        c = b;
        b += turned;
    }
    state->words[0] += a;
    state->words[1] += b;
    state->words[2] += c;
    state->words[3] += d;
}

void md5_begin(struct md5_state *state) {
    *state = (struct md5_state){.words = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476}};
}

void md5_update(struct md5_state *state, const void *bytes, size_t size) {
    const uint8_t *at = bytes;
    while (size > 0) {
        size_t used = state->length % sizeof state->block, room = sizeof state->block - used;
        size_t taken = size < room ? size : room;
        memcpy(state->block + used, at, taken);
        state->length += taken;
        if (taken == room)
            digest(state, state->block);
        at += taken;
        size -= taken;
    }
}

void md5_end(struct md5_state *state, uint8_t out[MD5_BYTES]) {
    static const uint8_t padding[64] = {0x80};
    uint8_t length[8];
    uint64_t bits = state->length * 8;
    for (unsigned i = 0; i < 8; i++)
        length[i] = (uint8_t)(bits >> 8 * i);
    size_t used = state->length % sizeof state->block;
    md5_update(state, padding, used < 56 ? 56 - used : 120 - used);
    md5_update(state, length, sizeof length);
    for (unsigned i = 0; i < MD5_BYTES; i++)
        out[i] = (uint8_t)(state->words[i / 4] >> 8 * (i % 4));
}
