/*
 * What a line of a log is, apart from files: which colour is on after it, and how its bytes look to a reader. Pure.
 */
#ifndef SERVER_LOGS_LINE_H
#define SERVER_LOGS_LINE_H

#include "common/arena.h"

#include <stddef.h>
#include <stdint.h>

/* The attributes that ANSI's SGR sequences switch, packed: bits 0-6 bold, dim, italic, underline, blink, inverse,
 * strike; bits 8-16 the foreground (0 default, else 256-colour number + 1), bits 17-25 the background. */
uint32_t line_colour_after(uint32_t before, const char *bytes, size_t size);

/* The line's text for a reader: valid UTF-8, carriage returns as a terminal would show them (what stands behind the
 * last one), only SGR sequences kept of the escapes, no other control characters but tab. Begins with the sequence that
 * sets `colour` where that is not 0. */
char *line_text(struct arena *arena, uint32_t colour, const char *bytes, size_t size);

/* How many of `size` bytes may be cut off without cutting a UTF-8 character: size, or up to three less. */
size_t line_cut(const char *bytes, size_t size);

#endif
