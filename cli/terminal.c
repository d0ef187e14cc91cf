/*
 * Text for a person at a terminal.
 */
#include "cli/terminal.h"

#include "cli/cli.h"
#include "common/str.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define COLUMNS_WITHOUT_TERMINAL 100

static const struct {
    const char *status;
    const char *symbol;
    const char *colour; /* SGR parameters */
    bool final;
} looks[] = {
    {"Succeeded", "✔", "32", true},   {"Failed", "✘", "31", true},    {"Abandoned", "■", "33", true},
    {"Stopped", "■", "33", true},     {"Cancelled", "■", "33", true}, {"Superseded", "»", "2", true},
    {"InProgress", "…", "36", false}, {"Stopping", "…", "33", false}, {"SUCCEEDED", "✔", "32", true},
    {"FAILED", "✘", "31", true},      {"STOPPED", "■", "33", true},   {"IN_PROGRESS", "…", "36", false},
};

const char *terminal_symbol(const struct cli *cli, struct arena *arena, const char *status) {
    for (size_t i = 0; status && i < sizeof looks / sizeof *looks; i++)
        if (str_equal(looks[i].status, status))
            return cli->colour ? arena_printf(arena, "\033[%sm%s\033[0m", looks[i].colour, looks[i].symbol)
                               : looks[i].symbol;
    return " ";
}

bool terminal_is_final(const char *status) {
    for (size_t i = 0; status && i < sizeof looks / sizeof *looks; i++)
        if (str_equal(looks[i].status, status))
            return looks[i].final;
    return false;
}

const char *terminal_duration(struct arena *arena, int64_t milliseconds) {
    const int64_t seconds = milliseconds / 1000;
    if (milliseconds < 0)
        return "";
    if (seconds < 10)
        return arena_printf(arena, "%lld.%lld s", (long long)seconds, (long long)(milliseconds % 1000 / 100));
    if (seconds < 120)
        return arena_printf(arena, "%lld s", (long long)seconds);
    if (seconds < 7200)
        return arena_printf(arena, "%lld min %02lld s", (long long)(seconds / 60), (long long)(seconds % 60));
    return arena_printf(arena, "%lld h %02lld min", (long long)(seconds / 3600), (long long)(seconds / 60 % 60));
}

const char *terminal_safe(struct arena *arena, const char *text) {
    char *copy = arena_strndup(arena, text ? text : "", text ? strcspn(text, "\r\n") : 0);
    for (char *c = copy; *c; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = '?';
        /* U+0080 to U+009F are control characters too: C2 80 to C2 9F. */
        if ((unsigned char)*c == 0xc2 && (unsigned char)c[1] >= 0x80 && (unsigned char)c[1] < 0xa0)
            c[0] = c[1] = '?';
    }
    return copy;
}

static bool begins_character(char byte) {
    return ((unsigned char)byte & 0xc0) != 0x80;
}

static size_t count_characters(const char *text) {
    size_t count = 0;
    for (; *text; text++)
        count += begins_character(*text);
    return count;
}

const char *terminal_cut(struct arena *arena, const char *text, size_t columns) {
    if (count_characters(text) <= columns || columns == 0)
        return text;
    size_t count = 0;
    const char *end = text;
    while (*end && (count < columns - 1 || !begins_character(*end)))
        count += begins_character(*end++);
    return arena_printf(arena, "%.*s…", (int)(end - text), text);
}

const char *terminal_pad(struct arena *arena, const char *text, size_t columns) {
    size_t count = count_characters(text);
    return count >= columns ? text : arena_printf(arena, "%s%*s", text, (int)(columns - count), "");
}

size_t terminal_columns(void) {
    struct winsize size;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : COLUMNS_WITHOUT_TERMINAL;
}

/* The length of the escape sequence that begins here; *is_colour: it is SGR. */
static size_t escape_length(const char *text, bool *is_colour) {
    *is_colour = false;
    if (text[1] == ']') { /* a command with text, such as a window's title: up to BEL or ESC \ */
        size_t end = strcspn(text + 2, "\a\033") + 2;
        return text[end] == '\a' ? end + 1 : text[end] ? end + 2 - (text[end + 1] == '\0') : end;
    }
    if (text[1] != '[')
        return text[1] ? 2 : 1;
    size_t length = 2 + strspn(text + 2, "0123456789;:");
    *is_colour = text[length] == 'm';
    while (text[length] && (text[length] < 0x40 || text[length] > 0x7e))
        length++;
    return text[length] ? length + 1 : length;
}

const char *terminal_log_line(const struct cli *cli, struct arena *arena, const char *text) {
    const size_t room = strlen(text) + sizeof "\033[0m";
    char *line = arena_alloc(arena, room), *out = line;
    bool coloured = false;
    while (*text) {
        if (*text == '\033') {
            bool is_colour;
            size_t length = escape_length(text, &is_colour);
            if (is_colour && cli->colour) {
                memcpy(out, text, length);
                out += length;
                coloured = true;
            }
            text += length;
        } else if ((unsigned char)*text < 0x20 && *text != '\t') {
            text++;
        } else {
            *out++ = *text++;
        }
    }
    if (coloured)
        memcpy(out, "\033[0m", sizeof "\033[0m");
    return line;
}
