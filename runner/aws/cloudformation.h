/*
 * The operations of CloudFormation that a deployment needs. Answers are AWS's own trees; a list without entries may be
 * an empty text.
 */
#ifndef RUNNER_AWS_CLOUDFORMATION_H
#define RUNNER_AWS_CLOUDFORMATION_H

#include "runner/aws/call.h"

struct cloudformation {
    struct aws *aws;
    const char *region;
    bool urgent; /* an undo: its calls do not wait for their turn */
    bool (*interrupted)(void *context);
    void *context;
};

/* *stack NULL: there is none of that name (or id). */
bool cloudformation_stack(const struct cloudformation *cloudformation, struct arena *arena, const char *name,
                          const struct json **stack, struct err *err);

/* The newest hundred, newest first; NULL where there is no such stack. */
bool cloudformation_events(const struct cloudformation *cloudformation, struct arena *arena, const char *stack,
                           const struct json **events, struct err *err);

/* What is to become of a stack. Members that are NULL are not sent. */
struct cloudformation_order {
    const char *operation; /* "CreateStack", "UpdateStack", "CreateChangeSet" */
    const char *stack;
    const char *token;         /* the second of two orders with one token is the first */
    const char *template_body; /* or */
    const char *template_url;
    const struct json *parameters;   /* object of texts */
    const struct json *tags;         /* the same */
    const struct json *stack_policy; /* or NULL */
    const char *capabilities;        /* "CAPABILITY_IAM,CAPABILITY_NAMED_IAM" */
    const char *role_arn;
    const char *change_set;      /* its name */
    const char *change_set_type; /* "CREATE", "UPDATE" */
};

/* *id: the stack's; may be NULL. */
bool cloudformation_send(const struct cloudformation *cloudformation, struct arena *arena,
                         const struct cloudformation_order *order, const char **id, struct err *err);

bool cloudformation_delete(const struct cloudformation *cloudformation, struct arena *arena, const char *stack,
                           const char *token, const char *role_arn, struct err *err);
bool cloudformation_cancel_update(const struct cloudformation *cloudformation, struct arena *arena, const char *stack,
                                  const char *token, struct err *err);

/* *change_set NULL: there is none. */
bool cloudformation_change_set(const struct cloudformation *cloudformation, struct arena *arena, const char *stack,
                               const char *name, const struct json **change_set, struct err *err);
bool cloudformation_delete_change_set(const struct cloudformation *cloudformation, struct arena *arena,
                                      const char *stack, const char *name, struct err *err);
bool cloudformation_execute(const struct cloudformation *cloudformation, struct arena *arena, const char *stack,
                            const char *name, const char *token, struct err *err);

/* CloudFormation says that there is nothing to change: in a refusal, or as a change set's reason. */
bool cloudformation_is_unchanged(const char *words);

#endif
