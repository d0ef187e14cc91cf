"""Counts what the test runs left in a folder: `N passed, N failed, N skipped`; exit code 1 on a failure or no test.

*.json is meson's testlog: a program that printed TAP counts by its test points, another as one test. *.tap is what a
program printed. *.xml is pytest's JUnit file, *.node what node's test runner printed. *.broken is a run that left no
result.
"""

import glob
import json
import os
import re
import sys
import xml.etree.ElementTree

_POINT = re.compile(r"^(ok|not ok)\b[^#\n]*(#\s*skip)?", re.IGNORECASE | re.MULTILINE)


def count_meson(path):
    """(passed, failed, skipped) of a testlog.json: one JSON object a line."""
    passed = failed = skipped = 0
    with open(path, encoding="utf-8") as file:
        for line in file:
            test = json.loads(line)
            points = [("skip" if skip else word.lower()) for word, skip in _POINT.findall(test.get("stdout", ""))]
            bad = test["result"] not in ("OK", "EXPECTEDFAIL", "SKIP")
            passed += points.count("ok")
            skipped += points.count("skip")
            failed += points.count("not ok")
            if not points:
                passed += test["result"] in ("OK", "EXPECTEDFAIL")
                skipped += test["result"] == "SKIP"
            # A crash, a leak or a timeout has no test point of its own.
            if bad and "not ok" not in points:
                failed += 1
    return passed, failed, skipped


def count_tap(path):
    with open(path, encoding="utf-8") as file:
        points = [("skip" if skip else word.lower()) for word, skip in _POINT.findall(file.read())]
    return points.count("ok"), points.count("not ok"), points.count("skip")


def count_junit(path):
    passed = failed = skipped = 0
    for suite in xml.etree.ElementTree.parse(path).getroot().iter("testsuite"):
        bad, skip = int(suite.get("failures", 0)) + int(suite.get("errors", 0)), int(suite.get("skipped", 0))
        failed += bad
        skipped += skip
        passed += int(suite.get("tests", 0)) - bad - skip
    return passed, failed, skipped


def count_node(path):
    """The summary at the end: `# pass 39` or, in the form for terminals, `ℹ pass 39`."""
    with open(path, encoding="utf-8") as file:
        counts = dict(re.findall(r"^(?:#|ℹ) (pass|fail|cancelled|skipped|todo) (\d+)$", file.read(), re.MULTILINE))
    if "pass" not in counts:
        return 0, 1, 0
    return int(counts["pass"]), int(counts["fail"]) + int(counts["cancelled"]), int(counts["skipped"]) + int(counts["todo"])


def main(folder):
    totals = [0, 0, 0]
    for path in sorted(glob.glob(os.path.join(folder, "*"))):
        counter = {".json": count_meson, ".tap": count_tap, ".xml": count_junit, ".node": count_node, ".broken": lambda _: (0, 1, 0)}.get(os.path.splitext(path)[1])
        if counter:
            totals = [total + count for total, count in zip(totals, counter(path))]
    passed, failed, skipped = totals
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 0 if failed == 0 and passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
