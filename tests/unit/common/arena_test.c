/*
 * Arenas: alignment, zeroing, large blocks, growing arrays.
 */
#include "common/arena.h"

#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void allocations_are_zeroed_and_aligned(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    for (size_t size = 1; size < 200; size++) {
        unsigned char *bytes = arena_alloc(&arena, size);
        assert_int_equal((uintptr_t)bytes % alignof(max_align_t), 0);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(bytes[i], 0);
        memset(bytes, 0xff, size);
    }
}

static void large_allocations_get_room(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    char *small = arena_strdup(&arena, "before");
    char *large = arena_alloc(&arena, 1 << 20);
    memset(large, 'x', 1 << 20);
    assert_string_equal(small, "before");
    assert_string_equal(arena_strdup(&arena, "after"), "after");
}

static void a_released_arena_can_be_used_again(void **state) {
    (void)state;
    struct arena arena = ARENA_INIT;
    (void)arena_printf(&arena, "%d", 1);
    arena_release(&arena);
    assert_string_equal(arena_printf(&arena, "%s-%d", "two", 2), "two-2");
    arena_release(&arena);
    arena_release(NULL);
}

static void growing_keeps_the_elements(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    int *numbers = NULL;
    size_t capacity = 0;
    for (int i = 0; i < 1000; i++) {
        if ((size_t)i == capacity)
            numbers = arena_grow(&arena, numbers, sizeof *numbers, &capacity);
        numbers[i] = i;
    }
    for (int i = 0; i < 1000; i++)
        assert_int_equal(numbers[i], i);
}

static void copies_are_terminated(void **state) {
    (void)state;
    struct arena arena CLEANUP(arena_release) = ARENA_INIT;
    assert_string_equal(arena_strndup(&arena, "abcdef", 3), "abc");
    assert_null(arena_strdup(&arena, NULL));
    assert_memory_equal(arena_memdup(&arena, "\0\1\2", 3), "\0\1\2", 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allocations_are_zeroed_and_aligned),
        cmocka_unit_test(large_allocations_get_room),
        cmocka_unit_test(a_released_arena_can_be_used_again),
        cmocka_unit_test(growing_keeps_the_elements),
        cmocka_unit_test(copies_are_terminated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
