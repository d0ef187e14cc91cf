/*
 * Reading cron expressions. Both dialects, EventBridge's and Quartz's, are one grammar: a field is a list of items, an
 * item is '*', a value, a range, each perhaps with a step; days have L, W and # besides. What a field may hold is its
 * row in a table.
 */
#include "server/triggers/cron.h"

#include "common/str.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#define FIELDS_MOST 7

struct field {
    const char *name; /* as in "the hour '25'" */
    int least, most;
    const char *const *names; /* of the values from `least` on; NULL: numbers only */
    bool may_wrap;            /* 22-2, NOV-FEB */
};

static const char *const month_names[] = {"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL",
                                          "AUG", "SEP", "OCT", "NOV", "DEC", NULL};
static const char *const weekday_names[] = {"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT", NULL};

enum { SECOND, MINUTE, HOUR, DAY, MONTH, WEEKDAY, YEAR };

static const struct field fields[FIELDS_MOST] = {
    [SECOND] = {"second", 0, 59, NULL, true},
    [MINUTE] = {"minute", 0, 59, NULL, true},
    [HOUR] = {"hour", 0, 23, NULL, true},
    [DAY] = {"day of the month", 1, 31, NULL, true},
    [MONTH] = {"month", 1, 12, month_names, true},
    [WEEKDAY] = {"day of the week", 1, 7, weekday_names, true},
    [YEAR] = {"year", CRON_YEAR_LEAST, CRON_YEAR_MOST, NULL, false},
};

struct reader {
    const struct field *field;
    const char *item; /* what is being read, for messages */
    const char *at;
    bool weekday_steps; /* '/' with days of the week: Quartz has it, EventBridge does not */
    bool is_list;       /* the field has several items */
    struct cron *cron;
    struct err *err;
};

static bool refuse(const struct reader *reader, const char *mistake) {
    return err_set(reader->err, ERR_INVALID, "%s '%s': %s", reader->field->name, reader->item, mistake);
}

static bool skip(struct reader *reader, char sign) {
    if (*reader->at != sign)
        return false;
    reader->at++;
    return true;
}

/* Values */

static bool read_named(struct reader *reader, int *out) {
    for (int i = 0; reader->field->names && reader->field->names[i]; i++) {
        if (strncasecmp(reader->at, reader->field->names[i], 3) == 0) {
            reader->at += 3;
            *out = reader->field->least + i;
            return true;
        }
    }
    return false;
}

static bool read_number(struct reader *reader, int *out) {
    int number = 0, digits = 0;
    for (; digits < 4 && *reader->at >= '0' && *reader->at <= '9'; reader->at++, digits++)
        number = number * 10 + (*reader->at - '0');
    *out = number;
    return digits > 0;
}

static bool read_value(struct reader *reader, int *out) {
    if (read_named(reader, out))
        return true;
    if (read_number(reader, out) && *out >= reader->field->least && *out <= reader->field->most)
        return true;
    return err_set(reader->err, ERR_INVALID, "%s '%s': write values from %d to %d%s%s", reader->field->name,
                   reader->item, reader->field->least, reader->field->most,
                   reader->field->names ? " or names such as " : "",
                   reader->field->names ? reader->field->names[0] : "");
}

static bool at_end(const struct reader *reader) {
    return !*reader->at || refuse(reader, "there is something behind it that does not belong there");
}

/* Sets */

static void put(const struct reader *reader, int value) {
    struct cron *cron = reader->cron;
    switch (reader->field - fields) {
    case SECOND:
        cron->seconds |= UINT64_C(1) << value;
        break;
    case MINUTE:
        cron->minutes |= UINT64_C(1) << value;
        break;
    case HOUR:
        cron->hours |= 1u << value;
        break;
    case DAY:
        cron->days |= 1u << value;
        break;
    case MONTH:
        cron->months |= 1u << value;
        break;
    case WEEKDAY:
        cron->weekdays |= 1u << value;
        break;
    default:
        cron->years[value - CRON_YEAR_LEAST] = true;
        break;
    }
}

static void put_range(const struct reader *reader, int first, int last, int step) {
    int least = reader->field->least, size = reader->field->most - least + 1;
    if (last < first)
        last += size;
    for (int value = first; value <= last; value += step)
        put(reader, (value - least) % size + least);
}

/* "/15", if it is there; *has_step tells. */
static bool read_step(struct reader *reader, int *step, bool *has_step) {
    *step = 1;
    *has_step = skip(reader, '/');
    if (!*has_step)
        return true;
    if (reader->field == &fields[WEEKDAY] && !reader->weekday_steps)
        return refuse(reader, "days of the week have no '/' here; list them");
    if (!read_number(reader, step) || *step < 1 || *step > reader->field->most)
        return refuse(reader, "the step behind '/' is not a number from 1 to the field's highest value");
    return true;
}

/* *, 5, 5-10, each perhaps with a step; 5/10 is from 5 on. */
static bool read_plain(struct reader *reader) {
    int first = reader->field->least, last = reader->field->most, step;
    bool has_step;
    bool all = skip(reader, '*'), range = false;
    if (!all) {
        if (!read_value(reader, &first))
            return false;
        range = skip(reader, '-');
        if (range && !read_value(reader, &last))
            return false;
    }
    if (!read_step(reader, &step, &has_step) || !at_end(reader))
        return false;
    if (!all && !range && !has_step)
        last = first;
    if (last < first && !reader->field->may_wrap)
        return refuse(reader, "the range goes backwards");
    put_range(reader, first, last, step);
    return true;
}

