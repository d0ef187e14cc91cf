/*
 * Coverage. Each format reads line by line; what is seen of a file stands in one list, in the order in which it came,
 * so that a broken file can be forgotten by its length. Only at the end are the sightings of each path sorted and
 * joined: tools write a source file several times (once for each class in it, or for each run of the tests).
 */
#include "runner/reports/insides.h"

#include <stdlib.h>
#include <string.h>

#define SIGHTINGS_MAX 4000000
#define SECTIONS_MAX 200000
#define IS_BRANCH (1ULL << 63)

struct report_sighting {
    uint64_t key; /* the line; or IS_BRANCH and the place */
    uint32_t covered;
    uint32_t total;
};

struct report_section {
    const char *path;
    size_t first; /* sighting */
    size_t count;
    struct report_counts sums;
};

bool coverage_begin(struct report *report, const char *path, struct err *err) {
    if (!path || !*path)
        return err_set(err, ERR_INVALID, "a source file without a name");
    if (report->section_count >= SECTIONS_MAX)
        return err_set(err, ERR_LIMIT, "more than %d source files", SECTIONS_MAX);
    if (report->section_count == report->section_capacity)
        report->sections =
            arena_grow(report->arena, report->sections, sizeof *report->sections, &report->section_capacity);
    report->sections[report->section_count++] = (struct report_section){
        .path = arena_strndup(report->arena, path, report_cut(path, REPORT_NAME_MAX)), .first = report->sighting_count};
    return true;
}

static struct report_section *section(struct report *report) {
    return &report->sections[report->section_count - 1];
}

static bool add(struct report *report, uint64_t key, int64_t covered, int64_t total, struct err *err) {
    if (report->sighting_count >= SIGHTINGS_MAX)
        return err_set(err, ERR_LIMIT, "more than %d lines and branches", SIGHTINGS_MAX);
    if (report->sighting_count == report->sighting_capacity)
        report->sightings =
            arena_grow(report->arena, report->sightings, sizeof *report->sightings, &report->sighting_capacity);
    report->sightings[report->sighting_count++] =
        (struct report_sighting){.key = key, .covered = (uint32_t)covered, .total = (uint32_t)total};
    section(report)->count++;
    return true;
}

bool coverage_line(struct report *report, int64_t line, bool covered, struct err *err) {
    return add(report, (uint64_t)line & ~IS_BRANCH, covered, 1, err);
}

bool coverage_branches(struct report *report, uint64_t place, int64_t covered, int64_t missed, struct err *err) {
    return covered + missed == 0 || add(report, place | IS_BRANCH, covered, covered + missed, err);
}

void coverage_line_sums(struct report *report, int64_t covered, int64_t missed) {
    struct report_section *now = section(report);
    now->sums.lines_covered += covered;
    now->sums.lines_missed += missed;
}

void coverage_branch_sums(struct report *report, int64_t covered, int64_t missed) {
    struct report_section *now = section(report);
    now->sums.branches_covered += covered;
    now->sums.branches_missed += missed;
}

static int by_path(const void *a, const void *b) {
    const struct report_section *one = a, *other = b;
    int order = strcmp(one->path, other->path);
    return order ? order : (one->first > other->first) - (one->first < other->first);
}

static int by_key(const void *a, const void *b) {
    const struct report_sighting *one = a, *other = b;
    return (one->key > other->key) - (one->key < other->key);
}

/* Several sightings of one place: the most that any of them saw. */
static void join(struct report_sighting *all, size_t count, struct report_counts *out) {
    qsort(all, count, sizeof *all, by_key);
    for (size_t i = 0; i < count;) {
        struct report_sighting most = all[i];
        size_t next = i;
        for (; next < count && all[next].key == most.key; next++) {
            most.covered = all[next].covered > most.covered ? all[next].covered : most.covered;
            most.total = all[next].total > most.total ? all[next].total : most.total;
        }
        if (most.key & IS_BRANCH) {
            out->branches_covered += most.covered;
            out->branches_missed += most.total - most.covered;
        } else {
            out->lines_covered += most.covered;
            out->lines_missed += most.total - most.covered;
        }
        i = next;
    }
}

static void most_of(int64_t covered, int64_t missed, int64_t *most_covered, int64_t *most_missed) {
    int64_t total = covered + missed > *most_covered + *most_missed ? covered + missed : *most_covered + *most_missed;
    *most_covered = covered > *most_covered ? covered : *most_covered;
    *most_missed = total - *most_covered;
}

/* One path, of which `count` sections tell. */
static struct report_counts count_source(const struct report *report, const struct report_section *sections,
                                         size_t count, struct report_sighting *room) {
    struct report_counts counts = {0}, sums = {0};
    size_t seen = 0;
    for (size_t i = 0; i < count; i++) {
        const struct report_section *one = &sections[i];
        if (one->count > 0)
            memcpy(room + seen, report->sightings + one->first, one->count * sizeof *room);
        seen += one->count;
        most_of(one->sums.lines_covered, one->sums.lines_missed, &sums.lines_covered, &sums.lines_missed);
        most_of(one->sums.branches_covered, one->sums.branches_missed, &sums.branches_covered, &sums.branches_missed);
    }
    if (seen > 0)
        join(room, seen, &counts);
    if (counts.lines_covered + counts.lines_missed == 0) {
        counts.lines_covered = sums.lines_covered;
        counts.lines_missed = sums.lines_missed;
    }
    if (counts.branches_covered + counts.branches_missed == 0) {
        counts.branches_covered = sums.branches_covered;
        counts.branches_missed = sums.branches_missed;
    }
    return counts;
}

static void add_counts(struct report_counts *sum, const struct report_counts *counts) {
    sum->lines_covered += counts->lines_covered;
    sum->lines_missed += counts->lines_missed;
    sum->branches_covered += counts->branches_covered;
    sum->branches_missed += counts->branches_missed;
}

void coverage_finish(struct report *report) {
    struct report_section *sections = report->sections;
    struct report_sighting *room = arena_array(report->arena, struct report_sighting, report->sighting_count + 1);
    size_t next;
    report->sources = arena_array(report->arena, struct report_source, report->section_count + 1);
    report->source_count = 0;
    if (report->section_count > 0)
        qsort(sections, report->section_count, sizeof *sections, by_path);
    for (size_t i = 0; i < report->section_count; i = next) {
        for (next = i + 1; next < report->section_count && strcmp(sections[next].path, sections[i].path) == 0;)
            next++;
        const struct report_counts counts = count_source(report, &sections[i], next - i, room);
        add_counts(&report->all, &counts);
        if (report->source_count < REPORT_FILES_MAX)
            report->sources[report->source_count++] =
                (struct report_source){.path = sections[i].path, .counts = counts};
        else
            report->truncated = true;
    }
}
