/*
 * Which files a page wants: what stands in its script, link and img elements. No browser: elements that a script makes
 * are not seen, nor what a style sheet asks for. Pure. Foreign bytes: bounded, and nothing is trusted but its letters.
 */
#ifndef RUNNER_ACTIONS_PROBE_PAGE_H
#define RUNNER_ACTIONS_PROBE_PAGE_H

#include "common/arena.h"

#include <stdbool.h>
#include <stddef.h>

#define PROBE_FILES_MAX 100
#define PROBE_URL_MAX 2000

/* The address that `reference` means on the page at `base` (http or https), without its fragment; NULL where it is
 * none that HTTP can ask for ("data:", "mailto:", only a fragment, too long). */
const char *probe_resolve(struct arena *arena, const char *base, const char *reference);

/* Addresses in the order of the page, each once, PROBE_FILES_MAX at most. */
const char *const *probe_page_files(struct arena *arena, const char *url, const char *html, size_t size, size_t *count);

#endif
