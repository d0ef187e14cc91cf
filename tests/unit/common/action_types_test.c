/*
 * The table of action types: that it is consistent in itself, and the rows that others build upon.
 */
#include "common/action_types.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void each_row_is_whole_and_stands_once(void **state) {
    (void)state;
    size_t count;
    const struct action_type *types = action_types_all(&count);
    assert_int_equal(count, 33);
    for (size_t i = 0; i < count; i++) {
        const struct action_type *type = &types[i];
        assert_ptr_equal(action_types_find(type->provider, type->category), type);
        assert_true(strlen(type->provider) > 0 && strlen(type->provider) <= 35);
        assert_string_equal(type->version, "1");
        assert_true(type->least_inputs >= 0 && type->least_inputs <= type->most_inputs);
        assert_true(type->least_outputs >= 0 && type->least_outputs <= type->most_outputs);
        assert_null(type->keys[ACTION_KEYS_MAX].name);
    }
}

static void keys_stand_once_in_a_row(void **state) {
    (void)state;
    size_t count;
    const struct action_type *types = action_types_all(&count);
    for (size_t i = 0; i < count; i++) {
        for (const struct action_key *key = types[i].keys; key->name; key++) {
            assert_true(strlen(key->name) <= 50);
            for (const struct action_key *other = types[i].keys; other != key; other++)
                assert_string_not_equal(key->name, other->name);
        }
    }
}

static void sources_have_no_inputs(void **state) {
    (void)state;
    size_t count;
    const struct action_type *types = action_types_all(&count);
    for (size_t i = 0; i < count; i++) {
        if (types[i].category != ACTION_SOURCE)
            continue;
        assert_int_equal(types[i].most_inputs, 0);
        assert_int_equal(types[i].least_outputs, 1);
        assert_int_equal(types[i].most_outputs, 1);
    }
}

static void workers_are_who_we_have(void **state) {
    (void)state;
    static const struct {
        const char *provider;
        enum action_category category;
    } nobodys[] = {
        {"CloudFormationStackSet", ACTION_DEPLOY},
        {"CloudFormationStackInstances", ACTION_DEPLOY},
        {"AppConfig", ACTION_DEPLOY},
        {"ServiceCatalog", ACTION_DEPLOY},
        {"OpsWorks", ACTION_DEPLOY},
        {"EKS", ACTION_DEPLOY},
        {"EC2", ACTION_DEPLOY},
        {"Lambda", ACTION_DEPLOY},
        {"CodePipeline", ACTION_INVOKE},
        {"InspectorScan", ACTION_INVOKE},
        {"DeviceFarm", ACTION_TEST},
    };
    size_t count;
    const struct action_type *types = action_types_all(&count);
    size_t with_worker = 0, with_person = 0;
    for (size_t i = 0; i < count; i++) {
        with_worker += types[i].worker == ACTION_BY_RUNNER;
        with_person += types[i].worker == ACTION_BY_PERSON;
    }
    for (size_t i = 0; i < sizeof nobodys / sizeof *nobodys; i++) {
        const struct action_type *type = action_types_find(nobodys[i].provider, nobodys[i].category);
        assert_non_null(type);
        assert_int_equal(type->worker, ACTION_BY_NOBODY);
    }
    assert_int_equal(with_worker, count - 1 - sizeof nobodys / sizeof *nobodys);
    assert_int_equal(with_person, 1);
    assert_int_equal(action_types_find("Manual", ACTION_APPROVAL)->worker, ACTION_BY_PERSON);
}

static void the_one_secret_is_githubs_token(void **state) {
    (void)state;
    size_t count;
    const struct action_type *types = action_types_all(&count);
    size_t secrets = 0;
    for (size_t i = 0; i < count; i++)
        for (const struct action_key *key = types[i].keys; key->name; key++)
            secrets += key->secret;
    assert_int_equal(secrets, 1);
    const struct action_key *token = &action_types_find("GitHub", ACTION_SOURCE)->keys[3];
    assert_string_equal(token->name, "OAuthToken");
    assert_true(token->secret && token->required);
}

static void a_provider_alone_finds_its_usual_category(void **state) {
    (void)state;
    assert_int_equal(action_types_find_provider("CodeBuild")->category, ACTION_BUILD);
    assert_int_equal(action_types_find_provider("S3")->category, ACTION_SOURCE);
    assert_int_equal(action_types_find_provider("Lambda")->category, ACTION_INVOKE);
    assert_int_equal(action_types_find_provider("Manual")->category, ACTION_APPROVAL);
    assert_null(action_types_find_provider("codebuild"));
    assert_null(action_types_find("ECS", ACTION_BUILD));
}

static void categories_go_both_ways(void **state) {
    (void)state;
    for (int i = ACTION_SOURCE; i <= ACTION_COMPUTE; i++) {
        enum action_category category;
        assert_true(action_category_parse(action_category_name((enum action_category)i), &category));
        assert_int_equal(category, i);
    }
    enum action_category category = ACTION_TEST;
    assert_false(action_category_parse("source", &category));
    assert_false(action_category_parse("", &category));
    assert_int_equal(category, ACTION_TEST);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_row_is_whole_and_stands_once),
        cmocka_unit_test(keys_stand_once_in_a_row),
        cmocka_unit_test(sources_have_no_inputs),
        cmocka_unit_test(workers_are_who_we_have),
        cmocka_unit_test(the_one_secret_is_githubs_token),
        cmocka_unit_test(a_provider_alone_finds_its_usual_category),
        cmocka_unit_test(categories_go_both_ways),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
