/*
 * Which URLs, branches and commits may reach the git program at all. Pure; foreign text.
 */
#ifndef RUNNER_ACTIONS_GIT_NAMES_H
#define RUNNER_ACTIONS_GIT_NAMES_H

#include "common/err.h"

/* http, https and ssh with a host, without user or password in it (ssh may have a user), without control characters. */
bool git_check_url(const char *url, struct err *err);

/* git's own rules for names of branches, and no '-' in front. */
bool git_check_branch(const char *branch, struct err *err);

/* 40 or 64 lower-case hex digits. */
bool git_check_commit(const char *commit, struct err *err);

#endif
