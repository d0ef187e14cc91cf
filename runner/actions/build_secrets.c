/*
 * Variables whose values lie with AWS: the project's and the action's of type PARAMETER_STORE and SECRETS_MANAGER, the
 * buildspec's env.parameter-store and env.secrets-manager. They are fetched with the runner's own credentials, masked
 * before the container prints its first byte, and come into the container by a file, so that `docker inspect` does not
 * show them. CodeBuild fetches them in DOWNLOAD_SOURCE, wherever they are written, and so it is here.
 */
#include "runner/actions/build.h"

#include "common/str.h"
#include "runner/aws/secrets_manager.h"
#include "runner/aws/ssm.h"
#include "runner/runner.h"

#include <string.h>

#define PARAMETER_ERROR "Decrypted Variables Error"
#define SECRET_ERROR "Secrets Manager Error"

/* All variables of one kind, those of the project first. */
struct wanted {
    const char **variables;
    const char **references; /* of parameters; of secrets as the project writes them */
    struct secret_query *secrets;
    const char **texts; /* of secrets, whole */
    size_t count;
};

static void take_value(struct build *build, const char *variable, const char *value) {
    reporter_add_secret(build->job->reporter, value);
    environment_set_secret(&build->environment, variable, value);
}

static bool is_free(const struct build *build, const char *variable) {
    return !str_starts_with(variable, "CODEBUILD_") && !environment_is_taken(&build->environment, variable);
}

static const char *region(const struct build *build) {
    return build->job->message->region ? build->job->message->region : build->job->runner->region;
}

static const char *account(const struct build *build) {
    return build->job->message->account_id ? build->job->message->account_id : "*";
}

/* ---- parameters ---- */

static void list_parameters(struct build *build, struct wanted *out) {
    const struct environment *environment = &build->environment;
    size_t most = environment->reference_count + build->spec.parameter_count + 1;
    out->variables = arena_array(build->arena, const char *, most);
    out->references = arena_array(build->arena, const char *, most);
    for (size_t i = 0; i < environment->reference_count; i++) {
        if (environment->references[i].is_secret)
            continue;
        out->variables[out->count] = environment->references[i].name;
        out->references[out->count++] = environment->references[i].reference;
    }
    for (size_t i = 0; i < build->spec.parameter_count; i++) {
        if (!is_free(build, build->spec.parameters[i].variable))
            continue;
        out->variables[out->count] = build->spec.parameters[i].variable;
        out->references[out->count++] = build->spec.parameters[i].parameter;
    }
}

/* Which variables wait for what `missing` names, and the right that is missing: for a person who must mend it. */
static const char *variables_of(struct build *build, const struct wanted *wanted, const char *message) {
    struct str list CLEANUP(str_release) = STR_INIT(300);
    for (size_t i = 0; i < wanted->count; i++)
        if (strstr(message, wanted->references[i]))
            str_printf(&list, "%s'%s'", list.length ? ", " : "", wanted->variables[i]);
    return arena_strdup(build->arena, str_text(&list));
}

static const char *parameter_path(const char *name) {
    return name + (name[0] == '/');
}

static bool refuse_parameters(struct build *build, const struct wanted *wanted, const char *failed,
                              const struct err *own, struct err *err) {
    const char *variables = variables_of(build, wanted, own->message);
    if (own->kind == ERR_NOT_FOUND)
        return err_set_code(err, own->kind, PARAMETER_ERROR, "%.600s (for variable %s; region '%s')", own->message,
                            variables, region(build));
    if (str_equal(failed, "AccessDeniedException"))
        return err_set_code(err, own->kind, PARAMETER_ERROR,
                            "%.600s; allow the runner's credentials ssm:GetParameters on "
                            "'arn:aws:ssm:%s:%s:parameter/%.200s'%s, and kms:Decrypt on its key",
                            own->message, region(build), account(build), parameter_path(wanted->references[0]),
                            wanted->count > 1 ? " and its like" : "");
    return err_set_code(err, own->kind, PARAMETER_ERROR, "%.900s", own->message);
}

