/*
 * What a deployment reads from its input artifacts: which images, and the task definition's template.
 */
#ifndef RUNNER_ACTIONS_ECS_SOURCES_H
#define RUNNER_ACTIONS_ECS_SOURCES_H

#include "runner/actions/ecs_deploy.h"
#include "runner/deployfiles/image_definitions.h"

struct ecs_sources {
    struct job *job;
    const struct deploy_plan *plan;
    struct arena *arena;
};

/* imagedefinitions.json. With a template it need not be there: then none. Errors: ERR_INVALID, of the artifact. */
bool ecs_sources_images(const struct ecs_sources *sources, struct image_definitions *out, struct err *err);

/* The template with its placeholders filled (<NAME> of the images, <IMAGE1_NAME> to <IMAGE5_NAME> of the
 * imageDetail.json in the first to the fifth input artifact), and the images set. */
bool ecs_sources_template(const struct ecs_sources *sources, const struct image_definitions *images, struct json **out,
                          struct err *err);

#endif
