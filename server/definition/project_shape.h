/* CodeBuild's project as a table; see project_shape.c. StartBuild's overrides use the same parts. */
#ifndef SERVER_DEFINITION_PROJECT_SHAPE_H
#define SERVER_DEFINITION_PROJECT_SHAPE_H

#include "server/definition/shape.h"

extern const struct shape project_shape; /* CreateProject's input */
extern const struct shape project_name_shape;
extern const struct shape project_source_shape;
extern const struct shape project_artifacts_shape;
extern const struct shape project_environment_variables_shape;
extern const struct shape project_environment_type_shape;
extern const struct shape project_compute_type_shape;
extern const struct shape project_image_shape;
extern const struct shape project_timeout_shape;
extern const struct shape project_queued_timeout_shape;
extern const struct shape project_cache_shape;
extern const struct shape project_logs_shape;
extern const struct shape project_source_auth_shape;
extern const struct shape project_submodules_shape;
extern const struct shape project_status_config_shape;
extern const struct shape project_registry_credential_shape;
extern const struct shape project_compute_configuration_shape;
extern const struct shape project_secondary_sources_shape;
extern const struct shape project_secondary_versions_shape;
extern const struct shape project_secondary_artifacts_shape;
extern const struct shape project_batch_config_shape;
extern const struct shape project_auto_retry_limit_shape;

#endif
