/*
 * Errors. A function that can fail returns bool and takes `struct err *err` last: true is success, false means that
 * *err says why and that no output was touched. The kind says what the caller may do, the message is for people.
 * The struct has a fixed size and owns nothing, so that out-of-memory can be reported too and nothing is to be freed.
 *
 * Messages: lower case, no full stop, what failed first, the subject in single quotes: "no pipeline named 'shop'".
 */
#ifndef COMMON_ERR_H
#define COMMON_ERR_H

#include "common/attributes.h"

#include <stdbool.h>

enum err_kind {
    ERR_NONE,
    ERR_INVALID,     /* the input is wrong: do not repeat it */
    ERR_DENIED,      /* who asks may not */
    ERR_NOT_FOUND,   /* what was named does not exist */
    ERR_CONFLICT,    /* the state does not allow it (any more) */
    ERR_LIMIT,       /* a limit was reached: smaller, fewer or later */
    ERR_UNAVAILABLE, /* somebody else's passing trouble: may be repeated */
    ERR_INTERNAL,    /* our fault, or the machine's */
};

#define ERR_MESSAGE_SIZE 1024

struct err {
    enum err_kind kind;
    const char *code; /* static text or NULL: AWS's name of the error, such as "StageNotFoundException" */
    char message[ERR_MESSAGE_SIZE];
};

/* Sets *err (which may be NULL: the caller does not want to know). Returns false, to be returned on. A message that is
 * too long is cut. */
bool err_set(struct err *err, enum err_kind kind, const char *format, ...) PRINTF_LIKE(3, 4);

/* The same with AWS's name of the error; `code` must be static text. */
bool err_set_code(struct err *err, enum err_kind kind, const char *code, const char *format, ...) PRINTF_LIKE(4, 5);

/* Puts "<text>: " before the message that is there; kind and code stay. Returns false. */
bool err_wrap(struct err *err, const char *format, ...) PRINTF_LIKE(2, 3);

/* Sets *err from an errno value: kind by its meaning, message "<text>: <strerror>". Returns false. */
bool err_set_errno(struct err *err, int error_number, const char *format, ...) PRINTF_LIKE(3, 4);

/* The compiler cannot see that the four above return false, and warns of outputs that a failed function left unset;
 * here it can. */
static inline bool err_false(void) {
    return false;
}
#define err_set(...) (err_set(__VA_ARGS__), err_false())
#define err_set_code(...) (err_set_code(__VA_ARGS__), err_false())
#define err_wrap(...) (err_wrap(__VA_ARGS__), err_false())
#define err_set_errno(...) (err_set_errno(__VA_ARGS__), err_false())

/* ERR_NONE again, no message. */
void err_clear(struct err *err);

#endif
