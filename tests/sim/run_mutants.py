"""Puts one bug after the other (mutants.py) into a copy of the sources, and runs the simulation until it finds it:
run_mutants.py [--seeds N] [--only NAME]. One line for each; a bug that is not found fails the run, as does one whose
text does not stand in its file exactly once. Writes TAP, which scripts/tally.py counts."""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(Path(__file__).resolve().parent))

from mutants import MUTANTS  # noqa: E402

SKIPPED = shutil.ignore_patterns(".git", "build", "build-*", "node_modules", "__pycache__", "dist")


def copy_tree(folder):
    """What meson wants to see, and no more of it than that."""
    tree = folder / "penstock"
    shutil.copytree(ROOT, tree, ignore=SKIPPED, symlinks=True)
    return tree


def run(command, cwd, seconds):
    return subprocess.run(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
                          timeout=seconds)


def set_up(tree, build):
    # Assertions stay; a warning about what a bug leaves unused does not end the build.
    result = run(["meson", "setup", str(build), "--buildtype=release", "-Db_ndebug=false", "-Dwerror=false"], tree, 300)
    if result.returncode:
        sys.exit("run_mutants: meson setup failed:\n" + result.stdout[-3000:])


def build_sim(build):
    result = run(["ninja", "-C", str(build), "tests/sim/sim"], build, 900)
    return result.returncode == 0, result.stdout


def put_in(tree, mutant):
    path = tree / mutant.file
    before = path.read_text()
    if before.count(mutant.text) != 1:
        return None, f"its text stands in {mutant.file} {before.count(mutant.text)} times, not once; write it anew"
    path.write_text(before.replace(mutant.text, mutant.instead))
    return before, None


def find(build, seeds):
    """What the simulation said, or None where it found nothing."""
    result = run([str(build / "tests/sim/sim"), "--seeds", str(seeds), "--quiet"], build, 1800)
    if result.returncode == 0:
        return None
    match = re.search(r"^sim: (seed \d+), step \d+: (.*?); replay with", result.stdout, re.MULTILINE)
    # Ending in any other way is not seeing the bug.
    return f"{match.group(1)}: {match.group(2)[:160]}" if match else None


def try_one(tree, build, mutant, seeds):
    """(found, what there is to say)."""
    before, wrong = put_in(tree, mutant)
    if wrong:
        return False, wrong
    try:
        built, output = build_sim(build)
        if not built:
            return False, "it does not compile:\n" + output[-1500:]
        found = find(build, seeds)
        return found is not None, found or f"not found in {seeds} histories: {mutant.why}"
    finally:
        (tree / mutant.file).write_text(before)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=20000)
    parser.add_argument("--only")
    options = parser.parse_args()
    chosen = [mutant for mutant in MUTANTS if options.only in (None, mutant.name)]
    with tempfile.TemporaryDirectory(prefix="penstock-mutants-") as folder:
        tree, build = copy_tree(Path(folder)), Path(folder) / "build"
        set_up(tree, build)
        built, output = build_sim(build)
        if not built:
            sys.exit("run_mutants: the sources do not compile as they are:\n" + output[-3000:])
        sound = run([str(build / "tests/sim/sim"), "--seeds", "300", "--quiet"], build, 1800)
        if sound.returncode != 0:
            sys.exit("run_mutants: the simulation fails without a bug: " + sound.stdout[:500])
        print(f"1..{len(chosen)}", flush=True)
        survived = 0
        for number, mutant in enumerate(chosen, 1):
            found, words = try_one(tree, build, mutant, options.seeds)
            survived += not found
            print(f"{'ok' if found else 'not ok'} {number} - {mutant.name}: {words}", flush=True)
    sys.exit(1 if survived else 0)


if __name__ == "__main__":
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    main()
