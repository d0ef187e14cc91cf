#include "server/logs/line.h"

#include "common/str.h"
#include "common/utf8.h"

#include <string.h>

#define ATTRIBUTES 0x7fu
#define FOREGROUND_SHIFT 8
#define BACKGROUND_SHIFT 17
#define COLOUR_MASK 0x1ffu
#define PARAMETERS_MAX 32

/* Colours */

static uint32_t set_colour(uint32_t colour, int shift, int number) {
    colour &= ~(COLOUR_MASK << shift);
    return number < 0 ? colour : colour | (uint32_t)(number + 1) << shift;
}

/* The nearest of the 6x6x6 colours of the 256. */
static int cube(int red, int green, int blue) {
    return 16 + (red * 5 + 127) / 255 * 36 + (green * 5 + 127) / 255 * 6 + (blue * 5 + 127) / 255;
}

/* 38;5;N and 38;2;R;G;B; returns how many parameters were used behind the first. */
static size_t extended(const int *parameters, size_t count, int *out) {
    *out = -1;
    if (count >= 2 && parameters[0] == 5) {
        *out = parameters[1] & 255;
        return 2;
    }
    if (count >= 4 && parameters[0] == 2) {
        *out = cube(parameters[1] & 255, parameters[2] & 255, parameters[3] & 255);
        return 4;
    }
    return count;
}

static uint32_t set_attribute(uint32_t colour, int code) {
    static const int8_t on[10] = {-1, 0, 1, 2, 3, 4, -1, 5, -1, 6};
    static const uint8_t off[10] = {0, 0, 3, 4, 8, 16, 0, 32, 0, 64};
    if (code < 10)
        return on[code] < 0 ? colour : colour | 1u << on[code];
    return colour & ~(uint32_t)off[code - 20];
}

static uint32_t apply(uint32_t colour, const int *parameters, size_t count) {
    for (size_t i = 0; i < count; i++) {
        int code = parameters[i], number;
        if (code == 0)
            colour = 0;
        else if (code < 10 || (code >= 20 && code < 30))
            colour = set_attribute(colour, code);
        else if (code >= 30 && code <= 37)
            colour = set_colour(colour, FOREGROUND_SHIFT, code - 30);
        else if (code >= 40 && code <= 47)
            colour = set_colour(colour, BACKGROUND_SHIFT, code - 40);
        else if (code >= 90 && code <= 97)
            colour = set_colour(colour, FOREGROUND_SHIFT, code - 90 + 8);
        else if (code >= 100 && code <= 107)
            colour = set_colour(colour, BACKGROUND_SHIFT, code - 100 + 8);
        else if (code == 39 || code == 49)
            colour = set_colour(colour, code == 39 ? FOREGROUND_SHIFT : BACKGROUND_SHIFT, -1);
        else if (code == 38 || code == 48) {
            i += extended(parameters + i + 1, count - i - 1, &number);
            colour = set_colour(colour, code == 38 ? FOREGROUND_SHIFT : BACKGROUND_SHIFT, number);
        }
    }
    return colour;
}

/* An escape sequence at `bytes` (which begin with ESC): its size, and whether it is SGR with its parameters. */
struct escape {
    size_t size;
    bool is_sgr;
    int parameters[PARAMETERS_MAX];
    size_t count;
};

static void read_parameters(struct escape *escape, const char *bytes, size_t size) {
    escape->parameters[0] = 0;
    escape->count = 1;
    for (size_t i = 0; i < size; i++) {
        int *last = &escape->parameters[escape->count - 1];
        if (bytes[i] >= '0' && bytes[i] <= '9') {
            *last = *last < 1000 ? *last * 10 + (bytes[i] - '0') : *last;
        } else if ((bytes[i] == ';' || bytes[i] == ':') && escape->count < PARAMETERS_MAX) {
            escape->parameters[escape->count++] = 0;
        } else {
            escape->is_sgr = false;
            return;
        }
    }
}

