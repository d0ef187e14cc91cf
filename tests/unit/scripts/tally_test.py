"""scripts/tally.py counts every kind of result, and says 1 where it must. Run by meson."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

TALLY = pathlib.Path(__file__).resolve().parents[3] / "scripts" / "tally.py"


class Tally(unittest.TestCase):
    def tally(self, **files):
        """Write the files (`unit_json` is unit.json), tally, and return (the closing line, exit code)."""
        with tempfile.TemporaryDirectory() as folder:
            for name, text in files.items():
                with open(os.path.join(folder, name.replace("_", ".")), "w", encoding="utf-8") as file:
                    file.write(text)
            done = subprocess.run([sys.executable, str(TALLY), folder], capture_output=True, text=True, check=False)
            return done.stdout.strip(), done.returncode

    def test_nothing_ran(self):
        self.assertEqual(self.tally(), ("0 passed, 0 failed, 0 skipped", 1))

    def test_points_of_a_c_test(self):
        text = "1..3\nok 1 - one\nok 2 - two # SKIP no engine\nok 3 - three\n"
        self.assertEqual(self.tally(unit_json=json.dumps({"name": "a", "result": "OK", "stdout": text})), ("2 passed, 0 failed, 1 skipped", 0))

    def test_a_failing_point(self):
        text = "1..2\nok 1 - one\nnot ok 2 - two\n"
        self.assertEqual(self.tally(unit_json=json.dumps({"name": "a", "result": "FAIL", "stdout": text})), ("1 passed, 1 failed, 0 skipped", 1))

    def test_a_leak_after_all_points_passed(self):
        self.assertEqual(self.tally(unit_json=json.dumps({"name": "a", "result": "FAIL", "stdout": "ok 1 - one\n"})), ("1 passed, 1 failed, 0 skipped", 1))

    def test_a_program_without_points(self):
        lines = [json.dumps({"name": name, "result": result, "stdout": ""}) for name, result in (("a", "OK"), ("b", "SKIP"), ("c", "TIMEOUT"))]
        self.assertEqual(self.tally(source_json="\n".join(lines)), ("1 passed, 1 failed, 1 skipped", 1))

    def test_pytest_and_node(self):
        xml = '<testsuites><testsuite tests="5" failures="1" errors="1" skipped="1"/></testsuites>'
        self.assertEqual(self.tally(system_xml=xml), ("2 passed, 2 failed, 1 skipped", 1))
        node = "ok 1 - x\n# tests 4\n# pass 3\n# fail 0\n# cancelled 0\n# skipped 1\n# todo 0\n"
        self.assertEqual(self.tally(web_node=node), ("3 passed, 0 failed, 1 skipped", 0))
        self.assertEqual(self.tally(web_node="node: not found\n"), ("0 passed, 1 failed, 0 skipped", 1))

    def test_tap(self):
        self.assertEqual(self.tally(sim_tap="1..3\nok 1 - one\n# 5 not ok\nnot ok 2 - two\nok 3 - three # skip\n"), ("1 passed, 1 failed, 1 skipped", 1))

    def test_a_run_without_result(self):
        self.assertEqual(self.tally(system_broken="", web_node="# pass 3\n# fail 0\n# cancelled 0\n# skipped 0\n# todo 0\n"), ("3 passed, 1 failed, 0 skipped", 1))


if __name__ == "__main__":
    unittest.main()
