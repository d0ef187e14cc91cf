/*
 * env.git-credential-helper: git inside the container is given what the source was fetched with, for the source's host
 * and nothing else. Git asks its helpers by program, so that the secret stands in no configuration and no address.
 */
#include "runner/actions/build.h"

#include "common/str.h"
#include "runner/buildspec/scripts.h"

#include <string.h>

#define FOLDER "/codebuild/output/git"
#define ANSWER FOLDER "/answer"
#define HELPER FOLDER "/credential"
#define SETTER FOLDER "/setter.sh"

static const char helper[] = "#!/bin/sh\n[ \"$1\" != get ] || cat " ANSWER "\n";

/* "https://git.example.com:8443" of the repository's URL; NULL where there is no such thing. */
static const char *origin_of(struct arena *arena, const char *url) {
    const char *host = str_starts_with(url, "https://")  ? url + strlen("https://")
                       : str_starts_with(url, "http://") ? url + strlen("http://")
                                                         : NULL;
    if (!host)
        return NULL;
    size_t length = (size_t)(host - url) + strcspn(host, "/?#");
    const char *origin = arena_strndup(arena, url, length);
    /* It goes between quotes of a shell. */
    return strspn(host, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_:[]") >= strcspn(host, "/?#")
               ? origin
               : NULL;
}

static bool skip(struct build *build, const char *reason) {
    build_say(build, "Skipping git-credential-helper: %s", reason);
    return true;
}

static bool set_up(struct build *build, const char *origin, const char *username, const char *password,
                   struct err *err) {
    struct tar_feed *feed CLEANUP(tar_feed_cleanup) = tar_feed_new();
    struct arena *arena = build->arena;
    int exit_code = 0;
    tar_feed_add_folder(feed, &FOLDER[1], 0755);
    tar_feed_add_text(feed, &ANSWER[1], arena_printf(arena, "username=%s\npassword=%s\n", username, password), 0644);
    tar_feed_add_text(feed, &HELPER[1], helper, 0755);
    tar_feed_add_text(
        feed, &SETTER[1],
        arena_printf(arena, "command -v git >/dev/null && git config --system 'credential.%s.helper' " HELPER "\n",
                     origin),
        0755);
    reporter_add_secret(build->job->reporter, password);
    if (!build_put(build, feed, err) || !shell_run(build->shell, "/bin/sh", SETTER, &exit_code, err))
        return false;
    return exit_code == 0 || skip(build, "the build image has no git, or its configuration cannot be written");
}

bool build_git_credentials(struct build *build, struct err *err) {
    const struct json *source = build->job->message->source;
    const char *url = json_get_text(source, "url");
    const char *username = build->source_username ? build->source_username : json_get_text(source, "username");
    bool own = str_equal(username, "runner"); /* its token is the runner's */
    const char *password = own ? NULL : build->source_password;
    if (!password)
        password = json_get_text(source, "password");
    if (!build->spec.git_credential_helper)
        return true;
    if (!url)
        return skip(build, "the source did not come from a repository");
    if (!password && own)
        return skip(build, "the source is a repository of this server, which gives its token to no build");
    if (!password)
        return skip(build, "the source was fetched without credentials");
    const char *origin = origin_of(build->arena, url);
    if (!origin || strpbrk(password, "\r\n") || (username && strpbrk(username, "\r\n")))
        return skip(build, "the source's address or credentials are nothing that git takes");
    return set_up(build, origin, username ? username : "", password, err);
}
