/*
 * What members a JSON object may have, as a table: their types, the words and numbers that they take, and which must be
 * there. A text that holds a number or a flag where ECS wants one (and the other way round) is turned into what was
 * meant, with a notice: people write "80" for 80, and 256 for "256".
 */
#ifndef RUNNER_DEPLOYFILES_JSON_SHAPE_H
#define RUNNER_DEPLOYFILES_JSON_SHAPE_H

#include "runner/deployfiles/findings.h"

enum shape_kind {
    SHAPE_TEXT,
    SHAPE_INTEGER,
    SHAPE_FLAG,
    SHAPE_TEXTS,    /* a list of texts */
    SHAPE_INTEGERS, /* a list of whole numbers */
    SHAPE_MAP,      /* an object of texts */
    SHAPE_OBJECT,
    SHAPE_OBJECTS, /* a list of objects */
    SHAPE_ANY,     /* looked at elsewhere */
};

struct shape {
    const char *name;
    enum shape_kind kind;
    bool required;              /* and not empty, where it is a text or a list */
    const char *const *words;   /* TEXT, TEXTS: the only ones, NULL at the end; or NULL: any */
    const struct shape *fields; /* OBJECT, OBJECTS: ends with a row without a name; or NULL: looked at elsewhere */
    int64_t least;              /* INTEGER; both 0: any */
    int64_t most;
};

/* `of`: what the object is, behind its members' names in sentences (" of container 'web'", "" for the whole file);
 * `path`: of the object within that, "" or "logConfiguration.". False where something is wrong. */
bool json_shape_check(struct findings *findings, struct json *object, const struct shape *shape, const char *path,
                      const char *of);

#endif
