/*
 * Which files go where, and their upload: unchanged ones stay, and before an object is written over it is copied aside.
 */
#include "common/hash.h"
#include "common/str.h"
#include "runner/actions/s3_deploy.h"
#include "runner/actions/static_releases.h"
#include "runner/archive/unzip.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#define KEY_MAX 1024
#define READ_BYTES ((size_t)64 * 1024)
#define PRINT_DIGITS 16

static void close_file(int *file) {
    if (*file >= 0)
        (void)close(*file);
}

static void log_left_out(void *context, const char *sentence) {
    job_log(context, "%s", sentence);
}

static bool add_file(struct s3_deploy *deploy, struct s3_deploy_file *out, const char *key, const char *path,
                     struct err *err) {
    if (strlen(key) > KEY_MAX || str_starts_with(key, STATIC_OWN_FOLDER))
        return err_set(err, ERR_INVALID,
                       "'%.200s' cannot be uploaded: a key has at most %d bytes, and '" STATIC_OWN_FOLDER
                       "' is Penstock's own",
                       key, KEY_MAX);
    out->key = key;
    out->rank = static_rank(path);
    out->headers = static_headers(deploy->arena, &deploy->rules, path);
    return true;
}

static bool unpack(struct s3_deploy *deploy, struct err *err) {
    const struct tree_file *found;
    size_t count;
    const struct unzip request = {.zip = deploy->zip,
                                  .folder = deploy->root,
                                  .left_out = log_left_out,
                                  .interrupted = job_is_stopped,
                                  .context = deploy->job};
    if (!unzip(&request, err) || !tree_list(deploy->arena, deploy->root, "", &found, &count, err))
        return false;
    if (count == 0)
        return err_set(err, ERR_INVALID, "the input artifact '%s' has no files",
                       deploy->artifact ? deploy->artifact : deploy->job->message->inputs[0].name);
    struct s3_deploy_file *files = arena_array(deploy->arena, struct s3_deploy_file, count);
    for (size_t i = 0; i < count; i++) {
        files[i].file = found[i];
        if (!add_file(deploy, &files[i], arena_printf(deploy->arena, "%s%s", deploy->prefix, found[i].path),
                      found[i].path, err))
            return false;
    }
    deploy->files = files;
    deploy->count = count;
    return true;
}

bool s3_deploy_prepare(struct s3_deploy *deploy, struct err *err) {
    if (!job_input(deploy->job, deploy->artifact, &deploy->zip, err))
        return false;
    if (deploy->root)
        return unpack(deploy, err);
    struct s3_deploy_file *file = arena_new(deploy->arena, struct s3_deploy_file);
    deploy->files = file;
    deploy->count = 1;
    return add_file(deploy, file, deploy->prefix, deploy->prefix, err);
}

static bool open_file(const struct s3_deploy *deploy, const struct s3_deploy_file *file, int *out, struct err *err) {
    struct tree_file found;
    if (file->file.path)
        return tree_open(deploy->root, &file->file, out, &found, err);
    *out = open(deploy->zip, O_RDONLY | O_CLOEXEC);
    return *out >= 0 || err_set_errno(err, errno, "unable to read '%s'", deploy->zip);
}

static void hash_text(struct hash_sha256_state *state, const char *text) {
    hash_sha256_update(state, text ? text : "", text ? strlen(text) + 1 : 1);
}

/* Of the contents and of everything that is said about them. */
static bool fingerprint(const struct s3_deploy *deploy, const struct s3_deploy_file *file, int descriptor,
                        struct arena *arena, char out[SHA256_HEX_SIZE], struct err *err) {
    struct hash_sha256_state state;
    uint8_t digest[SHA256_BYTES];
    char *buffer = arena_alloc(arena, READ_BYTES);
    ssize_t size;
    hash_sha256_begin(&state);
    hash_text(&state, file->headers.content_type);
    hash_text(&state, file->headers.content_encoding);
    hash_text(&state, file->headers.cache_control);
    hash_text(&state, deploy->rights.acl);
    hash_text(&state, deploy->rights.kms_key);
    while ((size = read(descriptor, buffer, READ_BYTES)) > 0)
        hash_sha256_update(&state, buffer, (size_t)size);
    if (size < 0)
        return err_set_errno(err, errno, "unable to read '%s'", file->key);
    hash_sha256_end(&state, digest);
    hash_to_hex(digest, sizeof digest, out);
    return true;
}

