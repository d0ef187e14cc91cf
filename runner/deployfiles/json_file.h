/*
 * A file that must be JSON, as a tree with places. YAML is refused here: AWS reads these files as JSON.
 */
#ifndef RUNNER_DEPLOYFILES_JSON_FILE_H
#define RUNNER_DEPLOYFILES_JSON_FILE_H

#include "runner/deployfiles/findings.h"

/* `word` is what people call it: "the image definition file". False where it is not JSON: a finding says why. */
bool json_file_open(struct findings *findings, const char *word, const char *text, size_t size,
                    const struct json **root);

/* "an object", "a list", "a text", "a number": for sentences that say what was found. */
const char *json_file_found(const struct json *value);

#endif
