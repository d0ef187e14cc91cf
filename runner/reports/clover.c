/*
 * CLOVERXML: <coverage> with <file>s of <line>s. Of branches only the file's sums are of use: "truecount" of a line is
 * how often it was true in Clover's own files, and how many branches were covered in Istanbul's.
 */
#include "runner/reports/insides.h"

#include <string.h>

struct clover {
    struct report *report;
    bool in_file;
};

static bool begin_line(struct clover *clover, const struct xml_element *element, struct err *err) {
    int64_t number, count, yes, no;
    if (strcmp(xml_element_attribute_or(element, "type", "stmt"), "method") == 0)
        return true; /* its head; what it does are statements of their own */
    return report_attribute_number(element, "num", 0, &number, err) &&
           report_attribute_number(element, "count", 0, &count, err) &&
           report_attribute_number(element, "truecount", 0, &yes, err) &&
           report_attribute_number(element, "falsecount", 0, &no, err) &&
           coverage_line(clover->report, number, xml_element_attribute(element, "count") ? count > 0 : yes + no > 0,
                         err);
}

static bool begin_metrics(struct clover *clover, const struct xml_element *element, struct err *err) {
    int64_t all, covered, lines, lines_covered;
    if (!report_attribute_number(element, "conditionals", 0, &all, err) ||
        !report_attribute_number(element, "coveredconditionals", 0, &covered, err) ||
        !report_attribute_number(element, "statements", 0, &lines, err) ||
        !report_attribute_number(element, "coveredstatements", 0, &lines_covered, err))
        return false;
    if (covered > all || lines_covered > lines)
        return err_set(err, ERR_INVALID, "more is covered than there is");
    coverage_branch_sums(clover->report, covered, all - covered);
    coverage_line_sums(clover->report, lines_covered, lines - lines_covered);
    return true;
}

static bool begin(void *context, const struct xml_element *element, struct err *err) {
    struct clover *clover = context;
    if (element->depth == 1 && strcmp(element->name, "coverage") != 0)
        return report_refuse_root(clover->report, element, err);
    if (strcmp(element->name, "file") == 0) {
        clover->in_file = true;
        const char *path = xml_element_attribute(element, "path");
        return coverage_begin(clover->report, path ? path : xml_element_attribute(element, "name"), err);
    }
    if (strcmp(element->parent, "file") != 0 || !clover->in_file)
        return true;
    if (strcmp(element->name, "line") == 0)
        return begin_line(clover, element, err);
    return strcmp(element->name, "metrics") != 0 || begin_metrics(clover, element, err);
}

static bool end(void *context, const struct xml_element *element, const char *text, struct err *err) {
    struct clover *clover = context;
    (void)text;
    (void)err;
    if (strcmp(element->name, "file") == 0)
        clover->in_file = false;
    return true;
}

bool clover_read(struct report *report, const char *bytes, size_t size, struct err *err) {
    static const struct xml_handler handler = {.begin = begin, .end = end};
    struct clover clover = {.report = report};
    return xml_read(report->file, bytes, size, &handler, &clover, err);
}
