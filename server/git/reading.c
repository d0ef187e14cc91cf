#include "server/git/reading.h"

#include "common/spawn.h"
#include "common/str.h"
#include "common/utf8.h"
#include "server/git/hosting.h"
#include "server/git/insides.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define OUTPUT_BYTES_MAX (16 * 1024 * 1024)
#define TIMEOUT_MS 60000
#define REFUSAL_BYTES_MAX 300
#define HEADS "refs/heads/"
#define TAGS "refs/tags/"

/* A commit's fields, each ended by NUL, which none of them can hold. */
#define COMMIT_FORMAT "--format=tformat:%H%x00%T%x00%P%x00%an%x00%ae%x00%ad%x00%cn%x00%ce%x00%cd%x00%B%x00"
#define BRANCH_FORMAT "--format=%(refname)%00%(objecttype)%00%(objectname)%00%(HEAD)%00"

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

static bool check_repository(const struct hosting *hosting, struct arena *arena, const char *name, struct err *err) {
    struct stat status;
    if (!hosting_name_valid(name))
        return err_set_code(err, ERR_INVALID, "InvalidRepositoryNameException", "'%.120s' cannot name a repository",
                            name);
    return stat(hosting_path(hosting, arena, name), &status) == 0 ||
           err_set_code(err, ERR_NOT_FOUND, "RepositoryDoesNotExistException", "there is no repository '%s'", name);
}

/* Running git */

struct answer {
    const char *at, *end; /* what is still to be read */
    const char *refusal;  /* git's words where it does not answer (it knows no such object); else NULL */
};

static void close_fd(int *fd) {
    if (*fd >= 0)
        close(*fd);
}

/* What git said on stderr. */
static const char *read_refusal(struct arena *arena, int fd) {
    char *text = arena_alloc(arena, REFUSAL_BYTES_MAX + 1);
    ssize_t size = pread(fd, text, REFUSAL_BYTES_MAX, 0);
    text[size > 0 ? size : 0] = '\0';
    return text;
}

static bool run(const struct hosting *hosting, struct arena *arena, const char *repository,
                const char *const *arguments, struct answer *out, struct err *err) {
    size_t count;
    const char **environment = git_environment(hosting, arena, repository, &count);
    environment[count++] = arena_printf(arena, "GIT_DIR=%s", hosting_path(hosting, arena, repository));
    int errors CLEANUP(close_fd) = memfd_create("git errors", MFD_CLOEXEC);
    struct spawn_result result;
    const struct spawn spawn = {
        .arguments = arguments,
        .environment = environment,
        .directory = "/",
        .input = -1,
        .output = -1,
        .errors = errors,
        .timeout_ms = TIMEOUT_MS,
    };
    if (errors < 0)
        return err_set_errno(err, errno, "cannot make a file for git's messages");
    if (!check_repository(hosting, arena, repository, err) ||
        !spawn_run_collect(&spawn, arena, OUTPUT_BYTES_MAX, &result, err))
        return false;
    if (result.timed_out || result.output_cut)
        return err_set(err, ERR_LIMIT, "repository '%s' is too large to be looked at", repository);
    *out = (struct answer){result.output, result.output + result.output_size,
                           result.exit_code != 0 ? read_refusal(arena, errors) : NULL};
    return true;
}

/* The next field; NULL at the end. */
static const char *take(struct answer *answer) {
    const char *end = answer->at < answer->end ? memchr(answer->at, '\0', (size_t)(answer->end - answer->at)) : NULL;
    if (!end)
        return NULL;
    const char *field = answer->at;
    answer->at = end + 1;
    return field;
}

/* Behind a record's last field. */
static void skip_line_feed(struct answer *answer) {
    if (answer->at < answer->end && *answer->at == '\n')
        answer->at++;
}

/* Branches */

struct branch_list {
    struct hosted_branch *branches;
    size_t count;
    const char *head; /* the default one, where it has a commit */
};

static bool is_kind(const char *prefix, const char *type) {
    return str_equal(type, "commit") || (str_equal(prefix, TAGS) && str_equal(type, "tag"));
}

