/*
 * JACOCOXML: <report>, maybe <group>s, <package>s with <sourcefile>s. A line is covered where an instruction of it ran.
 * A report without debug information has no lines, only a file's counters.
 */
#include "runner/reports/insides.h"

#include <string.h>

struct jacoco {
    struct report *report;
    const char *package;
};

static bool begin_line(struct jacoco *jacoco, const struct xml_element *element, struct err *err) {
    int64_t number, instructions, branches_missed, branches;
    return report_attribute_number(element, "nr", 0, &number, err) &&
           report_attribute_number(element, "ci", 0, &instructions, err) &&
           report_attribute_number(element, "mb", 0, &branches_missed, err) &&
           report_attribute_number(element, "cb", 0, &branches, err) &&
           coverage_line(jacoco->report, number, instructions > 0, err) &&
           coverage_branches(jacoco->report, (uint64_t)number, branches, branches_missed, err);
}

static bool begin_counter(struct jacoco *jacoco, const struct xml_element *element, struct err *err) {
    int64_t missed, covered;
    const char *type = xml_element_attribute_or(element, "type", "");
    if (!report_attribute_number(element, "missed", 0, &missed, err) ||
        !report_attribute_number(element, "covered", 0, &covered, err))
        return false;
    if (strcmp(type, "LINE") == 0)
        coverage_line_sums(jacoco->report, covered, missed);
    else if (strcmp(type, "BRANCH") == 0)
        coverage_branch_sums(jacoco->report, covered, missed);
    return true;
}

static bool begin_source(struct jacoco *jacoco, const struct xml_element *element, struct err *err) {
    const char *name = xml_element_attribute_or(element, "name", "");
    const char *path = jacoco->package && *jacoco->package
                           ? arena_printf(jacoco->report->arena, "%s/%s", jacoco->package, name)
                           : name;
    return coverage_begin(jacoco->report, path, err);
}

static bool begin(void *context, const struct xml_element *element, struct err *err) {
    struct jacoco *jacoco = context;
    if (element->depth == 1 && strcmp(element->name, "report") != 0)
        return report_refuse_root(jacoco->report, element, err);
    if (strcmp(element->name, "package") == 0) {
        jacoco->package = arena_strdup(jacoco->report->arena, xml_element_attribute_or(element, "name", ""));
        return true;
    }
    if (strcmp(element->name, "sourcefile") == 0)
        return begin_source(jacoco, element, err);
    if (strcmp(element->parent, "sourcefile") != 0)
        return true;
    if (strcmp(element->name, "line") == 0)
        return begin_line(jacoco, element, err);
    return strcmp(element->name, "counter") != 0 || begin_counter(jacoco, element, err);
}

bool jacoco_read(struct report *report, const char *bytes, size_t size, struct err *err) {
    static const struct xml_handler handler = {.begin = begin};
    struct jacoco jacoco = {.report = report};
    return xml_read(report->file, bytes, size, &handler, &jacoco, err);
}
