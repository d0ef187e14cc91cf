/* MD5, for what S3's protocol names by it: Content-MD5 and ETag. It protects nothing: whoever wants to be sure signs
 * the body's SHA-256. */
#ifndef SERVER_API_S3_MD5_H
#define SERVER_API_S3_MD5_H

#include <stddef.h>
#include <stdint.h>

#define MD5_BYTES 16

struct md5_state {
    uint32_t words[4];
    uint64_t length; /* bytes */
    uint8_t block[64];
};

void md5_begin(struct md5_state *state);
void md5_update(struct md5_state *state, const void *bytes, size_t size);
void md5_end(struct md5_state *state, uint8_t out[MD5_BYTES]);

#endif
