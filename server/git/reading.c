#include "server/git/reading.h"

#include "common/str.h"
#include "common/utf8.h"
#include "server/git/hosting.h"

#include <git2.h>
#include <string.h>

#define MAPPED_BYTES_MAX (64 * 1024 * 1024)

/* Nobody's configuration counts but the repository's own, and memory that stays between calls is small. */
void reading_init(void) {
    git_libgit2_init();
    for (int level = GIT_CONFIG_LEVEL_PROGRAMDATA; level <= GIT_CONFIG_LEVEL_GLOBAL; level++)
        git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, level, "");
    git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0); /* the folders are the server's own */
    git_libgit2_opts(GIT_OPT_ENABLE_CACHING, 0);
    git_libgit2_opts(GIT_OPT_SET_MWINDOW_MAPPED_LIMIT, (size_t)MAPPED_BYTES_MAX);
}

void reading_release(void) {
    git_libgit2_shutdown();
}

/* Names */

bool reading_id_valid(const char *id) {
    return strlen(id) == GIT_ID_SIZE - 1 && strspn(id, "0123456789abcdef") == GIT_ID_SIZE - 1;
}

/* git check-ref-format's rules for what stands behind refs/heads/. */
bool reading_branch_name_valid(const char *name) {
    size_t length = strlen(name);
    if (length == 0 || length > 256 || name[0] == '-' || name[0] == '/' || name[length - 1] == '/' ||
        name[length - 1] == '.' || strcmp(name, "@") == 0 || str_ends_with(name, ".lock"))
        return false;
    for (const char *at = name; *at; at++) {
        if ((unsigned char)*at <= ' ' || *at == 0x7f || strchr("~^:?*[\\", *at))
            return false;
    }
    return name[0] != '.' && !strstr(name, "..") && !strstr(name, "//") && !strstr(name, "@{") && !strstr(name, "/.") &&
           !strstr(name, ".lock/") && utf8_valid_length(name, length) == length;
}

static bool check_id(const char *id, struct err *err) {
    return reading_id_valid(id) || err_set_code(err, ERR_INVALID, "InvalidCommitIdException",
                                                "'%.60s' is not a commit id of 40 hex digits in lower case", id);
}

/* The library's objects */

static void free_repository(git_repository **repository) {
    git_repository_free(*repository);
}
static void free_reference(git_reference **reference) {
    git_reference_free(*reference);
}
static void free_object(git_object **object) {
    git_object_free(*object);
}
static void free_commit(git_commit **commit) {
    git_commit_free(*commit);
}
static void free_iterator(git_branch_iterator **iterator) {
    git_branch_iterator_free(*iterator);
}
static void free_walk(git_revwalk **walk) {
    git_revwalk_free(*walk);
}

static bool library_failed(struct err *err, const char *what) {
    const git_error *error = git_error_last();
    return err_set(err, ERR_INTERNAL, "%s: %s", what, error ? error->message : "libgit2 does not say why");
}

static bool open_repository(const struct hosting *hosting, struct arena *arena, const char *name, git_repository **out,
                            struct err *err) {
    if (!hosting_name_valid(name))
        return err_set_code(err, ERR_INVALID, "InvalidRepositoryNameException", "'%.120s' cannot name a repository",
                            name);
    int failure = git_repository_open_bare(out, hosting_path(hosting, arena, name));
    if (failure == GIT_ENOTFOUND)
        return err_set_code(err, ERR_NOT_FOUND, "RepositoryDoesNotExistException", "there is no repository '%s'", name);
    return !failure || library_failed(err, "cannot open a repository");
}

/* Valid UTF-8, whatever the bytes were. */
static const char *clean_text(struct arena *arena, const char *text) {
    size_t size = strlen(text), good = utf8_valid_length(text, size);
    if (good == size)
        return arena_strdup(arena, text);
    struct str out = STR_INIT(3 * size);
    for (size_t at = 0; at < size;) {
        size_t length = utf8_length(text + at, size - at);
        if (length)
            str_append_bytes(&out, text + at, length);
        else
            str_append(&out, "\xef\xbf\xbd");
        at += length ? length : 1;
    }
    const char *copy = arena_strdup(arena, str_text(&out));
    str_release(&out);
    return copy;
}

/* Branches */

