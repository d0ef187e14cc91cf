/*
 * splitmix64: small, fast, and every seed is a good one.
 */
#include "tests/sim/draw.h"

#include <sodium.h>
#include <string.h>

static uint64_t simulation, program;

uint64_t draw_next(uint64_t *state) {
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static const char *name(void) {
    return "simulation";
}

static uint32_t program_random(void) {
    return (uint32_t)(draw_next(&program) >> 32);
}

static void program_bytes(void *const out, const size_t size) {
    unsigned char *bytes = out;
    for (size_t i = 0; i < size; i += sizeof(uint64_t)) {
        uint64_t bits = draw_next(&program);
        memcpy(bytes + i, &bits, size - i < sizeof bits ? size - i : sizeof bits);
    }
}

void draw_take_over(void) {
    static randombytes_implementation seeded = {
        .implementation_name = name, .random = program_random, .buf = program_bytes};
    randombytes_set_implementation(&seeded);
}

void draw_seed(uint64_t seed) {
    simulation = seed;
    (void)draw_next(&simulation);
    program = ~seed;
}

uint64_t draw_bits(void) {
    return draw_next(&simulation);
}

/* The bias of the remainder does not matter here. */
uint64_t draw_below(uint64_t below) {
    return draw_bits() % below;
}

int64_t draw_between(int64_t least, int64_t most) {
    return least + (int64_t)draw_below((uint64_t)(most - least) + 1);
}

bool draw_chance(unsigned of_a_thousand) {
    return draw_below(1000) < of_a_thousand;
}

size_t draw_weighted(const unsigned *weights, size_t count) {
    unsigned total = 0;
    for (size_t i = 0; i < count; i++)
        total += weights[i];
    unsigned left = (unsigned)draw_below(total);
    for (size_t i = 0; i < count; i++) {
        if (left < weights[i])
            return i;
        left -= weights[i];
    }
    return count - 1;
}
