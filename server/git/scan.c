/*
 * What a push did is found by comparing: the branches and tags on disk with those that the store saw last. So it does
 * not matter whether the push's own request lived to tell, and a second look finds nothing.
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
#define TAGS "refs/tags/"
/* More tags in one push (all of an old repository's, as a rule) are noted and start nothing. */
#define TAGS_AT_ONCE 50

/* A ref that is not as it was seen. */
struct moved_ref {
    const char *ref;
    const char *id;     /* of an annotated tag, the tag's own */
    const char *before; /* NULL: it was not there */
    bool notes_only;    /* nothing is to start */
    struct engine_change_request change;
};

struct scan {
    struct server *server;
    struct arena *arena;
    const char *name;
    const char *by;
    struct repository_row row;
    struct repository_ref *seen;
    size_t seen_count;
    const struct hosted_branch *branches, *tags;
    size_t branch_count, tag_count;
    struct moved_ref *moved;
    size_t moved_count;
    bool gone;                  /* a ref that was seen is not there any more */
    const char *default_branch; /* to be set, or NULL */
};

static bool load(struct tx *tx, void *context, struct err *err) {
    struct scan *scan = context;
    return repositories_get(tx, scan->arena, scan->name, &scan->row, err) &&
           repositories_refs(tx, scan->arena, scan->name, &scan->seen, &scan->seen_count, err);
}

