"""The benchmarks use the end-to-end tests' fixtures, with the release build that ./check bench makes."""

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "tests" / "system")]

from stack.fixtures import *  # noqa: E402,F401,F403
