"""The same browser, but Penstock's own programs behind it (scripts/stack), started anew for each test."""
import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / 'scripts'), str(ROOT / 'tests' / 'system')]

from penstock_under_test import Shop  # noqa: E402
from stack.fixtures import *  # noqa: E402,F401,F403

from page import Page  # noqa: E402


@pytest.fixture
def shop(aws, folder, docker_host, server, runner, make_clone):
    """The demo's application with its first version deployed, its pipeline loaded."""
    return Shop(aws, folder, docker_host, server, make_clone(server))


@pytest.fixture
def page(browser, server, request):
    """Signed in as admin, through the page that a sign-in link opens."""
    page = Page(browser, server.url)
    page.clean()
    browser.delete_all_cookies()
    browser.get(server.call('CreateSignInLink')['url'])
    page.click('Sign in')
    page.sees('Pipelines', 'h1')
    page.console_errors()
    yield page
    page.finish(request.node.get_closest_marker('refusals'))
