"""One Chromium and one mock server for all browser tests; each test starts clean.

A test fails when the page wrote an error to the console (a violation of the
content security policy is one) unless it is marked `refusals`: then the
browser's own lines about refused requests are expected.
"""
import pathlib
import shutil

import pytest

import mock_server
import mock_world
from page import Page, start_browser

ROOT = pathlib.Path(__file__).resolve().parents[2]


def pytest_configure(config):
    config.addinivalue_line('markers', 'refusals: the server refuses requests on purpose')


@pytest.fixture(scope='session')
def browser(tmp_path_factory):
    if not (ROOT / 'web/dist/index.html').exists():
        pytest.exit("web/dist is missing; run 'npm ci && npm run build' in web/", 1)
    for program in ('chromium', 'chromedriver'):
        if not shutil.which(program):
            pytest.skip(f"'{program}' is not installed; run 'apt-get install chromium chromium-driver'")
    driver = start_browser(tmp_path_factory.mktemp('chromium'))
    yield driver
    driver.quit()


@pytest.fixture(scope='session')
def mock():
    server = mock_server.MockServer(mock_world.empty_world()).start()
    yield server
    server.shutdown()


@pytest.fixture
def server(mock):
    mock.reset(mock_world.demo_world())
    yield mock
    for event in mock.holds.values():
        event.set()
    mock.drop_streams()


@pytest.fixture
def page(browser, server, request):
    page = Page(browser, server.url)
    page.clean()
    yield page
    page.finish(request.node.get_closest_marker('refusals'))
