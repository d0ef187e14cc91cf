/* What a PUT brings: its bytes out of their wrapping, held against everything that the client said of them. Only for
 * this room. */
#ifndef SERVER_API_S3_BODY_H
#define SERVER_API_S3_BODY_H

#include "server/http/http.h"

#define MD5_HEX_SIZE 33 /* hexadecimal, with its end: S3 names bodies by it; it protects nothing */

struct s3_body {
    int fd; /* the request's own file, or one that s3_body_close closes */
    bool own;
    int64_t size;
    char md5[MD5_HEX_SIZE];
    const char *sha256; /* what was signed, to be checked by artifacts_put; NULL: nothing */
};

/* Takes the body out of aws-chunked where it is in that, checks chunk signatures, lengths, Content-MD5 and
 * x-amz-checksum-crc32 and -sha256 (others are not looked at). Errors: ERR_INVALID BadDigest, IncompleteBody,
 * InvalidArgument, InvalidChunkSizeError; ERR_DENIED InvalidSignatureException. */
bool s3_body_take(struct request *request, struct s3_body *out, struct err *err);
void s3_body_close(struct s3_body *body);

/* aws-chunked, in place: the file is shorter afterwards. `chunks` NULL: its chunks are not signed. `*trailer` is what
 * came behind the last chunk, lines of "name:value". (chunked.c) */
struct sigv4_chunks;
bool s3_unwrap(int fd, struct sigv4_chunks *chunks, struct arena *arena, int64_t *size, const char **trailer,
               struct err *err);

#endif
