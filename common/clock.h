/*
 * Time. Two clocks that are never mixed: wall time is for people, schedules and signatures; boot time runs on evenly
 * through clock jumps and suspend, and is for leases and timeouts. Code that decides takes the time as a parameter or
 * reads it from a `struct clock`, so that a test moves it by hand.
 */
#ifndef COMMON_CLOCK_H
#define COMMON_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct clock {
    int64_t (*wall_ms)(void *context); /* milliseconds since 1970, UTC */
    int64_t (*boot_ms)(void *context); /* milliseconds since the machine started */
    void *context;
};

/* The machine's clocks. */
extern const struct clock clock_system;

int64_t clock_wall_ms(const struct clock *clock);
int64_t clock_boot_ms(const struct clock *clock);

#define CLOCK_TEXT_SIZE 32

/* "2026-11-23T05:37:00.123Z" */
void clock_format_rfc3339(int64_t wall_ms, char out[CLOCK_TEXT_SIZE]);

/* "20261123T053700Z", as SigV4 wants it. */
void clock_format_basic(int64_t wall_ms, char out[CLOCK_TEXT_SIZE]);

/* Reads "20261123T053700Z". Returns -1 where the text is anything else. */
int64_t clock_parse_basic(const char *text);

#endif
