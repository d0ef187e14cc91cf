"""A cancel at the moment that is hard to catch: the container is made, and not started yet."""

import os
import socket
import threading

import pytest


class Door:
    """Stands before the engine's socket; `before_start` runs when a start was asked for and is held back."""

    def __init__(self, path, engine):
        self.engine, self.before_start, self.killed = engine, lambda: None, threading.Event()
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(str(path))
        self.socket.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            server.connect(self.engine)
            asked = []
            threading.Thread(target=self._pass, args=(client, server, True, asked), daemon=True).start()
            threading.Thread(target=self._pass, args=(server, client, False, asked), daemon=True).start()

    def _pass(self, source, target, asks, asked):
        try:
            while data := source.recv(65536):
                line = data.split(b"\r\n", 1)[0] if asks else b""
                if b"/start" in line:
                    self.before_start()
                if b"/kill" in line:
                    asked.append(b"kill")
                target.sendall(data)
                if not asks and b"kill" in asked:
                    self.killed.set()  # the engine has answered
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass


@pytest.fixture
def door(tmp_path):
    host = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    if not host.startswith("unix://"):
        pytest.skip("the engine has no socket here")
    path = tmp_path / "engine.sock"
    door = Door(path, host.removeprefix("unix://"))
    door.url = f"unix://{path}"
    yield door
    door.socket.close()


def test_a_cancel_before_the_container_runs(server, start_runner, offer_build, door):
    job = offer_build("version: 0.2\nphases: {install: {commands: ['echo began; sleep 50']}}\n", outputs=[])

    def cancel():
        server.wait(lambda: "YAML location" in job.text, 30)  # the source is there: nothing else holds the build up
        server.cancel(job)
        assert door.killed.wait(30)

    door.before_start = cancel
    start_runner(environment={"DOCKER_HOST": door.url})
    server.wait(lambda: job.result, 40)
    assert job.result["outcome"] == "stopped" and "container is dead" in job.result["summary"]
    assert "Running command" not in job.text
