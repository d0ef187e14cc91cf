/*
 * THE table of action types: what CodePipeline calls provider, category and owner, how many artifacts go in and out,
 * which configuration keys there are, and who does the work here. The definition checks against it, the engine reads
 * who runs what from it, the runner announces what it can do with its names.
 *
 * AWS, "Pipeline structure reference" and the action reference of each provider.
 */
#ifndef COMMON_ACTION_TYPES_H
#define COMMON_ACTION_TYPES_H

#include <stdbool.h>
#include <stddef.h>

#define ACTION_KEYS_MAX 24

enum action_category {
    ACTION_SOURCE,
    ACTION_BUILD,
    ACTION_TEST,
    ACTION_DEPLOY,
    ACTION_APPROVAL,
    ACTION_INVOKE,
    ACTION_COMPUTE,
};

/* Who does the work. */
enum action_worker {
    ACTION_BY_RUNNER,
    ACTION_BY_PERSON, /* Manual approval: the server waits */
    ACTION_BY_WORKER, /* owner Custom: a job worker polls for it */
    ACTION_BY_NOBODY, /* AWS has it, Penstock does not yet: refused at load with a sentence */
};

struct action_key {
    const char *name; /* NULL ends the list */
    bool required;
    bool secret; /* shown as "****" */
};

struct action_type {
    const char *provider;
    enum action_category category;
    const char *owner;   /* "AWS", "ThirdParty" */
    const char *version; /* "1" */
    int least_inputs, most_inputs;
    int least_outputs, most_outputs;
    enum action_worker worker;
    /* What it deploys to, so that two never work on it at once: target_kind "ecs", and the keys whose values name it.
     * NULL: nothing that is locked. */
    const char *target_kind;
    const char *target_keys[3]; /* NULL ends the list */
    struct action_key keys[ACTION_KEYS_MAX + 1];
};

/* All rows; *count is their number. */
const struct action_type *action_types_all(size_t *count);

/* The row of that provider and category; NULL where there is none. CodeBuild stands under Build and Test. */
const struct action_type *action_types_find(const char *provider, enum action_category category);

/* The first row of that provider (for the short form `provider: ECS`, which leaves the category out); NULL for none. */
const struct action_type *action_types_find_provider(const char *provider);

const char *action_category_name(enum action_category category); /* "Source" */
bool action_category_parse(const char *name, enum action_category *out);

#endif
