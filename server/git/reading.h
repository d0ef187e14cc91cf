/*
 * Reading hosted repositories: branches and commits, by asking git itself, one process a question (a few milliseconds).
 * Not libgit2: what it brings along (two TLS libraries, SSH, Kerberos) would be a third of an idle server's memory, and
 * the bytes that strangers push would be parsed in the process that holds every secret. Names and ids are checked
 * before git sees them.
 */
#ifndef SERVER_GIT_READING_H
#define SERVER_GIT_READING_H

#include "common/arena.h"
#include "common/err.h"

#include <stddef.h>
#include <stdint.h>

#define GIT_ID_SIZE 41 /* 40 hex digits and the final NUL */

struct hosting;

struct hosted_branch {
    const char *name; /* "main", without refs/heads/ */
    char id[GIT_ID_SIZE];
};

struct hosted_commit {
    char id[GIT_ID_SIZE];
    char tree[GIT_ID_SIZE];
    const char *message; /* whole, valid UTF-8 */
    const char *summary; /* its first line */
    const char *author_name;
    const char *author_email;
    int64_t author_ms;
    int author_offset_minutes;
    const char *committer_name;
    const char *committer_email;
    int64_t committer_ms;
    int committer_offset_minutes;
    const char *const *parents; /* ids */
    size_t parent_count;
};

/* Branches in the order of their names. Errors of all below: ERR_NOT_FOUND with CodeCommit's code
 * ("RepositoryDoesNotExistException", "BranchDoesNotExistException", "CommitIdDoesNotExistException"), ERR_INVALID
 * ("InvalidBranchNameException", "InvalidCommitIdException"). */
bool reading_branches(const struct hosting *hosting, struct arena *arena, const char *repository,
                      const struct hosted_branch **out, size_t *out_count, struct err *err);

bool reading_branch(const struct hosting *hosting, struct arena *arena, const char *repository, const char *branch,
                    char out_id[GIT_ID_SIZE], struct err *err);

/* Tags in the order of their names; the id is that of the commit or of an annotated tag. reading_commit takes both. */
bool reading_tags(const struct hosting *hosting, struct arena *arena, const char *repository,
                  const struct hosted_branch **out, size_t *out_count, struct err *err);

/* The branch that a clone checks out; NULL in *out for a repository without commits. */
bool reading_default_branch(const struct hosting *hosting, struct arena *arena, const char *repository,
                            const char **out, struct err *err);

bool reading_commit(const struct hosting *hosting, struct arena *arena, const char *repository, const char *id,
                    struct hosted_commit *out, struct err *err);

/* The commits that `to` has and `from` has not, newest first, at most `limit`; *out_truncated says that there are more.
 * `from` NULL or unknown: those that lead to `to`. */
bool reading_commits(const struct hosting *hosting, struct arena *arena, const char *repository, const char *from,
                     const char *to, size_t limit, const struct hosted_commit **out, size_t *out_count,
                     bool *out_truncated, struct err *err);

/* The paths of the files that differ between two commits. */
bool reading_changed_files(const struct hosting *hosting, struct arena *arena, const char *repository, const char *from,
                           const char *to, const char *const **out, size_t *out_count, struct err *err);

/* A branch name as git allows it (git check-ref-format), at most 256 bytes, no leading '-'. */
bool reading_branch_name_valid(const char *name);
/* 40 lower-case hex digits. */
bool reading_id_valid(const char *id);

#endif
