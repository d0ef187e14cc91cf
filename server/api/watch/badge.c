/*
 * A project's badge: how the newest build of a branch went, for anyone who knows the badge's address, as AWS has it. It
 * tells nothing else: a badge that is not there and one that is switched off look the same as a project without builds.
 */
#include "server/api/watch/watch.h"

#include "server/server.h"
#include "server/store/builds.h"
#include "server/store/projects.h"

#include "common/str.h"

#include <string.h>

#define GREY "#6e7681"

struct face {
    const char *words;
    const char *colour;
    int width; /* of the right half, in pixels */
};

static const struct face unknown = {"unknown", GREY, 60};

static const struct face faces[] = {
    [BUILD_IN_PROGRESS] = {"in progress", "#1f6feb", 76}, [BUILD_SUCCEEDED] = {"passing", "#1a7f37", 56},
    [BUILD_FAILED] = {"failing", "#cf222e", 52},          [BUILD_FAULT] = {"failing", "#cf222e", 52},
    [BUILD_TIMED_OUT] = {"failing", "#cf222e", 52},       [BUILD_STOPPED] = {"failing", "#cf222e", 52},
};

struct looking {
    struct arena *arena;
    const char *uuid;
    const char *branch; /* or NULL */
    const struct face *face;
};

static const char *without_prefix(const char *branch) {
    static const char heads[] = "refs/heads/";
    return branch && str_starts_with(branch, heads) ? branch + strlen(heads) : branch;
}

static bool look(struct tx *tx, void *context, struct err *err) {
    struct looking *looking = context;
    struct project_row project;
    struct build_row build;
    const struct json *settings;
    bool found = false;
    if (!projects_find_badge(tx, looking->arena, looking->uuid, &found, &project, err))
        return false;
    if (!found)
        return true;
    if (!json_parse(looking->arena, project.document, strlen(project.document), &settings, err))
        return err_wrap(err, "reading the project '%s'", project.name);
    if (!json_get_bool(settings, "badgeEnabled", false))
        return true;
    if (!builds_newest(tx, looking->arena, project.name, looking->branch, &found, &build, err))
        return false;
    if (found)
        looking->face = &faces[build.status];
    return true;
}

static const char *draw(struct arena *arena, const struct face *face) {
    static const int left = 40;
    return arena_printf(
        arena,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"20\" role=\"img\" aria-label=\"build: %s\">"
        "<title>build: %s</title><clipPath id=\"r\"><rect width=\"%d\" height=\"20\" rx=\"3\"/></clipPath>"
        "<g clip-path=\"url(#r)\"><rect width=\"%d\" height=\"20\" fill=\"#24292f\"/>"
        "<rect x=\"%d\" width=\"%d\" height=\"20\" fill=\"%s\"/></g>"
        "<g fill=\"#fff\" text-anchor=\"middle\" font-family=\"Verdana,DejaVu Sans,sans-serif\" font-size=\"11\">"
        "<text x=\"%d\" y=\"14\">build</text><text x=\"%d\" y=\"14\">%s</text></g></svg>\n",
        left + face->width, face->words, face->words, left + face->width, left, left, face->width, face->colour,
        left / 2, left + face->width / 2, face->words);
}

void watch_badge(struct request *request, struct reply *reply) {
    const char *uuid = request_query(request, "uuid");
    struct looking looking = {.arena = request->arena,
                              .uuid = uuid ? uuid : "",
                              .branch = without_prefix(request_query(request, "branch")),
                              .face = &unknown};
    struct err err;
    if (looking.branch && !*looking.branch)
        looking.branch = NULL;
    if (!db_read(request->server->db, look, &looking, &err)) {
        reply_error(request, reply, &err);
        return;
    }
    reply_text(request, reply, 200, "image/svg+xml", draw(request->arena, looking.face));
    /* Pages that show it are kept by proxies (GitHub's among them), which would show yesterday's build. */
    reply_header(request, reply, "Cache-Control", "no-cache, no-store, max-age=0, must-revalidate");
    /* An image alone: nothing in it may run, wherever it is opened. */
    reply_header(request, reply, "Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'");
}
