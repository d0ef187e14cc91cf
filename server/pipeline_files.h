/*
 * Pipeline files: the folder of --pipelines, read at start and again on SIGHUP. What a good file says is stored, in one
 * transaction each; what a broken one says is told in the log and beside its pipeline, which goes on as it was.
 */
#ifndef SERVER_PIPELINE_FILES_H
#define SERVER_PIPELINE_FILES_H

#include "common/err.h"

struct server;

/* Reads each *.yml, *.yaml and *.json of the folder (not of folders in it), by name, and logs what was wrong with them.
 *
 * A pipeline or project that was made through the API is left alone: its file is told so. One whose file is gone stays,
 * and says that. A repository that a source names and that does not exist yet is only a warning: it may be created
 * later. Errors: the folder cannot be read (errno's kinds), the database's. */
bool pipeline_files_load(struct server *server, const char *directory, struct err *err);

#endif
