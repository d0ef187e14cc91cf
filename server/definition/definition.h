/*
 * From a tree of values (a file's, a request's, the store's) to a checked struct pipeline. No input or output at all.
 */
#ifndef SERVER_DEFINITION_DEFINITION_H
#define SERVER_DEFINITION_DEFINITION_H

#include "server/definition/pipeline.h"

/* Reads a declaration that was checked when it was stored: canonical JSON as GetPipeline shows it. Everything in *out
 * lives in the arena (the tree given must too). Errors: ERR_INTERNAL where the text is not what we once wrote. */
bool definition_read(struct arena *arena, const struct json *declaration, struct pipeline **out, struct err *err);

#endif
