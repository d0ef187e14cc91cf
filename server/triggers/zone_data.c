/*
 * Reads TZif (RFC 8536). Version 2 files hold everything twice: first with times of 32 bits, which is skipped, then
 * with 64, then the rule as text between two line feeds. Every length is checked before it is used; what is larger or
 * odder than any real zone is refused.
 */
#include "server/triggers/zone_data.h"

#include <string.h>

#define HEADER_SIZE 44
#define CHANGES_MOST 10000
#define TYPES_MOST 256
#define TYPE_SIZE 6                 /* offset in 4 bytes, whether it is summer, where its name stands */
#define OFFSET_MOST (26 * 3600 - 1) /* RFC 8536, 3.2 */
#define RULE_BYTES_MOST 255

struct input {
    const unsigned char *at, *end;
};

struct counts {
    uint32_t utc_flags, standard_flags, leap_seconds, changes, types, name_bytes;
};

static size_t left(const struct input *input) {
    return (size_t)(input->end - input->at);
}

static uint32_t number32(const unsigned char *bytes) {
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static int64_t number64(const unsigned char *bytes) {
    return (int64_t)((uint64_t)number32(bytes) << 32 | number32(bytes + 4));
}

static bool read_header(struct input *input, struct counts *counts, struct err *err) {
    if (left(input) < HEADER_SIZE || memcmp(input->at, "TZif", 4) != 0)
        return err_set(err, ERR_INVALID, "time-zone data does not begin with 'TZif'");
    if (input->at[4] < '2')
        return err_set(err, ERR_INVALID, "time-zone data is of version 1, without a rule for times to come");
    const unsigned char *numbers = input->at + 20;
    *counts = (struct counts){number32(numbers),      number32(numbers + 4),  number32(numbers + 8),
                              number32(numbers + 12), number32(numbers + 16), number32(numbers + 20)};
    input->at += HEADER_SIZE;
    if (counts->changes > CHANGES_MOST || counts->types > TYPES_MOST || counts->name_bytes > 65536 ||
        counts->leap_seconds > CHANGES_MOST || counts->utc_flags > TYPES_MOST || counts->standard_flags > TYPES_MOST)
        return err_set(err, ERR_INVALID, "time-zone data has more entries than any zone");
    return true;
}

static size_t body_size(const struct counts *counts, size_t time_size) {
    return counts->changes * (time_size + 1) + counts->types * TYPE_SIZE + counts->name_bytes +
           counts->leap_seconds * (time_size + 4) + counts->standard_flags + counts->utc_flags;
}

static bool read_offset(const unsigned char *types, uint32_t type, const struct counts *counts, int32_t *out) {
    if (type >= counts->types)
        return false;
    *out = (int32_t)number32(types + (size_t)type * TYPE_SIZE);
    return *out >= -OFFSET_MOST && *out <= OFFSET_MOST;
}

static bool read_changes(struct arena *arena, const unsigned char *body, const struct counts *counts,
                         struct zone_data *out) {
    const unsigned char *indexes = body + (size_t)counts->changes * 8, *types = indexes + counts->changes;
    int64_t *changes = arena_array(arena, int64_t, counts->changes);
    int32_t *offsets = arena_array(arena, int32_t, counts->changes);
    for (uint32_t i = 0; i < counts->changes; i++) {
        changes[i] = number64(body + (size_t)i * 8);
        if ((i > 0 && changes[i] <= changes[i - 1]) || !read_offset(types, indexes[i], counts, &offsets[i]))
            return false;
    }
    out->changes = changes;
    out->offsets = offsets;
    out->change_count = counts->changes;
    return read_offset(types, 0, counts, &out->first_offset);
}

/* An empty rule: what held last holds on. */
static bool read_rule(struct input *input, struct zone_data *data) {
    const unsigned char *end;
    if (left(input) < 2 || *input->at++ != '\n' || !(end = memchr(input->at, '\n', left(input))))
        return false;
    size_t length = (size_t)(end - input->at);
    char text[RULE_BYTES_MOST + 1];
    if (length > RULE_BYTES_MOST || memchr(input->at, '\0', length))
        return false;
    memcpy(text, input->at, length);
    text[length] = '\0';
    if (length > 0)
        return zone_rule_parse(text, &data->rule);
    data->rule.standard = data->change_count > 0 ? data->offsets[data->change_count - 1] : data->first_offset;
    return true;
}

bool zone_data_parse(struct arena *arena, const void *bytes, size_t size, struct zone_data *out, struct err *err) {
    struct input input = {bytes, (const unsigned char *)bytes + size};
    struct counts counts;
    if (!read_header(&input, &counts, err))
        return false;
    if (left(&input) < body_size(&counts, 4))
        return err_set(err, ERR_INVALID, "time-zone data is cut off");
    input.at += body_size(&counts, 4);
    if (!read_header(&input, &counts, err))
        return false;
    size_t length = body_size(&counts, 8);
    if (left(&input) < length)
        return err_set(err, ERR_INVALID, "time-zone data is cut off");
    if (counts.leap_seconds > 0)
        return err_set(err, ERR_INVALID, "time-zone data counts leap seconds, and no clock here does");
    struct zone_data data = {0};
    if (!read_changes(arena, input.at, &counts, &data))
        return err_set(err, ERR_INVALID, "time-zone data has changes out of order or of unknown types");
    input.at += length;
    if (!read_rule(&input, &data))
        return err_set(err, ERR_INVALID, "time-zone data ends without a rule for times to come");
    *out = data;
    return true;
}

/* How many changes lie at or before the moment. */
static size_t count_before(const struct zone_data *data, int64_t utc_seconds) {
    size_t low = 0, high = data->change_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (data->changes[middle] <= utc_seconds)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int32_t offset_after(const struct zone_data *data, size_t changes) {
    return changes > 0 ? data->offsets[changes - 1] : data->first_offset;
}

struct time_zone_span zone_data_span(const struct zone_data *data, int64_t utc_seconds) {
    size_t before = count_before(data, utc_seconds);
    if (before < data->change_count)
        return (struct time_zone_span){
            .begin = before > 0 ? data->changes[before - 1] : INT64_MIN,
            .end = data->changes[before],
            .offset = offset_after(data, before),
            .offset_before = offset_after(data, before > 0 ? before - 1 : 0),
        };
    struct time_zone_span span = zone_rule_span(&data->rule, utc_seconds);
    if (before > 0 && span.begin <= data->changes[before - 1]) {
        span.begin = data->changes[before - 1];
        span.offset_before = offset_after(data, before - 1);
    }
    return span;
}
