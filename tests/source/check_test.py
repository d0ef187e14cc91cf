"""Shows that each rule of check.py can fail, and that what keeps the rules is left alone: small trees in a temporary
folder, with and without an offence."""

import hashlib
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import check  # noqa: E402  (the folder must be on the path first)

TABLE = "common:\nserver/store: common server/wake.h\nserver: common server/...\ncli: common\n"


class Rules(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = Path(self.folder.name)
        self.write("tests/source/allowed-includes.txt", TABLE)
        self.write("common/str.h", "")
        self.write("server/wake.h", "")
        self.write("server/server.h", "")
        self.write("server/store/db.h", "")

    def tearDown(self):
        self.folder.cleanup()

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def found(self, rule):
        return list(rule(self.root, check.list_files(self.root)))

    def assert_one(self, rule, start):
        found = self.found(rule)
        self.assertEqual(len(found), 1, found)
        self.assertTrue(found[0].startswith(start), found[0])

    def assert_none(self, rule):
        self.assertEqual(self.found(rule), [])

    def test_includes_go_one_way(self):
        self.write("server/store/a.c", '#include "common/str.h"\n#include "server/store/db.h"\n'
                   '#include "server/wake.h"\n/* #include "server/server.h" */\n')
        self.write("server/main.c", '#include "server/store/db.h"\n')
        self.assert_none(check.check_includes)
        self.write("server/store/a.c", '\n#include "server/server.h"\n')
        self.assert_one(check.check_includes, 'server/store/a.c:2: server/store must not include "server/server.h"')

    def test_tests_are_judged_as_what_they_test(self):
        self.write("tests/unit/server/store/fixture.h", "")
        self.write("tests/unit/server/store/db_test.c", '#include "server/store/db.h"\n#include "common/str.h"\n'
                   '#include "tests/unit/server/store/fixture.h"\n')
        self.write("tests/unit/server/main_test.c", '#include "tests/unit/server/store/fixture.h"\n')
        self.assert_none(check.check_includes)
        self.write("tests/unit/common/str_test.c", '#include "tests/unit/server/store/fixture.h"\n')
        self.assert_one(check.check_includes, "tests/unit/common/str_test.c:1: common must not include")
        self.write("tests/unit/common/str_test.c", '#include "server/store/db.h"\n')
        self.assert_one(check.check_includes, "tests/unit/common/str_test.c:1: common must not include")

    def test_a_folder_of_tests_may_have_its_own_line(self):
        self.write("tests/unit/common/str_test.c", '#include "server/store/db.h"\n')
        self.write("tests/source/allowed-includes.txt", TABLE + "tests/unit/common: server/store\n")
        self.assert_none(check.check_includes)

    def test_includes_start_at_the_root(self):
        self.write("server/store/a.c", '#include "db.h"\n')
        self.assert_one(check.check_includes, 'server/store/a.c:1: there is no "db.h" below the root')

    def test_new_folders_need_a_line(self):
        self.write("runner/job.c", '#include "common/str.h"\n')
        self.assert_one(check.check_includes, "runner/job.c:1: folder runner has no line")

    def test_subfolders_take_the_line_above(self):
        self.write("server/api/a.c", '#include "server/store/db.h"\n')
        self.assert_none(check.check_includes)

    def test_libraries_stay_in_their_room(self):
        self.write("server/store/a.h", "#include <sqlite3.h>\n")
        self.write("tests/unit/server/store/a_test.c", "#include <sqlite3.h>\n#include <cmocka.h>\n")
        self.write("common/json.c", "#include <cjson/cJSON.h>\n#include <stdio.h>\n")
        self.assert_none(check.check_libraries)
        self.write("server/main.c", "#include <cjson/cJSON.h>\n")
        self.assert_one(check.check_libraries, "server/main.c:1: <cjson/cJSON.h> is only for common/json.c")

    def test_sql_stays_in_the_store(self):
        self.write("server/store/a.c", 'f("SELECT id FROM jobs");\n')
        self.write("server/main.c", '/* SELECT x */ f("UPDATE without that word", "selected");\n')
        self.assert_none(check.check_sql)
        for statement in ["SELECT 1", "INSERT INTO a", "UPDATE a SET b", "DELETE FROM a"]:
            self.write("server/main.c", f'f("{statement}");\n')
            self.assert_one(check.check_sql, "server/main.c:1: SQL outside of server/store")

    def test_banned_functions(self):
        self.write("cli/a.c", '/* strcpy(a) */ f("system(x)"); gmtime_r(a, b); usleeper(); file->system(a);\n')
        self.assert_none(check.check_banned)
        for name in check.BANNED:
            self.write("cli/a.c", f"int x;\nint y = {name} (a);\n")
            self.assert_one(check.check_banned, f"cli/a.c:2: {name}() is banned; use ")

    def test_merged_migrations_never_change(self):
        self.write("migrations/0001_init.sql", "CREATE TABLE a (b);\n")
        self.assert_none(check.check_migrations)
        digest = hashlib.sha256(b"CREATE TABLE a (b);\n").hexdigest()
        self.write("tests/source/migrations.sha256", f"{digest}  migrations/0001_init.sql\n")
        self.assert_none(check.check_migrations)
        self.write("migrations/0001_init.sql", "CREATE TABLE a (c);\n")
        self.assert_one(check.check_migrations, "migrations/0001_init.sql: a merged migration has changed")
        (self.root / "migrations/0001_init.sql").unlink()
        self.assert_one(check.check_migrations, "migrations/0001_init.sql: a merged migration is gone")

    def test_format(self):
        self.write(".clang-format", "BasedOnStyle: LLVM\n")
        self.write("cli/a.c", "int a;\n")
        self.assert_none(check.check_format)
        if check.shutil.which("clang-format"):
            self.write("cli/a.c", "int   a ;\n")
            self.assert_one(check.check_format, "cli/a.c: not formatted; run tests/source/format.sh cli/a.c")

    def test_paths_of_a_machine(self):
        self.write("docs/a.md", "STATE/work/NAME %s/work/x ${d}/root/ /var/lib https://a.example.com/home/x/\n")
        self.write("web/package-lock.json", '{"node_modules/a": {"version": "1.0.0", "integrity": "sha512-x"}}\n')
        self.assert_none(check.check_machine_paths)
        for path in ["/work/shop/x", "(/home/jane/x)", '"/Users/jane/x"', "C:\\Users\\jane", "=/root/.cache"]:
            self.write("docs/a.md", f"first\nsee {path}\n")
            self.assert_one(check.check_machine_paths, "docs/a.md:2: '")

    def test_lock_files_name_no_registry(self):
        self.write("web/package-lock.json", '{\n "resolved": "https://registry.example.com/a.tgz"}\n')
        self.assert_one(check.check_machine_paths, "web/package-lock.json:2: the address of a registry")
        self.write("web/package-lock.json", "{}\n")
        self.write("web/.npmrc", "registry=http://mirror.example.com/\n")
        self.assert_one(check.check_machine_paths, "web/.npmrc:1: the address of a registry")

    def test_doors_and_routes_agree(self):
        self.write("docs/doors.md", "`POST /` `GET /logs/LOGID?from=N` `POST /runner/jobs/ID/log` `/git/NAME/…`\n")
        self.assert_none(check.check_doors)
        routes = ('{"POST", "/"}, {.method = "GET", .path = "/logs/*"}, {"POST", "/runner/jobs/*/log"},\n'
                  '{"GET", "/git/*/info/refs"}, {"POST", "/git/*/git-upload-pack"}, {"GET", "/**"},\n')
        self.write("server/routes.c", routes)
        self.assert_none(check.check_doors)
        self.write("server/routes.c", routes + '{"GET", "/secret"}')
        self.assert_one(check.check_doors, "server/routes.c:3: GET /secret is not in docs/doors.md")
        self.write("server/routes.c", routes.replace("/logs/*", "/logs/**"))
        self.assertEqual(len(self.found(check.check_doors)), 2)


if __name__ == "__main__":
    unittest.main()
