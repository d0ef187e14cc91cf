"""Every key and every rule of a buildspec, in real containers: tests/data/buildspec, one test a file."""

import pytest

from case import Case, all_cases


@pytest.mark.parametrize("name", all_cases())
def test_case(name, runs):
    Case(name).compare(runs[name].result())
