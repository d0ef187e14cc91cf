/*
 * The top of a buildspec, and the two ways to ask: stop at the first error, or hear them all.
 */
#include "runner/buildspec/buildspec.h"

#include "common/str.h"
#include "common/suggest.h"
#include "runner/buildspec/read.h"

#include <string.h>

static const char *const root_keys[] = {"version", "run-as",  "env",       "proxy", "batch",
                                        "phases",  "reports", "artifacts", "cache", NULL};
static const char *const root_keys_0_1[] = {"version", "environment_variables", "phases", "artifacts", "cache",
                                            /* these get a word of their own */
                                            "run-as", "env", "proxy", "batch", "reports", NULL};

bool buildspec_is_inline(const char *text) {
    return strchr(text, '\n') || strstr(text, ": ") || text[0] == '{';
}

static void read_version(struct reader *reader, const struct json *root, struct buildspec *out) {
    const char *text = NULL;
    if (!spec_text(reader, root, "version", &text))
        return;
    out->version_0_1 = reader->version_0_1 = str_equal(text, "0.1");
    if (!text)
        spec_refuse(reader, root, "the buildspec lacks 'version'; write version: 0.2");
    else if (!out->version_0_1 && !str_equal(text, "0.2"))
        spec_refuse(reader, json_get(root, "version"), "version must be 0.1 or 0.2, not '%.100s'", text);
}

static void read_proxy(struct reader *reader, const struct json *root) {
    static const char *const keys[] = {"upload-artifacts", "logs", NULL};
    const struct json *proxy;
    bool ignored;
    if (!spec_counts(reader, root, "proxy") || !spec_object(reader, root, "proxy", &proxy) || !proxy)
        return;
    spec_note_unknown(reader, proxy, keys, "of 'proxy'");
    spec_flag(reader, proxy, keys[0], &ignored);
    spec_flag(reader, proxy, keys[1], &ignored);
    spec_notice(reader, json_get(root, "proxy"),
                "'proxy' changes nothing: artifacts and logs do not pass through the build's network");
}

/* Keys at the top that CodeBuild ignores; of some it is known what was meant. */
static void note_unused(struct reader *reader, const struct json *root) {
    const char *const *known = reader->version_0_1 ? root_keys_0_1 : root_keys;
    json_each(item, root) {
        const char *phases[PHASE_COUNT + 1] = {0};
        bool is_key = false;
        for (int i = 0; i < PHASE_COUNT; i++)
            phases[i] = build_phase_key((enum build_phase)i);
        for (const char *const *key = known; *key && !is_key; key++)
            is_key = str_equal(*key, item->name);
        const char *meant = is_key ? NULL : suggest_nearest(item->name, known);
        const char *phase = is_key || meant ? NULL : suggest_nearest(item->name, phases);
        if (is_key)
            continue;
        if (str_equal(item->name, "environment_variables"))
            spec_notice(reader, item, "'environment_variables' is ignored: in version 0.2 it is env: variables:");
        else if (phase)
            spec_notice(reader, item, "'%.100s' stands at the top and is ignored; move it below 'phases' as '%s'",
                        item->name, phase);
        else
            spec_notice(reader, item, "'%.100s' is no key of a buildspec and is ignored%s%s%s", item->name,
                        meant ? "; did you mean '" : "", meant ? meant : "", meant ? "'?" : "");
    }
}

static void read_root(struct reader *reader, const struct json *root, struct buildspec *out) {
    read_version(reader, root, out);
    out->has_batch = spec_counts(reader, root, "batch") && json_get(root, "batch");
    if (spec_counts(reader, root, "run-as"))
        spec_text(reader, root, "run-as", &out->run_as);
    buildspec_read_env(reader, root, out);
    read_proxy(reader, root);
    buildspec_read_phases(reader, root, out);
    buildspec_read_reports(reader, root, out);
    buildspec_read_artifacts(reader, root, out);
    buildspec_read_cache(reader, root, out);
    note_unused(reader, root);
}

static bool check(struct reader *reader, struct arena *arena, const char *file, const char *text, size_t size,
                  struct buildspec *out, struct err *err) {
    const struct json *root = NULL;
    *out = (struct buildspec){.shell = "/bin/sh"};
    if (spec_open(reader, arena, file, text, size, &root))
        read_root(reader, root, out);
    bool good = spec_verdict(reader, err);
    out->notices = spec_notice_lines(reader);
    return good;
}

bool buildspec_check(struct arena *arena, const char *file, const char *text, size_t size, struct buildspec *out,
                     struct buildspec_findings *findings) {
    struct reader reader;
    bool good = check(&reader, arena, file, text, size, out, NULL);
    *findings = reader.findings;
    return good;
}

bool buildspec_parse(struct arena *arena, const char *file, const char *text, size_t size, struct buildspec *out,
                     struct err *err) {
    struct reader reader;
    struct buildspec spec;
    if (!check(&reader, arena, file, text, size, &spec, err))
        return false;
    *out = spec;
    return true;
}
