/*
 * What a build reports of its tests. The runner has read the files; the group may say that it wants them in S3, which
 * the answer passes on: only the runner has them.
 */
#include "server/api/jobs/jobs.h"

#include "common/str.h"
#include "server/api/jobs/fence.h"
#include "server/api/jobs/report_message.h"
#include "server/config.h"
#include "server/server.h"

#include <string.h>

struct putting {
    struct arena *arena;
    struct queue_fence fence;
    struct build_report report;
    struct report_row row;
};

static bool put(struct tx *tx, void *context, struct err *err) {
    struct putting *putting = context;
    return build_report_put(tx, putting->arena, &putting->fence, &putting->report, &putting->row, err);
}

static void answer(const struct request *request, const struct report_row *row, struct reply *reply) {
    const struct config *config = request->server->config;
    struct arena *arena = request->arena;
    const struct json *export = NULL;
    struct json *body = json_object(arena);
    json_set_text(arena, body, "reportArn",
                  arena_printf(arena, "arn:aws:codebuild:%s:%s:report/%s:%s", config->region, config->account_id,
                               row->group, row->uuid));
    if (json_parse(arena, row->export, strlen(row->export), &export, NULL) &&
        str_equal(json_get_text(export, "exportConfigType"), "S3"))
        json_set(arena, body, "s3Destination", json_copy(arena, json_get(export, "s3Destination")));
    reply_json(request, reply, 200, body);
}

void jobs_put_report(struct request *request, struct reply *reply) {
    struct putting putting = {.arena = request->arena};
    const struct json *message = NULL;
    struct err err = {0};
    if (fence_of_query(request, &putting.fence, &err) && request_json(request, &message, &err) &&
        report_message_decode(request->arena, message, &putting.report, &err) &&
        db_write(request->server->db, put, &putting, &err))
        answer(request, &putting.row, reply);
    else
        reply_error(request, reply, &err);
}
