/*
 * What is wrong with a definition, all of it: a reader of a broken file wants every mistake at once, each with its
 * place and what to write instead. A check goes down the tree with a `struct place` on its stack that knows how it got
 * there, and adds an error wherever something is wrong; nothing stops at the first one.
 *
 * The same findings serve two readers: people (`message`, with line, column and a path like `stages[1].actions[0]`) and
 * AWS's clients (`aws`, the sentence that AWS's own service says, with AWS's form of the path).
 */
#ifndef SERVER_DEFINITION_ERRORS_H
#define SERVER_DEFINITION_ERRORS_H

#include "common/err.h"
#include "common/json.h"

#define DEFINITION_ERRORS_MAX 50

/* AWS's names for what can be wrong. */
#define DEFINITION_VALIDATION "ValidationException" /* a value breaks its own rule: type, length, pattern, choice */
#define DEFINITION_STRUCTURE "InvalidStructureException"
#define DEFINITION_STAGE "InvalidStageDeclarationException"
#define DEFINITION_ACTION "InvalidActionDeclarationException"
#define DEFINITION_SERIALIZATION "SerializationException" /* a value of the wrong JSON type */

struct definition_error {
    int line; /* from 1; 0 where the tree came from no file */
    int column;
    const char *path;    /* "stages[1].actions[0].name"; "" is the document itself */
    const char *message; /* for people: what is wrong; what to write instead */
    const char *code;    /* one of the names above; static text */
    const char *aws;     /* AWS's own sentence, or NULL: say path and message */
};

struct definition_errors {
    struct arena *arena;
    struct definition_error *list; /* in the order found; definition_check sorts them by place */
    size_t count;
    size_t capacity;
    bool more; /* there were more than DEFINITION_ERRORS_MAX */
};

/* How a check came to a value. The outermost place's name is the parameter that AWS's paths begin with ("pipeline"), or
 * NULL where the value is the whole request. */
struct place {
    const struct place *parent;
    const char *name;         /* member of an object; NULL: element of a list */
    size_t index;             /* element of a list, from 0 */
    const struct json *value; /* what stands there; NULL where it is missing */
};

#define PLACE_MEMBER(parent_place, member_name, member_value)                                                          \
    { .parent = (parent_place), .name = (member_name), .value = (member_value) }
#define PLACE_ELEMENT(parent_place, element_index, element_value)                                                      \
    { .parent = (parent_place), .index = (element_index), .value = (element_value) }

/* "stages[1].actions[0].name", without the outermost place; and as AWS writes it, with it:
 * "pipeline.stages.2.member.actions.1.member.name". */
const char *place_path(struct arena *arena, const struct place *place);
const char *place_aws_path(struct arena *arena, const struct place *place);

/* Adds an error at that place: its value's line and column, else those of the nearest place around it that has some.
 * errors_add_name points at the member's name instead: for keys that should not be there. `aws` may be NULL. */
void errors_add(struct definition_errors *errors, const struct place *place, const char *code, const char *aws,
                const char *format, ...) PRINTF_LIKE(5, 6);
void errors_add_name(struct definition_errors *errors, const struct place *place, const char *code, const char *aws,
                     const char *format, ...) PRINTF_LIKE(5, 6);

/* "shop.yml:4:11: stages[0].name: …", as compilers do it; without what is not known. */
const char *definition_error_text(struct arena *arena, const char *file, const struct definition_error *error);

/* The errors as one, as AWS's service answers: "2 validation errors detected: …; …" with code ValidationException, or
 * the first one's code. `validation` is the code for broken values, since AWS's services differ in it (CodeBuild's
 * InvalidInputException). Returns false. */
bool definition_errors_fail(const struct definition_errors *errors, const char *validation, struct err *err);

#endif
