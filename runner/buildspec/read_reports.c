/*
 * `reports` of a buildspec: a map from the report group's name or ARN to its files.
 */
#include "runner/buildspec/read.h"

#include "common/suggest.h"

#include <string.h>
#include <strings.h>

#define GROUPS_MAX 5 /* as in a project of CodeBuild */

static const char *const formats[] = {"JUNITXML",  "CUCUMBERJSON",    "NUNITXML",  "NUNIT3XML",
                                      "TESTNGXML", "VISUALSTUDIOTRX", "CLOVERXML", "COBERTURAXML",
                                      "JACOCOXML", "SIMPLECOV",       "LCOV", /* ours: CodeBuild cannot read it */
                                      NULL};

static const char *const report_keys[] = {"files", "file-format", "base-directory", "discard-paths", NULL};

/* People write "junit" and "Jacoco". */
static const char *find_meant(const char *written) {
    const size_t length = strlen(written);
    for (size_t i = 0; length >= 3 && formats[i]; i++)
        if (strncasecmp(written, formats[i], length) == 0)
            return formats[i];
    return suggest_nearest(written, formats);
}

static void read_format(struct reader *reader, const struct json *report, struct buildspec_report *out) {
    const char *written = NULL;
    out->format = formats[0];
    if (!spec_text(reader, report, "file-format", &written) || !written)
        return;
    for (size_t i = 0; formats[i]; i++) {
        if (strcasecmp(written, formats[i]) == 0) {
            out->format = formats[i];
            return;
        }
    }
    const char *meant = find_meant(written);
    if (meant)
        spec_refuse(reader, json_get(report, "file-format"), "no report format '%.100s'; did you mean '%s'?", written,
                    meant);
    else
        spec_refuse(reader, json_get(report, "file-format"),
                    "no report format '%.100s'; there are JUNITXML, CUCUMBERJSON, NUNITXML, NUNIT3XML, TESTNGXML, "
                    "VISUALSTUDIOTRX, CLOVERXML, COBERTURAXML, JACOCOXML, SIMPLECOV and LCOV",
                    written);
}

static void read_report(struct reader *reader, const struct json *report, struct buildspec_report *out) {
    out->name = arena_strdup(reader->arena, report->name);
    if (report->type != JSON_OBJECT) {
        spec_refuse_key(reader, report, "report '%.100s' must hold keys, 'files' at least", report->name);
        return;
    }
    spec_note_unknown(reader, report, report_keys, arena_printf(reader->arena, "of report '%.100s'", report->name));
    if (spec_texts(reader, json_get(report, "files"), "Files", true, &out->files) && out->files.count == 0)
        spec_refuse_key(reader, report, "report '%.100s' lacks 'files'", report->name);
    spec_text(reader, report, "base-directory", &out->base_directory);
    spec_flag(reader, report, "discard-paths", &out->discard_paths);
    read_format(reader, report, out);
}

void buildspec_read_reports(struct reader *reader, const struct json *root, struct buildspec *out) {
    const struct json *object;
    if (!spec_counts(reader, root, "reports") || !spec_object(reader, root, "reports", &object) || !object)
        return;
    struct buildspec_report *reports = arena_array(reader->arena, struct buildspec_report, object->count + 1);
    json_each(item, object) {
        if (out->report_count == GROUPS_MAX)
            spec_refuse_key(reader, item, "more than %d report groups; a project has at most %d", GROUPS_MAX,
                            GROUPS_MAX);
        read_report(reader, item, &reports[out->report_count++]);
    }
    out->reports = reports;
}
