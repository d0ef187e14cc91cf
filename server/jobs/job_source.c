/*
 * Sources as a runner gets them: an address and what to fetch from it, with the password of whom it belongs to. A
 * password goes to the address, or at least to the host, that it was given for, and nowhere else: who may start a build
 * may name another address, and must not get to see what a project keeps secret.
 */
#include "server/jobs/job_source.h"

#include "common/str.h"
#include "server/jobs/build_state.h"
#include "server/store/projects.h"
#include "server/store/repositories.h"
#include "server/store/source_credentials.h"
#include "server/store/source_hooks.h"

#include <string.h>
#include <strings.h>

#define PROJECTS_AT_ONCE 100

/* What a hook knows of who clones. */
static bool set_password(const struct job_sources *sources, struct json *source, const struct source_hook_row *hook,
                         struct err *err) {
    const char *password = NULL;
    if (!hook->clone_password)
        return true;
    if (!sources->settings->open_secret(sources->settings->context, sources->arena, hook->clone_password,
                                        hook->clone_password_size, &password, err))
        return err_wrap(err, "opening the clone password of '%s'", hook->repository);
    json_set_text(sources->arena, source, "username", hook->clone_user_name ? hook->clone_user_name : "git");
    json_set_text(sources->arena, source, "password", password);
    return true;
}

/* The address of a repository that a pipeline names without one: its hook's, or that of GitHub, which most are at. */
bool job_source_named(const struct job_sources *sources, struct json *source, const char *repository, struct err *err) {
    struct source_hook_row hook;
    bool found = false;
    if (!source_hooks_find(sources->tx, sources->arena, repository, &found, &hook, err))
        return false;
    json_set_text(sources->arena, source, "url",
                  found ? hook.clone_url : arena_printf(sources->arena, "https://github.com/%s", repository));
    return !found || set_password(sources, source, &hook, err);
}

/* The parts of "https://HOST/owner/name.git" in which two addresses of one repository are the same. */
static bool read_address(const char *url, size_t *host_length, const char **path, size_t *path_length) {
    const char *host = strstr(url, "://");
    const char *slash = host ? strchr(host + 3, '/') : NULL;
    if (!slash)
        return false;
    size_t length = strlen(slash);
    while (length > 0 && slash[length - 1] == '/')
        length--;
    if (length > 4 && strncmp(slash + length - 4, ".git", 4) == 0)
        length -= 4;
    *host_length = (size_t)(slash - url); /* with the scheme */
    *path = slash;
    *path_length = length;
    return true;
}

/* Scheme and host too: a password goes where it was given for, and nowhere else. */
static bool is_same_address(const char *a, const char *b) {
    size_t a_host, b_host, a_length, b_length;
    const char *a_path, *b_path;
    return read_address(a, &a_host, &a_path, &a_length) && read_address(b, &b_host, &b_path, &b_length) &&
           a_host == b_host && a_length == b_length && strncasecmp(a, b, a_host) == 0 &&
           strncasecmp(a_path, b_path, a_length) == 0;
}

bool job_source_same_server(const char *a, const char *b) {
    size_t a_host, b_host, length;
    const char *path;
    return a && b && read_address(a, &a_host, &path, &length) && read_address(b, &b_host, &path, &length) &&
           a_host == b_host && strncasecmp(a, b, a_host) == 0;
}

