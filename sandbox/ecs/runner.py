"""The life of one task, in a thread of its own: network, images, containers, and its end.

PROVISIONING -> PENDING -> ACTIVATING -> RUNNING -> DEACTIVATING -> STOPPING -> DEPROVISIONING -> STOPPED.
Others ask for the end by setting desired_status to STOPPED; a failure here sets it, too.
"""

import concurrent.futures
import logging
import threading
import time

from sandbox import clock
from sandbox.docker import DockerError
from sandbox.ecs import output
from sandbox.ecs.cause import first_essential
from sandbox.ecs.containers import DEFAULT_STOP_SECONDS
from sandbox.ecs.world import Closed

log = logging.getLogger("sandbox")
_HEALTH_POLL_SECONDS = 0.5


class TaskFailed(Exception):
    """The task cannot get to RUNNING; the text is its stoppedReason."""


class StopAsked(Exception):
    """Somebody wants the task stopped while it was starting."""


class TaskRunner(threading.Thread):
    """Start with `start()`; ends by itself when the task is STOPPED."""

    def __init__(self, ecs, task):
        super().__init__(name=f"task {task.id}", daemon=True)
        self._ecs = ecs
        self._world = ecs.world
        self._task = task
        self._pause_id = None
        self._volumes = {}
        self._outputs = []

    def run(self):
        task = self._task
        try:
            self._begin()
            self._wait_for_end()
        except StopAsked:
            pass
        except TaskFailed as failure:
            self._ask_stop("TaskFailedToStart", str(failure))
        except Closed:
            return  # the sandbox removes all that is left
        except Exception as error:
            log.exception("task %s", task.id)
            self._ask_stop("TaskFailedToStart", f"ContainerRuntimeError: {error}")
        try:
            self._finish()
        except Exception:
            if not self._ecs.stopping:
                log.exception("stopping task %s", task.id)
        with self._ecs.changed:
            task.last_status = "STOPPED"
            task.mark("stoppedAt")
            self._ecs.changed.notify_all()

    # start

    def _begin(self):
        task = self._task
        try:
            self._pause_id, address = self._world.start_pause(task)
        except (DockerError, OSError) as error:
            raise TaskFailed(f"ResourceInitializationError: the network cannot be set up: {error}") from None
        with self._ecs.changed:
            task.address = address
            self._set_status("PENDING")
            task.mark("pullStartedAt")
        self._obey_script()
        self._refuse_secrets()
        self._check_logging()
        images = {container.name: self._pull(container) for container in task.containers}
        self._make_volumes()
        with self._ecs.changed:
            task.mark("pullStoppedAt")
        self._start_containers(images)
        self._activate()

    def _obey_script(self):
        """Of a script, real containers take only why they cannot start; the rest happens to them for real."""
        life = self._ecs.scripts.ordered_life(self._task)
        if life and life.fails_to_start:
            with self._ecs.changed:
                first_essential(self._task).reason = life.reason
            raise TaskFailed(life.stopped_reason or life.reason)

    def _refuse_secrets(self):
        for container in self._task.containers:
            if container.definition.get("secrets"):
                raise TaskFailed("ResourceInitializationError: unable to pull secrets or registry auth: the sandbox has no Secrets Manager and no SSM")

    def _check_logging(self):
        for container in self._task.containers:
            problem = output.problem(self._ecs.logs, container.definition)
            if problem:
                raise TaskFailed(problem)

    def _pull(self, container):
        """Pull the container's image; what to create the container from."""
        self._check_asked()
        image = container.definition["image"]
        try:
            reference, login = self._resolve(image, container)
            self._world.pull(reference, login)
            return reference
        except (DockerError, OSError, LookupError) as error:
            with self._ecs.changed:
                container.reason = f"CannotPullContainerError: Error response from daemon: {error}"
            raise TaskFailed(container.reason) from None

    def _resolve(self, image, container):
        """(reference to pull, login).  A tag of our registry becomes a digest, once per deployment, as on ECS."""
        registry = self._ecs.registry
        host, _, path = image.partition("/")
        if host != registry.address:
            return image, None
        login = ("AWS", registry.new_password()[0], registry.address)
        path, _, digest = path.partition("@")
        name, _, tag = path.partition(":")
        if not digest:
            digest = self._digest(image, name, tag or "latest")
        with self._ecs.changed:
            container.image_digest = digest
        return f"{host}/{name}@{digest}", login

    def _digest(self, image, name, tag):
        known = self._task.deployment.digests if self._task.deployment else {}
        with self._ecs.changed:
            if image in known:
                return known[image]
        if not self._ecs.registry.repositories.exists(name):
            raise LookupError(f"name unknown: The repository with name '{name}' does not exist in the registry with id '{self._ecs.account.account_id}'")
        stored = self._ecs.registry.manifest(name, tag)
        if stored is None:
            raise LookupError(f"manifest for {image} not found: manifest unknown: Requested image not found")
        with self._ecs.changed:
            return known.setdefault(image, stored[0])

    def _make_volumes(self):
        for volume in self._task.definition.body.get("volumes", []):
            host_path = volume.get("host", {}).get("sourcePath")
            self._volumes[volume["name"]] = host_path or self._world.make_volume(self._task, volume["name"])

    def _start_containers(self, images):
        """Start each container as soon as what it depends on is so far."""
        waiting = list(self._task.containers)
        while waiting:
            self._check_asked()
            ready = [container for container in waiting if self._may_start(container)]
            for container in ready:
                self._start_container(container, images[container.name])
                waiting.remove(container)
            if waiting and not ready:
                with self._ecs.changed:
                    if not self._task.leaving and not any(self._may_start(container) for container in waiting):
                        self._ecs.changed.wait(5)
                if self._essential_exit():
                    return  # _wait_for_end tells which

    def _may_start(self, container):
        by_name = {other.name: other for other in self._task.containers}
        for dependency in container.definition.get("dependsOn", []):
            other, condition = by_name[dependency["containerName"]], dependency["condition"]
            if condition == "HEALTHY" and other.health == "UNHEALTHY" or condition == "SUCCESS" and other.finished and other.exit_code != 0:
                raise TaskFailed(f"Dependency '{other.name}' of container '{container.name}' did not reach {condition}")
            met = {
                "START": other.started,
                "COMPLETE": other.finished,
                "SUCCESS": other.finished and other.exit_code == 0,
                "HEALTHY": other.health == "HEALTHY",
            }
            if not met[condition]:
                return False
        return True

    def _start_container(self, container, image):
        try:
            what = "CannotCreateContainerError"
            docker_id = self._world.create(self._task, container, image, self._pause_id, self._volumes)
            with self._ecs.changed:
                container.docker_id = docker_id
            what = "CannotStartContainerError"
            self._world.start(docker_id)
        except (DockerError, OSError) as error:
            with self._ecs.changed:
                container.reason = f"{what}: Error response from daemon: {error}"
            raise TaskFailed(container.reason) from None
        with self._ecs.changed:
            container.last_status = "RUNNING"
            self._ecs.changed.notify_all()
        copier = threading.Thread(target=output.follow, args=(self._world.engine, self._ecs.logs, self._task, container), name=f"output {container.name}", daemon=True)
        copier.start()
        self._outputs.append(copier)
        threading.Thread(target=self._await_exit, args=(container,), name=f"exit {container.name}", daemon=True).start()
        if "healthCheck" in container.definition:
            threading.Thread(target=self._await_health, args=(container,), name=f"health {container.name}", daemon=True).start()

    def _activate(self):
        """Register the task with its target groups; from then on it is RUNNING."""
        task = self._task
        with self._ecs.changed:
            if task.leaving:
                raise StopAsked()
            self._set_status("ACTIVATING")
            for group_arn, port in task.targets:
                if self._ecs.balancers.register(group_arn, task.address, port):
                    task.service.say(f"registered 1 targets in (target-group {group_arn})")
                else:
                    task.service.say(f"failed to register targets in (target-group {group_arn}) with (error TARGET GROUP IS NOT FOUND)")
            task.running_since = clock.monotonic()
            task.mark("startedAt")
            self._set_status("RUNNING")

    # while it runs

    def _await_exit(self, container):
        """Thread: note the container's end."""
        engine = self._world.engine
        try:
            code = engine.wait_container(container.docker_id)
            state = engine.inspect_container(container.docker_id)["State"]
        except (DockerError, OSError, ValueError) as error:
            code, state = None, {"Error": str(error)}
        with self._ecs.changed:
            container.exit_code = code
            container.last_status = "STOPPED"
            if state.get("OOMKilled"):
                container.reason = "OutOfMemoryError: Container killed due to memory usage"
            elif code is None:
                container.reason = f"ContainerRuntimeError: {state['Error']}"
            self._ecs.changed.notify_all()

    def _await_health(self, container):
        """Thread: follow Docker's verdict of the health check.  The engine has no call that waits for it."""
        while True:
            try:
                status = self._world.engine.inspect_container(container.docker_id)["State"].get("Health", {}).get("Status")
            except (DockerError, OSError, ValueError):
                return
            health = {"healthy": "HEALTHY", "unhealthy": "UNHEALTHY"}.get(status, "UNKNOWN")
            with self._ecs.changed:
                if container.finished:
                    return
                if container.health != health:
                    container.health = health
                    self._ecs.changed.notify_all()
            time.sleep(_HEALTH_POLL_SECONDS)

    def _wait_for_end(self):
        with self._ecs.changed:
            while not self._task.leaving and not self._essential_exit():
                self._ecs.changed.wait()
            if not self._task.leaving:
                self._ask_stop("EssentialContainerExited", "Essential container in task exited")

    def _essential_exit(self):
        containers = self._task.containers
        return any(container.finished and container.essential for container in containers) or all(container.finished for container in containers)

    def _check_asked(self):
        if self._task.leaving:
            raise StopAsked()

    def _ask_stop(self, code, reason):
        with self._ecs.changed:
            stop_task(self._task, code, reason)
            self._ecs.changed.notify_all()

    # end

    def _finish(self):
        task = self._task
        with self._ecs.changed:
            task.times.setdefault("stoppingAt", clock.now())
        if task.running_since is not None and task.targets:
            self._drain()
        with self._ecs.changed:
            self._set_status("STOPPING")
        self._stop_containers()
        with self._ecs.changed:
            task.mark("executionStoppedAt")
            self._set_status("DEPROVISIONING")
        for copier in self._outputs:  # they end with their containers
            copier.join(10)
        for container in task.containers:
            if container.docker_id:
                self._world.keep_log(task, container)
                self._world.engine.remove_container(container.docker_id)
        if self._pause_id:
            self._world.engine.remove_container(self._pause_id)
        for volume in self._task.definition.body.get("volumes", []):
            if volume["name"] in self._volumes and not volume.get("host", {}).get("sourcePath"):
                self._world.engine.remove_volume(self._volumes[volume["name"]])

    def _drain(self):
        """Take the task out of its target groups and let open requests finish, as long as it still runs."""
        task = self._task
        with self._ecs.changed:
            self._set_status("DEACTIVATING")
            for group_arn, _ in task.targets:
                task.service.say(f"deregistered 1 targets in (target-group {group_arn})")
            task.service.say("has begun draining connections on 1 tasks.")
        for group_arn, port in task.targets:
            self._ecs.balancers.deregister(group_arn, task.address, port, task.drain_seconds)
        for group_arn, port in task.targets:
            self._ecs.balancers.wait_until_gone(group_arn, task.address, port, self._essential_exit)

    def _stop_containers(self):
        """Stop those that others depend on last; the rest at once."""
        left = [container for container in self._task.containers if container.docker_id]
        while left:
            needed = {entry["containerName"] for container in left for entry in container.definition.get("dependsOn", [])}
            now = [container for container in left if container.name not in needed] or left
            with concurrent.futures.ThreadPoolExecutor(len(now)) as pool:
                list(pool.map(self._stop_container, now))
            left = [container for container in left if container not in now]

    def _stop_container(self, container):
        if container.last_status == "RUNNING":
            self._world.engine.stop_container(container.docker_id, container.definition.get("stopTimeout", DEFAULT_STOP_SECONDS))
            with self._ecs.changed:
                self._ecs.changed.wait_for(lambda: container.finished, timeout=30)
        with self._ecs.changed:
            container.last_status = "STOPPED"

    def _set_status(self, status):
        with self._ecs.changed:
            self._task.last_status = status
            self._ecs.changed.notify_all()


def stop_task(task, code, reason):
    """Ask a task to stop; the first reason stands."""
    if not task.leaving:
        task.desired_status = "STOPPED"
        task.stop_code = code
        task.stopped_reason = reason
        task.times.setdefault("stoppingAt", clock.now())
        if task.on_stop:
            task.on_stop()
