/*
 * The seeded randomness of a history: what the simulation draws, and, through libsodium's seam, every id and token that
 * the program under test draws. Two streams, so that one more id in the program does not change what the simulation
 * does next. The same seed gives the same streams on every machine.
 */
#ifndef TESTS_SIM_DRAW_H
#define TESTS_SIM_DRAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Once, before hash_init: the program's randomness comes from here. */
void draw_take_over(void);

/* Begins both streams anew. */
void draw_seed(uint64_t seed);

uint64_t draw_bits(void);
uint64_t draw_below(uint64_t below);               /* 0 .. below - 1 */
int64_t draw_between(int64_t least, int64_t most); /* both included */
bool draw_chance(unsigned of_a_thousand);
/* One of the places of a list of weights. */
size_t draw_weighted(const unsigned *weights, size_t count);

/* A stream of its own, for what must not take from the others (which sectors a crash leaves). */
uint64_t draw_next(uint64_t *state);

#endif