/* `prefix` is HEADS or TAGS, the pattern begins with it. */
static bool list_refs(const struct hosting *hosting, struct arena *arena, const char *repository, const char *prefix,
                      const char *pattern, struct branch_list *out, struct err *err) {
    const char *const arguments[] = {"git", "for-each-ref", BRANCH_FORMAT, "--", pattern, NULL};
    struct answer answer;
    size_t capacity = 0;
    *out = (struct branch_list){0};
    if (!run(hosting, arena, repository, arguments, &answer, err))
        return false;
    if (answer.refusal)
        return err_set(err, ERR_INTERNAL, "git does not list the refs of '%s': %s", repository, answer.refusal);
    for (const char *name; (name = take(&answer)); skip_line_feed(&answer)) {
        const char *type = take(&answer), *id = take(&answer), *head = take(&answer);
        if (!head || !str_starts_with(name, prefix))
            return err_set(err, ERR_INTERNAL, "git's list of the refs of '%s' cannot be read", repository);
        struct hosted_branch branch = {.name = name + strlen(prefix)};
        if (!is_kind(prefix, type) || !reading_id_valid(id) || !reading_branch_name_valid(branch.name))
            continue;
        memcpy(branch.id, id, sizeof branch.id);
        if (out->count == capacity)
            out->branches = arena_grow(arena, out->branches, sizeof branch, &capacity);
        out->branches[out->count++] = branch;
        if (head[0] == '*')
            out->head = branch.name;
    }
    return true;
}

static bool list_branches(const struct hosting *hosting, struct arena *arena, const char *repository,
                          const char *pattern, struct branch_list *out, struct err *err) {
    return list_refs(hosting, arena, repository, HEADS, pattern, out, err);
}

bool reading_tags(const struct hosting *hosting, struct arena *arena, const char *repository,
                  const struct hosted_branch **out, size_t *out_count, struct err *err) {
    struct branch_list list;
    if (!list_refs(hosting, arena, repository, TAGS, TAGS, &list, err))
        return false;
    *out = list.branches;
    *out_count = list.count;
    return true;
}

bool reading_branches(const struct hosting *hosting, struct arena *arena, const char *repository,
                      const struct hosted_branch **out, size_t *out_count, struct err *err) {
    struct branch_list list;
    if (!list_branches(hosting, arena, repository, HEADS, &list, err))
        return false;
    *out = list.branches;
    *out_count = list.count;
    return true;
}

bool reading_branch(const struct hosting *hosting, struct arena *arena, const char *repository, const char *branch,
                    char out_id[GIT_ID_SIZE], struct err *err) {
    struct branch_list list;
    if (!reading_branch_name_valid(branch))
        return err_set_code(err, ERR_INVALID, "InvalidBranchNameException", "'%.120s' cannot name a branch", branch);
    if (!list_branches(hosting, arena, repository, arena_printf(arena, HEADS "%s", branch), &list, err))
        return false;
    for (size_t i = 0; i < list.count; i++) { /* for "a" git lists "a/b" too */
        if (str_equal(list.branches[i].name, branch)) {
            memcpy(out_id, list.branches[i].id, GIT_ID_SIZE);
            return true;
        }
    }
    return err_set_code(err, ERR_NOT_FOUND, "BranchDoesNotExistException", "repository '%s' has no branch '%s'",
                        repository, branch);
}

bool reading_default_branch(const struct hosting *hosting, struct arena *arena, const char *repository,
                            const char **out, struct err *err) {
    struct branch_list list;
    if (!list_branches(hosting, arena, repository, HEADS, &list, err))
        return false;
    *out = list.head;
    return true;
}

/* Commits */

