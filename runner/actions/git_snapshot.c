/*
 * Commits and trees.
 */
#include "runner/actions/git_snapshot.h"

#include "common/str.h"
#include "runner/archive/zip.h"

#include <git2.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#define BYTES_MAX (INT64_C(1024) * 1024 * 1024) /* CodePipeline's limit for git sources */
#define DEPTH_MAX 128

static void set_up(void) {
    (void)git_libgit2_init();
    /* The mirrors are ours, whoever runs us today. */
    (void)git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
}

static bool refuse(const char *what, struct err *err) {
    const git_error *last = git_error_last();
    return err_set(err, ERR_INVALID, "%s: %.300s", what, last ? last->message : "unknown reason");
}

static void free_repository(git_repository **repository) {
    git_repository_free(*repository);
}

static void free_commit(git_commit **commit) {
    git_commit_free(*commit);
}

static void free_tree(git_tree **tree) {
    git_tree_free(*tree);
}

static void free_reference(git_reference **reference) {
    git_reference_free(*reference);
}

static void free_object(git_object **object) {
    git_object_free(*object);
}

static void free_blob(git_blob **blob) {
    git_blob_free(*blob);
}

static bool open_mirror(const char *mirror, git_repository **out, struct err *err) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, set_up);
    return git_repository_open_bare(out, mirror) == 0 || refuse("unable to open the mirror", err);
}

static bool look_up(git_repository *repository, const char *id, git_commit **out) {
    git_oid oid;
    return git_oid_fromstr(&oid, id) == 0 && git_commit_lookup(out, repository, &oid) == 0;
}

bool git_has_commit(const char *mirror, const char *commit) {
    git_repository *repository CLEANUP(free_repository) = NULL;
    git_commit *found CLEANUP(free_commit) = NULL;
    return open_mirror(mirror, &repository, NULL) && look_up(repository, commit, &found);
}

bool git_ref_commit(struct arena *arena, const char *mirror, const char *ref, const char **commit, struct err *err) {
    git_repository *repository CLEANUP(free_repository) = NULL;
    git_reference *reference CLEANUP(free_reference) = NULL;
    git_object *object CLEANUP(free_object) = NULL;
    if (!open_mirror(mirror, &repository, err))
        return false;
    if (git_reference_lookup(&reference, repository, ref) != 0 ||
        git_reference_peel(&object, reference, GIT_OBJECT_COMMIT) != 0)
        return err_set(err, ERR_NOT_FOUND, "no commit at '%s' in the repository", ref);
    char *text = arena_alloc(arena, GIT_OID_HEXSZ + 1);
    git_oid_tostr(text, GIT_OID_HEXSZ + 1, git_object_id(object));
    *commit = text;
    return true;
}

static void free_entry(git_tree_entry **entry) {
    git_tree_entry_free(*entry);
}

/* What the commit has at that path, or NULL. */
static git_tree_entry *entry_at(const char *mirror, const char *commit_id, const char *path) {
    git_repository *repository CLEANUP(free_repository) = NULL;
    git_commit *commit CLEANUP(free_commit) = NULL;
    git_tree *tree CLEANUP(free_tree) = NULL;
    git_tree_entry *entry = NULL;
    if (!open_mirror(mirror, &repository, NULL) || !look_up(repository, commit_id, &commit) ||
        git_commit_tree(&tree, commit) != 0 || git_tree_entry_bypath(&entry, tree, path) != 0)
        return NULL;
    return entry;
}

bool git_has_path(const char *mirror, const char *commit, const char *path) {
    git_tree_entry *entry CLEANUP(free_entry) = entry_at(mirror, commit, path);
    return entry && git_tree_entry_type(entry) == GIT_OBJECT_BLOB;
}

bool git_submodule_commit(struct arena *arena, const char *mirror, const char *commit, const char *path,
                          const char **out) {
    git_tree_entry *entry CLEANUP(free_entry) = entry_at(mirror, commit, path);
    if (!entry || git_tree_entry_type(entry) != GIT_OBJECT_COMMIT)
        return false;
    char *text = arena_alloc(arena, GIT_OID_HEXSZ + 1);
    git_oid_tostr(text, GIT_OID_HEXSZ + 1, git_tree_entry_id(entry));
    *out = text;
    return true;
}

struct snapshot {
    git_repository *repository;
    struct zip_writer *zip;
    int64_t committed; /* seconds: each file's time, so that the zip depends on the commit alone */
    int64_t bytes;
    bool (*interrupted)(void *context);
    void *context;
};

static bool add_tree(struct snapshot *snapshot, const git_tree *tree, const char *folder, int depth, struct err *err);

