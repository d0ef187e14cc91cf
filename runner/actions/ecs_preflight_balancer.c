/*
 * Target groups: are they there, do they take what the tasks have to offer, does anybody send to them.
 */
#include "runner/actions/preflight_check.h"

#include "common/str.h"
#include "runner/aws/elb.h"

#include <string.h>

static const char *name_of(const char *arn) {
    const char *name = strstr(arn, ":targetgroup/");
    return name ? name + strlen(":targetgroup/") : arn;
}

static void judge(struct preflight_check *check, const struct elb_target_group *group) {
    const char *mode = json_get_text_or(check->preflight->wish->definition, "networkMode", "bridge");
    const char *wanted = str_equal(mode, "awsvpc") ? "ip" : "instance";
    if (!str_equal(group->target_type, wanted))
        preflight_fail(
            check,
            "target group '%s' has targets of type %s and tasks in network mode %s need %s; a target group's "
            "type cannot be changed: make a new one",
            group->name, group->target_type, mode, wanted);
    else if (!group->in_use && check->key)
        preflight_fail(
            check,
            "no load balancer sends to target group '%s', so that its targets never get healthy; add it to a "
            "listener",
            group->name);
    else
        preflight_ok(check, "target group '%s' is there and takes targets of type %s", group->name, wanted);
}

static void ask(struct preflight_check *check) {
    const struct elb elb = {.aws = check->preflight->wish->aws,
                            .region = check->region,
                            .interrupted = preflight_is_over,
                            .context = check->preflight};
    struct elb_target_group group;
    struct err err = {0};
    if (elb_target_group(&elb, &check->arena, check->subject, &group, &err))
        judge(check, &group);
    else if (err.kind == ERR_NOT_FOUND)
        preflight_fail(check, "the service's target group '%.200s' is not there", name_of(check->subject));
    else
        preflight_unanswered(check, arena_printf(&check->arena, "target group '%.200s'", name_of(check->subject)),
                             &err);
}

void preflight_add_balancers(struct preflight *preflight) {
    json_each(balancer, json_get(preflight->wish->service, "loadBalancers")) {
        const char *arn = json_get_text(balancer, "targetGroupArn");
        bool asked = false;
        for (size_t i = 0; arn && i < preflight->count; i++)
            asked = asked || (preflight->checks[i].ask == ask && str_equal(preflight->checks[i].subject, arn));
        if (!arn || asked)
            continue;
        struct preflight_check *check = preflight_add(preflight, "target group", ask, arn);
        /* Where traffic is shifted, one of two groups may be out of use. */
        const char *controller = json_get_text(json_get(preflight->wish->service, "deploymentController"), "type");
        if (!json_get(balancer, "advancedConfiguration") && (!controller || str_equal(controller, "ECS")))
            check->key = "in use";
    }
}
