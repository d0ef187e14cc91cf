"""The life of one task in scripted mode: no container, only the clock's calls, as its `scripts.Life` says.

PROVISIONING -> PENDING -> ACTIVATING -> RUNNING -> DEACTIVATING -> STOPPING -> DEPROVISIONING -> STOPPED, as a task of
real containers goes; each step takes simulated seconds.
"""

from sandbox import clock
from sandbox.ecs import images, output
from sandbox.ecs.cause import first_essential
from sandbox.ecs.runner import stop_task

_HEALTH_SECONDS = 6  # until a container's own check says HEALTHY
_DEPROVISIONING_SECONDS = 4


class ScriptedTask:
    """What `EcsState.run_task` makes in scripted mode."""

    def __init__(self, ecs, task):
        self._ecs = ecs
        self._task = task
        self._life = None
        self._calls = []
        self._registered = False
        self._ending = False

    def start(self):
        self._life = self._ecs.scripts.life(self._task)
        task, life = self._task, self._life
        task.on_stop = self._finish_soon
        task.on_script = self._live_on
        if life.drain is not None:
            task.drain_seconds = life.drain
        if life.invisible:
            task.visible_at = clock.now() + life.invisible
        self._later(life.provisioning, self._pend)

    def _later(self, seconds, step):
        """Do the step then, under ECS's lock, unless the task's end began before."""

        def call():
            with self._ecs.changed:
                if not self._ending:
                    step()

        self._calls.append(clock.call_later(seconds, call))

    def _set_status(self, status):
        self._task.last_status = status
        self._ecs.changed.notify_all()

    # start

    def _pend(self):
        task, life = self._task, self._life
        task.address = self._ecs.world.new_address() if task.own_address or task.host is None else None
        task.mark("pullStartedAt")
        self._set_status("PENDING")
        problem = None if life.fails_to_start else self._problem()
        if problem:
            container, text = problem
            container.reason = text
            self._later(life.pending, lambda: self._end_by(life.stop_code or "TaskFailedToStart", text))
        elif life.fails_to_start:
            self._later(life.pending, self._fail)
        else:
            self._later(life.pending, self._run)

    def _problem(self):
        """(container, text) of what keeps the task from starting as the sandbox's own state has it, or None."""
        for container in self._task.containers:
            text = output.problem(self._ecs.logs, container.definition)
            if text:
                return container, text
        return images.pull_problem(self._ecs, self._task)

    def _container(self):
        name = self._life.container
        return next((one for one in self._task.containers if one.name == name), None) or first_essential(self._task)

    def _fail(self):
        self._container().reason = self._life.reason
        self._end_by(self._life.stop_code or "TaskFailedToStart", self._life.stopped_reason or self._life.reason)

    def _run(self):
        task = self._task
        task.mark("pullStoppedAt")
        for container in task.containers:
            self._start_container(container)
        for group_arn, port in task.targets:
            self._register(group_arn, port)
        task.running_since = clock.monotonic()
        task.mark("startedAt")
        self._set_status("RUNNING")
        self._schedule_course()

    def _start_container(self, container):
        container.docker_id = f"{self._task.id}-{abs(hash(container.name)) % 10**10:010d}"
        container.last_status = "RUNNING"
        awaited = {entry["containerName"] for other in self._task.containers for entry in other.definition.get("dependsOn", []) if entry["condition"] in ("COMPLETE", "SUCCESS")}
        if container.name in awaited and not container.essential:
            container.last_status, container.exit_code = "STOPPED", 0

    def _register(self, group_arn, port):
        task, elb = self._task, self._ecs.balancers
        self._registered = True
        if elb.register(group_arn, task.target_address, port):
            task.service.say(f"registered 1 targets in (target-group {group_arn})")
        else:
            task.service.say(f"(task {task.id}) failed to register targets in (target-group {group_arn}) with (error TARGET GROUP IS NOT FOUND)")

    # while it runs

    def _schedule_course(self):
        life, task = self._life, self._task
        for entry in life.log:
            seconds, text = entry if isinstance(entry, list) else (0, entry)
            self._later(seconds, lambda text=text: self._ecs.write_log(task, self._container(), text))
        for seconds, problem in life.target:
            if seconds <= 0:
                self._answer(problem)
            else:
                self._later(seconds, lambda problem=problem: self._answer(problem))
        for container in task.containers:
            if "healthCheck" in container.definition:
                course = life.health if life.health and container is self._container() else [[_HEALTH_SECONDS, "HEALTHY"]]
                for seconds, health in course:
                    self._later(seconds, lambda container=container, health=health: self._set_health(container, health))
        if life.running is not None:
            self._later(life.running, self._exit)

    def _live_on(self, life):
        """From now on the running task does as that life says: its times count from here."""
        for call in self._calls:
            call.cancel()
        self._life = life
        if life.drain is not None:
            self._task.drain_seconds = life.drain
        self._schedule_course()

    def _answer(self, problem):
        """From now on the load balancer's checks find that: None, or why they fail."""
        for _, port in self._task.targets:
            self._ecs.balancers.answer_checks(self._task.target_address, port, problem and (problem["reason"], problem["description"]))

    def _set_health(self, container, health):
        container.health = health
        self._ecs.changed.notify_all()

    def _exit(self):
        life, container = self._life, self._container()
        container.exit_code = 0 if life.exit_code is None else life.exit_code
        container.last_status = "STOPPED"
        container.reason = life.reason
        self._end_by(life.stop_code or "EssentialContainerExited", life.stopped_reason or "Essential container in task exited")

    # end

    def _end_by(self, code, reason):
        stop_task(self._task, code, reason)
        self._ecs.changed.notify_all()

    def _finish_soon(self):
        """Somebody asked the task to stop: what was to come no longer comes."""
        if self._ending:
            return
        self._ending = True
        for call in self._calls:
            call.cancel()
        self._then(0, self._drain)

    def _then(self, seconds, step):
        def call():
            with self._ecs.changed:
                step()

        clock.call_later(seconds, call)

    def _drain(self):
        task = self._task
        if not self._registered:
            self._stop_containers()
            return
        self._set_status("DEACTIVATING")
        for group_arn, _ in task.targets:
            task.service.say(f"deregistered 1 targets in (target-group {group_arn})")
        task.service.say("has begun draining connections on 1 tasks.")
        seconds = [self._ecs.balancers.deregister(group_arn, task.target_address, port, task.drain_seconds) for group_arn, port in task.targets]
        # A program that has ended has no requests to finish.
        ended = all(container.finished for container in task.containers if container.essential)
        self._then(0 if ended else max(seconds, default=0), self._stop_containers)

    def _stop_containers(self):
        ran = self._task.running_since is not None
        self._set_status("STOPPING")
        self._then(self._life.stopping if ran else 0, self._deprovision)

    def _deprovision(self):
        for container in self._task.containers:
            if container.started and container.last_status == "RUNNING":
                container.exit_code = 0
            container.last_status = "STOPPED"
        self._task.mark("executionStoppedAt")
        self._set_status("DEPROVISIONING")
        self._then(_DEPROVISIONING_SECONDS, self._stopped)

    def _stopped(self):
        self._task.mark("stoppedAt")
        self._set_status("STOPPED")


class ScriptedWorld:
    """Where scripted tasks live: nothing but addresses."""

    def __init__(self):
        self._count = 0

    def new_address(self):
        self._count += 1
        return f"10.{self._count >> 16 & 255}.{self._count >> 8 & 255}.{self._count & 255}"

    def close(self):
        """Nothing was made."""
