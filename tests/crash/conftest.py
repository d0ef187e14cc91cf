"""The crash tests use the end-to-end tests' fixtures."""

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "tests" / "system"), str(ROOT / "tests" / "crash")]

from stack.fixtures import *  # noqa: E402,F401,F403