/* Below it each copy is called after what is written over it, by the beginning of its fingerprint, and after its key:
 * ".penstock/before/<id>/<16 digits>/<key>". So whoever puts it back knows what was ours. */
static const char *aside(const struct s3_deploy *deploy, struct arena *arena) {
    return arena_printf(arena, STATIC_OWN_FOLDER "before/%s/", deploy->id);
}

/* Of what is there and may not be read it says so when it is to be copied. Without the right to list, S3 says "denied"
 * of what is not there, too: then nobody can tell. */
static bool is_listed(struct s3 *s3, struct arena *arena, struct s3_deploy *deploy, const char *key, bool *there,
                      struct err *err) {
    const struct s3_object *objects;
    size_t count = 0;
    struct err own = {0};
    *there = s3_list(s3, arena, deploy->bucket, key, 1, &objects, &count, &own) && count > 0 &&
             str_equal(objects[0].key, key);
    if (own.kind == ERR_DENIED && !atomic_exchange(&deploy->blind, true))
        job_log(deploy->job, "a cancel cannot put back what is written over here, since nobody can see it: %s",
                own.message);
    return own.kind == ERR_NONE || own.kind == ERR_DENIED || err_set_code(err, own.kind, own.code, "%s", own.message);
}

static bool look(struct s3 *s3, struct arena *arena, struct s3_deploy *deploy, const char *key, struct s3_object *out,
                 bool *there, struct err *err) {
    struct err own = {0};
    *out = (struct s3_object){.key = key};
    *there = s3_head(s3, arena, deploy->bucket, key, NULL, out, &own);
    if (own.kind == ERR_DENIED)
        return is_listed(s3, arena, deploy, key, there, err);
    return *there || own.kind == ERR_NOT_FOUND || err_set_code(err, own.kind, own.code, "%s", own.message);
}

static bool upload_one(struct s3_deploy *deploy, struct s3 *s3, struct arena *arena, size_t number, const void *context,
                       struct err *err) {
    const struct s3_deploy_file *file = ((const struct s3_deploy_file *const *)context)[number];
    int descriptor CLEANUP(close_file) = -1;
    char print[SHA256_HEX_SIZE];
    struct s3_object before;
    bool there;
    if (!open_file(deploy, file, &descriptor, err) || !fingerprint(deploy, file, descriptor, arena, print, err) ||
        !look(s3, arena, deploy, file->key, &before, &there, err))
        return false;
    if (there && str_equal(before.fingerprint, print)) {
        deploy->unchanged++;
        return true;
    }
    const char *kept = arena_printf(arena, "%s%.*s/%s", aside(deploy, arena), PRINT_DIGITS, print, file->key);
    if (there && !s3_copy(s3, arena, deploy->bucket, file->key, kept, &deploy->rights, err))
        return err_wrap(err, "keeping what is written over");
    deploy->replaced += there;
    const struct http_header metadata = {.name = S3_FINGERPRINT, .value = print};
    struct s3_object_settings settings = deploy->rights;
    settings.content_type = file->headers.content_type;
    settings.content_encoding = file->headers.content_encoding;
    settings.cache_control = file->headers.cache_control;
    settings.metadata = &metadata;
    settings.metadata_count = 1;
    if (!s3_upload_descriptor(s3, arena, deploy->bucket, file->key, descriptor, &settings, err))
        return false;
    deploy->uploaded++;
    return true;
}

static bool upload_rank(struct s3_deploy *deploy, enum static_rank rank, struct err *err) {
    const struct s3_deploy_file **files = arena_array(deploy->arena, const struct s3_deploy_file *, deploy->count);
    size_t count = 0;
    for (size_t i = 0; i < deploy->count; i++)
        if (deploy->files[i].rank == rank)
            files[count++] = &deploy->files[i];
    const struct s3_work work = {.deploy = deploy, .count = count, .one = upload_one, .context = files};
    if (!s3_work_run(&work, err))
        return false;
    if (count > 0)
        deployment_send(deploy->report, arena_printf(deploy->arena, "%zu of %zu files are in place",
                                                     (size_t)deploy->uploaded + deploy->unchanged, deploy->count));
    return true;
}

