/*
 * Random pipelines. A design is a seed; its text is made from that, so that an update is another seed under the same
 * name. Stages take their names from one list: after an update there are some of the same name in another place.
 */
#include "tests/sim/sim.h"

#include "common/doc.h"
#include "common/str.h"
#include "server/definition/definition.h"
#include "tests/sim/draw.h"

#include <stdio.h>
#include <string.h>

static const char *const stage_names[NAME_PLACES] = {"Build", "Test", "Stage", "Prod", "After"};
static const char *const modes[] = {"SUPERSEDED", "QUEUED", "PARALLEL"};

const char *design_stage(size_t place) {
    return stage_names[place];
}

/* What is being written. */
struct draft {
    struct str text;
    uint64_t dice;
    bool may_roll_back;    /* a PARALLEL pipeline may not */
    const char *built;     /* an artifact of an earlier build, or NULL */
    const char *namespace; /* of an earlier build, or NULL */
    struct arena *arena;
};

static uint64_t roll(struct draft *draft, uint64_t below) {
    return draw_next(&draft->dice) % below;
}

static void write_build(struct draft *draft, const char *stage, size_t place) {
    str_printf(&draft->text, "\"provider\":\"CodeBuild\",\"configuration\":{\"ProjectName\":\"%s\"",
               roll(draft, 2) ? "shop" : "tools");
    if (draft->namespace && roll(draft, 3) == 0)
        str_printf(&draft->text,
                   ",\"EnvironmentVariables\":\"[{\\\"name\\\":\\\"V\\\",\\\"value\\\":\\\"#{%s.V}\\\"}]\"",
                   draft->namespace);
    str_printf(&draft->text, "},\"inputArtifacts\":[\"%s\"]",
               draft->built && roll(draft, 3) == 0 ? draft->built : "Src");
    if (roll(draft, 2)) {
        draft->built = arena_printf(draft->arena, "%s%zu", stage, place);
        str_printf(&draft->text, ",\"outputArtifacts\":[\"%s\"]", draft->built);
    }
    if (roll(draft, 3) == 0) {
        draft->namespace = arena_printf(draft->arena, "n%s%zu", stage, place);
        str_printf(&draft->text, ",\"namespace\":\"%s\"", draft->namespace);
    }
}

static void write_action(struct draft *draft, const char *stage, size_t place, int run_order) {
    str_printf(&draft->text, "%s{\"name\":\"a%zu\",\"runOrder\":%d,", place ? "," : "", place, run_order);
    uint64_t dice = roll(draft, 12);
    if (dice < 5)
        write_build(draft, stage, place);
    else if (dice < 8)
        str_printf(&draft->text,
                   "\"provider\":\"ECS\",\"configuration\":{\"ClusterName\":\"prod\",\"ServiceName\":\"s%d\"},"
                   "\"inputArtifacts\":[\"Src\"]",
                   (int)roll(draft, 2));
    else if (dice == 8)
        str_append(&draft->text,
                   "\"actionTypeId\":{\"category\":\"" WORKER_CATEGORY
                   "\",\"owner\":\"Custom\",\"provider\":\"" WORKER_PROVIDER "\",\"version\":\"" WORKER_VERSION "\"}");
    else if (dice < 10)
        str_append(&draft->text, "\"provider\":\"Commands\",\"commands\":[\"make\"],\"inputArtifacts\":[\"Src\"]");
    else
        str_printf(&draft->text, "\"provider\":\"Manual\",\"timeoutInMinutes\":%d", roll(draft, 3) ? 10000 : 5);
    str_append(&draft->text, "}");
}

/* ---- conditions ---- */

static void write_rule(struct draft *draft, const char *name, bool may_skip) {
    static const char *const windows[] = {"* * 0-11 ? * *", "* * * ? * *"};
    str_printf(&draft->text, "{\"name\":\"%s\",", name);
    uint64_t dice = roll(draft, may_skip ? 4 : 8);
    if (dice < 3)
        str_printf(&draft->text,
                   "\"provider\":\"VariableCheck\",\"configuration\":{\"Variable\":\"#{variables.color}\","
                   "\"Operator\":\"EQ\",\"Value\":\"%s\"}}",
                   roll(draft, 3) ? "red" : "blue");
    else if (dice == 3)
        str_append(&draft->text, "\"provider\":\"LambdaInvoke\",\"configuration\":{\"FunctionName\":\"judge\"}}");
    else if (dice == 4)
        str_printf(&draft->text, "\"provider\":\"DeploymentWindow\",\"configuration\":{\"Cron\":\"%s\"}}",
                   windows[roll(draft, 2)]);
    else
        str_append(&draft->text, "\"provider\":\"Commands\",\"commands\":[\"./judge\"],\"inputArtifacts\":[\"Src\"]}");
}

static void write_condition(struct draft *draft, const char *key, const char *result) {
    str_printf(&draft->text, ",\"%s\":{\"conditions\":[{\"result\":\"%s\",\"rules\":[", key, result);
    write_rule(draft, "r0", str_equal(result, "SKIP"));
    if (roll(draft, 4) == 0) {
        str_append(&draft->text, ",");
        write_rule(draft, "r1", str_equal(result, "SKIP"));
    }
    str_append(&draft->text, "]}]}");
}

