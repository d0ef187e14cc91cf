/*
 * "Did you mean": which known word somebody meant who wrote another one.
 */
#ifndef COMMON_SUGGEST_H
#define COMMON_SUGGEST_H

/* The candidate that was probably meant, or NULL where none is near. The list ends with NULL. */
const char *suggest_nearest(const char *written, const char *const *candidates);

#endif
