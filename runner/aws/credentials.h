/*
 * Where AWS credentials come from: one function for each place, and the order in which they are asked, which is AWS's:
 * environment, a profile's role, web identity, the credentials file, credential_process, the config file, container,
 * instance. Kept apart from the cache in identity.c.
 */
#ifndef RUNNER_AWS_CREDENTIALS_H
#define RUNNER_AWS_CREDENTIALS_H

#include "runner/aws/identity.h"

/* The chain. `self` is whose settings for calls to STS are used, not its keys. Errors: ERR_NOT_FOUND where no place has
 * any; what is broken in the first place that says it has some. */
bool credentials_find(struct aws *self, struct arena *arena, struct credentials_found *out, struct err *err);

/* *found false where that place has none; an error where it has something broken. */
bool credentials_from_environment(struct arena *arena, struct credentials_found *out, bool *found, struct err *err);
bool credentials_from_container(struct arena *arena, struct credentials_found *out, bool *found, struct err *err);
bool credentials_from_instance(struct arena *arena, struct credentials_found *out, bool *found, struct err *err);

/* A profile's `credential_process`: a command line with AWS's quoting, run without a shell, that prints JSON. */
bool credentials_from_process(struct arena *arena, const char *command, struct credentials_found *out, struct err *err);

/* The words of such a command line, NULL at the end; NULL where a quote is not closed. Pure. */
const char *const *credentials_split_command(struct arena *arena, const char *command);

/* May AWS_CONTAINER_CREDENTIALS_FULL_URI point there? https, or where nobody else listens. Pure. */
bool credentials_uri_is_safe(const char *uri);

#endif