/* The commit that a reference leads to; false where it leads to none. */
static bool commit_of(git_reference *reference, char out_id[GIT_ID_SIZE]) {
    git_object *object CLEANUP(free_object) = NULL;
    if (git_reference_peel(&object, reference, GIT_OBJECT_COMMIT) != 0)
        return false;
    git_oid_tostr(out_id, GIT_ID_SIZE, git_object_id(object));
    return true;
}

/* git keeps names sorted in each of its two places (loose, packed), not across them. */
static void insert_sorted(struct hosted_branch *branches, size_t count, const struct hosted_branch *branch) {
    size_t at = count;
    for (; at > 0 && strcmp(branches[at - 1].name, branch->name) > 0; at--)
        branches[at] = branches[at - 1];
    branches[at] = *branch;
}

bool reading_branches(const struct hosting *hosting, struct arena *arena, const char *repository,
                      const struct hosted_branch **out, size_t *out_count, struct err *err) {
    git_repository *opened CLEANUP(free_repository) = NULL;
    git_branch_iterator *iterator CLEANUP(free_iterator) = NULL;
    if (!open_repository(hosting, arena, repository, &opened, err))
        return false;
    if (git_branch_iterator_new(&iterator, opened, GIT_BRANCH_LOCAL) != 0)
        return library_failed(err, "cannot list branches");
    struct hosted_branch *branches = NULL;
    size_t count = 0, capacity = 0;
    for (;;) {
        git_reference *reference CLEANUP(free_reference) = NULL;
        git_branch_t kind;
        struct hosted_branch branch;
        int failure = git_branch_next(&reference, &kind, iterator);
        if (failure == GIT_ITEROVER)
            break;
        if (failure)
            return library_failed(err, "cannot list branches");
        const char *name = git_reference_name(reference) + strlen("refs/heads/");
        if (!reading_branch_name_valid(name) || !commit_of(reference, branch.id))
            continue;
        branch.name = arena_strdup(arena, name);
        if (count == capacity)
            branches = arena_grow(arena, branches, sizeof *branches, &capacity);
        insert_sorted(branches, count++, &branch);
    }
    *out = branches;
    *out_count = count;
    return true;
}

bool reading_branch(const struct hosting *hosting, struct arena *arena, const char *repository, const char *branch,
                    char out_id[GIT_ID_SIZE], struct err *err) {
    git_repository *opened CLEANUP(free_repository) = NULL;
    git_reference *reference CLEANUP(free_reference) = NULL;
    if (!reading_branch_name_valid(branch))
        return err_set_code(err, ERR_INVALID, "InvalidBranchNameException", "'%.120s' cannot name a branch", branch);
    if (!open_repository(hosting, arena, repository, &opened, err))
        return false;
    int failure = git_reference_lookup(&reference, opened, arena_printf(arena, "refs/heads/%s", branch));
    if (failure == GIT_ENOTFOUND || (!failure && !commit_of(reference, out_id)))
        return err_set_code(err, ERR_NOT_FOUND, "BranchDoesNotExistException", "repository '%s' has no branch '%s'",
                            repository, branch);
    return !failure || library_failed(err, "cannot look up a branch");
}

bool reading_default_branch(const struct hosting *hosting, struct arena *arena, const char *repository,
                            const char **out, struct err *err) {
    git_repository *opened CLEANUP(free_repository) = NULL;
    git_reference *head CLEANUP(free_reference) = NULL;
    if (!open_repository(hosting, arena, repository, &opened, err))
        return false;
    int failure = git_repository_head(&head, opened);
    if (failure == GIT_EUNBORNBRANCH || failure == GIT_ENOTFOUND) {
        *out = NULL;
        return true;
    }
    if (failure)
        return library_failed(err, "cannot read the default branch");
    *out = arena_strdup(arena, git_reference_shorthand(head));
    return true;
}

/* Commits */

