/*
 * What RegisterTaskDefinition takes, 2014-11-13, as tables for json_shape_check(). The containers have one of their
 * own, so that sentences name the container.
 */
#ifndef RUNNER_DEPLOYFILES_TASK_DEFINITION_SHAPE_H
#define RUNNER_DEPLOYFILES_TASK_DEFINITION_SHAPE_H

#include "runner/deployfiles/json_shape.h"

extern const struct shape task_definition_shape[];
extern const struct shape container_shape[];

#endif
