/*
 * The forms in which a build's output may show a secret without meaning to: as it is, line by line, in base64 (whatever
 * stands before and behind it, so that `user:password` is found too), percent-encoded, and quoted for a shell or JSON.
 */
#ifndef RUNNER_MASK_FORMS_H
#define RUNNER_MASK_FORMS_H

#include <stdbool.h>
#include <stddef.h>

#define MASK_LEAST_LENGTH 4 /* masking a shorter text would wreck the log and protect nothing */

/* Gives each form once or more, none shorter than MASK_LEAST_LENGTH; the secret itself is the first. `wrapped`: in
 * base64, which programs break into lines wherever they like. */
typedef void mask_take(void *context, const char *form, size_t length, bool wrapped);
void mask_forms(const char *secret, mask_take *take, void *context);

#endif
