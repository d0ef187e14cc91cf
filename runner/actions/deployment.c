/*
 * The document, kept within its limits: a rollout may take weeks, and the newest of what it says is what helps.
 */
#include "runner/actions/deployment.h"

#include "common/hash.h"
#include "common/str.h"
#include "runner/deployfiles/credential_words.h"

#include <stdarg.h>
#include <string.h>

#define TEXT_MAX 2000

void deployment_begin(struct deployment_report *report, struct job *job, const char *kind) {
    *report = (struct deployment_report){.job = job, .percent = -1};
    report->document = json_object(&report->memory);
    json_set_text(&report->memory, report->document, "kind", kind);
    json_set_array(&report->memory, report->document, "targets");
    json_set_array(&report->memory, report->document, "timeline");
    job->deployment = report;
}

void deployment_release(struct deployment_report *report) {
    if (!report)
        return;
    arena_release(&report->memory);
    arena_release(&report->spare);
    report->document = NULL;
}

struct arena *deployment_memory(struct deployment_report *report) {
    return &report->memory;
}

static struct json *member(struct json *object, const char *name) {
    for (struct json *item = object->first; item; item = item->next)
        if (str_equal(item->name, name))
            return item;
    return NULL;
}

static struct json *list(struct deployment_report *report, const char *name) {
    struct json *found = member(report->document, name);
    return found ? found : json_set_array(&report->memory, report->document, name);
}

struct json *deployment_target(struct deployment_report *report, const char *name, const char *from, const char *to) {
    struct json *targets = list(report, "targets");
    struct json *target = targets->first;
    while (target && !str_equal(json_get_text(target, "name"), name))
        target = target->next;
    if (!target) {
        target = json_append_object(&report->memory, targets);
        json_set_text(&report->memory, target, "name", name);
    }
    if (from)
        json_set_text(&report->memory, target, "from", from);
    if (to)
        json_set_text(&report->memory, target, "to", to);
    return target;
}

void deployment_set(struct deployment_report *report, const char *name, const struct json *value) {
    if (value && json_equal(json_get(report->document, name), value))
        return;
    json_set(&report->memory, report->document, name, value ? json_copy(&report->memory, value) : NULL);
}

void deployment_extend(struct deployment_report *report, const char *name, const struct json *list) {
    struct json *whole = json_array(&report->memory);
    json_each(item, json_get(report->document, name)) json_append(whole, json_copy(&report->memory, item));
    json_each(item, list) json_append(whole, json_copy(&report->memory, item));
    json_set(&report->memory, report->document, name, whole);
}

void deployment_set_text(struct deployment_report *report, const char *name, const char *text) {
    if (!text)
        json_remove(report->document, name);
    else if (!str_equal(json_get_text(report->document, name), text))
        json_set_text(&report->memory, report->document, name, text);
}

void deployment_set_integer(struct deployment_report *report, const char *name, int64_t number) {
    json_set_integer(&report->memory, report->document, name, number);
}

static void drop_first(struct json *array) {
    array->first = array->first->next;
    if (!array->first)
        array->last = NULL;
    array->count--;
}

/* What an application printed, or a service answered, may hold what the job must not show. */
const char *deployment_shown(struct deployment_report *report, struct arena *arena, const char *text) {
    if (!text)
        return NULL;
    return credential_hide(arena,
                           reporter_masked(report->job->reporter, arena, arena_printf(arena, "%.*s", TEXT_MAX, text)));
}

void deployment_note(struct deployment_report *report, const char *format, ...) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    va_list arguments;
    va_start(arguments, format);
    const char *line = credential_hide(&arena, arena_vprintf(&arena, format, arguments));
    va_end(arguments);
    job_log(report->job, "%s", line);
    struct json *timeline = list(report, "timeline");
    struct json *entry = json_append_object(&report->memory, timeline);
    json_set_time(&report->memory, entry, "at", job_now_ms(report->job));
    json_set_text(&report->memory, entry, "text", deployment_shown(report, &arena, line));
    if (timeline->count > DEPLOYMENT_TIMELINE_MAX)
        drop_first(timeline);
}