static bool add_blob(struct snapshot *snapshot, const git_tree_entry *entry, const char *name, struct err *err) {
    git_blob *blob CLEANUP(free_blob) = NULL;
    struct arena scratch CLEANUP(arena_release) = ARENA_INIT;
    if (git_blob_lookup(&blob, snapshot->repository, git_tree_entry_id(entry)) != 0)
        return refuse("unable to read a file of the commit", err);
    git_filemode_t mode = git_tree_entry_filemode(entry);
    struct zip_entry file = {.name = name,
                             .mode = mode == GIT_FILEMODE_BLOB_EXECUTABLE ? 0755 : 0644,
                             .modified = snapshot->committed,
                             .bytes = git_blob_rawcontent(blob),
                             .size = (int64_t)git_blob_rawsize(blob)};
    snapshot->bytes += file.size;
    if (snapshot->bytes > BYTES_MAX)
        return err_set(err, ERR_LIMIT, "the commit holds more than 1 GB");
    if (mode == GIT_FILEMODE_LINK)
        file.target = arena_strndup(&scratch, git_blob_rawcontent(blob), (size_t)git_blob_rawsize(blob));
    return zip_writer_add(snapshot->zip, &file, err);
}

static bool add_entry(struct snapshot *snapshot, const git_tree_entry *entry, const char *folder, int depth,
                      struct err *err) {
    struct arena scratch CLEANUP(arena_release) = ARENA_INIT;
    git_tree *tree CLEANUP(free_tree) = NULL;
    const char *name = arena_printf(&scratch, "%s%s%s", folder, *folder ? "/" : "", git_tree_entry_name(entry));
    if (snapshot->interrupted && snapshot->interrupted(snapshot->context))
        return err_set(err, ERR_UNAVAILABLE, "interrupted");
    switch (git_tree_entry_type(entry)) {
    case GIT_OBJECT_BLOB:
        return add_blob(snapshot, entry, name, err);
    case GIT_OBJECT_TREE:
        if (depth >= DEPTH_MAX)
            return err_set(err, ERR_LIMIT, "the commit's folders are nested deeper than %d", DEPTH_MAX);
        if (git_tree_lookup(&tree, snapshot->repository, git_tree_entry_id(entry)) != 0)
            return refuse("unable to read a folder of the commit", err);
        return add_tree(snapshot, tree, name, depth + 1, err);
    case GIT_OBJECT_COMMIT: /* a submodule */
    case GIT_OBJECT_ANY:
    case GIT_OBJECT_INVALID:
    case GIT_OBJECT_TAG:
    case GIT_OBJECT_OFS_DELTA:
    case GIT_OBJECT_REF_DELTA:
        break;
    }
    return true;
}

static bool add_tree(struct snapshot *snapshot, const git_tree *tree, const char *folder, int depth, struct err *err) {
    size_t count = git_tree_entrycount(tree);
    for (size_t i = 0; i < count; i++)
        if (!add_entry(snapshot, git_tree_entry_byindex(tree, i), folder, depth, err))
            return false;
    return true;
}

static const char *date(struct arena *arena, int64_t seconds) {
    time_t value = (time_t)seconds;
    struct tm moment;
    char text[32] = "";
    (void)gmtime_r(&value, &moment);
    (void)strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &moment);
    return arena_strdup(arena, text);
}

static const char *message_of(struct arena *arena, const git_commit *commit) {
    const char *text = git_commit_message(commit);
    size_t length = text ? strlen(text) : 0;
    while (length > 0 && strchr("\r\n ", text[length - 1]))
        length--;
    return arena_strndup(arena, text ? text : "", length);
}

bool git_snapshot(struct arena *arena, const char *mirror, const char *commit_id, const char *zip_path,
                  bool (*interrupted)(void *context), void *context, struct fetched *out, struct err *err) {
    git_repository *repository CLEANUP(free_repository) = NULL;
    git_commit *commit CLEANUP(free_commit) = NULL;
    git_tree *tree CLEANUP(free_tree) = NULL;
    if (!open_mirror(mirror, &repository, err))
        return false;
    if (!look_up(repository, commit_id, &commit) || git_commit_tree(&tree, commit) != 0)
        return err_set(err, ERR_NOT_FOUND, "no commit %s in the repository", commit_id);
    struct snapshot snapshot = {
        .repository = repository, .committed = git_commit_time(commit), .interrupted = interrupted, .context = context};
    if (!zip_writer_open(zip_path, &snapshot.zip, err))
        return false;
    if (!add_tree(&snapshot, tree, "", 0, err)) {
        zip_writer_abandon(snapshot.zip);
        return false;
    }
    if (!zip_writer_close(snapshot.zip, err))
        return false;
    const git_signature *author = git_commit_author(commit);
    out->zip = zip_path;
    out->commit = arena_strdup(arena, commit_id);
    out->message = message_of(arena, commit);
    out->author_date = date(arena, author ? author->when.time : snapshot.committed);
    out->committer_date = date(arena, snapshot.committed);
    out->committed_ms = snapshot.committed * 1000;
    return true;
}