static void write_failure(struct draft *draft) {
    const char *mode = roll(draft, 2) ? "ALL_ACTIONS" : "FAILED_ACTIONS";
    uint64_t dice = roll(draft, 14);
    if (dice < 2)
        str_printf(&draft->text, ",\"onFailure\":{\"result\":\"RETRY\",\"retryConfiguration\":{\"retryMode\":\"%s\"}}",
                   mode);
    else if (dice < 4 && draft->may_roll_back)
        str_append(&draft->text, ",\"onFailure\":{\"result\":\"ROLLBACK\"}");
    else if (dice == 4)
        write_condition(draft, "onFailure", "RETRY");
    else if (dice == 5 && draft->may_roll_back)
        write_condition(draft, "onFailure", "ROLLBACK");
}

static void write_conditions(struct draft *draft) {
    if (roll(draft, 6) == 0)
        write_condition(draft, "beforeEntry", roll(draft, 2) ? "FAIL" : "SKIP");
    if (roll(draft, 8) == 0)
        write_condition(draft, "onSuccess", roll(draft, 2) || !draft->may_roll_back ? "FAIL" : "ROLLBACK");
    write_failure(draft);
}

/* What was built in a group is there for the groups behind it only. */
static void write_stage(struct draft *draft, const char *name) {
    size_t actions = 1 + (roll(draft, 3) == 0) + (roll(draft, 3) == 0) + (roll(draft, 5) == 0);
    const char *built = draft->built, *namespace = draft->namespace;
    int run_order = 1 + (int)roll(draft, 2);
    str_printf(&draft->text, ",{\"name\":\"%s\",\"actions\":[", name);
    for (size_t i = 0; i < actions; i++) {
        const char *built_before = draft->built, *namespace_before = draft->namespace;
        draft->built = built;
        draft->namespace = namespace;
        write_action(draft, name, i, run_order);
        if (draft->built == built)
            draft->built = built_before;
        if (draft->namespace == namespace)
            draft->namespace = namespace_before;
        if (roll(draft, 3) == 0) {
            run_order += 1 + (int)roll(draft, 2);
            built = draft->built;
            namespace = draft->namespace;
        }
    }
    str_append(&draft->text, "]");
    write_conditions(draft);
    str_append(&draft->text, "}");
}

static const char *write_design(struct sim *sim, const struct design *design) {
    struct draft draft = {.text = STR_INIT(65536),
                          .dice = design->seed,
                          .arena = &sim->arena,
                          .may_roll_back = design->mode != MODE_PARALLEL};
    str_printf(
        &draft.text,
        "{\"name\":\"%s\",\"pipelineType\":\"V2\",\"executionMode\":\"%s\",\"variables\":[{\"name\":\"color\","
        "\"defaultValue\":\"red\"}],\"stages\":[{\"name\":\"Source\",\"actions\":[{\"name\":\"App\",\"provider\":"
        "\"CodeCommit\",\"configuration\":{\"RepositoryName\":\"shop\",\"BranchName\":\"main\"},"
        "\"outputArtifacts\":[\"Src\"]}]}",
        design->name, modes[design->mode]);
    size_t stages = 1 + (roll(&draft, 2) == 0) + (roll(&draft, 3) == 0) + (roll(&draft, 6) == 0);
    bool turned = roll(&draft, 4) == 0;
    for (size_t i = 0; i < stages; i++)
        write_stage(&draft, stage_names[turned ? stages - 1 - i : i]);
    str_append(&draft.text, "]");
    if (roll(&draft, 3) == 0)
        str_append(
            &draft.text,
            ",\"triggers\":[{\"providerType\":\"CodeStarSourceConnection\",\"gitConfiguration\":{\"sourceActionName\":"
            "\"App\",\"push\":[{\"branches\":{\"includes\":[\"main\"]},\"filePaths\":{\"includes\":["
            "\"src/**\"]}}]}}]");
    str_append(&draft.text, "}");
    const char *text = arena_strdup(&sim->arena, str_text(&draft.text));
    str_release(&draft.text);
    return text;
}

const struct pipeline *design_read(struct sim *sim, const struct design *design) {
    static const struct custom_type probe = {
        .category = ACTION_TEST, .provider = WORKER_PROVIDER, .version = WORKER_VERSION, .most_inputs = 1};
    static const struct custom_types types = {.list = &probe, .count = 1};
    const struct json *document = NULL;
    struct definition_result result;
    struct err err = {0};
    const char *text = write_design(sim, design);
    if (!doc_parse(&sim->scratch, "design.json", text, strlen(text), &document, &err))
        violated("the simulation's own pipelines are good", "%s", err.message);
    if (!definition_check(&sim->scratch, document, DEFINITION_FILE, &types, &result))
        violated("the simulation's own pipelines are good", "%s: %s",
                 result.errors.count ? result.errors.list[0].message : "?", text);
    return result.pipeline;
}

void design_change(struct design *design) {
    design->seed = draw_bits();
    if (draw_chance(150))
        design->mode = (int)draw_below(3);
}

void design_begin(struct sim *sim) {
    sim->design_count = draw_chance(400) ? 2 : 1;
    for (size_t i = 0; i < sim->design_count; i++) {
        struct design *design = &sim->designs[i];
        (void)snprintf(design->name, sizeof design->name, "shop%zu", i);
        design->mode = (int)draw_below(3);
        design_change(design);
    }
}
