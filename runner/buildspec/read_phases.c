/*
 * `phases` of a buildspec: what runs, as whom, and what a failure does.
 */
#include "runner/buildspec/read.h"

#include "common/pattern.h"
#include "common/str.h"
#include "common/suggest.h"

#include <string.h>
#include <strings.h>

#define RETRIES_MAX 100

static const struct {
    const char *key;
    const char *name;
} phase_names[PHASE_COUNT] = {
    [PHASE_INSTALL] = {"install", "INSTALL"},
    [PHASE_PRE_BUILD] = {"pre_build", "PRE_BUILD"},
    [PHASE_BUILD] = {"build", "BUILD"},
    [PHASE_POST_BUILD] = {"post_build", "POST_BUILD"},
};

static const char *const phase_keys[] = {"commands", "finally", "run-as", "on-failure", "runtime-versions", NULL};

const char *build_phase_name(enum build_phase phase) {
    return phase_names[phase].name;
}

const char *build_phase_key(enum build_phase phase) {
    return phase_names[phase].key;
}

/* RETRY, RETRY-3, RETRY-some pattern, RETRY-3-some pattern: `text` is what stands behind RETRY. Digits are the number
 * only where nothing or a hyphen follows them. */
static void read_retry(struct reader *reader, const struct json *at, const char *text, struct buildspec_phase *out) {
    out->on_failure = ON_FAILURE_RETRY;
    out->retries = RETRIES_DEFAULT;
    if (!*text++)
        return;
    size_t digits = strspn(text, "0123456789");
    if (digits > 0 && (text[digits] == '\0' || text[digits] == '-')) {
        long long count;
        if (!str_to_int64(arena_strndup(reader->arena, text, digits), 0, RETRIES_MAX, &count)) {
            spec_refuse(reader, at, "on-failure '%.100s': a build is retried 0 to %d times", at->text, RETRIES_MAX);
            return;
        }
        out->retries = (int)count;
        text += digits + (text[digits] == '-');
    }
    struct err err = {0};
    bool matches;
    if (!*text)
        return;
    if (pattern_matches(text, "", &matches, &err))
        out->retry_pattern = arena_strdup(reader->arena, text);
    else
        spec_refuse(reader, at, "on-failure '%.100s': %.300s", at->text, err.message);
}

static void read_on_failure(struct reader *reader, const struct json *phase, struct buildspec_phase *out) {
    static const char *const words[] = {"ABORT", "CONTINUE", "RETRY", NULL};
    const struct json *at = json_get(phase, "on-failure");
    const char *text = NULL;
    if (!spec_text(reader, phase, "on-failure", &text) || !text)
        return;
    if (strcasecmp(text, "ABORT") == 0) {
        out->on_failure = ON_FAILURE_ABORT;
    } else if (strcasecmp(text, "CONTINUE") == 0) {
        out->on_failure = ON_FAILURE_CONTINUE;
    } else if (strncasecmp(text, "RETRY", 5) == 0 && (text[5] == '\0' || text[5] == '-')) {
        read_retry(reader, at, text + 5, out);
    } else {
        const char *meant = suggest_nearest(text, words);
        spec_refuse(reader, at,
                    "on-failure must be ABORT, CONTINUE, RETRY, RETRY-count, RETRY-regex or RETRY-count-regex, not "
                    "'%.100s'%s%s%s",
                    text, meant ? "; did you mean '" : "", meant ? meant : "", meant ? "'?" : "");
    }
}

static void read_runtimes(struct reader *reader, const struct json *phase, struct buildspec_phase *out) {
    const struct json *object;
    if (!spec_object(reader, phase, "runtime-versions", &object) || !object)
        return;
    struct buildspec_runtime *runtimes = arena_array(reader->arena, struct buildspec_runtime, object->count + 1);
    out->runtimes = runtimes;
    json_each(item, object) {
        if (!spec_is_scalar(item) || item->type == JSON_NULL || !*item->text)
            spec_refuse_key(reader, item, "runtime '%.100s' needs its version as a text, such as 18 or latest",
                            item->name);
        else
            runtimes[out->runtime_count++] = (struct buildspec_runtime){
                .name = arena_strdup(reader->arena, item->name), .version = arena_strdup(reader->arena, item->text)};
    }
}

static void read_phase(struct reader *reader, const struct json *phase, enum build_phase which,
                       struct buildspec_phase *out) {
    if (phase->type == JSON_NULL)
        return;
    if (phase->type != JSON_OBJECT) {
        spec_refuse(reader, phase, "phase '%s' must hold keys such as 'commands', not %s", phase->name,
                    phase->type == JSON_ARRAY ? "a list; write 'commands:' above it" : "a text");
        return;
    }
    spec_note_unknown(reader, phase, phase_keys, arena_printf(reader->arena, "of phase '%s'", phase->name));
    spec_texts(reader, json_get(phase, "commands"), "Commands", false, &out->commands);
    if (spec_counts(reader, phase, "finally"))
        spec_texts(reader, json_get(phase, "finally"), "Finally", false, &out->finally);
    if (spec_counts(reader, phase, "run-as"))
        spec_text(reader, phase, "run-as", &out->run_as);
    if (spec_counts(reader, phase, "on-failure"))
        read_on_failure(reader, phase, out);
    if (which == PHASE_INSTALL)
        read_runtimes(reader, phase, out);
    else if (json_get(phase, "runtime-versions"))
        spec_notice(reader, json_get(phase, "runtime-versions"),
                    "'runtime-versions' of phase '%s' is ignored: only install takes it", phase->name);
}

/* A phase that CodeBuild does not have would be left out without a word, tests and all. */
static void refuse_phase(struct reader *reader, const struct json *item) {
    const char *keys[PHASE_COUNT + 1] = {0};
    for (size_t i = 0; i < PHASE_COUNT; i++)
        keys[i] = phase_names[i].key;
    const char *meant = suggest_nearest(item->name, keys);
    if (meant)
        spec_refuse_key(reader, item, "no phase '%.100s'; did you mean '%s'?", item->name, meant);
    else
        spec_refuse_key(reader, item, "no phase '%.100s'; there are install, pre_build, build and post_build",
                        item->name);
}

void buildspec_read_phases(struct reader *reader, const struct json *root, struct buildspec *out) {
    const struct json *phases;
    if (!spec_object(reader, root, "phases", &phases))
        return;
    if (!phases && !out->has_batch)
        spec_refuse(reader, root, "the buildspec lacks 'phases'");
    json_each(item, phases) {
        bool known = false;
        for (int i = 0; i < PHASE_COUNT; i++) {
            if (!str_equal(item->name, phase_names[i].key))
                continue;
            known = true;
            read_phase(reader, item, (enum build_phase)i, &out->phases[i]);
        }
        if (!known)
            refuse_phase(reader, item);
    }
}
