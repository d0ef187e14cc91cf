"""Fixtures come from rehearsal_fixtures.py, which tests/system/rollouts uses, too."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from rehearsal_fixtures import *  # noqa: E402,F401,F403
