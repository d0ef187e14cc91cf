/*
 * What a structure must look like, written as tables, and the check of a tree against them: types, required members,
 * lengths, patterns, choices, unknown members. It is what AWS's service models say about each shape; rules that join
 * several values stand elsewhere. The doors describe their operations' parameters with the same tables.
 */
#ifndef SERVER_DEFINITION_SHAPE_H
#define SERVER_DEFINITION_SHAPE_H

#include "server/definition/definition.h"

enum shape_type {
    SHAPE_TEXT,
    SHAPE_INTEGER,
    SHAPE_BOOL,
    SHAPE_TIME, /* a number: seconds since 1970 */
    SHAPE_LIST,
    SHAPE_MAP,
    SHAPE_OBJECT,
    SHAPE_ANY, /* somebody else looks at it */
};

struct shape_pattern {
    const char *aws;        /* as AWS's error messages show it */
    const char *expression; /* the same as an anchored POSIX extended regular expression */
    const char *words;      /* what to write: "letters, digits and . @ - _" */
};

struct shape {
    enum shape_type type;
    /* Text: characters. List and map: members. Integer: its value. No limit above where `most` is 0. */
    long long least;
    long long most;
    const struct shape_pattern *pattern; /* text */
    const char *const *choices;          /* text: one of these; ends with NULL */
    bool loose;                          /* text: also a number or a boolean, meant as text */
    bool secret;                         /* never repeated in a message */
    const struct shape *members;         /* list: each element; map: each value */
    const struct shape *keys;            /* map: each key (text), or NULL */
    const struct shape_field *fields;    /* object; ends with a NULL name */
    const struct shape *short_form;      /* in files also this may stand here, where its JSON type is the other one */
};

struct shape_field {
    const char *name;
    const struct shape *shape;
    bool required;     /* always */
    bool request_only; /* required in requests, may be left out in files */
    bool file_only;    /* a short form: unknown in requests */
};

/* Checks the place's value, which is there, and everything under it. In files any scalar is a text. */
void shape_check(struct definition_errors *errors, const struct place *place, const struct shape *shape,
                 enum definition_form form);

/* A scalar as text: "true", "12", as written; NULL where `value` is NULL, null, a list or an object. */
const char *shape_text(struct arena *arena, const struct json *value);

/* The member of that name as text, by the rule above. */
const char *shape_get_text(struct arena *arena, const struct json *object, const char *name);

/* True where something is written: neither null, nor an empty list, nor an object of nothing but these. */
bool shape_is_filled(const struct json *value);

/* True where the text fits the pattern. */
bool shape_matches(const struct shape_pattern *pattern, const char *text);

/* "Value 'a b' at 'name' failed to satisfy constraint: CONSTRAINT", in the arena. */
const char *shape_aws_constraint(struct arena *arena, const struct place *place, const char *constraint);

#endif
