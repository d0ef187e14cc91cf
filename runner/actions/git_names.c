/*
 * Names for git. Every one of them is refused in git's favour: what looks like an option, a local path or a transport
 * that runs a program never gets there.
 */
#include "runner/actions/git_names.h"

#include "common/str.h"

#include <string.h>

#define URL_MAX 2048
#define BRANCH_MAX 250

static bool has_control(const char *text) {
    for (; *text; text++)
        if ((unsigned char)*text <= ' ' || *text == 0x7f)
            return true;
    return false;
}

bool git_check_url(const char *url, struct err *err) {
    static const char *const schemes[] = {"https://", "http://", "ssh://"};
    const char *rest = NULL;
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes && !rest; i++)
        if (str_starts_with(url, schemes[i]))
            rest = url + strlen(schemes[i]);
    if (!rest || strlen(url) > URL_MAX || has_control(url))
        return err_set(err, ERR_INVALID, "the repository's URL must begin with https://, http:// or ssh://");
    size_t host = strcspn(rest, "/?#");
    const char *at = memchr(rest, '@', host);
    bool ssh = str_starts_with(url, "ssh://");
    if (host == 0 || rest[0] == '-' || rest[host] != '/' || (at && at[1] == '-') ||
        (ssh && at && memchr(rest, ':', (size_t)(at - rest))))
        return err_set(err, ERR_INVALID, "the repository's URL has no usable host or path");
    if (at && !ssh)
        return err_set(err, ERR_INVALID, "the repository's URL must not hold a user or password");
    return true;
}

bool git_check_branch(const char *branch, struct err *err) {
    size_t length = strlen(branch);
    bool good = length > 0 && length <= BRANCH_MAX && !has_control(branch) && !strpbrk(branch, "~^:?*[\\") &&
                branch[0] != '-' && branch[0] != '/' && branch[0] != '.' && branch[length - 1] != '/' &&
                branch[length - 1] != '.' && !strstr(branch, "..") && !strstr(branch, "//") && !strstr(branch, "/.") &&
                !strstr(branch, "@{") && !strstr(branch, ".lock/") && !str_ends_with(branch, ".lock") &&
                strcmp(branch, "@") != 0;
    return good || err_set(err, ERR_INVALID, "'%.200s' is no name of a branch", branch);
}

bool git_check_commit(const char *commit, struct err *err) {
    size_t length = strlen(commit);
    bool good = (length == 40 || length == 64) && strspn(commit, "0123456789abcdef") == length;
    return good || err_set(err, ERR_INVALID, "'%.100s' is no full commit id", commit);
}
