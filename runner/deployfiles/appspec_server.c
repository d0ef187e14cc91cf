/*
 * An appspec for servers: what is copied where, with which rights, and the scripts of each event.
 */
#include "runner/deployfiles/appspec_parts.h"

#include "common/str.h"

#include <string.h>

#define EVENT_SECONDS 3600 /* what all scripts of one event have together */

static const struct shape files[] = {{.name = "source", .kind = SHAPE_TEXT, .required = true},
                                     {.name = "destination", .kind = SHAPE_TEXT, .required = true},
                                     END};

static const struct shape context[] = {{.name = "user", .kind = SHAPE_TEXT},
                                       {.name = "type", .kind = SHAPE_TEXT},
                                       {.name = "range", .kind = SHAPE_TEXT},
                                       {.name = "name", .kind = SHAPE_TEXT},
                                       END};

static const struct shape permissions[] = {{.name = "object", .kind = SHAPE_TEXT, .required = true},
                                           {.name = "pattern", .kind = SHAPE_TEXT},
                                           {.name = "except", .kind = SHAPE_TEXTS},
                                           {.name = "owner", .kind = SHAPE_TEXT},
                                           {.name = "group", .kind = SHAPE_TEXT},
                                           {.name = "mode", .kind = SHAPE_TEXT},
                                           {.name = "acls", .kind = SHAPE_TEXTS},
                                           {.name = "context", .kind = SHAPE_OBJECT, .fields = context},
                                           {.name = "type", .kind = SHAPE_TEXTS, .words = WORDS("file", "directory")},
                                           END};

static const struct shape script[] = {{.name = "location", .kind = SHAPE_TEXT, .required = true},
                                      {.name = "timeout", .kind = SHAPE_INTEGER, .least = 1, .most = EVENT_SECONDS},
                                      {.name = "runas", .kind = SHAPE_TEXT},
                                      {.name = "sudo", .kind = SHAPE_FLAG},
                                      END};

static const struct shape hooks[] = {{.name = "ApplicationStop", .kind = SHAPE_OBJECTS, .fields = script},
                                     {.name = "BeforeInstall", .kind = SHAPE_OBJECTS, .fields = script},
                                     {.name = "AfterInstall", .kind = SHAPE_OBJECTS, .fields = script},
                                     {.name = "ApplicationStart", .kind = SHAPE_OBJECTS, .fields = script},
                                     {.name = "ValidateService", .kind = SHAPE_OBJECTS, .fields = script},
                                     {.name = "BeforeBlockTraffic", .kind = SHAPE_OBJECTS, .fields = script},
                                     {.name = "AfterBlockTraffic", .kind = SHAPE_OBJECTS, .fields = script},
                                     {.name = "BeforeAllowTraffic", .kind = SHAPE_OBJECTS, .fields = script},
                                     {.name = "AfterAllowTraffic", .kind = SHAPE_OBJECTS, .fields = script},
                                     END};

static const struct shape whole[] = {
    {.name = "version", .kind = SHAPE_TEXT},
    {.name = "os", .kind = SHAPE_TEXT, .required = true, .words = WORDS("linux", "windows")},
    {.name = "files", .kind = SHAPE_OBJECTS, .fields = files},
    {.name = "file_exists_behavior", .kind = SHAPE_TEXT, .words = WORDS("DISALLOW", "OVERWRITE", "RETAIN")},
    {.name = "permissions", .kind = SHAPE_OBJECTS, .fields = permissions},
    {.name = "hooks", .kind = SHAPE_OBJECT, .fields = hooks},
    END};

static void check_modes(struct findings *findings, const struct json *list) {
    json_each(entry, list) {
        const struct json *mode = json_get(entry, "mode");
        size_t length = mode && mode->text ? strlen(mode->text) : 3;
        if (mode && mode->text && (strspn(mode->text, "01234567") != length || length < 1 || length > 4))
            (void)findings_refuse(findings, mode, "'mode' must be like 644 or 0755, not '%.50s'", mode->text);
    }
}

static void check_times(struct findings *findings, const struct json *events) {
    json_each(event, events) {
        int64_t sum = 0;
        json_each(one, event) sum += json_get_integer(one, "timeout", 0) % (2 * EVENT_SECONDS);
        if (event->type == JSON_ARRAY && sum > EVENT_SECONDS)
            findings_note(findings, event,
                          "the scripts of '%.100s' have %lld seconds together; CodeDeploy gives them %d", event->name,
                          (long long)sum, EVENT_SECONDS);
    }
}

/* An event without scripts, as templates have them, is none. */
static void drop_empty_events(struct json *root) {
    struct json *member = root->first;
    while (member && !str_equal(member->name, "hooks"))
        member = member->next;
    for (struct json *event = member && member->type == JSON_OBJECT ? member->first : NULL; event;) {
        struct json *next = event->next;
        if (event->type == JSON_NULL)
            json_remove(member, event->name);
        event = next;
    }
}

void appspec_check_server(struct findings *findings, struct json *root) {
    drop_empty_events(root);
    (void)json_shape_check(findings, root, whole, "", "");
    const struct json *rights = json_get(root, "permissions");
    if (rights && str_equal(json_get_text(root, "os"), "windows"))
        findings_note(findings, rights, "'permissions' are for linux; on windows they are left out");
    check_modes(findings, rights);
    check_times(findings, json_get(root, "hooks"));
}
