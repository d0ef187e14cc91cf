/*
 * COBERTURAXML: <coverage> with <class>es, each of which names its file; several may name the same. Lines stand in the
 * class and once more in its methods.
 */
#include "runner/reports/insides.h"

#include <stdlib.h>
#include <string.h>

struct cobertura {
    struct report *report;
    bool in_class;
};

/* "50% (1/2)" */
static bool read_condition(const char *text, int64_t *covered, int64_t *all) {
    const char *bracket = strchr(text, '(');
    char *end;
    if (!bracket)
        return false;
    *covered = strtoll(bracket + 1, &end, 10);
    if (end == bracket + 1 || *end != '/')
        return false;
    const char *slash = end;
    *all = strtoll(slash + 1, &end, 10);
    return end != slash + 1 && *end == ')' && *covered >= 0 && *all >= *covered && *all <= INT32_MAX;
}

static bool begin_line(struct cobertura *cobertura, const struct xml_element *element, struct err *err) {
    int64_t number, covered = 0, all = 0;
    long long hits = 0;
    const char *text = xml_element_attribute_or(element, "hits", "0");
    const char *condition = xml_element_attribute(element, "condition-coverage");
    if (!report_attribute_number(element, "number", 0, &number, err))
        return false;
    if (!str_to_int64(text, -1, INT64_MAX, &hits))
        return err_set(err, ERR_INVALID, "attribute 'hits' of <line> must be a whole number");
    if (condition && !read_condition(condition, &covered, &all))
        return err_set(err, ERR_INVALID, "attribute 'condition-coverage' must look like '50%% (1/2)', not '%.100s'",
                       condition);
    return coverage_line(cobertura->report, number, hits > 0, err) &&
           coverage_branches(cobertura->report, (uint64_t)number, covered, all - covered, err);
}

static bool begin(void *context, const struct xml_element *element, struct err *err) {
    struct cobertura *cobertura = context;
    if (element->depth == 1 && strcmp(element->name, "coverage") != 0)
        return report_refuse_root(cobertura->report, element, err);
    if (strcmp(element->name, "class") == 0) {
        cobertura->in_class = true;
        return coverage_begin(cobertura->report, xml_element_attribute(element, "filename"), err);
    }
    return !cobertura->in_class || strcmp(element->name, "line") != 0 || begin_line(cobertura, element, err);
}

static bool end(void *context, const struct xml_element *element, const char *text, struct err *err) {
    struct cobertura *cobertura = context;
    (void)text;
    (void)err;
    if (strcmp(element->name, "class") == 0)
        cobertura->in_class = false;
    return true;
}

bool cobertura_read(struct report *report, const char *bytes, size_t size, struct err *err) {
    static const struct xml_handler handler = {.begin = begin, .end = end};
    struct cobertura cobertura = {.report = report};
    return xml_read(report->file, bytes, size, &handler, &cobertura, err);
}
