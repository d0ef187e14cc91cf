/*
 * Where in S3 a project wants its artifacts: CodeBuild's rules of location, path, namespaceType, name and packaging.
 * Pure.
 */
#ifndef RUNNER_ACTIONS_S3_PLACE_H
#define RUNNER_ACTIONS_S3_PLACE_H

#include "common/arena.h"
#include "common/err.h"
#include "common/json.h"

struct s3_place {
    const char *bucket;
    const char *key; /* of the zip; or the folder that the files lie in, with the slash at its end, "" for the root */
    bool zip;        /* packaging ZIP */
};

struct s3_place_question {
    const struct json *artifacts; /* {type: "S3", location, path?, namespaceType?, name?, packaging?, …} */
    const char *project;          /* the name where none is given */
    const char *build_id;         /* "project:uuid" */
    const char *name;             /* the buildspec's, expanded; only asked with overrideArtifactName. Or NULL */
    const char *s3_prefix;        /* the buildspec's, with namespaceType BUILD_ID instead of `path`. Or NULL */
};

/* Errors: ERR_INVALID, code "CLIENT_ERROR": no bucket, a key that is too long or climbs. */
bool s3_place_find(struct arena *arena, const struct s3_place_question *question, struct s3_place *out,
                   struct err *err);

#endif
