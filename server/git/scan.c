/*
 * What a push did is found by comparing: the branches on disk with those that the store saw last. So it does not matter
 * whether the push's own request lived to tell, and a second look finds nothing.
 */
#include "common/file.h"
#include "common/log.h"
#include "common/str.h"
#include "server/config.h"
#include "server/engine/engine.h"
#include "server/git/hosting.h"
#include "server/git/insides.h"
#include "server/git/reading.h"
#include "server/server.h"
#include "server/store/repositories.h"

#include <string.h>

#define HEADS "refs/heads/"

struct scan {
    struct server *server;
    struct arena *arena;
    const char *name;
    const char *by;
    struct repository_row row;
    struct repository_ref *seen;
    size_t seen_count;
    const struct hosted_branch *branches;
    size_t branch_count;
    struct hosted_commit *commits; /* of each branch; with an empty id where it did not change */
    const char *default_branch;    /* to be set, or NULL */
};

static bool load(struct tx *tx, void *context, struct err *err) {
    struct scan *scan = context;
    return repositories_get(tx, scan->arena, scan->name, &scan->row, err) &&
           repositories_refs(tx, scan->arena, scan->name, &scan->seen, &scan->seen_count, err);
}

static bool was_seen(const struct scan *scan, const struct hosted_branch *branch) {
    for (size_t i = 0; i < scan->seen_count; i++) {
        if (str_starts_with(scan->seen[i].ref, HEADS) && str_equal(scan->seen[i].ref + strlen(HEADS), branch->name))
            return str_equal(scan->seen[i].commit_id, branch->id);
    }
    return false;
}

static bool is_gone(const struct scan *scan, const struct repository_ref *seen) {
    for (size_t i = 0; i < scan->branch_count; i++) {
        if (str_starts_with(seen->ref, HEADS) && str_equal(seen->ref + strlen(HEADS), scan->branches[i].name))
            return false;
    }
    return true;
}

/* Reads what changed. *changed false: nothing did. */
static bool compare(struct scan *scan, bool *changed, struct err *err) {
    const struct hosting *hosting = scan->server->hosting;
    if (!reading_branches(hosting, scan->arena, scan->name, &scan->branches, &scan->branch_count, err))
        return false;
    *changed = false;
    scan->commits = arena_array(scan->arena, struct hosted_commit, scan->branch_count);
    for (size_t i = 0; i < scan->branch_count; i++) {
        if (was_seen(scan, &scan->branches[i]))
            continue;
        *changed = true;
        if (!reading_commit(hosting, scan->arena, scan->name, scan->branches[i].id, &scan->commits[i], err))
            return false;
    }
    for (size_t i = 0; i < scan->seen_count; i++)
        *changed |= is_gone(scan, &scan->seen[i]);
    return true;
}

/* The first branch that is pushed becomes the default one, as CodeCommit has it; main where it is among them. */
static bool choose_default(struct scan *scan, struct err *err) {
    const char *current;
    if (scan->row.default_branch || scan->branch_count == 0)
        return true;
    if (!reading_default_branch(scan->server->hosting, scan->arena, scan->name, &current, err))
        return false;
    scan->default_branch = current ? current : scan->branches[0].name;
    if (current)
        return true;
    const char *folder = hosting_path(scan->server->hosting, scan->arena, scan->name);
    const char *head = arena_printf(scan->arena, "%s/HEAD", folder);
    const char *text = arena_printf(scan->arena, "ref: " HEADS "%s\n", scan->default_branch);
    return file_put(head, text, strlen(text), 0600, err);
}

static bool start_pipelines(struct tx *tx, const struct scan *scan, const struct hosted_branch *branch,
                            const struct hosted_commit *commit, struct err *err) {
    const struct config *config = scan->server->config;
    const struct engine_change_request change = {
        .hosted = true,
        .repository = scan->name,
        .branch = branch->name,
        .commit_id = branch->id,
        .summary = commit->summary,
        .author = commit->author_name,
        .created_ms = commit->committer_ms,
        .trigger_type = "CloudWatchEvent",
        .trigger_detail =
            arena_printf(scan->arena, "arn:aws:codecommit:%s:%s:%s", config->region, config->account_id, scan->name),
        .by = scan->by,
    };
    struct engine_change_result result;
    return engine_change(tx, scan->arena, &change, &result, err);
}

static bool save(struct tx *tx, void *context, struct err *err) {
    const struct scan *scan = context;
    bool changed;
    for (size_t i = 0; i < scan->branch_count; i++) {
        const struct hosted_branch *branch = &scan->branches[i];
        if (!scan->commits[i].id[0])
            continue;
        if (!repositories_see_ref(tx, scan->name, arena_printf(scan->arena, HEADS "%s", branch->name), branch->id,
                                  &changed, err) ||
            (changed && !start_pipelines(tx, scan, branch, &scan->commits[i], err)))
            return false;
    }
    for (size_t i = 0; i < scan->seen_count; i++) {
        if (is_gone(scan, &scan->seen[i]) &&
            !repositories_see_ref(tx, scan->name, scan->seen[i].ref, NULL, &changed, err))
            return false;
    }
    return !scan->default_branch || repositories_set_default_branch(tx, scan->name, scan->default_branch, err);
}

bool scan_locked(struct server *server, const char *name, const char *by, struct err *err) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct scan scan = {.server = server, .arena = &arena, .name = name, .by = by};
    bool changed = false;
    if (!db_read(server->db, load, &scan, err) || !compare(&scan, &changed, err))
        return false;
    if (!changed)
        return true;
    return choose_default(&scan, err) && db_write(server->db, save, &scan, err);
}

bool hosting_scan(struct server *server, const char *name, struct err *err) {
    hosting_lock(server->hosting, name);
    bool scanned = scan_locked(server, name, NULL, err);
    hosting_unlock(server->hosting, name);
    return scanned;
}

struct listing {
    struct arena *arena;
    const char *after;
    struct repository_row *rows;
    size_t count;
};

static bool list(struct tx *tx, void *context, struct err *err) {
    struct listing *listing = context;
    return repositories_list(tx, listing->arena, listing->after, 100, &listing->rows, &listing->count, err);
}

/* One repository that is damaged must not keep the server from starting. */
bool hosting_scan_all(struct server *server, struct err *err) {
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    struct listing listing = {.arena = &arena};
    do {
        if (!db_read(server->db, list, &listing, err))
            return false;
        for (size_t i = 0; i < listing.count; i++) {
            struct err failure;
            if (!hosting_scan(server, listing.rows[i].name, &failure))
                LOG_ERROR("cannot look for pushes", "repository", listing.rows[i].name, "err", failure.message);
            listing.after = listing.rows[i].name;
        }
    } while (listing.count > 0);
    return true;
}
