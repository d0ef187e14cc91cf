"""What the Docker engine says about the containers of builds: no job ever has two that run at the same time."""

import collections
import json
import os
import subprocess
import threading

from stack import cloud


class ContainerWatch:
    """Follows the engine's events. `doubled` lists jobs that had two containers running at once.

    Others may use the same engine: only what our runners make counts, and `is_ours(runner id)` tells.
    """

    def __init__(self, docker_host, is_ours):
        self._is_ours = is_ours
        self.seen = 0
        self.doubled = []
        self._running = collections.defaultdict(set)
        command = [cloud.DOCKER, "events", "--filter", "type=container", "--filter", "event=start", "--filter", "event=die", "--filter", "label=penstock.job", "--format", "{{json .}}"]
        self._process = subprocess.Popen(command, env={**os.environ, "DOCKER_HOST": docker_host}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def _follow(self):
        for line in self._process.stdout:
            event = json.loads(line)
            job, name = event["Actor"]["Attributes"]["penstock.job"], event["Actor"]["ID"]
            if not self._is_ours(event["Actor"]["Attributes"]["penstock.runner"]):
                continue
            if event["status"] == "die":
                self._running[job].discard(name)
                continue
            self.seen += 1
            self._running[job].add(name)
            if len(self._running[job]) > 1:
                self.doubled.append(job)

    def end(self):
        self._process.terminate()
        self._process.wait(10)
        self._thread.join(10)
