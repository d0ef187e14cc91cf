/*
 * Glob patterns, as the filters of triggers write them (AWS: "Working with glob patterns in syntax"). A pattern matches
 * a whole text (a path, a branch, a tag), case-sensitively:
 *
 *   *       any run of characters without '/', also none
 *   **      any run of characters, '/' included. Alone: everything. Behind 'dir/': everything below dir
 *   ** and then '/', where a folder's name could begin: any number of folders, also none. So 'common/', '**', '/a.js'
 *           in one matches common/a.js, as AWS's own example has it; Java's glob would not
 *   ?       one character, not '/'
 *   [a-z_]  one character of the set; [!a-z] one that is not in it; never '/'. Within it * ? and \ stand for
 *           themselves, and so does '-' at the beginning or the end
 *   {a,b}   one of these patterns, which may be empty; not nested
 *   \       the next character stands for itself
 *
 * A character is one of UTF-8; a byte that belongs to none is a character of its own. The rest is as in Java's glob
 * (java.nio.file.FileSystem.getPathMatcher), which AWS uses: ] , and } that close nothing stand for themselves.
 */
#ifndef SERVER_TRIGGERS_GLOB_H
#define SERVER_TRIGGERS_GLOB_H

#include "common/err.h"

#include <stdbool.h>
#include <stddef.h>

/* Longer patterns are refused. AWS's limit is 255 characters, of at most 4 bytes. */
#define GLOB_PATTERN_BYTES_MOST 1020

/* Whether the pattern can be used. Errors: INVALID with one sentence that names the pattern and the mistake. */
bool glob_check(const char *pattern, struct err *err);

/* A pattern that glob_check refuses matches nothing. Takes at most time in proportion to the length of the pattern
 * times that of the text, whatever they say. */
bool glob_matches(const char *pattern, const char *text);

/* The same; *steps says how often a token of the pattern was looked at, for the test that holds the bound. */
bool glob_matches_counted(const char *pattern, const char *text, size_t *steps);

#endif
