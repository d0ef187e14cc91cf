/*
 * CUCUMBERJSON: a list of features with scenarios, those with steps. A scenario goes as its worst step; what stands in
 * a background is done before each scenario, and where it failed, so did that.
 */
#include "runner/reports/insides.h"

#include <string.h>

/* How a scenario, or the background in front of it, goes. */
struct going {
    enum report_case_status status;
    int64_t duration_ns;
    size_t steps;
    struct str *message;
};

/* The worse of two wins. */
static int weight(enum report_case_status status) {
    static const int weights[CASE_STATUS_COUNT] = {
        [CASE_SUCCEEDED] = 0, [CASE_SKIPPED] = 1, [CASE_UNKNOWN] = 2, [CASE_FAILED] = 3, [CASE_ERROR] = 3};
    return weights[status];
}

static enum report_case_status status_of(const char *word) {
    if (str_equal(word, "passed"))
        return CASE_SUCCEEDED;
    if (str_equal(word, "failed"))
        return CASE_FAILED;
    return str_equal(word, "skipped") || str_equal(word, "pending") ? CASE_SKIPPED : CASE_UNKNOWN;
}

static void take_result(struct going *going, const struct json *step) {
    const struct json *result = json_get(step, "result");
    if (!result)
        return;
    const enum report_case_status status = status_of(json_get_text(result, "status"));
    const struct json *duration = json_get(result, "duration");
    going->steps++;
    if (weight(status) > weight(going->status))
        going->status = status;
    if (duration && duration->type == JSON_NUMBER && duration->number > 0 && duration->number < 1e18)
        going->duration_ns += (int64_t)duration->number;
    if (status == CASE_FAILED || status == CASE_UNKNOWN)
        cases_append_message(going->message, json_get_text(step, "name"));
    cases_append_message(going->message, json_get_text(result, "error_message"));
}

static void take_steps(struct going *going, const struct json *scenario) {
    static const char *const lists[] = {"before", "steps", "after"};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        json_each(step, json_get(scenario, lists[i])) {
            json_each(hook, json_get(step, "before")) take_result(going, hook);
            take_result(going, step);
            json_each(hook, json_get(step, "after")) take_result(going, hook);
        }
    }
}

static void take_feature(struct report *report, const struct json *feature, struct str *message) {
    struct going going = {.message = message};
    const char *uri = json_get_text(feature, "uri");
    str_clear(message);
    json_each(element, json_get(feature, "elements")) {
        take_steps(&going, element);
        if (str_equal(json_get_text(element, "type"), "background"))
            continue;
        const char *name = json_get_text(element, "name");
        const struct report_case found = {
            .name = name && *name ? name : json_get_text(element, "id"),
            .prefix = json_get_text_or(feature, "name", uri),
            .suite = uri,
            .status = going.steps ? going.status : CASE_UNKNOWN,
            .duration_ns = going.duration_ns,
            .message = str_text(message),
        };
        cases_add(report, &found);
        going = (struct going){.message = message};
        str_clear(message);
    }
}

static bool check(const struct report *report, const struct json *features, struct err *err) {
    if (features->type != JSON_ARRAY)
        return err_set(err, ERR_INVALID, "%s:1:1: a Cucumber report is a list of features, not %s", report->file,
                       json_type_name(features->type));
    json_each(feature, features) {
        if (feature->type != JSON_OBJECT || (json_get(feature, "elements") == NULL && !json_get(feature, "name")))
            return err_set(err, ERR_INVALID, "%s:%d:%d: each feature must be an object with 'name' and 'elements'",
                           report->file, feature->line, feature->column);
    }
    return true;
}

bool cucumber_read(struct report *report, const char *bytes, size_t size, struct err *err) {
    struct str message CLEANUP(str_release) = STR_INIT(REPORT_MESSAGE_MAX + 4);
    const struct json *features = NULL;
    if (!report_read_json(report, bytes, size, &features, err) || !check(report, features, err))
        return false;
    json_each(feature, features) take_feature(report, feature, &message);
    return true;
}
