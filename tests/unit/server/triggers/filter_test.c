/* Filters of triggers: what each kind of change does to each combination of filters. */
#include "server/triggers/filter.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#define COUNT(...) (sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))
#define INCLUDES(...) .includes = (const char *const[]){__VA_ARGS__}, .include_count = COUNT(__VA_ARGS__)
#define EXCLUDES(...) .excludes = (const char *const[]){__VA_ARGS__}, .exclude_count = COUNT(__VA_ARGS__)
#define FILES(...) .files = (const char *const[]){__VA_ARGS__}, .file_count = COUNT(__VA_ARGS__), .files_known = true

struct row {
    const char *name;
    struct trigger_filter filter;
    struct trigger_change change;
    bool starts;
    const char *why;
};

#define PUSH(branch_name, ...)                                                                                         \
    { .kind = CHANGE_BRANCH, .branch = (branch_name), __VA_ARGS__ }
#define TAG(tag_name)                                                                                                  \
    { .kind = CHANGE_TAG, .tag = (tag_name) }
#define PULL(base, which, ...)                                                                                         \
    { .kind = CHANGE_PULL_REQUEST, .branch = (base), .event = (which), __VA_ARGS__ }

#define BRANCH_NO "the branch does not match the filters"
#define TAG_NO "the tag does not match the filters"
#define FILES_NO "no changed file matches the filter's file paths"
#define NEW_NO "the filter asks for file paths, and the first push of a new branch has nothing to compare with"
#define EVENT_NO "no filter of pull requests asks for this event"
#define PUSH_YES "push filter 1 matches"
#define PULL_YES "pull request filter 1 matches"

