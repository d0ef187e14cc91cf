/*
 * What a container said before it ended: which line of it tells most.
 */
#include "runner/diagnosis/patterns.h"
#include "runner/diagnosis/state.h"

#include <string.h>

struct line {
    const char *begin;
    size_t length;
};

static bool next_line(const char **at, struct line *out) {
    while (**at == '\n' || **at == '\r' || **at == ' ')
        (*at)++;
    *out = (struct line){.begin = *at, .length = strcspn(*at, "\r\n")};
    *at += out->length;
    return out->length > 0;
}

/* The last that complains, else the last. */
static const char *best_line(struct arena *arena, const char *text, enum cause_kind kind) {
    static const char *const complaints[] = {"error", "exception", "fatal", "panic", "failed", "cannot", "refused"};
    const char *best = "";
    int best_worth = 0;
    struct line line;
    while (next_line(&text, &line)) {
        const char *copy = arena_strndup(arena, line.begin, line.length < TEXT_MAX_SIZE ? line.length : TEXT_MAX_SIZE);
        bool sure;
        int worth = 1;
        for (size_t i = 0; i < sizeof complaints / sizeof *complaints; i++)
            if (pattern_fits(complaints[i], copy))
                worth = 2;
        if (kind != CAUSE_KINDS && pattern_find(PATTERN_LOG, copy, &sure) == kind)
            worth = 3;
        if (worth < best_worth)
            continue;
        best = copy;
        best_worth = worth;
    }
    return best;
}

void diagnosis_add_log(struct diagnosis *diagnosis, const char *task, const char *container, const char *text) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct task_seen *seen = task_find(diagnosis, task);
    bool sure;
    if (seen)
        seen->log_taken = true;
    if (!text || !*text || diagnosis->log_count == LOGS_MAX)
        return;
    struct log_seen *log = &diagnosis->logs[diagnosis->log_count++];
    log->kind = pattern_find(PATTERN_LOG, text, &sure);
    NAME_COPY(log->container, container);
    NAME_COPY(log->line, best_line(&arena, text, log->kind));
}
