/* The settled part of a build: its project's document with the request's overrides laid over it. Only for this room. */
#ifndef SERVER_JOBS_BUILD_DOCUMENT_H
#define SERVER_JOBS_BUILD_DOCUMENT_H

#include "server/jobs/build_start.h"

/* Errors: ERR_INVALID InvalidInputException. */
bool build_document(struct arena *arena, const struct json *project, const struct build_request *request,
                    struct json **out, struct err *err);

#endif