/* L, LW, L-3, L-3W, 15W; *is_one tells whether it was one of them. */
static bool read_special_day(struct reader *reader, bool *is_one) {
    int days = 0;
    *is_one = true;
    if (skip(reader, 'L')) {
        if (skip(reader, '-') && (!read_number(reader, &days) || days < 1 || days > 30))
            return refuse(reader, "write L-1 to L-30 for days before the last one");
        uint32_t *set = skip(reader, 'W') ? &reader->cron->before_last_weekdays : &reader->cron->before_last;
        *set |= 1u << days;
        return at_end(reader);
    }
    *is_one = str_ends_with(reader->item, "W");
    if (!*is_one)
        return true;
    if (!read_value(reader, &days))
        return false;
    if (!skip(reader, 'W') || *reader->at)
        return refuse(reader, "W goes with one day, as in 15W");
    reader->cron->nearest_weekdays |= 1u << days;
    return true;
}

/* L (Saturday), 6L, FRI#3 */
static bool read_special_weekday(struct reader *reader, bool *is_one) {
    int weekday, nth;
    *is_one = strchr(reader->item, '#') || str_ends_with(reader->item, "L");
    if (!*is_one)
        return true;
    if (str_equal(reader->item, "L")) {
        reader->cron->weekdays |= 1u << 7;
        return true;
    }
    if (!read_value(reader, &weekday))
        return false;
    if (skip(reader, 'L')) {
        reader->cron->last_weekdays |= 1u << weekday;
        return at_end(reader);
    }
    if (!skip(reader, '#') || !read_number(reader, &nth) || nth < 1 || nth > 5 || *reader->at)
        return refuse(reader, "write 6L for the last Friday of the month, 6#1 to 6#5 for one of them");
    if (reader->is_list)
        return refuse(reader, "with '#' a field can only have one day; write a schedule for each");
    reader->cron->nth_weekdays[nth] |= 1u << weekday;
    return true;
}

static bool read_item(struct reader *reader) {
    bool is_special = false, ok = true;
    if (reader->field == &fields[DAY])
        ok = read_special_day(reader, &is_special);
    else if (reader->field == &fields[WEEKDAY])
        ok = read_special_weekday(reader, &is_special);
    return ok && (is_special || read_plain(reader));
}

/* Splits `text`, which is the caller's to write into. */
static bool read_field(struct reader *reader, char *text) {
    reader->is_list = strchr(text, ',');
    for (char *rest = text; rest;) {
        reader->item = reader->at = strsep(&rest, ",");
        if (!*reader->item)
            return refuse(reader, "there is nothing before or behind a ','");
        if (strchr(reader->item, '?'))
            return refuse(reader, "'?' stands alone, for the day of the month or the day of the week");
        if (!read_item(reader))
            return false;
    }
    return true;
}

static bool check_days(const char *day, const char *weekday, struct err *err) {
    bool no_day = str_equal(day, "?"), no_weekday = str_equal(weekday, "?");
    if (no_day != no_weekday)
        return true;
    return err_set(err, ERR_INVALID,
                   "exactly one of the day of the month ('%s') and the day of the week ('%s') must be '?'", day,
                   weekday);
}

/* Returns how many there are; only the first FIELDS_MOST are kept. */
static size_t split(char *text, char **parts) {
    size_t count = 0;
    for (char *rest = text, *part; (part = strsep(&rest, " \t\r\n"));) {
        if (*part && count++ < FIELDS_MOST)
            parts[count - 1] = part;
    }
    return count;
}

static bool read_fields(char **parts, size_t count, size_t first_field, struct reader *reader) {
    for (size_t i = 0; i < count; i++) {
        reader->field = &fields[first_field + i];
        if (!str_equal(parts[i], "?") || (first_field + i != DAY && first_field + i != WEEKDAY)) {
            if (!read_field(reader, parts[i]))
                return false;
        }
    }
    return true;
}

bool cron_parse(const char *text, bool seconds, struct cron *out, struct err *err) {
    char copy[CRON_TEXT_BYTES_MOST + 1], *parts[FIELDS_MOST];
    size_t length = strnlen(text, sizeof copy);
    if (length == sizeof copy)
        return err_set(err, ERR_INVALID, "the expression is longer than %d bytes", CRON_TEXT_BYTES_MOST);
    memcpy(copy, text, length + 1);
    size_t count = split(copy, parts), least = seconds ? SECOND : MINUTE;
    if (seconds ? count != 6 && count != 7 : count != 6)
        return err_set(err, ERR_INVALID, "there are %zu fields; write %s", count,
                       seconds ? "second, minute, hour, day of the month, month, day of the week and perhaps the year"
                               : "minute, hour, day of the month, month, day of the week and year");
    struct cron cron = {.seconds = seconds ? 0 : 1}; /* EventBridge's run on the full minute */
    struct reader reader = {.weekday_steps = seconds, .cron = &cron, .err = err};
    if (!check_days(parts[DAY - least], parts[WEEKDAY - least], err) || !read_fields(parts, count, least, &reader))
        return false;
    if (count + least < FIELDS_MOST)
        memset(cron.years, true, sizeof cron.years);
    *out = cron;
    return true;
}
