"""Server and runners that are killed and started again, and the record of how they died."""

import json
import os
import pathlib
import signal
import urllib.error
import urllib.request

from stack import processes
from stack.runner import Runner
from stack.server import Server

KILLED = -signal.SIGKILL
# The calls at which a program may be killed (kill_point.c), with about how many of them it makes in some busy seconds.
SERVER_POINTS = {"fdatasync": 60, "pwrite64": 300, "send": 40, "sendmsg": 60, "write": 40, "rename": 5, "linkat": 5, "fsync": 10, "unlink": 5}
RUNNER_POINTS = {"send": 80, "write": 60, "rename": 4, "unlink": 6, "fsync": 4}


class Victim:
    """A program and its lives. `kind` is "server" or "runner"; `points` are the calls at which it may be killed."""

    def __init__(self, kind, program, points, library, log_folder):
        self.kind = kind
        self.program = program
        self.deaths = []  # how: "at a moment", "before fdatasync"
        self._points = points
        self._library = library
        self._point_log = os.path.join(log_folder, f"{os.path.basename(program.folder)}.points")
        self._point_lines = 0

    @property
    def name(self):
        return os.path.basename(self.program.folder)

    def arm(self, chance):
        """What its next process needs to kill itself at a point that `chance` chooses: variables for it."""
        call = chance.choice(sorted(self._points))
        # Starting up has points, too.
        number = chance.randint(1, self._points[call] if chance.random() < 0.7 else 10)
        return {
            "LD_PRELOAD": self._library,
            "ASAN_OPTIONS": "verify_asan_link_order=0",
            "PENSTOCK_KILL_AT": f"{call}:{number}",
            "PENSTOCK_KILL_LOG": self._point_log,
        }

    def is_alive(self):
        return self.program.process is not None and self.program.process.is_alive()

    def kill(self):
        self.program.process.kill()

    def note_death(self):
        """Record how it died; the exit code where that was not our doing, else None."""
        # Its main thread is gone before the others are, and with those its locks.
        assert self.program.process.wait(20), f"{self.name} dies and does not end"
        code = self.program.process.exit_code
        if code != KILLED:
            return code
        lines = []
        if os.path.exists(self._point_log):
            lines = pathlib.Path(self._point_log).read_text(encoding="utf-8").splitlines()
        self.deaths.append(lines[-1] if len(lines) > self._point_lines else "at a moment")
        self._point_lines = len(lines)
        return None


class CrashServer(Server):
    """Started without waiting: it may die while it starts."""

    def begin(self, variables):
        path = os.path.join(self.folder, "server.json")
        if os.path.exists(path):
            os.unlink(path)
        arguments = [self.program, "--data", self.folder, "--listen", self.listen, "--region", "eu-west-1", "--account-id", "123456789012", "--pipelines", self.pipelines]
        self.process = processes.start(arguments, self.log, {**os.environ, **variables})

    def is_ready(self):
        """Whether it answers, its database included."""
        try:
            with urllib.request.urlopen(f"http://{self.listen}/readyz", timeout=5) as answer:
                return answer.status == 200
        except (OSError, urllib.error.URLError, ValueError):
            return False


class CrashRunner(Runner):
    def begin(self, variables):
        arguments = [self.program, "--state", self.folder, "--name", self.name, "--docker", self.docker_host]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        self.process = processes.start(arguments, self.log, {**environment, **self.environment, **variables})

    def identity(self):
        """Its id; waits until it has written that down, which it does a moment after the server knows it."""
        path = pathlib.Path(self.folder, "runner.json")
        processes.wait_until(path.exists, 20, "joining", self.process, self.log)
        return json.loads(path.read_text(encoding="utf-8"))["runnerId"]
