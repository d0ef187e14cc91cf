/*
 * Processor and memory: of the task, of its containers, and how they go together.
 */
#include "runner/deployfiles/task_definition_rules.h"

#include "common/str.h"
#include "runner/deployfiles/image_name.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define UNITS_OF_VCPU 1024
#define MIB_OF_GB 1024

/* What Fargate sells: for so many units, memory in MiB from, to, in steps of. */
static const struct {
    long long cpu;
    long long least;
    long long most;
    long long step;
} fargate_sizes[] = {
    {256, 512, 2048, 0}, /* 512, 1024, 2048 */
    {512, 1024, 4096, 1024},   {1024, 2048, 8192, 1024},   {2048, 4096, 16384, 1024},
    {4096, 8192, 30720, 1024}, {8192, 16384, 61440, 4096}, {16384, 32768, 122880, 8192},
};

/* "256", "0.25 vCPU"; "512", "0.5 GB": the number in the small unit; 0 where it is none of these. */
static long long read_size(const char *text, const char *unit, long long factor) {
    long long whole;
    char *end;
    if (str_to_int64(text, 1, 1000000000, &whole))
        return whole;
    if (!isdigit((unsigned char)*text) && *text != '.')
        return 0;
    double number = strtod(text, &end);
    while (*end == ' ')
        end++;
    return end != text && strcasecmp(end, unit) == 0 && number > 0 && number < 1000
               ? (long long)(number * (double)factor)
               : 0;
}

static long long size_of(const struct rules *rules, const char *key, const char *unit, long long factor) {
    const struct json *value = json_get(rules->definition, key);
    if (!value || image_name_is_placeholder(value->text))
        return 0;
    long long size = read_size(value->text, unit, factor);
    if (size == 0)
        (void)findings_refuse(rules->findings, value, "'%s' must be like \"%s\" or \"1 %s\", not '%.50s'", key,
                              factor == UNITS_OF_VCPU && str_equal(key, "cpu") ? "256" : "512", unit, value->text);
    return size;
}

static bool is_fargate_size(long long cpu, long long memory, bool *known_cpu, long long *least, long long *most) {
    for (size_t i = 0; i < sizeof fargate_sizes / sizeof *fargate_sizes; i++) {
        if (fargate_sizes[i].cpu != cpu)
            continue;
        *known_cpu = true;
        *least = fargate_sizes[i].least;
        *most = fargate_sizes[i].most;
        if (fargate_sizes[i].step == 0)
            return memory == 512 || memory == 1024 || memory == 2048;
        return memory >= *least && memory <= *most && memory % fargate_sizes[i].step == 0;
    }
    return false;
}

static void check_fargate_size(const struct rules *rules, long long cpu, long long memory) {
    bool known = false;
    long long least = 0, most = 0;
    static const char *const keys[] = {"cpu", "memory"};
    for (size_t i = 0; i < 2; i++)
        if (!json_get(rules->definition, keys[i]))
            (void)findings_refuse(
                rules->findings, rules->definition,
                "'%s' of the whole task is missing, which FARGATE needs beside 'requiresCompatibilities'", keys[i]);
    if (cpu == 0 || memory == 0 || is_fargate_size(cpu, memory, &known, &least, &most))
        return;
    if (!known)
        (void)findings_refuse(rules->findings, json_get(rules->definition, "cpu"),
                              "FARGATE has no 'cpu' of %lld; there are 256, 512, 1024, 2048, 4096, 8192 and 16384",
                              cpu);
    else
        (void)findings_refuse(rules->findings, json_get(rules->definition, "memory"),
                              "FARGATE has no 'memory' of %lld with 'cpu' of %lld; there is %lld to %lld%s", memory,
                              cpu, least, most,
                              cpu == 256    ? " (512, 1024 or 2048)"
                              : cpu == 8192 ? ", in steps of 4096"
                              : cpu > 8192  ? ", in steps of 8192"
                                            : ", in steps of 1024");
}

/* Without a task's memory each container needs its own. */
static void check_container(const struct rules *rules, const struct json *container, bool task_has_memory) {
    const struct json *memory = json_get(container, "memory");
    const struct json *reservation = json_get(container, "memoryReservation");
    if (!memory && !reservation && !task_has_memory && !rules->fargate)
        (void)findings_refuse(
            rules->findings, container,
            "container '%s' has neither 'memory' nor 'memoryReservation'; give it one, or the whole task 'memory'",
            rules_name_of(container));
    if (memory && reservation && reservation->integer > memory->integer)
        (void)findings_refuse(rules->findings, reservation,
                              "'memoryReservation' of container '%s' is above its 'memory', %lld",
                              rules_name_of(container), (long long)memory->integer);
}

static void check_sum(const struct rules *rules, const char *key, long long sum, long long whole) {
    if (whole > 0 && sum > whole)
        (void)findings_refuse(rules->findings, json_get(rules->definition, key),
                              "the containers want %lld of '%s' together, and the task has %lld", sum, key, whole);
}

void rules_of_sizes(const struct rules *rules) {
    const long long cpu = size_of(rules, "cpu", "vCPU", UNITS_OF_VCPU);
    const long long memory = size_of(rules, "memory", "GB", MIB_OF_GB);
    long long cpu_sum = 0, memory_sum = 0;
    json_each(container, rules->containers) {
        check_container(rules, container, json_get(rules->definition, "memory") != NULL);
        cpu_sum += json_get_integer(container, "cpu", 0) % INT32_MAX;
        memory_sum += json_get_integer(container, "memoryReservation", json_get_integer(container, "memory", 0));
    }
    if (rules->fargate)
        check_fargate_size(rules, cpu, memory);
    check_sum(rules, "cpu", cpu_sum, cpu);
    check_sum(rules, "memory", memory_sum, memory);
}
