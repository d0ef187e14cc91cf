/*
 * Names become zones here: offsets are read from the name itself, everything else is a file of the zone data. A name is
 * checked before it becomes a path: letters, digits, '_', '+' and '-' between single slashes, so neither '..' nor an
 * absolute path can be said; and the folders with leap seconds and the machine's own zone are not places.
 */
#include "server/triggers/time_zone.h"

#include "common/str.h"
#include "server/triggers/zone_data.h"
#include "server/triggers/zone_rule.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ZONES "/usr/share/zoneinfo"
#define NAME_BYTES_MOST 64
#define FILE_BYTES_MOST 65536
#define FIXED_HOURS_MOST 18 /* Java's */

/* 34,000 years: further than anybody schedules, and years fit into an int. */
#define SECONDS_MOST ((int64_t)1 << 40)

struct time_zone {
    struct zone_data data;
};

struct time_zone_span time_zone_span(const struct time_zone *zone, int64_t utc_seconds) {
    if (!zone)
        return (struct time_zone_span){INT64_MIN, INT64_MAX, 0, 0};
    if (utc_seconds > SECONDS_MOST)
        utc_seconds = SECONDS_MOST;
    if (utc_seconds < -SECONDS_MOST)
        utc_seconds = -SECONDS_MOST;
    return zone_data_span(&zone->data, utc_seconds);
}

bool time_zone_read(struct arena *arena, const void *bytes, size_t size, const struct time_zone **out,
                    struct err *err) {
    struct time_zone *zone = arena_new(arena, struct time_zone);
    if (!zone_data_parse(arena, bytes, size, &zone->data, err))
        return false;
    *out = zone;
    return true;
}

static bool refuse(const char *name, struct err *err) {
    return err_set(err, ERR_INVALID,
                   "there is no time zone '%.*s'; write Region/City as in 'Europe/Berlin', or an offset as in "
                   "'UTC+05:30'",
                   NAME_BYTES_MOST, name);
}

/* Offsets */

static bool read_digits(const char **at, int most, int *out) {
    int number = 0, digits = 0;
    for (; digits < 2 && **at >= '0' && **at <= '9'; (*at)++, digits++)
        number = number * 10 + (**at - '0');
    *out = number;
    return digits > 0 && number <= most;
}

/* "+5", "-03:30" */
static bool read_offset(const char *at, int32_t *out) {
    int hours, minutes = 0;
    bool west = *at++ == '-';
    if (!read_digits(&at, FIXED_HOURS_MOST, &hours))
        return false;
    if (*at == ':') {
        const char *begin = ++at;
        if (!read_digits(&at, 59, &minutes) || at - begin != 2)
            return false;
    }
    if (*at || hours * 60 + minutes > FIXED_HOURS_MOST * 60)
        return false;
    *out = (hours * 60 + minutes) * (west ? -60 : 60);
    return true;
}

/* Whether the name says UTC, with or without an offset; *offset gets it. */
static bool is_fixed(const char *name, int32_t *offset) {
    *offset = 0;
    if (str_equal(name, "UTC") || str_equal(name, "GMT"))
        return true;
    return (str_starts_with(name, "UTC") || str_starts_with(name, "GMT")) && (name[3] == '+' || name[3] == '-') &&
           read_offset(name + 3, offset);
}

/* Files */

static bool is_part(const char *part, size_t length) {
    static const char *const others[] = {"posix", "right", "localtime", "posixrules"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (length == strlen(others[i]) && memcmp(part, others[i], length) == 0)
            return false;
    }
    return length > 0 && *part != '-' && *part != '+';
}

static bool is_name(const char *name) {
    size_t length = strnlen(name, NAME_BYTES_MOST + 1);
    if (length > NAME_BYTES_MOST ||
        strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-/") != length)
        return false;
    for (const char *part = name;;) {
        size_t part_length = strcspn(part, "/");
        if (!is_part(part, part_length))
            return false;
        if (!part[part_length])
            return true;
        part += part_length + 1;
    }
}

static const char *place_of(const char *name) {
    static const struct {
        const char *abbreviation, *place;
    } places[] = {
        {"PST", "America/Los_Angeles"},
        {"CST", "America/Chicago"},
        {"IST", "Asia/Kolkata"},
        {"JST", "Asia/Tokyo"},
    };
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        if (str_equal(name, places[i].abbreviation))
            return places[i].place;
    }
    return name;
}

static void close_file(const int *file) {
    if (*file >= 0)
        (void)close(*file);
}

/* A folder's name ("Europe") opens, but cannot be read: no zone either. */
static bool read_file(struct arena *arena, const char *name, void **bytes, size_t *size, struct err *err) {
    int file CLEANUP(close_file) =
        open(arena_printf(arena, ZONES "/%s", place_of(name)), O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (file < 0 && access(ZONES "/Europe", F_OK) != 0)
        return err_set(err, ERR_UNAVAILABLE,
                       "time zone '%s' cannot be looked up, for this machine has no time-zone data; install the "
                       "package tzdata",
                       name);
    char *buffer = arena_alloc(arena, FILE_BYTES_MOST);
    ssize_t count = file < 0 ? -1 : read(file, buffer, FILE_BYTES_MOST);
    if (count < 0)
        return refuse(name, err);
    *bytes = buffer;
    *size = (size_t)count;
    return true;
}

bool time_zone_find(struct arena *arena, const char *name, const struct time_zone **out, struct err *err) {
    int32_t offset = 0;
    if (!name || is_fixed(name, &offset)) {
        struct time_zone *zone = arena_new(arena, struct time_zone);
        zone->data.rule.standard = offset;
        *out = zone;
        return true;
    }
    if (!is_name(name))
        return refuse(name, err);
    /* The file's bytes are not needed any longer than this. */
    struct arena scratch CLEANUP(arena_release) = ARENA_INIT;
    void *bytes;
    size_t size;
    if (!read_file(&scratch, name, &bytes, &size, err))
        return false;
    /* Tables that are no zone (zone.tab) lie in the same folder. */
    return time_zone_read(arena, bytes, size, out, NULL) || refuse(name, err);
}