/* OSC, DCS and the like: up to BEL or ESC backslash. */
static size_t string_size(const char *bytes, size_t size) {
    for (size_t i = 2; i < size; i++) {
        if (bytes[i] == '\a')
            return i + 1;
        if (bytes[i] == '\033' && i + 1 < size && bytes[i + 1] == '\\')
            return i + 2;
    }
    return size;
}

static struct escape read_escape(const char *bytes, size_t size) {
    struct escape escape = {.size = size < 2 ? size : 2};
    if (size < 2)
        return escape;
    if (strchr("]PX^_", bytes[1]) && bytes[1]) {
        escape.size = string_size(bytes, size);
        return escape;
    }
    if (bytes[1] != '[')
        return escape;
    size_t end = 2;
    while (end < size && bytes[end] >= 0x20 && bytes[end] < 0x40)
        end++;
    escape.size = end < size ? end + 1 : end;
    if (end < size && bytes[end] == 'm') {
        escape.is_sgr = true;
        read_parameters(&escape, bytes + 2, end - 2);
    }
    return escape;
}

uint32_t line_colour_after(uint32_t before, const char *bytes, size_t size) {
    uint32_t colour = before;
    const char *at = bytes, *end = bytes + size;
    while ((at = memchr(at, '\033', (size_t)(end - at)))) {
        struct escape escape = read_escape(at, (size_t)(end - at));
        if (escape.is_sgr)
            colour = apply(colour, escape.parameters, escape.count);
        at += escape.size;
    }
    return colour;
}

static void append_colour(struct str *out, uint32_t colour) {
    static const int codes[7] = {1, 2, 3, 4, 5, 7, 9};
    str_append(out, "\033[0");
    for (int i = 0; i < 7; i++) {
        if (colour & 1u << i)
            str_printf(out, ";%d", codes[i]);
    }
    uint32_t foreground = colour >> FOREGROUND_SHIFT & COLOUR_MASK,
             background = colour >> BACKGROUND_SHIFT & COLOUR_MASK;
    if (foreground)
        str_printf(out, ";38;5;%u", foreground - 1);
    if (background)
        str_printf(out, ";48;5;%u", background - 1);
    str_append_char(out, 'm');
}

/* Text */

size_t line_cut(const char *bytes, size_t size) {
    for (size_t back = 1; back <= 3 && back < size; back++) {
        unsigned char byte = (unsigned char)bytes[size - back];
        if ((byte & 0xc0) == 0x80)
            continue;
        size_t wanted = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
        return wanted > back ? size - back : size;
    }
    return size;
}

static void append_sanitised(struct str *out, const char *bytes, size_t size) {
    for (size_t at = 0; at < size;) {
        if (bytes[at] == '\033') {
            struct escape escape = read_escape(bytes + at, size - at);
            if (escape.is_sgr)
                str_append_bytes(out, bytes + at, escape.size);
            at += escape.size;
            continue;
        }
        size_t length = utf8_length(bytes + at, size - at);
        if (length == 0)
            str_append(out, "\xef\xbf\xbd"); /* U+FFFD */
        else if (length > 1 || (bytes[at] >= ' ' && bytes[at] != 0x7f) || bytes[at] == '\t')
            str_append_bytes(out, bytes + at, length);
        at += length ? length : 1;
    }
}

char *line_text(struct arena *arena, uint32_t colour, const char *bytes, size_t size) {
    while (size > 0 && (bytes[size - 1] == '\n' || bytes[size - 1] == '\r'))
        size--;
    const char *shown = memrchr(bytes, '\r', size);
    if (shown) { /* a progress bar: what came before was written over, but its colours stay on */
        colour = line_colour_after(colour, bytes, (size_t)(shown - bytes));
        size -= (size_t)(shown + 1 - bytes);
        bytes = shown + 1;
    }
    struct str out = STR_INIT(4 * size + 64);
    if (colour)
        append_colour(&out, colour);
    append_sanitised(&out, bytes, size);
    char *text = arena_strndup(arena, str_text(&out), out.length);
    str_release(&out);
    return text;
}
