/*
 * NUNITXML (NUnit 2: <test-results>) and NUNIT3XML (NUnit 3: <test-run>). Both have <test-case>s within <test-suite>s;
 * they differ in the words for how a case went and in where its name stands.
 */
#include "runner/reports/insides.h"

#include <string.h>
#include <strings.h>

struct nunit {
    struct report *report;
    const char *root;
    enum report_case_status (*status)(const struct xml_element *element);
    struct report_case found;
    const char *suites[XML_READ_DEPTH_MAX]; /* by the depth of their elements; NULL: none */
    bool in_case;
    size_t case_depth;
    struct str message;
};

struct word {
    const char *word;
    enum report_case_status status;
};

static enum report_case_status look_up(const struct word *words, size_t count, const char *word) {
    for (size_t i = 0; i < count; i++)
        if (strcasecmp(words[i].word, word) == 0)
            return words[i].status;
    return CASE_UNKNOWN;
}

static enum report_case_status status_2(const struct xml_element *element) {
    static const struct word words[] = {
        {"Success", CASE_SUCCEEDED}, {"Failure", CASE_FAILED},  {"Error", CASE_ERROR},     {"NotRunnable", CASE_ERROR},
        {"Invalid", CASE_ERROR},     {"Ignored", CASE_SKIPPED}, {"Skipped", CASE_SKIPPED},
    };
    const char *result = xml_element_attribute(element, "result");
    if (strcasecmp(xml_element_attribute_or(element, "executed", "True"), "False") == 0 && !result)
        return CASE_SKIPPED;
    if (result)
        return look_up(words, sizeof words / sizeof words[0], result);
    /* NUnit before 2.5 */
    return strcasecmp(xml_element_attribute_or(element, "success", ""), "True") == 0 ? CASE_SUCCEEDED : CASE_FAILED;
}

static enum report_case_status status_3(const struct xml_element *element) {
    static const struct word words[] = {{"Passed", CASE_SUCCEEDED}, {"Failed", CASE_FAILED}, {"Skipped", CASE_SKIPPED}};
    enum report_case_status status =
        look_up(words, sizeof words / sizeof words[0], xml_element_attribute_or(element, "result", ""));
    const char *label = xml_element_attribute_or(element, "label", "");
    return status == CASE_FAILED && (strcasecmp(label, "Error") == 0 || strcasecmp(label, "Invalid") == 0) ? CASE_ERROR
                                                                                                           : status;
}

static const char *copy(struct nunit *nunit, const char *text) {
    return text ? arena_strndup(nunit->report->arena, text, report_cut(text, REPORT_NAME_MAX)) : NULL;
}

static void begin_case(struct nunit *nunit, const struct xml_element *element) {
    const char *name = xml_element_attribute_or(element, "name", "");
    const char *class = xml_element_attribute(element, "classname");
    const char *last = name;
    const char *full = xml_element_attribute_or(element, "fullname", name);
    const char *before = cases_split_name(nunit->report->arena, full, &last);
    nunit->in_case = true;
    nunit->case_depth = element->depth;
    str_clear(&nunit->message);
    const char *duration = xml_element_attribute(element, "duration");
    nunit->found = (struct report_case){
        .name = copy(nunit, full == name ? last : name),
        .prefix = class ? copy(nunit, class) : before,
        .suite = element->depth >= 2 ? nunit->suites[element->depth - 1] : NULL,
        .status = nunit->status(element),
        .duration_ns = cases_seconds(duration ? duration : xml_element_attribute(element, "time")),
    };
}

static bool begin(void *context, const struct xml_element *element, struct err *err) {
    struct nunit *nunit = context;
    if (element->depth == 1 && strcmp(element->name, nunit->root) != 0)
        return report_refuse_root(nunit->report, element, err);
    if (strcmp(element->name, "test-case") == 0 && !nunit->in_case)
        begin_case(nunit, element);
    if (element->depth < XML_READ_DEPTH_MAX)
        nunit->suites[element->depth] = strcmp(element->name, "test-suite") == 0
                                            ? copy(nunit, xml_element_attribute(element, "name"))
                                            : nunit->suites[element->depth - 1];
    return true;
}

static bool end(void *context, const struct xml_element *element, const char *text, struct err *err) {
    struct nunit *nunit = context;
    (void)err;
    if (!nunit->in_case)
        return true;
    if (element->depth == nunit->case_depth) {
        nunit->found.message = str_text(&nunit->message);
        cases_add(nunit->report, &nunit->found);
        nunit->in_case = false;
    } else if (strcmp(element->parent, "failure") == 0 || strcmp(element->parent, "reason") == 0) {
        if (strcmp(element->name, "message") == 0 || strcmp(element->name, "stack-trace") == 0)
            cases_append_message(&nunit->message, text);
    }
    return true;
}

static bool read(struct report *report, const char *root, enum report_case_status (*status)(const struct xml_element *),
                 const char *bytes, size_t size, struct err *err) {
    static const struct xml_handler handler = {.begin = begin, .end = end};
    struct nunit nunit = {
        .report = report, .root = root, .status = status, .message = STR_INIT(REPORT_MESSAGE_MAX + 4)};
    bool good = xml_read(report->file, bytes, size, &handler, &nunit, err);
    str_release(&nunit.message);
    return good;
}

bool nunit_read(struct report *report, const char *bytes, size_t size, struct err *err) {
    return read(report, "test-results", status_2, bytes, size, err);
}

bool nunit3_read(struct report *report, const char *bytes, size_t size, struct err *err) {
    return read(report, "test-run", status_3, bytes, size, err);
}
