"""Fixtures of the end-to-end tests; most of them come from scripts/stack."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))

from penstock_under_test import Shop  # noqa: E402
from stack.fixtures import *  # noqa: E402,F401,F403


@pytest.fixture
def shop(aws, folder, docker_host, server, runner, make_clone):
    """The demo's application, first version deployed, its pipeline loaded: what most tests begin with."""
    return Shop(aws, folder, docker_host, server, make_clone(server))
