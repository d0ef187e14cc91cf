/*
 * The table of compute types, and the machine's own end.
 */
#include "runner/actions/build_limits.h"

#include "common/str.h"

#define GIB (INT64_C(1024) * 1024 * 1024)
#define NANO INT64_C(1000000000)
#define RESERVE_MIN (GIB / 2) /* for the engine, the runner and the rest of the machine */
#define RESERVE_PART 16       /* of all memory, where that is more */

#define PIDS_FOR_CPU 2048
#define PIDS_MAX 16384

struct compute {
    int64_t cpus;
    int64_t memory_gib;
    int64_t disk_gib;
};

static const struct {
    const char *name;
    struct compute compute;
} compute_types[] = {
    {"BUILD_GENERAL1_SMALL", {2, 4, 64}},       {"BUILD_GENERAL1_MEDIUM", {4, 8, 128}},
    {"BUILD_GENERAL1_LARGE", {8, 16, 128}},     {"BUILD_GENERAL1_XLARGE", {36, 72, 256}},
    {"BUILD_GENERAL1_2XLARGE", {72, 144, 824}}, {"BUILD_LAMBDA_1GB", {1, 1, 10}},
    {"BUILD_LAMBDA_2GB", {2, 2, 10}},           {"BUILD_LAMBDA_4GB", {3, 4, 10}},
    {"BUILD_LAMBDA_8GB", {5, 8, 10}},           {"BUILD_LAMBDA_10GB", {6, 10, 10}},
};

/* A member of computeConfiguration, which is the least that is wanted; the fallback where it is absent or absurd. */
static int64_t attribute(const struct json *configuration, const char *name, int64_t fallback) {
    int64_t value = json_get_integer(configuration, name, 0);
    return value > 0 && value <= 65536 ? value : fallback;
}

static struct compute find(const struct json *environment, bool *unknown) {
    const char *type = json_get_text(environment, "computeType");
    const struct compute small = compute_types[0].compute;
    for (size_t i = 0; i < sizeof compute_types / sizeof *compute_types; i++)
        if (str_equal(compute_types[i].name, type))
            return compute_types[i].compute;
    if (str_equal(type, "ATTRIBUTE_BASED_COMPUTE")) {
        const struct json *configuration = json_get(environment, "computeConfiguration");
        return (struct compute){.cpus = attribute(configuration, "vCpu", small.cpus),
                                .memory_gib = attribute(configuration, "memory", small.memory_gib),
                                .disk_gib = attribute(configuration, "disk", small.disk_gib)};
    }
    *unknown = type && *type;
    return small;
}

struct build_limits build_limits(const struct json *environment, const struct machine *machine, int disk_gib) {
    bool unknown = false;
    struct compute compute = find(environment, &unknown);
    struct build_limits limits = {.disk_bytes = (disk_gib > 0 ? disk_gib : compute.disk_gib) * GIB,
                                  .unknown_type = unknown};
    limits.pids = compute.cpus * PIDS_FOR_CPU < PIDS_MAX ? compute.cpus * PIDS_FOR_CPU : PIDS_MAX;
    if (machine->cpus > 0)
        limits.nano_cpus = (compute.cpus < machine->cpus ? compute.cpus : machine->cpus) * NANO;
    if (machine->memory_bytes > 0) {
        int64_t reserve = machine->memory_bytes / RESERVE_PART;
        if (reserve < RESERVE_MIN)
            reserve = RESERVE_MIN;
        int64_t most =
            machine->memory_bytes > 2 * reserve ? machine->memory_bytes - reserve : machine->memory_bytes / 2;
        limits.memory_bytes = compute.memory_gib * GIB < most ? compute.memory_gib * GIB : most;
    }
    return limits;
}
