"""Waiting for something to be so on the server, told by its event stream instead of by asking again and again."""

import http.client
import json
import select
import time
import urllib.parse


class Events:
    """A browser's event stream. Use as a context manager."""

    def __init__(self, server):
        self._server = server
        self._connection = None
        self._response = None
        self._cookie = None

    def __enter__(self):
        self._cookie = sign_in(self._server, self._server.call("CreateSignInLink")["url"])
        self._open()
        return self

    def __exit__(self, *_):
        self._close()

    def _open(self):
        self._connection = http.client.HTTPConnection(urllib.parse.urlsplit(self._server.url).netloc, timeout=30)
        self._connection.request("GET", "/events", headers={"Cookie": self._cookie, "Accept": "text/event-stream"})
        self._response = self._connection.getresponse()
        if self._response.status != 200:
            raise RuntimeError(f"the event stream answered {self._response.status}: {self._response.read()!r}")

    def _close(self):
        if self._response:
            self._response.close()
        if self._connection:
            self._connection.close()
        self._response = self._connection = None

    def wait(self, seconds):
        """Block until the server has sent something, at most that long. A stream that broke is opened again."""
        try:
            if self._response is None:
                self._open()
            readable = select.select([self._connection.sock or self._response.fp], [], [], seconds)[0]
            if readable and not self._response.read1(65536):
                raise ConnectionError("the stream ended")
        except (OSError, http.client.HTTPException):
            self._close()
            time.sleep(min(0.2, seconds))  # the server is being started again; nothing announces that


def until(server, condition, seconds, what):
    """Return the first true value of `condition()`, looking again after each event. AssertionError names `what`."""
    deadline = time.monotonic() + seconds
    with Events(server) as events:
        while True:
            # The stream was open before we looked, so nothing that comes after the look is missed.
            found = condition()
            if found:
                return found
            left = deadline - time.monotonic()
            if left <= 0:
                raise AssertionError(f"{what}: not within {seconds} seconds")
            # Things outside the server (a container, a target's health) send no event of ours.
            events.wait(min(left, 1.0))


def sign_in(server, url):
    """Spend a sign-in link as a browser does; the session's cookie."""
    token = urllib.parse.parse_qs(urllib.parse.urlsplit(url).query)["token"][0]
    body = urllib.parse.urlencode({"token": token}).encode()
    status, headers, text = server.send("POST", "/sign-in", body, {"Content-Type": "application/x-www-form-urlencoded", "Origin": server.url})
    if status not in (302, 303):
        raise RuntimeError(f"signing in was answered with {status}: {text!r}")
    return headers["Set-Cookie"].partition(";")[0]


def execution(server, pipeline, execution_id):
    return server.call("GetExecutionDetail", pipelineName=pipeline, pipelineExecutionId=execution_id)


def action(detail, stage, name):
    """An action of GetExecutionDetail's answer."""
    for one in detail["stages"]:
        for candidate in one["actions"]:
            if (one["name"], candidate["name"]) == (stage, name):
                return candidate
    raise KeyError(f"{stage}/{name} in {json.dumps(detail)[:2000]}")
