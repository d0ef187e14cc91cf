/*
 * Errors: a kind for the program, a sentence for people. See err.h for the rules of both.
 */
#include "common/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The functions stand in parentheses so that the macros of their names do not touch them. */
static void PRINTF_LIKE(4, 0)
    set_message(struct err *err, enum err_kind kind, const char *code, const char *format, va_list arguments) {
    /* Formatted aside first: an argument may be the old message itself. */
    char message[ERR_MESSAGE_SIZE];
    (void)vsnprintf(message, sizeof message, format, arguments);
    err->kind = kind;
    err->code = code;
    memcpy(err->message, message, sizeof message);
}

static enum err_kind kind_of_errno(int error_number) {
    switch (error_number) {
    case ENOENT:
    case ENOTDIR:
        return ERR_NOT_FOUND;
    case EACCES:
    case EPERM:
    case EROFS:
        return ERR_DENIED;
    case EEXIST:
    case EADDRINUSE:
        return ERR_CONFLICT;
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE:
    case EFBIG:
        return ERR_LIMIT;
    case EAGAIN:
    case ETIMEDOUT:
    case ECONNREFUSED:
    case ECONNRESET:
        return ERR_UNAVAILABLE;
    default:
        return ERR_INTERNAL;
    }
}

bool(err_set)(struct err *err, enum err_kind kind, const char *format, ...) {
    if (err) {
        va_list arguments;
        va_start(arguments, format);
        set_message(err, kind, NULL, format, arguments);
        va_end(arguments);
    }
    return false;
}

bool(err_set_code)(struct err *err, enum err_kind kind, const char *code, const char *format, ...) {
    if (err) {
        va_list arguments;
        va_start(arguments, format);
        set_message(err, kind, code, format, arguments);
        va_end(arguments);
    }
    return false;
}

bool(err_wrap)(struct err *err, const char *format, ...) {
    if (err) {
        char text[ERR_MESSAGE_SIZE];
        va_list arguments;
        va_start(arguments, format);
        (void)vsnprintf(text, sizeof text, format, arguments);
        va_end(arguments);

        char message[ERR_MESSAGE_SIZE];
        (void)snprintf(message, sizeof message, "%s: %s", text, err->message);
        memcpy(err->message, message, sizeof message);
    }
    return false;
}

bool(err_set_errno)(struct err *err, int error_number, const char *format, ...) {
    if (err) {
        va_list arguments;
        va_start(arguments, format);
        set_message(err, kind_of_errno(error_number), NULL, format, arguments);
        va_end(arguments);

        char reason[128];
        size_t used = strlen(err->message);
        (void)snprintf(err->message + used, sizeof err->message - used, ": %s",
                       strerror_r(error_number, reason, sizeof reason));
    }
    return false;
}

void err_clear(struct err *err) {
    if (err)
        *err = (struct err){0};
}