static bool fetch_parameters(struct build *build, struct err *err) {
    struct wanted wanted = {0};
    const char *failed;
    struct err own = {0};
    list_parameters(build, &wanted);
    if (wanted.count == 0)
        return true;
    build_say(build, "Decrypting parameter store environment variables");
    const struct ssm_query query = {.aws = build->job->runner->aws,
                                    .region = region(build),
                                    .names = wanted.references,
                                    .count = wanted.count,
                                    .interrupted = job_is_stopped,
                                    .context = build->job};
    const char **values = arena_array(build->arena, const char *, wanted.count);
    if (!ssm_parameters(&query, build->arena, values, &failed, &own))
        return refuse_parameters(build, &wanted, failed, &own, err);
    for (size_t i = 0; i < wanted.count; i++)
        take_value(build, wanted.variables[i], values[i]);
    return true;
}

/* ---- secrets ---- */

static bool list_secrets(struct build *build, struct wanted *out, struct err *err) {
    const struct environment *environment = &build->environment;
    size_t most = environment->reference_count + build->spec.secret_count + 1;
    out->variables = arena_array(build->arena, const char *, most);
    out->secrets = arena_array(build->arena, struct secret_query, most);
    out->texts = arena_array(build->arena, const char *, most);
    for (size_t i = 0; i < environment->reference_count; i++) {
        const struct environment_reference *reference = &environment->references[i];
        if (!reference->is_secret)
            continue;
        out->variables[out->count] = reference->name;
        if (!secret_reference(build->arena, reference->reference, &out->secrets[out->count++], err)) {
            err->code = SECRET_ERROR;
            return err_wrap(err, "variable '%s'", reference->name);
        }
    }
    for (size_t i = 0; i < build->spec.secret_count; i++) {
        const struct buildspec_secret *secret = &build->spec.secrets[i];
        if (!is_free(build, secret->variable))
            continue;
        out->variables[out->count] = secret->variable;
        out->secrets[out->count++] = (struct secret_query){.secret = secret->secret,
                                                           .json_key = secret->json_key,
                                                           .version_stage = secret->version_stage,
                                                           .version_id = secret->version_id};
    }
    return true;
}

static bool refuse_secret(struct build *build, const char *variable, const struct secret_query *query,
                          const struct err *own, struct err *err) {
    const char *arn = str_starts_with(query->secret, "arn:")
                          ? query->secret
                          : arena_printf(build->arena, "arn:aws:secretsmanager:%s:%s:secret:%s-*", region(build),
                                         account(build), query->secret);
    if (str_starts_with(own->message, "AccessDeniedException"))
        return err_set_code(err, own->kind, SECRET_ERROR,
                            "%.600s; for variable '%.100s' allow the runner's credentials "
                            "secretsmanager:GetSecretValue on '%.200s', and kms:Decrypt on its key",
                            own->message, variable, arn);
    return err_set_code(err, own->kind, SECRET_ERROR, "%.600s (secret '%.200s' for variable '%.100s'; region '%s')",
                        own->message, query->secret, variable, region(build));
}

/* Of one secret often several keys are wanted: it is fetched once. */
static const char *find_text(const struct wanted *wanted, size_t before) {
    const struct secret_query *query = &wanted->secrets[before];
    for (size_t i = 0; i < before; i++)
        if (str_equal(wanted->secrets[i].secret, query->secret) &&
            str_equal(wanted->secrets[i].version_stage, query->version_stage) &&
            str_equal(wanted->secrets[i].version_id, query->version_id))
            return wanted->texts[i];
    return NULL;
}

static bool fetch_secrets(struct build *build, struct err *err) {
    struct wanted wanted = {0};
    if (!list_secrets(build, &wanted, err))
        return false;
    if (wanted.count > 0)
        build_say(build, "Decrypting secrets manager environment variables");
    for (size_t i = 0; i < wanted.count; i++) {
        struct secret_query *query = &wanted.secrets[i];
        const char *value = NULL;
        struct err own = {0};
        query->aws = build->job->runner->aws;
        query->region = region(build);
        query->interrupted = job_is_stopped;
        query->context = build->job;
        wanted.texts[i] = find_text(&wanted, i);
        if ((!wanted.texts[i] && !secret_text(query, build->arena, &wanted.texts[i], &own)) ||
            !secret_member(query, build->arena, wanted.texts[i], &value, &own))
            return refuse_secret(build, wanted.variables[i], query, &own, err);
        take_value(build, wanted.variables[i], value);
    }
    return true;
}

bool build_secret_variables(struct build *build, struct err *err) {
    return fetch_parameters(build, err) && fetch_secrets(build, err);
}

bool build_may_export(const struct build *build, const char *variable) {
    return !str_starts_with(variable, "AWS_") && !environment_is_secret(&build->environment, variable);
}
