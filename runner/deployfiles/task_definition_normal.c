/*
 * What ECS writes into a definition that it was given, and shows in one that it describes, is no difference: empty
 * lists, defaults, sizes in other words, another order of variables.
 */
#include "runner/deployfiles/task_definition_normal.h"

#include "common/str.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What DescribeTaskDefinition shows and RegisterTaskDefinition refuses. */
static const char *const read_only[] = {"taskDefinitionArn",  "revision",        "status",
                                        "requiresAttributes", "compatibilities", "registeredAt",
                                        "registeredBy",       "deregisteredAt",  "deleteRequestedAt"};

/* Lists whose order means nothing, and what tells their entries apart. */
static const struct {
    const char *list;
    const char *key;
} keyed[] = {
    {"containerDefinitions", "name"},
    {"volumes", "name"},
    {"environment", "name"},
    {"secrets", "name"},
    {"secretOptions", "name"},
    {"portMappings", "containerPort"},
    {"mountPoints", "containerPath"},
    {"ulimits", "name"},
    {"tags", "key"},
    {"dependsOn", "containerName"},
    {"extraHosts", "hostname"},
    {"systemControls", "namespace"},
    {"properties", "name"},
};

/* Texts that ECS fills in where nothing was said. */
static const struct {
    const char *name;
    const char *value;
} defaults[] = {{"protocol", "tcp"}, {"rootDirectory", "/"}};

/* Numbers likewise; `essential` is the only flag that is true. */
static const struct {
    const char *name;
    int64_t value;
} default_numbers[] = {{"cpu", 0}, {"interval", 30}, {"timeout", 5}, {"retries", 3}};

const char *task_definition_key(const char *list) {
    for (size_t i = 0; list && i < sizeof keyed / sizeof *keyed; i++)
        if (str_equal(keyed[i].list, list))
            return keyed[i].key;
    return NULL;
}

static void drop_nulls(struct json *value) {
    if (value->type != JSON_OBJECT && value->type != JSON_ARRAY)
        return;
    struct json *last = NULL;
    struct json **link = &value->first;
    while (*link) {
        if ((*link)->type == JSON_NULL) {
            *link = (*link)->next;
            value->count--;
            continue;
        }
        drop_nulls(*link);
        last = *link;
        link = &last->next;
    }
    value->last = last;
}

void task_definition_strip(struct json *definition) {
    for (size_t i = 0; i < sizeof read_only / sizeof *read_only; i++)
        json_remove(definition, read_only[i]);
    drop_nulls(definition);
    for (struct json *member = definition->first; member;) {
        struct json *next = member->next;
        if (member->type == JSON_TEXT && !*member->text)
            json_remove(definition, member->name);
        member = next;
    }
}

static bool is_default(const struct json *object, const struct json *member) {
    if (member->type == JSON_BOOL)
        return member->boolean == str_equal(member->name, "essential");
    for (size_t i = 0; member->type == JSON_TEXT && i < sizeof defaults / sizeof *defaults; i++)
        if (str_equal(defaults[i].name, member->name) && str_equal(defaults[i].value, member->text))
            return true;
    if (member->type != JSON_NUMBER || !member->is_integer)
        return false;
    if (str_equal(member->name, "hostPort"))
        return member->integer == 0 || member->integer == json_get_integer(object, "containerPort", 0);
    for (size_t i = 0; i < sizeof default_numbers / sizeof *default_numbers; i++)
        if (str_equal(default_numbers[i].name, member->name) && default_numbers[i].value == member->integer)
            return true;
    return false;
}

static bool is_nothing(const struct json *object, const struct json *member) {
    bool empty = member->count == 0 && (member->type == JSON_ARRAY || member->type == JSON_OBJECT);
    return member->type == JSON_NULL || empty || is_default(object, member);
}

static int by_name(const void *a, const void *b) {
    return strcmp((*(const struct json *const *)a)->name, (*(const struct json *const *)b)->name);
}

/* An entry and what it is sorted by; two of one key stay as they stood. */
struct entry {
    const struct json *value;
    const char *key;
    size_t place;
};

static int by_key(const void *a, const void *b) {
    const struct entry *left = a, *right = b;
    int keys = strcmp(left->key, right->key);
    return keys ? keys : (left->place > right->place) - (left->place < right->place);
}

static struct json *normal(struct arena *arena, const struct json *value);

static struct json *normal_list(struct arena *arena, const struct json *list, const char *name) {
    const char *key = task_definition_key(name);
    struct entry *entries = arena_array(arena, struct entry, list->count + 1);
    struct json *out = json_array(arena);
    size_t count = 0;
    json_each(item, list) {
        const struct json *told_by = key ? json_get(item, key) : NULL;
        const char *text = !told_by ? "" : told_by->type == JSON_TEXT ? told_by->text : json_print(arena, told_by);
        entries[count] = (struct entry){.value = item, .key = text, .place = count};
        count++;
    }
    if (key)
        qsort(entries, count, sizeof *entries, by_key);
    for (size_t i = 0; i < count; i++)
        json_append(out, normal(arena, entries[i].value));
    return out;
}

/* "0.5 vCPU" is 512 units, "1 GB" is 1024 MiB: ECS shows the numbers. */
static void settle_size(struct arena *arena, struct json *definition, const char *name, const char *unit) {
    const char *text = json_get_text(definition, name);
    char *end;
    if (!text)
        return;
    double number = strtod(text, &end);
    while (*end == ' ')
        end++;
    if (end != text && strcasecmp(end, unit) == 0 && number > 0 && number < 1000)
        json_set_text(arena, definition, name, arena_printf(arena, "%lld", (long long)(number * 1024)));
}

static struct json *normal(struct arena *arena, const struct json *value) {
    if (value->type == JSON_ARRAY)
        return normal_list(arena, value, value->name);
    if (value->type != JSON_OBJECT)
        return json_copy(arena, value);
    const struct json **members = arena_array(arena, const struct json *, value->count + 1);
    size_t count = 0;
    json_each(member, value) {
        if (!is_nothing(value, member))
            members[count++] = member;
    }
    if (count > 0)
        qsort(members, count, sizeof *members, by_name);
    struct json *object = json_object(arena);
    for (size_t i = 0; i < count; i++)
        json_set(arena, object, members[i]->name, normal(arena, members[i]));
    return object;
}

struct json *task_definition_normal(struct arena *arena, const struct json *definition) {
    struct json *copy = json_copy(arena, definition);
    task_definition_strip(copy);
    settle_size(arena, copy, "cpu", "vCPU");
    settle_size(arena, copy, "memory", "GB");
    return normal(arena, copy);
}