/* What that ref was; NULL: not seen yet. The list is in order. */
static const char *seen_as(const struct scan *scan, const char *ref) {
    size_t low = 0, high = scan->seen_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(scan->seen[middle].ref, ref);
        if (order == 0)
            return scan->seen[middle].commit_id;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* git lists refs in order too. */
static bool is_among(const struct hosted_branch *list, size_t count, const char *name) {
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(list[middle].name, name);
        if (order == 0)
            return true;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

static bool is_gone(const struct scan *scan, const char *ref) {
    if (str_starts_with(ref, TAGS))
        return !is_among(scan->tags, scan->tag_count, ref + strlen(TAGS));
    return !str_starts_with(ref, HEADS) || !is_among(scan->branches, scan->branch_count, ref + strlen(HEADS));
}

static void find_moved(struct scan *scan, const char *prefix, const struct hosted_branch *list, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const char *ref = arena_printf(scan->arena, "%s%s", prefix, list[i].name);
        const char *before = seen_as(scan, ref);
        if (!before || !str_equal(before, list[i].id))
            scan->moved[scan->moved_count++] = (struct moved_ref){.ref = ref, .id = list[i].id, .before = before};
    }
}

/* ---- what each is for the pipelines ---- */

static bool needs_files(struct tx *tx, void *context, struct err *err) {
    struct moved_ref *moved = context;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    bool needed = false;
    if (!engine_change_needs_files(tx, &arena, &moved->change, &needed, err))
        return false;
    moved->change.files_known = !needed;
    return true;
}

/* What cannot be compared (the old commit is gone) leaves the files unknown: a run too many is seen. */
static bool find_files(struct scan *scan, struct moved_ref *moved, struct err *err) {
    struct engine_change_request *change = &moved->change;
    struct err why = {.kind = ERR_NONE};
    if (change->kind != CHANGE_BRANCH || change->new_branch)
        return true;
    if (!db_read(scan->server->db, needs_files, moved, err))
        return false;
    if (change->files_known)
        return true;
    change->files_known = reading_changed_files(scan->server->hosting, scan->arena, scan->name, moved->before,
                                                moved->id, &change->files, &change->file_count, &why);
    if (!change->files_known)
        change->files_unknown = arena_strdup(scan->arena, why.message);
    return true;
}

static struct engine_change_request change_of(const struct scan *scan, const struct moved_ref *moved,
                                              const struct hosted_commit *commit) {
    const struct config *config = scan->server->config;
    bool tag = str_starts_with(moved->ref, TAGS);
    return (struct engine_change_request){
        .hosted = true,
        .repository = scan->name,
        .kind = tag ? CHANGE_TAG : CHANGE_BRANCH,
        .branch = tag ? NULL : moved->ref + strlen(HEADS),
        .tag = tag ? moved->ref + strlen(TAGS) : NULL,
        .ref = tag ? moved->ref : NULL,
        .new_branch = !tag && !moved->before,
        .commit_id = arena_strdup(scan->arena, commit->id),
        .summary = commit->summary,
        .author = commit->author_name,
        .created_ms = commit->committer_ms,
        .trigger_type = "CloudWatchEvent",
        .trigger_detail =
            arena_printf(scan->arena, "arn:aws:codecommit:%s:%s:%s", config->region, config->account_id, scan->name),
        .by = scan->by,
    };
}

/* A tag of something that is no commit starts nothing. */
static bool read_moved(struct scan *scan, struct moved_ref *moved, struct err *err) {
    struct hosted_commit commit;
    struct err why = {.kind = ERR_NONE};
    if (moved->notes_only)
        return true;
    if (!reading_commit(scan->server->hosting, scan->arena, scan->name, moved->id, &commit, &why)) {
        moved->notes_only = str_starts_with(moved->ref, TAGS) && why.kind == ERR_NOT_FOUND;
        if (!moved->notes_only)
            *err = why;
        return moved->notes_only;
    }
    moved->change = change_of(scan, moved, &commit);
    return find_files(scan, moved, err);
}

/* Tags that were there before the server looked at tags, or very many at once. */
static void spare_tags(struct scan *scan, size_t first) {
    size_t count = scan->moved_count - first;
    if (scan->row.tags_noted && count <= TAGS_AT_ONCE)
        return;
    if (scan->row.tags_noted)
        LOG_WARNING("so many tags at once start nothing", "repository", scan->name, "pushed_by", scan->by);
    for (size_t i = first; i < scan->moved_count; i++)
        scan->moved[i].notes_only = true;
}

/* Reads what changed. *changed false: nothing did. */
static bool compare(struct scan *scan, bool *changed, struct err *err) {
    const struct hosting *hosting = scan->server->hosting;
    if (!reading_branches(hosting, scan->arena, scan->name, &scan->branches, &scan->branch_count, err) ||
        !reading_tags(hosting, scan->arena, scan->name, &scan->tags, &scan->tag_count, err))
        return false;
    scan->moved = arena_array(scan->arena, struct moved_ref, scan->branch_count + scan->tag_count);
    find_moved(scan, HEADS, scan->branches, scan->branch_count);
    size_t first_tag = scan->moved_count;
    find_moved(scan, TAGS, scan->tags, scan->tag_count);
    spare_tags(scan, first_tag);
    for (size_t i = 0; i < scan->moved_count; i++) {
        if (!read_moved(scan, &scan->moved[i], err))
            return false;
    }
    for (size_t i = 0; i < scan->seen_count; i++)
        scan->gone = scan->gone || is_gone(scan, scan->seen[i].ref);
    *changed = scan->moved_count > 0 || scan->gone || !scan->row.tags_noted;
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

static bool save(struct tx *tx, void *context, struct err *err) {
    const struct scan *scan = context;
    struct engine_change_result result;
    bool changed;
    for (size_t i = 0; i < scan->moved_count; i++) {
        const struct moved_ref *moved = &scan->moved[i];
        if (!repositories_see_ref(tx, scan->name, moved->ref, moved->id, &changed, err) ||
            (changed && !moved->notes_only && !engine_change(tx, scan->arena, &moved->change, &result, err)))
            return false;
    }
    for (size_t i = 0; scan->gone && i < scan->seen_count; i++) {
        if (is_gone(scan, scan->seen[i].ref) &&
            !repositories_see_ref(tx, scan->name, scan->seen[i].ref, NULL, &changed, err))
            return false;
    }
    return (scan->row.tags_noted || repositories_note_tags(tx, scan->name, err)) &&
           (!scan->default_branch || repositories_set_default_branch(tx, scan->name, scan->default_branch, err));
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