/* The password of the hook that has the same address; *found false for none. */
static bool set_hook_password(const struct job_sources *sources, struct json *source, const char *url, bool *found,
                              struct err *err) {
    struct source_hook_row *hooks = NULL;
    size_t count = 0;
    *found = false;
    if (!source_hooks_list(sources->tx, sources->arena, &hooks, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        *found = is_same_address(hooks[i].clone_url, url) && hooks[i].clone_password;
        if (*found)
            return set_password(sources, source, &hooks[i], err);
    }
    return true;
}

static bool is_source_there(const struct json *source, const char *type, const char *url) {
    return str_equal(json_get_text(source, "type"), type) &&
           job_source_same_server(json_get_text(source, "location"), url);
}

static bool has_source_there(const struct json *project, const char *type, const char *url) {
    json_each(item, json_get(project, "secondarySources")) {
        if (is_source_there(item, type, url))
            return true;
    }
    return is_source_there(json_get(project, "source"), type, url);
}

/* Whether a project as it stands, without any build's overrides, has a source of this kind on that server. */
static bool is_projects_server(const struct job_sources *sources, const char *type, const char *url, bool *out,
                               struct err *err) {
    const char *after = NULL;
    struct project_row *rows = NULL;
    size_t count = PROJECTS_AT_ONCE;
    *out = false;
    while (count == PROJECTS_AT_ONCE) {
        if (!projects_list(sources->tx, sources->arena, after, PROJECTS_AT_ONCE, &rows, &count, err))
            return false;
        for (size_t i = 0; i < count && !*out; i++) {
            const struct json *document = NULL;
            if (!json_parse(sources->arena, rows[i].document, strlen(rows[i].document), &document, err))
                return err_wrap(err, "reading project '%s'", rows[i].name);
            *out = has_source_there(document, type, url);
        }
        if (*out || count == 0)
            return true;
        after = rows[count - 1].name;
    }
    return true;
}

/* GitHub's own token is not for another host that a project calls GitHub. A server of one's own may be anywhere: its
 * token is for the hosts that projects name. */
static bool is_server(const struct job_sources *sources, const char *type, const char *url, bool *out,
                      struct err *err) {
    static const struct {
        const char *type;
        const char *origin;
    } origins[] = {
        {"GITHUB", "https://github.com/"}, {"GITLAB", "https://gitlab.com/"}, {"BITBUCKET", "https://bitbucket.org/"}};
    *out = false;
    for (size_t i = 0; i < sizeof origins / sizeof *origins; i++)
        if (str_equal(type, origins[i].type))
            *out = strncasecmp(url, origins[i].origin, strlen(origins[i].origin)) == 0;
    return (!str_equal(type, "GITHUB_ENTERPRISE") && !str_equal(type, "GITLAB_SELF_MANAGED")) ||
           is_projects_server(sources, type, url, out, err);
}

/* The user that goes with a token: each kind of server has its own word for "this is a token". */
static const char *token_user(const char *type) {
    if (str_equal(type, "BITBUCKET"))
        return "x-token-auth";
    return str_starts_with(type, "GITLAB") ? "oauth2" : "x-access-token";
}

static bool set_credential(const struct job_sources *sources, struct json *source, const char *type, const char *url,
                           struct err *err) {
    struct source_credential_row row;
    bool found = false, is_its = false;
    const char *token = NULL;
    if (!source_credentials_get(sources->tx, sources->arena, type, &found, &row, err))
        return false;
    if (!found)
        return true;
    if (!is_server(sources, type, url, &is_its, err))
        return false;
    if (!is_its)
        return true;
    json_set_text(sources->arena, source, "username", row.user_name ? row.user_name : token_user(type));
    json_set_text(sources->arena, source, "secret", row.resource);
    if (!row.token)
        return true;
    if (!sources->settings->open_secret(sources->settings->context, sources->arena, row.token, row.token_size, &token,
                                        err))
        return err_wrap(err, "opening the source credentials for %s", type);
    json_set_text(sources->arena, source, "password", token);
    return true;
}

/* An address that was given as such: it stays. Who signs in: the source's own secret, which the runner reads; the hook
 * that has this address; what was imported for this kind of server. */
static bool set_address(const struct job_sources *sources, struct json *source, const struct json *described,
                        struct err *err) {
    const char *type = json_get_text_or(described, "type", "");
    const char *url = json_get_text_or(described, "location", "");
    const struct json *auth = json_get(described, "auth");
    bool found = false;
    json_set_text(sources->arena, source, "url", url);
    if (json_get_bool(described, "insecureSsl", false))
        json_set_bool(sources->arena, source, "insecure", true);
    if (str_equal(json_get_text(auth, "type"), "SECRETS_MANAGER")) {
        json_set_text(sources->arena, source, "username", token_user(type));
        json_set_text(sources->arena, source, "secret", json_get_text(auth, "resource"));
        return true;
    }
    return set_hook_password(sources, source, url, &found, err) &&
           (found || set_credential(sources, source, type, url, err));
}

void job_source_hosted(const struct job_sources *sources, struct json *source, const char *repository) {
    json_set_text(sources->arena, source, "url",
                  arena_printf(sources->arena, "%s/git/%s", sources->settings->base_url, repository));
    json_set_text(sources->arena, source, "username", "runner");
}

static bool is_commit(const char *text) {
    return strlen(text) == 40 && strspn(text, "0123456789abcdef") == 40;
}

/* CodeBuild's source versions: a commit, a branch or a tag, "pr/7", "refs/heads/main^{COMMIT}". */
static void set_version(struct arena *arena, struct json *source, const char *type, const char *version) {
    static const char heads[] = "refs/heads/", pull[] = "pr/";
    const char *mark = strstr(version, "^{");
    if (mark && str_ends_with(version, "}")) {
        json_set_text(arena, source, "commit", arena_strndup(arena, mark + 2, strlen(mark + 2) - 1));
        version = arena_strndup(arena, version, (size_t)(mark - version));
    }
    if (is_commit(version))
        json_set_text(arena, source, "commit", version);
    else if (str_starts_with(version, pull))
        json_set_text(
            arena, source, "ref",
            arena_printf(arena, str_starts_with(type, "GITLAB") ? "refs/merge-requests/%s/head" : "refs/pull/%s/head",
                         version + strlen(pull)));
    else if (str_starts_with(version, heads))
        json_set_text(arena, source, "branch", version + strlen(heads));
    else if (str_starts_with(version, "refs/"))
        json_set_text(arena, source, "ref", version);
    else
        json_set_text(arena, source, "branch", version);
}

/* The default branch of a repository of our own. */
static bool find_default(const struct job_sources *sources, const char *name, const char **out, struct err *err) {
    struct repository_row repository;
    struct err own = {.kind = ERR_NONE};
    if (repositories_get(sources->tx, sources->arena, name, &repository, &own))
        *out = repository.default_branch;
    return own.kind == ERR_NONE || own.kind == ERR_NOT_FOUND || err_set(err, own.kind, "%s", own.message);
}

static void set_git_settings(struct arena *arena, struct json *source, const struct json *described) {
    int64_t depth = json_get_integer(described, "gitCloneDepth", 0);
    if (depth > 0)
        json_set_integer(arena, source, "depth", depth);
    if (json_get_bool(json_get(described, "gitSubmodulesConfig"), "fetchSubmodules", false))
        json_set_bool(arena, source, "submodules", true);
}

/* NULL in *out: there is nothing to fetch. */
static bool read_source(const struct job_sources *sources, const struct json *described, const char *version,
                        struct json **out, struct err *err) {
    const char *type = json_get_text_or(described, "type", "NO_SOURCE");
    const char *location = json_get_text(described, "location");
    struct json *source = json_object(sources->arena);
    *out = NULL;
    if (str_equal(type, "NO_SOURCE") || str_equal(type, "CODEPIPELINE") || !location)
        return true;
    *out = source;
    json_set_text(sources->arena, source, "identifier", json_get_text(described, "sourceIdentifier"));
    if (str_equal(type, "S3")) {
        json_set_text(sources->arena, source, "s3", location);
        json_set_text(sources->arena, source, "version", version);
        return true;
    }
    set_git_settings(sources->arena, source, described);
    if (str_equal(type, "CODECOMMIT")) {
        const char *name = build_repository(described);
        job_source_hosted(sources, source, name);
        if (!version && !find_default(sources, name, &version, err))
            return false;
    } else if (!set_address(sources, source, described, err)) {
        return false;
    }
    if (version)
        set_version(sources->arena, source, type, version);
    return true;
}

static const char *version_of(const struct json *versions, const char *identifier) {
    json_each(item, versions) {
        if (str_equal(json_get_text(item, "sourceIdentifier"), identifier))
            return json_get_text(item, "sourceVersion");
    }
    return NULL;
}

static const char *filled(const char *text) {
    return text && *text ? text : NULL;
}

bool job_sources_of_build(const struct job_sources *sources, const struct json *build, struct wire_job *message,
                          struct err *err) {
    struct json *source = NULL, *list = json_array(sources->arena);
    if (!read_source(sources, json_get(build, "source"), filled(json_get_text(build, "sourceVersion")), &source, err))
        return false;
    message->source = source;
    json_each(item, json_get(build, "secondarySources")) {
        const char *version =
            version_of(json_get(build, "secondarySourceVersions"), json_get_text(item, "sourceIdentifier"));
        if (!read_source(sources, item, filled(version), &source, err))
            return false;
        if (source)
            json_append(list, source);
    }
    message->secondary_sources = list->count ? list : NULL;
    return true;
}