void deployment_evidence_at(struct deployment_report *report, int64_t at_ms, const char *source, const char *subject,
                            const char *text) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct json *evidence = list(report, "evidence");
    struct json *entry = json_append_object(&report->memory, evidence);
    json_set_time(&report->memory, entry, "at", at_ms > 0 ? at_ms : job_now_ms(report->job));
    json_set_text(&report->memory, entry, "source", source);
    json_set_text(&report->memory, entry, "subject", subject);
    json_set_text(&report->memory, entry, "text", deployment_shown(report, &arena, text));
    if (evidence->count > DEPLOYMENT_EVIDENCE_MAX)
        drop_first(evidence);
}

void deployment_evidence(struct deployment_report *report, const char *source, const char *subject, const char *text) {
    deployment_evidence_at(report, 0, source, subject, text);
}

void deployment_cancel(struct deployment_report *report, const struct deployment_cancel *cancel) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct json *object = json_object(&arena);
    const int64_t now_ms = job_now_ms(report->job);
    json_set_text(&arena, object, "by", cancel->by);
    json_set_time(&arena, object, "asked", cancel->asked_ms);
    if (cancel->ended) {
        json_set_time(&arena, object, "ended", now_ms);
        json_set_integer(&arena, object, "seconds", (now_ms - cancel->asked_ms + 999) / 1000);
    }
    json_set_text(&arena, object, "from", cancel->from);
    json_set_text(&arena, object, "to", cancel->to);
    json_set_text(&arena, object, "how", cancel->how);
    json_set_text(&arena, object, "sentence", cancel->sentence);
    deployment_set(report, "cancel", object);
    deployment_set(report, "pause", NULL);
}

/* What can be spared first: the diff is in the log of both revisions, the oldest evidence says least. */
static bool shrink(struct deployment_report *report) {
    static const char *const spared[] = {"evidence", "timeline", "diff", "preflight"};
    for (size_t i = 0; i < sizeof spared / sizeof *spared; i++) {
        struct json *found = member(report->document, spared[i]);
        if (!found || found->count < 2)
            continue;
        for (size_t left = found->count / 2; left > 0; left--)
            drop_first(found);
        return true;
    }
    return false;
}

static const char *printed(struct deployment_report *report, struct arena *arena) {
    const char *text = json_print(arena, report->document);
    while (strlen(text) > DEPLOYMENT_SIZE_MAX && shrink(report))
        text = json_print(arena, report->document);
    return text;
}

/* Values that were replaced stay in the arena; a fresh copy leaves them behind. */
static void move(struct deployment_report *report) {
    report->document = json_copy(&report->spare, report->document);
    report->summary = arena_strdup(&report->spare, report->summary);
    arena_release(&report->memory);
    report->memory = report->spare;
    report->spare = (struct arena)ARENA_INIT;
}

void deployment_send(struct deployment_report *report, const char *summary) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    char hash[SHA256_HEX_SIZE];
    const char *sentence = summary ? summary : report->summary;
    const char *whole =
        arena_printf(&arena, "%s\n%s\n%d\n%s", sentence ? sentence : "", report->external_id ? report->external_id : "",
                     report->percent, printed(report, &arena));
    hash_sha256_hex(whole, strlen(whole), hash);
    if (str_equal(hash, report->sent))
        return;
    memcpy(report->sent, hash, sizeof report->sent);
    report->summary = arena_strdup(&report->memory, sentence);
    const struct wire_progress progress = {.summary = sentence,
                                           .external_id = report->external_id,
                                           .external_url = report->external_url,
                                           .percent = report->percent,
                                           .deployment = report->document};
    reporter_progress(report->job->reporter, &progress);
    move(report);
}

const struct json *deployment_document(struct deployment_report *report) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    if (!report || !report->document)
        return NULL;
    (void)printed(report, &arena);
    return report->document;
}
