/*
 * Whether a change starts a pipeline: a trigger's filters against what a push or a pull request changed. Pure.
 */
#ifndef SERVER_TRIGGERS_FILTER_H
#define SERVER_TRIGGERS_FILTER_H

#include <stdbool.h>
#include <stddef.h>

enum trigger_event { TRIGGER_OPEN = 1, TRIGGER_UPDATED = 2, TRIGGER_CLOSED = 4 };

struct trigger_patterns {
    const char *const *includes;
    size_t include_count;
    const char *const *excludes;
    size_t exclude_count;
};

struct trigger_filter {
    bool pull_request; /* else push */
    unsigned events;   /* pull_request: a set of trigger_event */
    struct trigger_patterns tags, branches, file_paths;
};

enum trigger_change_kind { CHANGE_BRANCH, CHANGE_TAG, CHANGE_PULL_REQUEST };

struct trigger_change {
    enum trigger_change_kind kind;
    const char *branch; /* pushed to; a pull request's base */
    const char *tag;
    enum trigger_event event; /* CHANGE_PULL_REQUEST */
    const char *const *files;
    size_t file_count;
    bool files_known;
    bool new_branch; /* its first push: there is nothing to compare with */
};

/* *why (may be NULL): a sentence that names the filter that matched, or what did not. */
bool filter_matches(const struct trigger_filter *filters, size_t count, const struct trigger_change *change,
                    const char **why);

#endif
