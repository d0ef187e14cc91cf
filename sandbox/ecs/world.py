"""Tasks' containers, networks and volumes on the Docker engine.  Everything made here carries our label.

`remove_all` clears all of it, at the end and after a killed predecessor.
"""

import concurrent.futures
import logging
import os
import threading

from sandbox import pause
from sandbox.docker import LABEL, DockerError
from sandbox.ecs.containers import container_config, pause_config
from sandbox.errors import StartError

log = logging.getLogger("sandbox")
_PAUSE_REPOSITORY = "penstock-sandbox-pause"
_MOST_AT_ONCE = 4
_LOG_LINES = 2000


class Closed(Exception):
    """The sandbox is stopping; nothing new is made."""


class DockerWorld:
    """What ECS asks of Docker.  All calls block; none needs ECS's lock."""

    def __init__(self, engine, identity, folder):
        self.engine = engine
        self.identity = identity
        self._label = f"{LABEL}={identity}"
        self._network_name = f"penstock-sandbox-{identity}"
        self._pause_image = f"{_PAUSE_REPOSITORY}:{identity}"
        self._logs = os.path.join(folder, "logs")
        self._images = os.path.join(folder, "images")  # references that we pulled, one a line
        self._slots = threading.BoundedSemaphore(_MOST_AT_ONCE)
        self._gate = threading.Condition()
        self._making = 0
        self._closed = False

    # life

    def prepare(self):
        """Make the pause image and the network."""
        os.makedirs(self._logs, 0o700, exist_ok=True)
        try:
            self.engine.import_image(pause.archive(self.engine.architecture), _PAUSE_REPOSITORY, self.identity)
            self.engine.create_network(self._network_name, {LABEL: self.identity})
        except (DockerError, OSError) as error:
            raise StartError(f"the Docker engine at '{self.engine.address}' cannot give tasks a network: {error}") from None

    def close(self):
        """From now on nothing is made; waits for what is being made."""
        with self._gate:
            self._closed = True
            self._gate.wait_for(lambda: self._making == 0, timeout=120)

    def remove_all(self):
        """Remove every container, network, volume and image reference of ours."""
        try:
            containers = [entry["Id"] for entry in self.engine.containers_with_label(self._label)]
            with concurrent.futures.ThreadPoolExecutor(_MOST_AT_ONCE) as pool:
                list(pool.map(self.engine.remove_container, containers))
            for entry in self.engine.networks_with_label(self._label):
                self.engine.remove_network(entry["Id"])
            for entry in self.engine.volumes_with_label(self._label):
                self.engine.remove_volume(entry["Name"])
            for reference in self._pulled() + [self._pause_image]:
                self.engine.remove_image(reference)
        except (DockerError, OSError) as error:
            log.warning("could not clear the Docker engine: %s", error)
            return
        if os.path.exists(self._images):
            os.unlink(self._images)

    def _pulled(self):
        if not os.path.exists(self._images):
            return []
        with open(self._images, encoding="utf-8") as file:
            return sorted(set(file.read().split()))

    def _begin(self):
        with self._gate:
            if self._closed:
                raise Closed()
            self._making += 1

    def _end(self):
        with self._gate:
            self._making -= 1
            self._gate.notify_all()

    def _make(self, action, *arguments):
        """Do something that leaves something behind, a few at a time, and not after `close`."""
        with self._slots:
            self._begin()
            try:
                return action(*arguments)
            finally:
                self._end()

    # one task

    def start_pause(self, task):
        """Start the container that holds the task's network; (its id, its address)."""

        def start():
            container = self.engine.create_container(f"ecs-{task.id}-pause", pause_config(self.identity, task, self._pause_image, self._network_name))
            self.engine.start_container(container)
            networks = self.engine.inspect_container(container)["NetworkSettings"]["Networks"]
            return container, networks[self._network_name]["IPAddress"]

        return self._make(start)

    def pull(self, reference, login):
        """Pull an image; `login` is (user, password, registry) or None."""

        def pull():
            with self._gate, open(self._images, "a", encoding="utf-8") as file:
                file.write(reference + "\n")
            self.engine.pull(reference, *(login or ()))

        self._make(pull)

    def create(self, task, container, image, pause_id, volumes):
        """Create a container in the task's network; its Docker id."""
        config = container_config(self.identity, task, container, image, pause_id, volumes)
        return self._make(self.engine.create_container, f"ecs-{task.id}-{container.name}", config)

    def start(self, docker_id):
        self._make(self.engine.start_container, docker_id)

    def make_volume(self, task, name):
        volume = f"ecs-{task.id}-{name}"
        self._make(self.engine.create_volume, volume, {LABEL: self.identity})
        return volume

    def keep_log(self, task, container):
        """Keep the end of a container's output in DIR/logs, since the container is about to go."""
        try:
            data = self.engine.container_log(container.docker_id, _LOG_LINES)
            with open(os.path.join(self._logs, f"{task.id}-{container.name}.log"), "wb") as file:
                file.write(data)
        except (DockerError, OSError) as error:
            log.debug("no log of %s: %s", container.name, error)
