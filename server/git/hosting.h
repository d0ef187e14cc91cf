/*
 * Hosted repositories: bare ones in DATA/repositories/NAME.git, served by `git http-backend`. The row in the store says
 * that a repository exists; the folder holds its bytes. After a push the branches are compared with what the store last
 * saw, and in one transaction the store learns them and the pipelines whose source they are get executions.
 */
#ifndef SERVER_GIT_HOSTING_H
#define SERVER_GIT_HOSTING_H

#include "server/http/http.h"

struct hosting;
struct server;

/* `directory` is made where it is missing. Removes what an interrupted delete left. */
bool hosting_open(const char *directory, struct hosting **out, struct err *err);
void hosting_close(struct hosting *hosting); /* accepts NULL */

/* Before the end: clones and pushes that are still under way at that boot time are ended. */
void hosting_stop(struct hosting *hosting, int64_t boot_ms);

/* 1 to 100 of A-Z a-z 0-9 . _ - without a leading dot or hyphen, not ending in ".git". */
bool hosting_name_valid(const char *name);

/* Makes the empty repository. Call it before the row is written. A folder whose row is there is left alone; one that no
 * row owns (of a creation or a deletion that was interrupted) is replaced. Errors: ERR_UNAVAILABLE while a push to what
 * was there is under way. */
bool hosting_create(struct server *server, const char *name, struct err *err);

/* Takes away the folder of a repository whose row was deleted; nothing where a row of that name is there again. Where a
 * push is under way the folder stays until the name is taken again: nobody reaches it without a row. */
void hosting_discard(struct server *server, const char *name);

/* The repository's folder, in the arena. The name must be valid. */
const char *hosting_path(const struct hosting *hosting, struct arena *arena, const char *name);

/* "BASE/git/NAME": what one clones from. */
const char *hosting_clone_url(const struct server *server, struct arena *arena, const char *name);

/* Compares a repository's branches with the store and starts what they start; nothing where nothing changed. Errors:
 * ERR_NOT_FOUND "RepositoryDoesNotExistException". */
bool hosting_scan(struct server *server, const char *name, struct err *err);

/* The same for every repository, at start: a push whose server died before its commit is not lost. */
bool hosting_scan_all(struct server *server, struct err *err);

/* The doors under /git/NAME/. */
void hosting_door(struct request *request, struct reply *reply);

#endif
