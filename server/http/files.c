#include "server/http/files.h"

#include "common/str.h"

#define POLICY                                                                                                         \
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "                 \
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

static void send_file(const struct request *request, struct reply *reply, const struct http_file *file,
                      const char *caching) {
    reply->status = 200;
    reply->content_type = file->content_type;
    reply->body = (const char *)file->bytes;
    reply->body_size = file->size;
    reply_header(request, reply, "Cache-Control", caching);
    reply_header(request, reply, "Content-Security-Policy", POLICY);
    reply_header(request, reply, "Referrer-Policy", "same-origin");
    reply_header(request, reply, "Cross-Origin-Opener-Policy", "same-origin");
}

void files_asset(struct request *request, struct reply *reply) {
    for (size_t i = 1; i < dashboard_file_count; i++) {
        if (str_equal(dashboard_files[i].path, request->path)) {
            send_file(request, reply, &dashboard_files[i], "public, max-age=31536000, immutable");
            return;
        }
    }
    struct err err;
    err_set_code(&err, ERR_NOT_FOUND, "NotFoundException", "the dashboard has no file '%s'", request->path);
    reply_error(request, reply, &err);
}

void files_page(struct request *request, struct reply *reply) {
    send_file(request, reply, &dashboard_files[0], "no-cache");
}
