/*
 * JUNITXML: what Ant began and everybody writes, each a little differently. <testsuites> around <testsuite>s, those
 * within each other, or one alone; a case's fate is in the elements within it, for some tools in an attribute.
 * Surefire's <rerunFailure> and <flakyFailure> are earlier tries, whose end the case itself says.
 */
#include "runner/reports/insides.h"

#include <string.h>
#include <strings.h>

#define SUITES_MAX XML_READ_DEPTH_MAX

struct junit {
    struct report *report;
    char *suites[SUITES_MAX]; /* names of the open ones */
    size_t depth;
    bool in_case;
    size_t case_depth;
    struct report_case found;
    struct str message;
};

static char *copy(struct junit *junit, const char *text) {
    return text ? arena_strndup(junit->report->arena, text, report_cut(text, REPORT_NAME_MAX)) : NULL;
}

static enum report_case_status status_of_attributes(const struct xml_element *element) {
    static const char *const skipped[] = {"skipped", "disabled", "notrun", "ignored", "pending", "suppressed"};
    static const char *const names[] = {"status", "result"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *value = xml_element_attribute_or(element, names[i], "");
        if (strcasecmp(value, "fail") == 0 || strcasecmp(value, "failed") == 0)
            return CASE_FAILED;
        for (size_t j = 0; j < sizeof skipped / sizeof skipped[0]; j++)
            if (strcasecmp(value, skipped[j]) == 0)
                return CASE_SKIPPED;
    }
    return CASE_SUCCEEDED;
}

static void begin_case(struct junit *junit, const struct xml_element *element) {
    const char *class = xml_element_attribute(element, "classname");
    if (!class)
        class = xml_element_attribute(element, "class");
    const char *suite = junit->depth ? junit->suites[junit->depth - 1] : NULL;
    junit->in_case = true;
    junit->case_depth = element->depth;
    str_clear(&junit->message);
    junit->found = (struct report_case){
        .name = copy(junit, xml_element_attribute(element, "name")),
        .prefix = class && *class ? copy(junit, class) : suite,
        .suite = suite,
        .status = status_of_attributes(element),
        .duration_ns = cases_seconds(xml_element_attribute(element, "time")),
    };
}

/* <error> outweighs <failure>, and both outweigh <skipped>. */
static void begin_fate(struct junit *junit, const struct xml_element *element) {
    enum report_case_status *status = &junit->found.status;
    if (strcmp(element->name, "error") == 0)
        *status = CASE_ERROR;
    else if (strcmp(element->name, "failure") == 0)
        *status = *status == CASE_ERROR ? CASE_ERROR : CASE_FAILED;
    else if (strcmp(element->name, "skipped") == 0 && *status == CASE_SUCCEEDED)
        *status = CASE_SKIPPED;
    else
        return;
    cases_append_message(&junit->message, xml_element_attribute(element, "message"));
}

static bool begin(void *context, const struct xml_element *element, struct err *err) {
    struct junit *junit = context;
    bool is_suite = strcmp(element->name, "testsuite") == 0;
    if (element->depth == 1 && !is_suite && strcmp(element->name, "testsuites") != 0)
        return report_refuse_root(junit->report, element, err);
    if (is_suite && !junit->in_case && junit->depth < SUITES_MAX)
        junit->suites[junit->depth++] = copy(junit, xml_element_attribute_or(element, "name", ""));
    else if (strcmp(element->name, "testcase") == 0 && !junit->in_case)
        begin_case(junit, element);
    else if (junit->in_case && element->depth == junit->case_depth + 1)
        begin_fate(junit, element);
    return true;
}

static bool end(void *context, const struct xml_element *element, const char *text, struct err *err) {
    struct junit *junit = context;
    (void)err;
    if (junit->in_case && element->depth == junit->case_depth) {
        junit->found.message = str_text(&junit->message);
        cases_add(junit->report, &junit->found);
        junit->in_case = false;
    } else if (junit->in_case && element->depth == junit->case_depth + 1) {
        if (strcmp(element->name, "failure") == 0 || strcmp(element->name, "error") == 0 ||
            strcmp(element->name, "skipped") == 0)
            cases_append_message(&junit->message, text);
    } else if (!junit->in_case && strcmp(element->name, "testsuite") == 0 && junit->depth > 0) {
        junit->depth--;
    }
    return true;
}

bool junit_read(struct report *report, const char *bytes, size_t size, struct err *err) {
    static const struct xml_handler handler = {.begin = begin, .end = end};
    struct junit junit = {.report = report, .message = STR_INIT(REPORT_MESSAGE_MAX + 4)};
    bool good = xml_read(report->file, bytes, size, &handler, &junit, err);
    str_release(&junit.message);
    return good;
}