static void describe(struct arena *arena, git_commit *commit, struct hosted_commit *out) {
    const git_signature *author = git_commit_author(commit), *committer = git_commit_committer(commit);
    const char *message = git_commit_message(commit);
    *out = (struct hosted_commit){
        .message = clean_text(arena, message ? message : ""),
        .author_name = clean_text(arena, author->name),
        .author_email = clean_text(arena, author->email),
        .author_ms = author->when.time * 1000,
        .author_offset_minutes = author->when.offset,
        .committer_name = clean_text(arena, committer->name),
        .committer_email = clean_text(arena, committer->email),
        .committer_ms = committer->when.time * 1000,
        .committer_offset_minutes = committer->when.offset,
        .parent_count = git_commit_parentcount(commit),
    };
    out->summary = arena_strndup(arena, out->message, strcspn(out->message, "\n"));
    git_oid_tostr(out->id, sizeof out->id, git_commit_id(commit));
    git_oid_tostr(out->tree, sizeof out->tree, git_commit_tree_id(commit));
    const char **parents = arena_array(arena, const char *, out->parent_count);
    for (unsigned i = 0; i < out->parent_count; i++) {
        char id[GIT_ID_SIZE];
        parents[i] = arena_strdup(arena, git_oid_tostr(id, sizeof id, git_commit_parent_id(commit, i)));
    }
    out->parents = parents;
}

static bool find_commit(git_repository *repository, const char *id, git_commit **out, struct err *err) {
    git_oid oid;
    int failure = git_oid_fromstr(&oid, id);
    if (!failure)
        failure = git_commit_lookup(out, repository, &oid);
    if (failure == GIT_ENOTFOUND || failure == GIT_EINVALIDSPEC)
        return err_set_code(err, ERR_NOT_FOUND, "CommitIdDoesNotExistException", "there is no commit %s", id);
    return !failure || library_failed(err, "cannot look up a commit");
}

bool reading_commit(const struct hosting *hosting, struct arena *arena, const char *repository, const char *id,
                    struct hosted_commit *out, struct err *err) {
    git_repository *opened CLEANUP(free_repository) = NULL;
    git_commit *commit CLEANUP(free_commit) = NULL;
    if (!check_id(id, err) || !open_repository(hosting, arena, repository, &opened, err) ||
        !find_commit(opened, id, &commit, err))
        return false;
    describe(arena, commit, out);
    return true;
}

/* Walks from `to` and leaves out what `from` has; an unknown `from` leaves out nothing. */
static bool start_walk(git_repository *repository, const char *from, const git_oid *to, git_revwalk **out,
                       struct err *err) {
    if (git_revwalk_new(out, repository) != 0 || git_revwalk_sorting(*out, GIT_SORT_TOPOLOGICAL | GIT_SORT_TIME) != 0 ||
        git_revwalk_push(*out, to) != 0)
        return library_failed(err, "cannot walk commits");
    git_commit *known CLEANUP(free_commit) = NULL;
    struct err ignored;
    if (from && find_commit(repository, from, &known, &ignored) && git_revwalk_hide(*out, git_commit_id(known)) != 0)
        return library_failed(err, "cannot walk commits");
    return true;
}

bool reading_commits(const struct hosting *hosting, struct arena *arena, const char *repository, const char *from,
                     const char *to, size_t limit, const struct hosted_commit **out, size_t *out_count,
                     bool *out_truncated, struct err *err) {
    git_repository *opened CLEANUP(free_repository) = NULL;
    git_commit *newest CLEANUP(free_commit) = NULL;
    git_revwalk *walk CLEANUP(free_walk) = NULL;
    if (!check_id(to, err) || (from && !check_id(from, err)) ||
        !open_repository(hosting, arena, repository, &opened, err) || !find_commit(opened, to, &newest, err) ||
        !start_walk(opened, from, git_commit_id(newest), &walk, err))
        return false;
    struct hosted_commit *commits = arena_array(arena, struct hosted_commit, limit + 1);
    size_t count = 0;
    git_oid oid;
    int failure = 0;
    while (count <= limit && (failure = git_revwalk_next(&oid, walk)) == 0) {
        git_commit *commit CLEANUP(free_commit) = NULL;
        if (count < limit) {
            if (git_commit_lookup(&commit, opened, &oid) != 0)
                return library_failed(err, "cannot look up a commit");
            describe(arena, commit, &commits[count]);
        }
        count++;
    }
    if (failure && failure != GIT_ITEROVER)
        return library_failed(err, "cannot walk commits");
    *out = commits;
    *out_truncated = count > limit;
    *out_count = count > limit ? limit : count;
    return true;
}
