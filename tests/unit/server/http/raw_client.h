/* A client that sends exactly the bytes it is told to. */
#ifndef TESTS_RAW_CLIENT_H
#define TESTS_RAW_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#define RAW_PATIENCE_MS 20000

/* A connection to 127.0.0.1. */
int raw_dial(int port);

/* What cannot be sent because the server closed is dropped: what the server said decides. */
void raw_send(int fd, const char *bytes, size_t size);
void raw_send_text(int fd, const char *text);

/* Reads until the text `until` has come or the server closes; NULL waits for the close. Valid until the next call. */
char *raw_receive(int fd, const char *until);

/* True where the server has closed; waits for it for up to `ms`. Drops what comes. */
bool raw_is_closed(int fd, int ms);

/* The status of an answer; 0 for none. */
int raw_status(const char *answer);

#endif