/* Valid UTF-8, whatever the bytes were. */
static const char *clean_text(struct arena *arena, const char *text) {
    size_t size = strlen(text);
    if (utf8_valid_length(text, size) == size)
        return text;
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

/* "1795417093 +0130" */
static void read_time(const char *text, int64_t *out_ms, int *out_offset_minutes) {
    char *end;
    *out_ms = strtoll(text, &end, 10) * 1000;
    long zone = strtol(end, NULL, 10);
    *out_offset_minutes = (int)(zone / 100 * 60 + zone % 100);
}

static void read_parents(struct arena *arena, const char *text, struct hosted_commit *out) {
    size_t most = strlen(text) / GIT_ID_SIZE + 1;
    const char **parents = arena_array(arena, const char *, most);
    while (strlen(text) >= GIT_ID_SIZE - 1 && out->parent_count < most) {
        parents[out->parent_count++] = arena_strndup(arena, text, GIT_ID_SIZE - 1);
        text += GIT_ID_SIZE - 1;
        text += strspn(text, " ");
    }
    out->parents = parents;
}

static bool take_commit(struct arena *arena, struct answer *answer, struct hosted_commit *out) {
    const char *fields[10];
    for (size_t i = 0; i < 10; i++) {
        if (!(fields[i] = take(answer)))
            return false;
    }
    skip_line_feed(answer);
    if (!reading_id_valid(fields[0]) || !reading_id_valid(fields[1]))
        return false;
    *out = (struct hosted_commit){
        .author_name = clean_text(arena, fields[3]),
        .author_email = clean_text(arena, fields[4]),
        .committer_name = clean_text(arena, fields[6]),
        .committer_email = clean_text(arena, fields[7]),
        .message = clean_text(arena, fields[9]),
    };
    memcpy(out->id, fields[0], sizeof out->id);
    memcpy(out->tree, fields[1], sizeof out->tree);
    read_parents(arena, fields[2], out);
    read_time(fields[5], &out->author_ms, &out->author_offset_minutes);
    read_time(fields[8], &out->committer_ms, &out->committer_offset_minutes);
    out->summary = arena_strndup(arena, out->message, strcspn(out->message, "\n"));
    return true;
}

/* git log from `to` on, without what `from` (or NULL) has. */
static bool run_log(const struct hosting *hosting, struct arena *arena, const char *repository, const char *from,
                    const char *to, size_t count, struct answer *out, struct err *err) {
    const char *const arguments[] = {"git",
                                     "log",
                                     COMMIT_FORMAT,
                                     "--date=raw",
                                     "--encoding=UTF-8",
                                     "--no-show-signature",
                                     "--topo-order",
                                     arena_printf(arena, "--max-count=%zu", count),
                                     "--end-of-options",
                                     to,
                                     from ? arena_printf(arena, "^%s", from) : "--",
                                     from ? "--" : NULL,
                                     NULL};
    return run(hosting, arena, repository, arguments, out, err);
}

static bool no_commit(const char *id, struct err *err) {
    return err_set_code(err, ERR_NOT_FOUND, "CommitIdDoesNotExistException", "there is no commit %s", id);
}

bool reading_commit(const struct hosting *hosting, struct arena *arena, const char *repository, const char *id,
                    struct hosted_commit *out, struct err *err) {
    struct answer answer;
    if (!check_id(id, err) || !run_log(hosting, arena, repository, NULL, id, 1, &answer, err))
        return false;
    return (!answer.refusal && take_commit(arena, &answer, out)) || no_commit(id, err);
}

bool reading_commits(const struct hosting *hosting, struct arena *arena, const char *repository, const char *from,
                     const char *to, size_t limit, const struct hosted_commit **out, size_t *out_count,
                     bool *out_truncated, struct err *err) {
    struct answer answer;
    if (!check_id(to, err) || (from && !check_id(from, err)) ||
        !run_log(hosting, arena, repository, from, to, limit + 1, &answer, err))
        return false;
    if (answer.refusal && from) /* it was pushed away: everything is new */
        return reading_commits(hosting, arena, repository, NULL, to, limit, out, out_count, out_truncated, err);
    if (answer.refusal)
        return no_commit(to, err);
    struct hosted_commit *commits = arena_array(arena, struct hosted_commit, limit + 1);
    size_t count = 0;
    while (count <= limit && take_commit(arena, &answer, &commits[count]))
        count++;
    *out = commits;
    *out_truncated = count > limit;
    *out_count = count > limit ? limit : count;
    return true;
}

/* Changed files */

bool reading_changed_files(const struct hosting *hosting, struct arena *arena, const char *repository, const char *from,
                           const char *to, const char *const **out, size_t *out_count, struct err *err) {
    const char *const arguments[] = {"git",           "diff-tree",        "-r", "-z", "--name-only", "--no-renames",
                                     "--no-ext-diff", "--end-of-options", from, to,   "--",          NULL};
    struct answer answer;
    const char **files = NULL;
    size_t count = 0, capacity = 0;
    if (!check_id(from, err) || !check_id(to, err) || !run(hosting, arena, repository, arguments, &answer, err))
        return false;
    if (answer.refusal)
        return err_set_code(err, ERR_NOT_FOUND, "CommitIdDoesNotExistException", "git cannot compare %s with %s: %s",
                            from, to, answer.refusal);
    for (const char *file; (file = take(&answer));) {
        if (count == capacity)
            files = arena_grow(arena, files, sizeof *files, &capacity);
        files[count++] = file;
    }
    *out = files;
    *out_count = count;
    return true;
}
