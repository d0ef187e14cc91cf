"""Fixtures for deployments in simulated time (rehearsal.py).  They need a Docker engine only because the runner does."""

import pathlib
import sys

import pytest

TESTS = pathlib.Path(__file__).resolve().parents[1]
for folder in ("system/runner", "system/sandbox"):
    sys.path.insert(0, str(TESTS / folder))

from rehearsal import PROGRAM, Rehearsal, Service  # noqa: E402


@pytest.fixture(scope="session")
def rehearsal():
    """One for all tests that leave its services in peace: each has a service of its own."""
    if not PROGRAM.exists():
        pytest.skip(f"no {PROGRAM}; build first, or set PENSTOCK_BUILD")
    made = Rehearsal()
    yield made
    made.close()


@pytest.fixture
def make_service(rehearsal):
    """make_service(desired=2, balancer=True, …): a service that is removed at the end."""
    made = []

    def make(**like):
        made.append(Service(rehearsal, like))
        return made[-1]

    yield make
    for service in made:
        service.remove()
