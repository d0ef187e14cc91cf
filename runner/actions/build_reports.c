/*
 * What the buildspec's `reports` name is copied out of the container, read, and handed to the server. A test that
 * failed does not fail the build, nor does a report that cannot be read: the log says what was wrong with it, and the
 * report is INCOMPLETE.
 */
#include "runner/actions/build_reports.h"

#include "common/str.h"
#include "runner/reports/report.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define BYTES_MAX (256LL * 1024 * 1024) /* of all files of one report */

/* One entry of `reports`. */
struct reporting {
    struct build *build;
    const struct buildspec_report *entry;
    size_t index;
    const char *group; /* its name, expanded */
    struct container_files files;
    struct report report;
    struct arena arena;  /* for the report: freed before the next is read */
    const char *problem; /* the first thing that was wrong, or NULL */
};

static void release(struct reporting *reporting) {
    container_files_release(reporting->build, &reporting->files);
    arena_release(&reporting->arena);
}

/* CodeBuild's words for whatever it is. */
static void note_problem(struct reporting *reporting, const char *problem) {
    build_say(reporting->build, "Error processing report: %s", problem);
    if (!reporting->problem)
        reporting->problem = arena_strndup(&reporting->arena, problem, report_cut(problem, REPORT_MESSAGE_MAX));
}

static bool collect(struct reporting *reporting, struct err *err) {
    const struct buildspec_report *entry = reporting->entry;
    struct build *build = reporting->build;
    const struct container_query query = {.tree = arena_printf(build->arena, "report-%zu", reporting->index),
                                          .base_directory = entry->base_directory,
                                          .files = &entry->files,
                                          .discard_paths = entry->discard_paths,
                                          .most_bytes = BYTES_MAX};
    build_say(build, "Preparing to copy %s report %s", report_type_name(reporting->report.type), reporting->group);
    build_say(build, "Expanding base directory path: %s", entry->base_directory ? entry->base_directory : ".");
    build_say(build, "Assembling file list");
    if (!container_files_collect(build, &query, &reporting->files, err))
        return false;
    if (reporting->files.count == 0)
        return err_set(err, ERR_NOT_FOUND, "no report files found; check 'files' and 'base-directory' of report '%s'",
                       entry->name);
    build_say(build, "Found %zu file(s)", reporting->files.count);
    return true;
}

/* The whole file, or as much of it as shows that it is too large. */
static bool read_whole(struct arena *arena, int descriptor, int64_t size, const char **out, size_t *out_size,
                       struct err *err) {
    const size_t room = size > REPORT_FILE_MAX ? REPORT_FILE_MAX + 1 : (size_t)size;
    char *bytes = arena_alloc(arena, room + 1);
    size_t length = 0;
    while (length < room) {
        ssize_t got = read(descriptor, bytes + length, room - length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_set_errno(err, errno, "unable to read it");
        if (got == 0)
            break;
        length += (size_t)got;
    }
    *out = bytes;
    *out_size = length;
    return true;
}

static bool read_file(struct reporting *reporting, const struct container_file *file, int64_t *left, struct err *err) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct tree_file found;
    const char *bytes;
    size_t size;
    int descriptor;
    if (!tree_open(reporting->files.tree, file->found, &descriptor, &found, err))
        return err_wrap(err, "%s", file->name);
    bool good = found.size <= *left && read_whole(&arena, descriptor, found.size, &bytes, &size, err);
    (void)close(descriptor);
    if (found.size > *left)
        return err_set(err, ERR_LIMIT, "%s: the files of one report are larger than %lld MiB together", file->name,
                       BYTES_MAX / (1024 * 1024));
    *left -= found.size;
    return good ? report_add_file(&reporting->report, file->name, bytes, size, err) : err_wrap(err, "%s", file->name);
}

static void read_files(struct reporting *reporting) {
    int64_t left = BYTES_MAX;
    for (size_t i = 0; i < reporting->files.count && !job_is_stopped(reporting->build->job); i++) {
        struct err err = {0};
        if (!read_file(reporting, &reporting->files.files[i], &left, &err))
            note_problem(reporting, err.message);
    }
}

