/*
 * One build under way, be it CodeBuild's or the lines of Commands: what the files actions/build_*.c share.
 */
#ifndef RUNNER_ACTIONS_BUILD_H
#define RUNNER_ACTIONS_BUILD_H

#include "runner/archive/tar_feed.h"
#include "runner/archive/tree.h"
#include "runner/buildspec/environment.h"
#include "runner/buildspec/phases.h"
#include "runner/docker/containers.h"
#include "runner/docker/shell.h"
#include "runner/job.h"

struct build_container;

#define BUILD_LAST_LINE_SIZE 240

struct build {
    struct job *job;
    struct arena *arena;
    struct docker *docker;
    const char *id;            /* "project:uuid" */
    const char *source_folder; /* in the container: "/codebuild/output/src123456789/src" */
    bool listed;               /* the server keeps a build of CodeBuild for it, and is told its phases */
    bool has_spec;             /* spec came with the job; the source is not asked for one */
    struct buildspec spec;
    struct environment environment;
    struct phase_record record;
    struct build_container *container;
    struct shell *shell;      /* root's */
    struct shell *user_shell; /* of the latest run-as, or NULL */
    const char *user;
    struct tree_room room;        /* for copies of the container's files */
    struct json *exported;        /* list of {name, value}, or NULL */
    struct json *artifacts;       /* {location?, sha256sum?, md5sum?, …} of the primary ones, or NULL */
    struct json *secondary;       /* list of the same, or NULL */
    struct build_cache *cache;    /* or NULL */
    int log_copy;                 /* of build_s3_log.c */
    const char *resolved_version; /* commit, or NULL */
    const char *source_username;  /* who the source was fetched as; or NULL, as is the next */
    const char *source_password;
    bool privileged;
    char last_line[BUILD_LAST_LINE_SIZE]; /* that the build printed, cut; for the sentence of a failure */
    size_t last_length;
    bool line_ended;            /* the next byte begins a new line */
    const char *failed_command; /* the one that failed first, or NULL */
    int failed_status;
    const char *quoted;   /* the last line that it printed, masked; or NULL */
    bool dead;            /* the container is, or the engine is away: nothing more can be run */
    bool wants_retry;     /* on-failure: RETRY, and the message matched */
    int retry_limit;      /* how often */
    bool marked;          /* CODEBUILD_BUILD_SUCCEEDING is 0 */
    int64_t memory_kills; /* processes of the container that the kernel has killed so far */
};

/* ---- build_run.c: from the first phase to the last ---- */

/* From job->message->build. */
void build_init(struct build *build, struct job *job);
void build_release(struct build *build);

/* Somebody else had this build before: what it left on this engine must not run beside ours, or at all. */
bool build_kill_leftovers(struct build *build, struct err *err);

/* The record says how it went. */
void build_run(struct build *build);

/* "SUCCEEDED", "FAILED", "FAULT", "TIMED_OUT", "STOPPED": what it ended as. */
const char *build_status(const struct build *build);

/* Reads the exported variables as they are now: at the end of POST_BUILD. */
void build_export_variables(struct build *build);

/* After the result is known: nothing is left to be stopped. The container is removed when the job has reported. */
void build_end_shells(struct build *build);

/* Where the job was stopped: kills the container, says so of `subject` ("the build") and returns true. */
bool build_set_stopped(struct build *build, const char *subject, struct wire_result *result);

/* The exported variables as the result's. */
void build_set_variables(const struct build *build, struct wire_result *result);

/* ---- build_log.c: lines as CodeBuild prints them, phases as the server shows them ---- */

/* "[Container] 2026/11/23 05:37:00.123456 text" */
void build_say(struct build *build, const char *format, ...) PRINTF_LIKE(2, 3);

/* Container output, to be given to shell_new(); context is the build. */
void build_output(void *build, const void *bytes, size_t size);

void build_begin(struct build *build, const char *phase);
/* err NULL: succeeded. Else err->code; where there is none, what became of the container, or INTERNAL_SERVICE_ERROR
 * (FAULT) for ERR_UNAVAILABLE and ERR_INTERNAL, CLIENT_ERROR for the rest. Where the job was stopped meanwhile, it is
 * that. Returns the context's message, or NULL. */
const char *build_end(struct build *build, const struct err *err);

/* The build as wire_progress and wire_result carry it. */
struct json *build_describe(const struct build *build);
void build_tell(struct build *build);

/* ---- build_ends.c: why something ended that should have gone on ---- */

/* Where an error without a code comes from a container that is dead, or an engine that is away, *err becomes that. */
void build_explain(struct build *build, struct err *err);

/* Whether the kernel has killed a process of the build for want of memory since the last question: a clause that says
 * so, or NULL. */
const char *build_memory_exceeded(struct build *build);

/* ---- build_container.c: the container, made while the source is fetched ---- */

bool build_container_start(struct build *build, struct err *err);

/* Waits until it runs; then build->shell is there. Errors: code "BUILD_CONTAINER_UNABLE_TO_PULL_IMAGE" where it is the
 * image. */
bool build_container_ready(struct build *build, struct err *err);
const char *build_container_id(const struct build *build); /* once ready */

