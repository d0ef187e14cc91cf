/*
 * What looks like a credential, so that it is not shown: by the name of a variable, or within a text. Pure. A help, not
 * a wall: secrets belong into `secrets`, where nobody sees them.
 */
#ifndef RUNNER_DEPLOYFILES_CREDENTIAL_WORDS_H
#define RUNNER_DEPLOYFILES_CREDENTIAL_WORDS_H

#include "common/arena.h"

#include <stdbool.h>

/* "DB_PASSWORD", "github-token" */
bool credential_is_named(const char *name);

/* The text with "***" for the password of an address (scheme://user:password@host), for what follows an option such as
 * --password=, and for an access key of AWS. */
const char *credential_hide(struct arena *arena, const char *text);

#endif