/* What tests print holds secrets as often as what the build prints. */
static void mask(struct reporting *reporting, const char **text, size_t most) {
    if (!*text)
        return;
    const char *masked = reporter_masked(reporting->build->job->reporter, &reporting->arena, *text);
    *text = arena_strndup(&reporting->arena, masked, report_cut(masked, most));
}

static void mask_cases(struct reporting *reporting) {
    for (size_t i = 0; i < reporting->report.case_count; i++) {
        struct report_case *found = &reporting->report.cases[i];
        mask(reporting, &found->name, REPORT_NAME_MAX);
        mask(reporting, &found->prefix, REPORT_NAME_MAX);
        mask(reporting, &found->suite, REPORT_NAME_MAX);
        mask(reporting, &found->message, REPORT_MESSAGE_MAX);
    }
}

static void say_result(struct reporting *reporting, const char *arn) {
    const struct report *report = &reporting->report;
    const struct report_counts *all = &report->all;
    if (report->type == REPORT_TEST)
        build_say(reporting->build, "Report %s: %zu test cases (failed: %zu, error: %zu, skipped: %zu)", arn,
                  report->total, report->counts[CASE_FAILED], report->counts[CASE_ERROR], report->counts[CASE_SKIPPED]);
    else
        build_say(reporting->build, "Report %s: %lld of %lld lines covered", arn, (long long)all->lines_covered,
                  (long long)(all->lines_covered + all->lines_missed));
}

static bool send_report(struct reporting *reporting, struct err *err) {
    struct build *build = reporting->build;
    const struct json *answer = NULL;
    report_finish(&reporting->report);
    mask_cases(reporting);
    struct json *message = report_describe(&reporting->arena, &reporting->report);
    json_set_text(&reporting->arena, message, "name", reporting->group);
    json_set_integer(&reporting->arena, message, "entry", (int64_t)reporting->index);
    json_set_text(&reporting->arena, message, "format", reporting->entry->format);
    json_set_text(&reporting->arena, message, "status",
                  reporting->problem ? "INCOMPLETE" : report_status(&reporting->report));
    if (reporting->problem)
        mask(reporting, &reporting->problem, REPORT_MESSAGE_MAX);
    json_set_text(&reporting->arena, message, "problem", reporting->problem);
    if (!job_report(build->job, message, &answer, err))
        return false;
    const char *arn = json_get_text_or(answer, "reportArn", reporting->group);
    const struct json *destination = json_get(answer, "s3Destination");
    say_result(reporting, arn);
    return !destination || reporting->files.count == 0 ||
           report_export(build, destination, arn, &reporting->files, err);
}

static void report_entry(struct build *build, size_t index, const char *group) {
    struct reporting reporting CLEANUP(release) = {
        .build = build, .entry = &build->spec.reports[index], .index = index, .group = group, .arena = ARENA_INIT};
    struct err err = {0};
    report_begin(&reporting.report, &reporting.arena, reporting.entry->format);
    if (collect(&reporting, &err))
        read_files(&reporting);
    else if (!job_is_stopped(build->job))
        note_problem(&reporting, err.message);
    if (!job_is_stopped(build->job) && !send_report(&reporting, &err))
        build_say(build, "Error processing report: %s", err.message);
}

void build_reports_upload(struct build *build) {
    const size_t count = build->spec.report_count;
    const char **names = arena_array(build->arena, const char *, count + 1);
    const char **expanded = arena_array(build->arena, const char *, count + 1);
    struct err err = {0};
    for (size_t i = 0; i < count; i++)
        names[i] = build->spec.reports[i].name;
    if (count > 0 && !build_expand(build, names, count, expanded, &err)) {
        build_say(build, "Error processing report: %s", err.message);
        return;
    }
    for (size_t i = 0; i < count && !build->dead && !job_is_stopped(build->job); i++)
        report_entry(build, i, expanded[i]);
}