/* Once ready: unpacks a tar stream at "/" of it, and gives the file or folder at `path` as one. Given up where the job
 * is stopped. Errors: container_put()'s and container_get()'s. */
bool build_put(struct build *build, struct tar_feed *feed, struct err *err);
bool build_get(struct build *build, const char *path, bool (*write_tar)(void *context, const void *bytes, size_t size),
               void *context, struct err *err);

/* Where it was killed because it filled the disk: a clause that says so, else NULL. */
const char *build_container_excess(const struct build *build);

/* Sees it dead, and the engine of its own with what runs there. Errors: it could not be seen. */
bool build_container_kill(struct build *build, struct err *err);

/* Removes it and frees; also where it was never made. For job->after. */
void build_container_free(void *container);

/* ---- build_pull.c: the image ---- */

#define BUILD_UNABLE_TO_PULL "BUILD_CONTAINER_UNABLE_TO_PULL_IMAGE"

/* The name that the engine is to know it by: the operator's for one of CodeBuild's own, else as it is. */
const char *build_image_name(const struct build *build, const char *image);

/* Sees to it that the engine has it. Errors: code BUILD_UNABLE_TO_PULL, a sentence for each cause. */
bool build_get_image(struct build *build, struct docker *docker, struct arena *arena, const char *image,
                     struct err *err);

/* ---- build_source.c: inputs, buildspec, scripts, packed for the container ---- */

/* What is known before the source is; the container is made with it. */
bool build_environment(struct build *build, int64_t now_ms, struct err *err);

bool build_prepare(struct build *build, struct tar_feed *feed, struct err *err);

/* The buildspec: given inline, or found in the source; `file` names it in errors. Errors: code "YAML_FILE_ERROR". */
bool build_find_spec(struct build *build, const char *zip, const char **file, const char **text, size_t *size,
                     struct err *err);

/* ---- build_inputs.c: the sources, each in its folder ---- */

/* CODEBUILD_SRC_DIR_x of all but the primary one. */
void build_name_sources(struct build *build);

/* *primary_zip: what the buildspec is read from; NULL where the build has no source. */
bool build_add_sources(struct build *build, struct tar_feed *feed, const char **primary_zip, struct err *err);

/* The source that CODEBUILD_SRC_DIR is: a zip on this machine, or NULL where the build has none. Notes its commit. */
bool build_fetch_primary(struct build *build, const char **zip, struct err *err);

/* ---- build_secrets.c: variables whose values lie with AWS ---- */

/* The project's, the action's and the buildspec's, fetched and masked. Errors: CodeBuild's codes "Decrypted Variables
 * Error" and "Secrets Manager Error"; the message names the variable, and where a right is missing the least that
 * would do. */
bool build_secret_variables(struct build *build, struct err *err);

/* What may not be told to the server as an exported variable: secrets, and what begins with AWS_. */
bool build_may_export(const struct build *build, const char *variable);

/* ---- build_git.c ---- */

/* git-credential-helper, where the buildspec wants it; says so where there is nothing to give. */
bool build_git_credentials(struct build *build, struct err *err);

/* ---- build_runtimes.c ---- */

/* Switches to the runtime-versions of the buildspec, where the image has a choice. Errors: code "YAML_FILE_ERROR",
 * those of a command. */
bool build_install_runtimes(struct build *build, struct err *err);

/* ---- build_cache.c: what the buildspec's cache.paths name, from one build to the next ---- */

/* After the source lies in the container. Nothing of it is an error: the log says what came of it. */
void build_cache_restore(struct build *build);

/* Where the build has succeeded so far. */
void build_cache_save(struct build *build);

/* ---- build_s3_log.c: the log's copy in the project's bucket ---- */

void build_s3_log_begin(struct build *build);

/* When all is said; no error, as a line of the log says it. */
void build_s3_log_end(struct build *build);

/* ---- build_phases.c: the commands ---- */

/* *upload: the artifacts are to be uploaded. */
void build_run_phases(struct build *build, bool *upload);

/* One command, whose script lies at `path` in the container. Errors: code "COMMAND_EXECUTION_ERROR"; it could not be
 * run. */
bool build_run_command(struct build *build, struct shell *shell, const char *command, const char *path,
                       struct err *err);

/* Where the script of command number `index` of that phase (commands first, then finally) lies in the container. */
const char *build_script_path(const struct build *build, enum build_phase phase, size_t index);

/* ---- build_artifacts.c ---- */

bool build_upload(struct build *build, struct err *err);

/* ---- build_reports.c: what the build says of its tests ---- */

/* Reads and sends what `reports` names. Says in the log what could not be; the build is none the worse for it. */
void build_reports_upload(struct build *build);

/* ---- build_expand.c: what only the build's own shell can tell ---- */

/* Values of variables as the last command left them, NULL where not set. */
bool build_values(struct build *build, const char *const *names, size_t count, const char **values, struct err *err);

/* What the texts come to in the source folder, with the variables as the last command left them: $NAME, ${NAME:-x},
 * $(date +%F), `…`; quotes stay. A text without '$' and '`' is given back as it is, without asking; NULL stays NULL.
 * Errors: code "CLIENT_ERROR": the shell cannot read it; those of the container. */
bool build_expand(struct build *build, const char *const *texts, size_t count, const char **out, struct err *err);

#endif
