/*
 * The dashboard's files, built into the program (web/dist, through embed.py). Names of assets carry a hash of their
 * content, so browsers keep them for ever; the page itself is asked for each time.
 */
#ifndef SERVER_HTTP_FILES_H
#define SERVER_HTTP_FILES_H

#include "server/http/http.h"

struct http_file {
    const char *path; /* "/assets/app-1A2B.js" */
    const char *content_type;
    const unsigned char *bytes;
    size_t size;
};

/* Made by embed.py; the first is the page. */
extern const struct http_file dashboard_files[];
extern const size_t dashboard_file_count;

/* GET /assets/NAME. */
void files_asset(struct request *request, struct reply *reply);
/* GET / and every address that the dashboard shows: the page. */
void files_page(struct request *request, struct reply *reply);

#endif
