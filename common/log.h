/*
 * The program's own log, on stderr: one line an entry, logfmt (key=value) by default, JSON lines with
 * PENSTOCK_LOG_FORMAT=json. Only doors, loops and main log; everything below returns its errors. Bytes that came from
 * outside are escaped, so that nobody forges a line. Never pass a secret.
 *
 *     LOG_INFO("listening", "address", address, "port", port_text);
 */
#ifndef COMMON_LOG_H
#define COMMON_LOG_H

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARNING, LOG_LEVEL_ERROR };

/* Once at start: entries below `least` are dropped; `component` ("server", "runner") is on each line. Static text. */
void log_init(const char *component, enum log_level least);

/* Key and value strings in pairs, ended by NULL; a NULL value skips its pair. Use the macros. */
void log_write(enum log_level level, const char *message, ...) __attribute__((sentinel));

#define LOG_DEBUG(...) log_write(LOG_LEVEL_DEBUG, __VA_ARGS__, (char *)0)
#define LOG_INFO(...) log_write(LOG_LEVEL_INFO, __VA_ARGS__, (char *)0)
#define LOG_WARNING(...) log_write(LOG_LEVEL_WARNING, __VA_ARGS__, (char *)0)
#define LOG_ERROR(...) log_write(LOG_LEVEL_ERROR, __VA_ARGS__, (char *)0)

#endif
