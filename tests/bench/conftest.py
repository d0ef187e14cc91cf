"""The benchmarks use the end-to-end tests' fixtures, with the release build that ./check bench makes."""

import os
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
os.environ["PENSTOCK_BUILD_NETWORK"] = "isolated"  # as it is by default; the other tests do without, to be quicker
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "tests" / "system")]

from stack.fixtures import *  # noqa: E402,F401,F403
