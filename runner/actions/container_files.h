/*
 * Files of a build's container, copied to this machine and picked by CodeBuild's rules of paths: what artifacts,
 * reports and the cache have in common. What a build left is foreign; runner/archive/tree.h says how it is taken.
 */
#ifndef RUNNER_ACTIONS_CONTAINER_FILES_H
#define RUNNER_ACTIONS_CONTAINER_FILES_H

#include "runner/actions/build.h"
#include "runner/archive/tree.h"

struct container_query {
    const char *tree;                           /* name for the copy's folder, no other query of this job has it */
    const char *base_directory;                 /* for the shell to expand, may be a pattern; NULL: the source folder */
    const struct buildspec_list *files;         /* for the shell to expand; absolute, or below the base directory */
    const struct buildspec_list *exclude_paths; /* or NULL */
    bool discard_paths;                         /* of files that then have one name, the last one is taken */
    bool keep_symlinks;                         /* what lies behind one is not needed */
    bool silent;                                /* nothing is said of patterns without a match */
    int64_t most_bytes;                         /* 0: what the job has room for */
};

struct container_file {
    const char *name;              /* below the base directory, or its last part only (discard_paths) */
    const struct tree_file *found; /* its path is the one in the container, without the slash in front */
};

struct container_files {
    const char *tree;                   /* the folder that stands for the container's root: for tree_open() */
    const struct container_file *files; /* sorted by name */
    size_t count;
    struct tree_room taken; /* of the job's room, until it is released */
};

/* Says "Skipping invalid file path" of each pattern that nothing matches; that nothing matches at all is no error.
 * Errors: ERR_INVALID (a base directory above the root, the shell's), ERR_LIMIT (too many, too large), the container's,
 * this machine's disk; ERR_UNAVAILABLE: the job was stopped meanwhile. Then nothing is left to be released. */
bool container_files_collect(struct build *build, const struct container_query *query, struct container_files *out,
                             struct err *err);

/* Removes the copies; also of files that are zero. */
void container_files_release(struct build *build, struct container_files *files);

#endif