/* clang-format off */
static const struct row rows[] = {
    /* branches */
    {"included branch", {.branches = {INCLUDES("main")}}, PUSH("main"), true, PUSH_YES},
    {"other branch", {.branches = {INCLUDES("main")}}, PUSH("dev"), false, BRANCH_NO},
    {"second include", {.branches = {INCLUDES("main", "release/**")}}, PUSH("release/1/a"), true, PUSH_YES},
    {"excludes win", {.branches = {INCLUDES("**"), EXCLUDES("main")}}, PUSH("main"), false, BRANCH_NO},
    {"excludes win over the same", {.branches = {INCLUDES("main"), EXCLUDES("main")}}, PUSH("main"), false, BRANCH_NO},
    {"second exclude", {.branches = {INCLUDES("**"), EXCLUDES("x", "m*")}}, PUSH("main"), false, BRANCH_NO},
    {"not excluded", {.branches = {INCLUDES("**"), EXCLUDES("main")}}, PUSH("dev"), true, PUSH_YES},
    {"only excludes, another", {.branches = {EXCLUDES("main")}}, PUSH("dev"), true, PUSH_YES},
    {"only excludes, that one", {.branches = {EXCLUDES("main")}}, PUSH("main"), false, BRANCH_NO},
    {"branches do not care for files", {.branches = {INCLUDES("main")}}, PUSH("main", .new_branch = true), true, PUSH_YES},
    {"nothing given: any branch", {.events = 0}, PUSH("main"), true, PUSH_YES},

    /* tags */
    {"included tag", {.tags = {INCLUDES("v*")}}, TAG("v1"), true, PUSH_YES},
    {"other tag", {.tags = {INCLUDES("v*")}}, TAG("x1"), false, TAG_NO},
    {"excluded tag", {.tags = {INCLUDES("v*"), EXCLUDES("v*-rc")}}, TAG("v1-rc"), false, TAG_NO},
    {"only excludes, another tag", {.tags = {EXCLUDES("*-rc")}}, TAG("v1"), true, PUSH_YES},
    {"only excludes, that tag", {.tags = {EXCLUDES("*-rc")}}, TAG("v1-rc"), false, TAG_NO},
    {"a branch named like the tag", {.tags = {INCLUDES("**")}}, PUSH("v1"), false,
     "the push filters are for tags, and this is a branch"},
    {"only tag excludes are tags too", {.tags = {EXCLUDES("x")}}, PUSH("main"), false,
     "the push filters are for tags, and this is a branch"},
    {"a tag named like the branch", {.branches = {INCLUDES("**")}}, TAG("main"), false,
     "no push filter names tags, and this is one"},
    {"a tag and file paths", {.file_paths = {INCLUDES("**")}}, TAG("v1"), false,
     "no push filter names tags, and this is one"},
    {"nothing given: no tags", {.events = 0}, TAG("v1"), false, "no push filter names tags, and this is one"},
    {"tags and branches, a tag", {.tags = {INCLUDES("**")}, .branches = {INCLUDES("**")}}, TAG("v1"), false,
     "the filter asks for a tag and for a branch or files, and a push has one or the other"},
    {"tags and branches, a branch", {.tags = {INCLUDES("**")}, .branches = {INCLUDES("**")}}, PUSH("main"), false,
     "the push filters are for tags, and this is a branch"},
    {"tags and files, a tag", {.tags = {INCLUDES("**")}, .file_paths = {EXCLUDES("x")}}, TAG("v1"), false,
     "the filter asks for a tag and for a branch or files, and a push has one or the other"},

    /* file paths */
    {"included file", {.file_paths = {INCLUDES("src/**")}}, PUSH("main", FILES("src/a.c")), true, PUSH_YES},
    {"one of several", {.file_paths = {INCLUDES("src/**")}}, PUSH("main", FILES("docs/a", "src/a.c")), true, PUSH_YES},
    {"no file", {.file_paths = {INCLUDES("src/**")}}, PUSH("main", FILES("docs/a", "README.md")), false, FILES_NO},
    {"the excluded one does not spoil the other", {.file_paths = {INCLUDES("**"), EXCLUDES("**/README.md")}},
     PUSH("main", FILES("README.md", "a.c")), true, PUSH_YES},
    {"all excluded", {.file_paths = {INCLUDES("**"), EXCLUDES("**/README.md", "**/LICENSE")}},
     PUSH("main", FILES("README.md", "x/README.md", "LICENSE")), false, FILES_NO},
    /* One file is included, another is not excluded; none is both. */
    {"each file alone", {.file_paths = {INCLUDES("*.md"), EXCLUDES("README.md")}},
     PUSH("main", FILES("README.md", "a.c")), false, FILES_NO},
    {"only excludes, another file", {.file_paths = {EXCLUDES("docs/**")}}, PUSH("main", FILES("a", "docs/b")), true, PUSH_YES},
    {"only excludes, only those", {.file_paths = {EXCLUDES("docs/**")}}, PUSH("main", FILES("docs/a", "docs/b")), false, FILES_NO},
    {"no file was changed", {.file_paths = {EXCLUDES("docs/**")}}, PUSH("main", .files_known = true), false,
     "the filter asks for file paths, and no file was changed"},
    {"first push of a branch", {.file_paths = {INCLUDES("**")}}, PUSH("main", FILES("a"), .new_branch = true), false, NEW_NO},
    {"first push, files unknown", {.file_paths = {INCLUDES("**")}}, PUSH("main", .new_branch = true), false, NEW_NO},
    {"first push, only excludes", {.file_paths = {EXCLUDES("x")}}, PUSH("main", FILES("a"), .new_branch = true), false, NEW_NO},
    {"files unknown", {.file_paths = {INCLUDES("src/**")}}, PUSH("main"), true, PUSH_YES},

    /* branches and file paths */
    {"both", {.branches = {INCLUDES("main")}, .file_paths = {INCLUDES("src/**")}}, PUSH("main", FILES("src/a")), true, PUSH_YES},
    {"branch only", {.branches = {INCLUDES("main")}, .file_paths = {INCLUDES("src/**")}}, PUSH("main", FILES("a")), false, FILES_NO},
    {"files only", {.branches = {INCLUDES("main")}, .file_paths = {INCLUDES("src/**")}}, PUSH("dev", FILES("src/a")), false, BRANCH_NO},
    {"neither", {.branches = {INCLUDES("main")}, .file_paths = {INCLUDES("src/**")}}, PUSH("dev", FILES("a")), false, BRANCH_NO},
    {"branch and first push", {.branches = {INCLUDES("main")}, .file_paths = {INCLUDES("src/**")}},
     PUSH("dev", FILES("a"), .new_branch = true), false, BRANCH_NO},
    {"branch and files unknown", {.branches = {INCLUDES("main")}, .file_paths = {INCLUDES("src/**")}}, PUSH("dev"), false, BRANCH_NO},

    /* pull requests */
    {"event", {.pull_request = true, .events = TRIGGER_OPEN}, PULL("main", TRIGGER_OPEN), true, PULL_YES},
    {"other event", {.pull_request = true, .events = TRIGGER_OPEN}, PULL("main", TRIGGER_CLOSED), false, EVENT_NO},
    {"one of two", {.pull_request = true, .events = TRIGGER_OPEN | TRIGGER_UPDATED}, PULL("main", TRIGGER_UPDATED), true, PULL_YES},
    {"not of two", {.pull_request = true, .events = TRIGGER_OPEN | TRIGGER_UPDATED}, PULL("main", TRIGGER_CLOSED), false, EVENT_NO},
    {"any event", {.pull_request = true}, PULL("main", TRIGGER_CLOSED), true, PULL_YES},
    {"base branch", {.pull_request = true, .branches = {INCLUDES("main")}}, PULL("main", TRIGGER_OPEN), true, PULL_YES},
    {"other base", {.pull_request = true, .branches = {INCLUDES("main")}}, PULL("dev", TRIGGER_OPEN), false, BRANCH_NO},
    {"excluded base", {.pull_request = true, .branches = {EXCLUDES("main")}}, PULL("main", TRIGGER_OPEN), false, BRANCH_NO},
    {"event and base", {.pull_request = true, .events = TRIGGER_OPEN, .branches = {INCLUDES("main")}},
     PULL("main", TRIGGER_UPDATED), false, EVENT_NO},
    {"pull request's files", {.pull_request = true, .file_paths = {INCLUDES("src/**")}},
     PULL("main", TRIGGER_OPEN, FILES("a", "src/b")), true, PULL_YES},
    {"pull request's other files", {.pull_request = true, .file_paths = {INCLUDES("src/**")}},
     PULL("main", TRIGGER_OPEN, FILES("a")), false, FILES_NO},
    {"pull request's files unknown", {.pull_request = true, .file_paths = {INCLUDES("src/**")}},
     PULL("main", TRIGGER_OPEN), true, PULL_YES},
    {"a pull request has something to compare with", {.pull_request = true, .file_paths = {INCLUDES("**")}},
     PULL("main", TRIGGER_OPEN, FILES("a"), .new_branch = true), true, PULL_YES},
    {"everything", {.pull_request = true, .events = TRIGGER_CLOSED, .branches = {INCLUDES("main")},
     .file_paths = {INCLUDES("src/**")}}, PULL("main", TRIGGER_CLOSED, FILES("src/a")), true, PULL_YES},

    /* one kind is not the other */
    {"push filter, pull request", {.branches = {INCLUDES("**")}}, PULL("main", TRIGGER_OPEN), false,
     "the trigger's filters are for pushes, and this is a pull request"},
    {"pull request filter, push", {.pull_request = true}, PUSH("main"), false,
     "the trigger's filters are for pull requests, and this is a push"},
    {"pull request filter, tag", {.pull_request = true}, TAG("v1"), false,
     "the trigger's filters are for pull requests, and this is a push"},
};
/* clang-format on */

