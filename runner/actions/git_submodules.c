/*
 * Submodules. What .gitmodules says is foreign: addresses are checked as any other, paths are names inside the source,
 * and only what the commit itself has as a submodule is fetched.
 */
#include "runner/actions/git_submodules.h"

#include "common/spawn.h"
#include "common/str.h"
#include "runner/actions/git_names.h"
#include "runner/actions/git_snapshot.h"
#include "runner/archive/names.h"

#include <string.h>
#include <strings.h>

#define MODULES_MAX 200
#define NESTED_MAX 8

struct module {
    const char *name; /* as .gitmodules calls it */
    const char *path;
    const char *url;
    struct module *next;
};

struct gathering {
    struct job *job;
    const struct git_remote *remote; /* the source's own */
    const char *name;                /* of the source's files */
    struct fetched_module *modules;
    size_t count;
};

static struct module *find_module(struct arena *arena, struct module **list, const char *name, size_t length) {
    for (struct module *module = *list; module; module = module->next)
        if (strncmp(module->name, name, length) == 0 && !module->name[length])
            return module;
    struct module *module = arena_array(arena, struct module, 1);
    *module = (struct module){.name = arena_strndup(arena, name, length), .next = *list};
    return *list = module;
}

/* One line of `git config --list -z`: "submodule.NAME.path\nVALUE". */
static void read_entry(struct arena *arena, struct module **list, const char *entry) {
    static const char section[] = "submodule.";
    const char *value = strchr(entry, '\n');
    if (!value || !str_starts_with(entry, section))
        return;
    const char *name = entry + strlen(section), *dot = NULL;
    for (const char *at = name; at < value; at++)
        if (*at == '.')
            dot = at;
    if (!dot || dot == name)
        return;
    struct module *module = find_module(arena, list, name, (size_t)(dot - name));
    const char *key = arena_strndup(arena, dot + 1, (size_t)(value - dot - 1));
    if (str_equal(key, "path"))
        module->path = arena_strdup(arena, value + 1);
    else if (str_equal(key, "url"))
        module->url = arena_strdup(arena, value + 1);
}

static bool read_modules(struct job *job, const struct fetched *source, struct module **out, struct err *err) {
    const char *const arguments[] = {"git",
                                     arena_printf(job->arena, "--git-dir=%s", source->mirror),
                                     "config",
                                     "--blob",
                                     arena_printf(job->arena, "%s:.gitmodules", source->commit),
                                     "--list",
                                     "-z",
                                     NULL};
    struct spawn_result result;
    *out = NULL;
    if (!git_has_path(source->mirror, source->commit, ".gitmodules"))
        return true;
    if (!git_run(job, arguments, NULL, &result, err))
        return false;
    if (result.exit_code != 0 || result.output_cut)
        return err_set(err, ERR_INVALID, "the source's .gitmodules cannot be read");
    for (const char *at = result.output; at < result.output + result.output_size; at += strlen(at) + 1)
        read_entry(job->arena, out, at);
    return true;
}

/* "../lib.git" is beside the repository that says so, as git has it. */
static bool resolve(struct arena *arena, const char *parent, const char *url, const char **out, struct err *err) {
    if (!str_starts_with(url, "./") && !str_starts_with(url, "../")) {
        *out = url;
        return true;
    }
    size_t length = strlen(parent), least = strcspn(strstr(parent, "://") + 3, "/") + 3;
    least += (size_t)(strstr(parent, "://") - parent);
    while (length > least && parent[length - 1] == '/')
        length--;
    for (;;) {
        if (str_starts_with(url, "./")) {
            url += 2;
        } else if (str_starts_with(url, "../")) {
            url += 3;
            while (length > least && parent[length - 1] != '/')
                length--;
            if (length <= least)
                return err_set(err, ERR_INVALID, "its address leads out of '%s'", parent);
            length--;
        } else {
            break;
        }
    }
    *out = arena_printf(arena, "%.*s/%s", (int)length, parent, url);
    return true;
}

static bool is_same_host(const char *a, const char *b) {
    const char *a_host = strstr(a, "://"), *b_host = strstr(b, "://");
    if (!a_host || !b_host)
        return false;
    size_t a_length = (size_t)(a_host - a) + 3 + strcspn(a_host + 3, "/");
    size_t b_length = (size_t)(b_host - b) + 3 + strcspn(b_host + 3, "/");
    return a_length == b_length && strncasecmp(a, b, a_length) == 0;
}

static struct json *describe(const struct gathering *gathering, const char *url, const char *commit) {
    struct arena *arena = gathering->job->arena;
    const struct git_remote *remote = gathering->remote;
    struct json *source = json_object(arena);
    json_set_text(arena, source, "url", url);
    json_set_text(arena, source, "commit", commit);
    if (!is_same_host(remote->url, url))
        return source;
    json_set_text(arena, source, "username", remote->username);
    json_set_text(arena, source, "password", remote->password);
    if (remote->insecure)
        json_set_bool(arena, source, "insecure", true);
    return source;
}

static bool gather(struct gathering *gathering, const struct fetched *source, const char *url, const char *folder,
                   int nested, struct err *err);

static bool fetch_module(struct gathering *gathering, const struct fetched *parent, const char *parent_url,
                         const struct module *module, const char *folder, int nested, struct err *err) {
    struct arena *arena = gathering->job->arena;
    struct fetched fetched = {0};
    const char *path, *commit, *url;
    if (!archive_name(arena, module->path, &path, err))
        return false;
    if (!git_submodule_commit(arena, parent->mirror, parent->commit, path, &commit))
        return true; /* .gitmodules names more than the commit has */
    if (gathering->count == MODULES_MAX)
        return err_set(err, ERR_LIMIT, "the source has more than %d submodules", MODULES_MAX);
    if (!resolve(arena, parent_url, module->url, &url, err))
        return false;
    const struct fetch_request request = {
        .source = describe(gathering, url, commit),
        .name = arena_printf(arena, "%s-module-%zu", gathering->name, gathering->count),
    };
    if (!fetch_from(gathering->job, &request, &fetched, err))
        return false;
    path = arena_printf(arena, "%s%s%s", folder, *folder ? "/" : "", path);
    gathering->modules[gathering->count++] = (struct fetched_module){.path = path, .zip = fetched.zip};
    return gather(gathering, &fetched, url, path, nested + 1, err);
}

static bool gather(struct gathering *gathering, const struct fetched *source, const char *url, const char *folder,
                   int nested, struct err *err) {
    struct module *modules;
    if (nested > NESTED_MAX)
        return err_set(err, ERR_LIMIT, "submodules are nested deeper than %d", NESTED_MAX);
    if (!read_modules(gathering->job, source, &modules, err))
        return false;
    for (const struct module *module = modules; module; module = module->next)
        if (module->path && module->url && !fetch_module(gathering, source, url, module, folder, nested, err))
            return err_wrap(err, "submodule '%.200s'", module->path);
    return true;
}

bool git_submodules(struct job *job, const struct fetch_request *request, const struct git_remote *remote,
                    struct fetched *out, struct err *err) {
    struct gathering gathering = {.job = job,
                                  .remote = remote,
                                  .name = request->name,
                                  .modules = arena_array(job->arena, struct fetched_module, MODULES_MAX)};
    if (!gather(&gathering, out, remote->url, "", 0, err))
        return false;
    out->modules = gathering.modules;
    out->module_count = gathering.count;
    return true;
}
