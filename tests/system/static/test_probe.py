"""The old page's files, asked for while a rollout goes on."""

import contextlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from test_run_task import Shop


class Page:
    """A page with two files; those in `gone` are 404, those in `slow` wait for `answer`."""

    def __init__(self, gone=(), slow=()):
        self.asked, self.answer = [], threading.Event()
        page = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                page.asked.append(self.path)
                if self.path in slow:
                    page.answer.wait(60)
                status = 404 if self.path in gone else 200
                body = b'<script src="/app-1.js"></script><link rel=stylesheet href=style-1.css>' if self.path == "/" else b"x"
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                with contextlib.suppress(OSError):  # nobody waits for it any more
                    self.end_headers()
                    self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_port}/"
        threading.Thread(target=self.http.serve_forever, args=(0.05,), daemon=True).start()


@pytest.fixture
def shop(deploys):
    return Shop(deploys)


def test_a_file_that_is_gone_is_counted(shop):
    page = Page(gone=("/app-1.js",))
    result, job = shop.run("ECS", ProbeUrl=page.url)
    assert result["outcome"] == "succeeded", (result, job.text)
    numbers = result["deployment"]["probe"]
    assert numbers["url"] == page.url and numbers["asked"] >= 3 and numbers["failed404"] >= 1 and numbers["failedOther"] == 0
    assert f"'{page.url}app-1.js' failed" in job.text
    assert {"/", "/app-1.js", "/style-1.css"} == set(page.asked)


def test_nothing_is_gone(shop):
    page = Page()
    result, job = shop.run("ECS", ProbeUrl=page.url)
    assert result["outcome"] == "succeeded", (result, job.text)
    numbers = result["deployment"]["probe"]
    assert numbers["asked"] >= 3 and numbers["failed404"] == numbers["failedOther"] == 0
    assert "0 got 404, and 0 failed otherwise" in job.text


def test_a_page_that_is_not_there_stops_no_deploy(shop):
    result, job = shop.run("ECS", ProbeUrl="http://127.0.0.1:1/")
    assert result["outcome"] == "succeeded", (result, job.text)
    assert "is not asked for" in job.text and "probe" not in result["deployment"]


def test_the_result_does_not_wait_for_a_slow_page(shop):
    """What has no answer by then is not counted."""
    page = Page(slow=("/app-1.js", "/style-1.css"))
    result, job = shop.run("ECS", ProbeUrl=page.url)
    page.answer.set()
    assert result["outcome"] == "succeeded", (result, job.text)
    at_first = 1  # to see which files there are
    assert result["deployment"]["probe"]["asked"] < len(page.asked) - at_first