static void rows_test(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *why = NULL;
        bool starts = filter_matches(&rows[i].filter, 1, &rows[i].change, &why);
        if (starts != rows[i].starts || !why || strcmp(why, rows[i].why) != 0)
            fail_msg("%s: %d, \"%s\"", rows[i].name, starts, why ? why : "(nothing)");
        assert_int_equal(filter_matches(&rows[i].filter, 1, &rows[i].change, NULL), starts);
    }
}

static void several_test(void **state) {
    (void)state;
    const struct trigger_filter filters[] = {
        {.branches = {INCLUDES("main")}, .file_paths = {INCLUDES("src/**")}},
        {.pull_request = true, .events = TRIGGER_OPEN},
        {.tags = {INCLUDES("v*")}},
        {.branches = {INCLUDES("hotfix/*")}},
        {.pull_request = true, .events = TRIGGER_CLOSED, .branches = {INCLUDES("main")}},
    };
    const struct {
        struct trigger_change change;
        bool starts;
        const char *why;
    } cases[] = {
        {PUSH("main", FILES("src/a")), true, "push filter 1 matches"},
        {TAG("v2"), true, "push filter 2 matches"},
        {PUSH("hotfix/1"), true, "push filter 3 matches"},
        {PULL("x", TRIGGER_OPEN), true, "pull request filter 1 matches"},
        {PULL("main", TRIGGER_CLOSED), true, "pull request filter 2 matches"},
        /* The sentence is that of the filter that came nearest, whichever comes first. */
        {PUSH("main", FILES("docs/a")), false, FILES_NO},
        {PUSH("dev"), false, BRANCH_NO},
        {TAG("x"), false, TAG_NO},
        {PULL("x", TRIGGER_CLOSED), false, BRANCH_NO},
        {PULL("main", TRIGGER_UPDATED), false, EVENT_NO},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *why;
        assert_int_equal(filter_matches(filters, 5, &cases[i].change, &why), cases[i].starts);
        assert_string_equal(why, cases[i].why);
    }
    const char *why;
    assert_false(filter_matches(NULL, 0, &cases[0].change, &why));
    assert_string_equal(why, "the trigger has no filters");
}

/* Two filters that are each met by half do not make a whole one. */
static void halves_test(void **state) {
    (void)state;
    const struct trigger_filter filters[] = {
        {.branches = {INCLUDES("main")}, .file_paths = {INCLUDES("src/**")}},
        {.branches = {INCLUDES("dev")}, .file_paths = {INCLUDES("docs/**")}},
    };
    const struct trigger_change change = PUSH("main", FILES("docs/a"));
    assert_false(filter_matches(filters, 2, &change, NULL));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_test),
        cmocka_unit_test(several_test),
        cmocka_unit_test(halves_test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