static bool clear_up(struct s3_deploy *deploy, struct err *err) {
    struct err own = {0};
    if (deploy->keep == 0 || s3_deploy_remove_unused(deploy, &own))
        return true;
    if (own.kind != ERR_DENIED)
        return err_set_code(err, own.kind, own.code, "%s", own.message);
    job_log(deploy->job,
            "files of older releases stay: %s; it takes s3:ListBucket, s3:GetObject and s3:DeleteObject on the bucket",
            own.message);
    return true;
}

bool s3_deploy_apply(struct s3_deploy *deploy, struct err *err) {
    if (!clear_up(deploy, err))
        return false;
    for (int rank = 0; rank < STATIC_RANKS; rank++)
        if (!upload_rank(deploy, (enum static_rank)rank, err))
            return false;
    deployment_note(deploy->report, "%zu files uploaded (%zu of them over an earlier version), %zu unchanged",
                    (size_t)deploy->uploaded, (size_t)deploy->replaced, (size_t)deploy->unchanged);
    return deploy->keep == 0 || s3_deploy_write_manifest(deploy, err);
}

/* ---- what was put aside ---- */

static bool list_aside(struct s3_deploy *deploy, const char *const **keys, size_t *count, struct err *err) {
    const struct s3_object *objects;
    if (!s3_deploy_list(deploy, aside(deploy, deploy->arena), &objects, count, err))
        return false;
    const char **list = arena_array(deploy->arena, const char *, *count);
    for (size_t i = 0; i < *count; i++)
        list[i] = objects[i].key;
    *keys = list;
    return true;
}

static bool is_same(const struct s3_object *one, const struct s3_object *other) {
    return one->size == other->size && str_equal(one->fingerprint, other->fingerprint);
}

/* What is not ours and not as it was before is somebody else's by now. */
static bool put_back(struct s3_deploy *deploy, struct s3 *s3, struct arena *arena, size_t number, const void *context,
                     struct err *err) {
    const char *from = ((const char *const *)context)[number];
    const char *print = from + strlen(aside(deploy, arena));
    const char *to = strchr(print, '/');
    struct s3_object kept, now = {0};
    struct err own = {0};
    if (!to++) /* not one of ours */
        return true;
    if (!s3_head(s3, arena, deploy->bucket, from, NULL, &kept, err))
        return false;
    if (!s3_head(s3, arena, deploy->bucket, to, NULL, &now, &own) && own.kind != ERR_NOT_FOUND)
        return err_set_code(err, own.kind, own.code, "%s", own.message);
    if (own.kind == ERR_NONE && is_same(&kept, &now))
        return true;
    if (!now.fingerprint || strncmp(now.fingerprint, print, PRINT_DIGITS) != 0) {
        deploy->left++;
        job_log(deploy->job, "'%s' has been %s by somebody else since, and is left as it is", to,
                own.kind == ERR_NONE ? "written" : "deleted");
        return true;
    }
    if (!s3_copy(s3, arena, deploy->bucket, from, to, &deploy->rights, err) ||
        !s3_head(s3, arena, deploy->bucket, to, NULL, &now, err))
        return false;
    return is_same(&kept, &now) || err_set(err, ERR_UNAVAILABLE, "'%s' is not as it was before", to);
}

bool s3_deploy_undo(struct s3_deploy *deploy, size_t *count, struct err *err) {
    const char *const *keys;
    size_t kept;
    const char *manifest = s3_deploy_manifest_key(deploy);
    deploy->left = 0;
    if (!list_aside(deploy, &keys, &kept, err))
        return false;
    const struct s3_work work = {.deploy = deploy, .count = kept, .one = put_back, .context = keys};
    if (!s3_work_run(&work, err))
        return false;
    *count = kept - deploy->left;
    return (deploy->keep == 0 || s3_deploy_delete(deploy, &manifest, 1, err)) &&
           s3_deploy_delete(deploy, keys, kept, err);
}

bool s3_deploy_settle(struct s3_deploy *deploy, struct err *err) {
    const char *const *keys;
    size_t count;
    return list_aside(deploy, &keys, &count, err) && s3_deploy_delete(deploy, keys, count, err);
}
