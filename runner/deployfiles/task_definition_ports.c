/*
 * Ports, and what the network mode allows.
 */
#include "runner/deployfiles/task_definition_rules.h"

#include "common/str.h"

#include <stdio.h>
#include <string.h>

#define PORTS_MAX 100 /* of one container */

static bool shares_addresses(const struct rules *rules) {
    return str_equal(rules->network, "awsvpc") || str_equal(rules->network, "host");
}

static bool is_range(const char *text) {
    int first, last, length = 0;
    return sscanf(text, "%5d-%5d%n", &first, &last, &length) == 2 && !text[length] && first >= 1 && last <= 65535 &&
           first < last;
}

static void check_mapping(const struct rules *rules, const struct json *container, const struct json *mapping) {
    const struct json *port = json_get(mapping, "containerPort");
    const struct json *host = json_get(mapping, "hostPort");
    const struct json *range = json_get(mapping, "containerPortRange");
    if (!port == !range)
        (void)findings_refuse(rules->findings, mapping,
                              "a port mapping of container '%s' must have either 'containerPort' or "
                              "'containerPortRange'",
                              rules_name_of(container));
    if (range && !is_range(range->text))
        (void)findings_refuse(rules->findings, range,
                              "'containerPortRange' of container '%s' must be like \"100-200\", not '%.50s'",
                              rules_name_of(container), range->text);
    if (port && host && shares_addresses(rules) && host->integer != port->integer)
        (void)findings_refuse(
            rules->findings, host,
            "'hostPort' of container '%s' is %lld and its 'containerPort' %lld; in network mode %s they "
            "must be the same, or 'hostPort' left out",
            rules_name_of(container), (long long)host->integer, (long long)port->integer, rules->network);
}

/* The port that a mapping takes of what all containers share; 0: none that could collide. */
static long long taken(const struct rules *rules, const struct json *mapping) {
    if (str_equal(rules->network, "none"))
        return 0;
    return json_get_integer(mapping, shares_addresses(rules) ? "containerPort" : "hostPort", 0);
}

static bool is_same_port(const struct rules *rules, const struct json *a, const struct json *b) {
    return taken(rules, a) != 0 && taken(rules, a) == taken(rules, b) &&
           str_equal(json_get_text_or(a, "protocol", "tcp"), json_get_text_or(b, "protocol", "tcp"));
}

/* The container with an earlier mapping of the same port, or NULL. */
static const struct json *find_taker(const struct rules *rules, const struct json *mapping) {
    json_each(container, rules->containers) {
        json_each(other, json_get(container, "portMappings")) {
            if (other == mapping)
                return NULL;
            if (is_same_port(rules, other, mapping))
                return container;
        }
    }
    return NULL;
}

/* Two containers that only say the same port do no harm where they share one address: it is who listens that counts. */
static void check_taken(const struct rules *rules, const struct json *container, const struct json *mapping) {
    const struct json *taker = find_taker(rules, mapping);
    if (!taker)
        return;
    if (shares_addresses(rules))
        findings_note(rules->findings, mapping,
                      "port %lld of container '%s' is container '%s''s, too; in network mode %s only one can listen",
                      taken(rules, mapping), rules_name_of(container), rules_name_of(taker), rules->network);
    else
        (void)findings_refuse(rules->findings, mapping, "'hostPort' %lld of container '%s' is container '%s''s, too",
                              taken(rules, mapping), rules_name_of(container), rules_name_of(taker));
}

/* What the addresses of awsvpc have no place for. */
static void check_awsvpc(const struct rules *rules, const struct json *container) {
    static const char *const odd[] = {"hostname", "extraHosts"};
    if (rules_has_items(container, "links"))
        (void)findings_refuse_name(rules->findings, json_get(container, "links"),
                                   "'links' of container '%s' works in network mode bridge only; in awsvpc containers "
                                   "reach each other at localhost",
                                   rules_name_of(container));
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
        if (json_get(container, odd[i]))
            findings_note(rules->findings, json_get(container, odd[i]),
                          "'%s' of container '%s' is not supported in network mode awsvpc", odd[i],
                          rules_name_of(container));
}

void rules_of_ports(const struct rules *rules) {
    json_each(container, rules->containers) {
        const struct json *mappings = json_get(container, "portMappings");
        if (mappings && mappings->count > PORTS_MAX) {
            (void)findings_refuse_name(rules->findings, mappings, "container '%s' has %zu port mappings; ECS takes %d",
                                       rules_name_of(container), mappings->count, PORTS_MAX);
            continue;
        }
        json_each(mapping, mappings) {
            check_mapping(rules, container, mapping);
            check_taken(rules, container, mapping);
        }
        if (str_equal(rules->network, "awsvpc"))
            check_awsvpc(rules, container);
    }
}
