/*
 * TESTNGXML: <testng-results>, in it suites, tests, classes and methods. Methods that only set up or tear down count
 * where they failed: then they are the reason why the others were skipped.
 */
#include "runner/reports/insides.h"

#include <string.h>
#include <strings.h>

#define NANOSECONDS_OF_MILLISECOND 1000000
#define LONGEST_MS 1000000000000LL

struct testng {
    struct report *report;
    const char *test;  /* name of the open <test> */
    const char *class; /* name of the open <class> */
    struct report_case found;
    bool in_method;
    bool is_configuration;
    struct str message;
};

static const char *copy_name(struct testng *testng, const struct xml_element *element) {
    const char *name = xml_element_attribute(element, "name");
    return name ? arena_strndup(testng->report->arena, name, report_cut(name, REPORT_NAME_MAX)) : NULL;
}

static enum report_case_status status_of(const char *word) {
    if (strcasecmp(word, "PASS") == 0)
        return CASE_SUCCEEDED;
    if (strcasecmp(word, "FAIL") == 0)
        return CASE_FAILED;
    return strcasecmp(word, "SKIP") == 0 ? CASE_SKIPPED : CASE_UNKNOWN;
}

static void begin_method(struct testng *testng, const struct xml_element *element) {
    long long duration_ms = 0;
    const char *duration = xml_element_attribute(element, "duration-ms");
    if (!duration || !str_to_int64(duration, 0, LONGEST_MS, &duration_ms))
        duration_ms = 0;
    testng->in_method = true;
    testng->is_configuration = strcasecmp(xml_element_attribute_or(element, "is-config", ""), "true") == 0;
    str_clear(&testng->message);
    testng->found = (struct report_case){
        .name = copy_name(testng, element),
        .prefix = testng->class,
        .suite = testng->test,
        .status = status_of(xml_element_attribute_or(element, "status", "")),
        .duration_ns = duration_ms * NANOSECONDS_OF_MILLISECOND,
    };
}

static bool begin(void *context, const struct xml_element *element, struct err *err) {
    struct testng *testng = context;
    if (element->depth == 1 && strcmp(element->name, "testng-results") != 0)
        return report_refuse_root(testng->report, element, err);
    if (strcmp(element->name, "test") == 0)
        testng->test = copy_name(testng, element);
    else if (strcmp(element->name, "class") == 0)
        testng->class = copy_name(testng, element);
    else if (strcmp(element->name, "test-method") == 0)
        begin_method(testng, element);
    return true;
}

static void end_method(struct testng *testng) {
    testng->in_method = false;
    if (testng->is_configuration && testng->found.status != CASE_FAILED)
        return;
    if (testng->is_configuration)
        testng->found.status = CASE_ERROR;
    testng->found.message = str_text(&testng->message);
    cases_add(testng->report, &testng->found);
}

static bool end(void *context, const struct xml_element *element, const char *text, struct err *err) {
    struct testng *testng = context;
    (void)err;
    if (strcmp(element->name, "test-method") == 0 && testng->in_method)
        end_method(testng);
    else if (testng->in_method && strcmp(element->parent, "exception") == 0)
        cases_append_message(&testng->message, text);
    return true;
}

bool testng_read(struct report *report, const char *bytes, size_t size, struct err *err) {
    static const struct xml_handler handler = {.begin = begin, .end = end};
    struct testng testng = {.report = report, .message = STR_INIT(REPORT_MESSAGE_MAX + 4)};
    bool good = xml_read(report->file, bytes, size, &handler, &testng, err);
    str_release(&testng.message);
    return good;
}
