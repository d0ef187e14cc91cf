/*
 * Hashes against published vectors, text forms and back, and that random is random.
 */
#include "common/hash.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void sha256_of_known_texts(void **state) {
    (void)state;
    char hex[SHA256_HEX_SIZE];
    hash_sha256_hex("", 0, hex);
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    hash_sha256_hex("abc", 3, hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    hash_sha256_hex(NULL, 0, hex);
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void pieces_give_the_same_as_the_whole(void **state) {
    (void)state;
    char bytes[1000];
    memset(bytes, 'q', sizeof bytes);
    uint8_t whole[SHA256_BYTES];
    uint8_t pieces[SHA256_BYTES];
    hash_sha256(bytes, sizeof bytes, whole);
    struct hash_sha256_state sum;
    hash_sha256_begin(&sum);
    for (size_t at = 0, size = 1; at < sizeof bytes; at += size, size = size * 3 % 101) {
        if (size > sizeof bytes - at)
            size = sizeof bytes - at;
        hash_sha256_update(&sum, bytes + at, size);
    }
    hash_sha256_end(&sum, pieces);
    assert_memory_equal(whole, pieces, sizeof whole);
}

/* RFC 4231, test cases 2 and 6 (a key longer than a block). */
static void hmac_of_known_texts(void **state) {
    (void)state;
    uint8_t digest[SHA256_BYTES];
    char hex[SHA256_HEX_SIZE];
    hash_hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28, digest);
    hash_to_hex(digest, sizeof digest, hex);
    assert_string_equal(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    uint8_t key[131];
    memset(key, 0xaa, sizeof key);
    const char *text = "Test Using Larger Than Block-Size Key - Hash Key First";
    hash_hmac_sha256(key, sizeof key, text, strlen(text), digest);
    hash_to_hex(digest, sizeof digest, hex);
    assert_string_equal(hex, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    struct hash_hmac_state pieces;
    hash_hmac_begin(&pieces, key, sizeof key);
    hash_hmac_update(&pieces, text, 10);
    hash_hmac_update(&pieces, text + 10, strlen(text) - 10);
    hash_hmac_end(&pieces, digest);
    hash_to_hex(digest, sizeof digest, hex);
    assert_string_equal(hex, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static void hex_goes_both_ways(void **state) {
    (void)state;
    uint8_t bytes[2] = {7, 7};
    assert_true(hash_from_hex("00fF", bytes, 2));
    assert_int_equal(bytes[0], 0);
    assert_int_equal(bytes[1], 255);
    static const char *const bad[] = {"", "00f", "00ff0", "00fg", "0x00", "00f "};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(hash_from_hex(bad[i], bytes, 2));
    assert_false(hash_from_hex(NULL, bytes, 2));
}

static void base64_goes_both_ways(void **state) {
    (void)state;
    static const struct {
        const char *plain, *encoded;
    } cases[] = {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"\xff\xfe\xfd", "//79"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t size = strlen(cases[i].plain);
        char text[16];
        assert_true(HASH_BASE64_SIZE(size) <= sizeof text);
        hash_to_base64(cases[i].plain, size, text);
        assert_string_equal(text, cases[i].encoded);
        uint8_t bytes[16];
        size_t decoded = 99;
        assert_true(hash_from_base64(cases[i].encoded, bytes, &decoded));
        assert_int_equal(decoded, size);
        assert_memory_equal(bytes, cases[i].plain, size);
    }
    static const char *const bad[] = {"Zg", "Zg=", "Zg==x", "Z g==", "_-79", "Zh==", "===="};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        uint8_t bytes[16];
        size_t decoded;
        if (hash_from_base64(bad[i], bytes, &decoded))
            fail_msg("'%s' was decoded", bad[i]);
    }
}

static void equality_sees_length_and_content(void **state) {
    (void)state;
    assert_true(hash_equal_text("secret", "secret"));
    assert_false(hash_equal_text("secret", "secreT"));
    assert_false(hash_equal_text("secret", "secrets"));
    assert_false(hash_equal_text("", "s"));
    assert_true(hash_equal_text("", ""));
    assert_true(hash_equal("a\0b", "a\0b", 3));
    assert_false(hash_equal("a\0b", "a\0c", 3));
}

static void uuids_are_version_four_and_differ(void **state) {
    (void)state;
    char one[UUID_SIZE];
    char other[UUID_SIZE];
    hash_uuid(one);
    hash_uuid(other);
    assert_string_not_equal(one, other);
    static const char shape[] = "xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx";
    assert_int_equal(strlen(one), strlen(shape));
    for (size_t i = 0; shape[i]; i++) {
        if (shape[i] == 'x')
            assert_true(isxdigit((unsigned char)one[i]) && !isupper((unsigned char)one[i]));
        else if (shape[i] == 'y')
            assert_non_null(strchr("89ab", one[i]));
        else
            assert_int_equal(one[i], shape[i]);
    }
}

static void random_texts_use_every_character(void **state) {
    (void)state;
    char text[4001];
    hash_random_text(text, 4000);
    assert_int_equal(strlen(text), 4000);
    bool seen[128] = {false};
    for (size_t i = 0; text[i]; i++) {
        assert_true(isalnum((unsigned char)text[i]));
        seen[(unsigned char)text[i]] = true;
    }
    int distinct = 0;
    for (size_t i = 0; i < 128; i++)
        distinct += seen[i];
    assert_int_equal(distinct, 62);
    hash_random_text(text, 0);
    assert_string_equal(text, "");
}

static void wiping_leaves_zeros(void **state) {
    (void)state;
    char secret[] = "secret";
    hash_wipe(secret, sizeof secret);
    for (size_t i = 0; i < sizeof secret; i++)
        assert_int_equal(secret[i], 0);
}

static int initialise(void **state) {
    (void)state;
    hash_init();
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_of_known_texts),
        cmocka_unit_test(pieces_give_the_same_as_the_whole),
        cmocka_unit_test(hmac_of_known_texts),
        cmocka_unit_test(hex_goes_both_ways),
        cmocka_unit_test(base64_goes_both_ways),
        cmocka_unit_test(equality_sees_length_and_content),
        cmocka_unit_test(uuids_are_version_four_and_differ),
        cmocka_unit_test(random_texts_use_every_character),
        cmocka_unit_test(wiping_leaves_zeros),
    };
    return cmocka_run_group_tests(tests, initialise, NULL);
}
