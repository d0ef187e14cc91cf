/*
 * VISUALSTUDIOTRX: <TestRun> of vstest. The results name their tests by an id; the classes stand in definitions that
 * come behind them. So the file is read twice: definitions first. A result that holds others (a test with rows of
 * data) is counted by those.
 */
#include "runner/reports/insides.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define RESULTS_WITHIN_MAX 8

struct definition {
    const char *id;
    const char *class;
};

struct open_result {
    struct report_case found;
    bool holds_others;
};

struct trx {
    struct report *report;
    struct definition *definitions;
    size_t count;
    size_t capacity;
    const char *id; /* of the open <UnitTest> */
    struct open_result open[RESULTS_WITHIN_MAX];
    size_t depth;
    struct str message;
};

static const char *copy(struct trx *trx, const char *text) {
    return text ? arena_strndup(trx->report->arena, text, report_cut(text, REPORT_NAME_MAX)) : NULL;
}

/* "Shop.Tests.CartTests, Shop.Tests, Version=1.0.0.0, …" has an assembly behind the class. */
static const char *class_name(struct trx *trx, const char *text) {
    return text ? copy(trx, arena_strndup(trx->report->arena, text, strcspn(text, ","))) : NULL;
}

static bool begin_definitions(void *context, const struct xml_element *element, struct err *err) {
    struct trx *trx = context;
    if (element->depth == 1 && strcmp(element->name, "TestRun") != 0)
        return report_refuse_root(trx->report, element, err);
    if (strcmp(element->name, "UnitTest") == 0) {
        trx->id = copy(trx, xml_element_attribute(element, "id"));
    } else if (strcmp(element->name, "TestMethod") == 0 && trx->id) {
        if (trx->count == trx->capacity)
            trx->definitions =
                arena_grow(trx->report->arena, trx->definitions, sizeof *trx->definitions, &trx->capacity);
        trx->definitions[trx->count++] =
            (struct definition){.id = trx->id, .class = class_name(trx, xml_element_attribute(element, "className"))};
        trx->id = NULL;
    }
    return true;
}

static int by_id(const void *a, const void *b) {
    return strcmp(((const struct definition *)a)->id, ((const struct definition *)b)->id);
}

static const char *find_class(const struct trx *trx, const char *id) {
    const struct definition wanted = {.id = id};
    const struct definition *found =
        id && trx->count > 0 ? bsearch(&wanted, trx->definitions, trx->count, sizeof wanted, by_id) : NULL;
    return found ? found->class : NULL;
}

static enum report_case_status status_of(const char *outcome) {
    static const struct {
        const char *word;
        enum report_case_status status;
    } words[] = {
        {"Passed", CASE_SUCCEEDED},    {"PassedButRunAborted", CASE_SUCCEEDED},
        {"Failed", CASE_FAILED},       {"Timeout", CASE_FAILED},
        {"Error", CASE_ERROR},         {"Aborted", CASE_ERROR},
        {"NotExecuted", CASE_SKIPPED}, {"NotRunnable", CASE_SKIPPED},
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcasecmp(words[i].word, outcome) == 0)
            return words[i].status;
    return CASE_UNKNOWN;
}

static bool is_result(const char *name) {
    return strcmp(name, "UnitTestResult") == 0 || strcmp(name, "ManualTestResult") == 0 ||
           strcmp(name, "GenericTestResult") == 0;
}

/* vstest's first outcome is "Error", and leaves the attribute out for it. */
static bool begin_result(struct trx *trx, const struct xml_element *element, struct err *err) {
    const char *name = xml_element_attribute_or(element, "testName", "");
    const char *last = name;
    const char *class = find_class(trx, xml_element_attribute(element, "testId"));
    const char *before = cases_split_name(trx->report->arena, name, &last);
    size_t prefix = class ? strlen(class) : 0;
    if (trx->depth == RESULTS_WITHIN_MAX)
        return err_set(err, ERR_LIMIT, "results lie too deep in each other");
    if (trx->depth > 0)
        trx->open[trx->depth - 1].holds_others = true;
    str_clear(&trx->message);
    if (class && strncmp(name, class, prefix) == 0 && name[prefix] == '.')
        name += prefix + 1;
    else if (!class)
        name = last;
    trx->open[trx->depth++] = (struct open_result){
        .found = {.name = copy(trx, name),
                  .prefix = class ? class : before,
                  .status = status_of(xml_element_attribute_or(element, "outcome", "Error")),
                  .duration_ns = cases_time_span(xml_element_attribute(element, "duration"))},
    };
    return true;
}

static bool begin(void *context, const struct xml_element *element, struct err *err) {
    return !is_result(element->name) || begin_result(context, element, err);
}

static bool end(void *context, const struct xml_element *element, const char *text, struct err *err) {
    struct trx *trx = context;
    (void)err;
    if (is_result(element->name) && trx->depth > 0) {
        struct open_result *open = &trx->open[--trx->depth];
        open->found.message = str_text(&trx->message);
        if (!open->holds_others)
            cases_add(trx->report, &open->found);
        str_clear(&trx->message);
    } else if (trx->depth > 0 && strcmp(element->parent, "ErrorInfo") == 0) {
        cases_append_message(&trx->message, text);
    }
    return true;
}

bool trx_read(struct report *report, const char *bytes, size_t size, struct err *err) {
    static const struct xml_handler definitions = {.begin = begin_definitions};
    static const struct xml_handler results = {.begin = begin, .end = end};
    struct trx trx = {.report = report, .message = STR_INIT(REPORT_MESSAGE_MAX + 4)};
    if (!xml_read(report->file, bytes, size, &definitions, &trx, err))
        return false;
    if (trx.count > 0)
        qsort(trx.definitions, trx.count, sizeof *trx.definitions, by_id);
    bool good = xml_read(report->file, bytes, size, &results, &trx, err);
    str_release(&trx.message);
    return good;
}
