/*
 * A fuzzing target: one function that gets bytes, shared by libFuzzer (run.sh) and by the replay of the corpus
 * (replay.c, an ordinary test). TARGET_CHECK ends the program where a promise is broken, with assertions compiled out
 * or not.
 */
#ifndef TESTS_FUZZ_TARGET_H
#define TESTS_FUZZ_TARGET_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define TARGET_CHECK(promise)                                                                                          \
    do {                                                                                                               \
        if (!(promise)) {                                                                                              \
            (void)fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #promise);                                \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#endif
