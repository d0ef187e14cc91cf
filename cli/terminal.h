/*
 * Text for a person at a terminal: statuses as symbol and colour, durations, and foreign bytes made harmless.
 */
#ifndef CLI_TERMINAL_H
#define CLI_TERMINAL_H

#include "common/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cli;

/* AWS's status of an execution, stage or action as one symbol, coloured where the terminal shows colours. A NULL status
 * is one that has not begun: a blank. */
const char *terminal_symbol(const struct cli *cli, struct arena *arena, const char *status);

/* True for a status that does not change any more. */
bool terminal_is_final(const char *status);

/* "0.3 s", "12 s", "2 min 05 s", "3 h 10 min". */
const char *terminal_duration(struct arena *arena, int64_t milliseconds);

/* The first line of a text from elsewhere, control characters replaced, so that a commit message cannot move the cursor
 * or colour the screen. NULL becomes "". */
const char *terminal_safe(struct arena *arena, const char *text);

/* At most `columns` characters of a text, the rest replaced by "…". Counts characters, not their width. */
const char *terminal_cut(struct arena *arena, const char *text, size_t columns);
/* The text with blanks behind it up to `columns` characters. */
const char *terminal_pad(struct arena *arena, const char *text, size_t columns);

/* Columns of the terminal, 100 where stdout is none. */
size_t terminal_columns(void);

/* A log's line: colour codes stay where colours are shown, everything else that begins with an escape goes. */
const char *terminal_log_line(const struct cli *cli, struct arena *arena, const char *text);

#endif
