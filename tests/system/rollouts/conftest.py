"""Fixtures of tests/deploy, for the part of its tests that every run has."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "deploy"))

from rehearsal_fixtures import *  # noqa: E402,F401,F403
