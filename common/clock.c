/*
 * The machine's clocks and the three text forms of a moment that protocols ask for.
 */
#include "common/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static int64_t read_clock(clockid_t id) {
    struct timespec now;
    (void)clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t system_wall_ms(void *context) {
    (void)context;
    return read_clock(CLOCK_REALTIME);
}

static int64_t system_boot_ms(void *context) {
    (void)context;
    return read_clock(CLOCK_BOOTTIME);
}

const struct clock clock_system = {.wall_ms = system_wall_ms, .boot_ms = system_boot_ms};

int64_t clock_wall_ms(const struct clock *clock) {
    return clock->wall_ms(clock->context);
}

int64_t clock_boot_ms(const struct clock *clock) {
    return clock->boot_ms(clock->context);
}

static void split(int64_t wall_ms, struct tm *out) {
    time_t seconds = (time_t)(wall_ms / 1000);
    (void)gmtime_r(&seconds, out);
}

void clock_format_rfc3339(int64_t wall_ms, char out[CLOCK_TEXT_SIZE]) {
    struct tm tm;
    split(wall_ms, &tm);
    size_t used = strftime(out, CLOCK_TEXT_SIZE, "%Y-%m-%dT%H:%M:%S", &tm);
    (void)snprintf(out + used, CLOCK_TEXT_SIZE - used, ".%03dZ", (int)(wall_ms % 1000));
}

void clock_format_basic(int64_t wall_ms, char out[CLOCK_TEXT_SIZE]) {
    struct tm tm;
    split(wall_ms, &tm);
    (void)strftime(out, CLOCK_TEXT_SIZE, "%Y%m%dT%H%M%SZ", &tm);
}

int64_t clock_parse_basic(const char *text) {
    static const char shape[] = "dddddddd"
                                "T"
                                "dddddd"
                                "Z";
    if (!text || strlen(text) != sizeof shape - 1)
        return -1;
    for (size_t i = 0; i < sizeof shape - 1; i++) {
        bool digit = text[i] >= '0' && text[i] <= '9';
        if (shape[i] == 'd' ? !digit : text[i] != shape[i])
            return -1;
    }
    struct tm tm = {0};
    if (!strptime(text, "%Y%m%dT%H%M%SZ", &tm))
        return -1;
    int64_t wall_ms = (int64_t)timegm(&tm) * 1000;
    /* timegm turns the 31st of February into a day in March. */
    char again[CLOCK_TEXT_SIZE];
    clock_format_basic(wall_ms, again);
    return strcmp(again, text) == 0 ? wall_ms : -1;
}
