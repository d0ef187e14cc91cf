"""The service scheduler: brings each service step by step to what its deployments say.

It goes its round on every change: count the tasks that ended, stop those whose health checks failed, act as circuit
breaker, start and stop tasks, and see a deployment's end.  With containers it is a thread that waits for changes; in
scripted mode the simulated clock calls it.
"""

import logging
import threading

from sandbox import clock
from sandbox.ecs import ending, instances, rolling, strategies, task_sets, watching

log = logging.getLogger("sandbox")
_LONGEST_WAIT_SECONDS = 30
# In scripted mode, between a change and the round that sees it.
_REACTION_SECONDS = 1.0


class Round:
    """One look at all services.  `again_at` asks for another one, in clock.monotonic()'s time."""

    def __init__(self, ecs):
        self.ecs = ecs
        self.wake_at = None

    def again_at(self, moment):
        self.wake_at = moment if self.wake_at is None else min(self.wake_at, moment)

    def go(self):
        self.ecs.forget_old_tasks()
        for service in list(self.ecs.services.values()):
            try:
                self._look_at(service)
            except Exception:
                log.exception("service %s", service.name)

    def _look_at(self, service):
        if service.status == "INACTIVE":
            return
        tasks = self.ecs.service_tasks(service)
        watching.count_ended(service, tasks)
        watching.check_health(self, service, tasks)
        if service.status == "DRAINING":
            rolling.drain_service(self, service, tasks)
            return
        if service.controller != "ECS":
            task_sets.step(self, service, tasks)
            return
        if service.settings.get("schedulingStrategy") == "DAEMON":
            service.desired = instances.count_for_daemon(service)
        ending.watch(self, service)
        if strategies.going_on(service):
            strategies.step(self, service, tasks)
            return
        rolling.step(self, service, tasks)
        tasks = self.ecs.service_tasks(service)
        serves = rolling.serves_alone(self, service, tasks)
        if service.primary.rollout_state == "IN_PROGRESS" and (serves or rolling.serves_enough(self, service, tasks)) and ending.baked(self, service):
            ending.complete(service)
        if serves and service.primary.rollout_state != "IN_PROGRESS":
            rolling.say_steady(self, service, tasks)


class Scheduler(threading.Thread):
    """For real containers: `start` and `stop`."""

    def __init__(self, ecs):
        super().__init__(name="scheduler", daemon=True)
        self._ecs = ecs

    def stop(self):
        with self._ecs.changed:
            self._ecs.stopping = True
            self._ecs.changed.notify_all()
        if self.is_alive():
            self.join(30)
        self._ecs.world.close()

    def run(self):
        with self._ecs.changed:
            while not self._ecs.stopping:
                round = Round(self._ecs)
                round.again_at(clock.monotonic() + _LONGEST_WAIT_SECONDS)
                round.go()
                # Waiting lets go of the lock.  What a round changed itself leads to more changes by the tasks' threads.
                self._ecs.changed.wait(max(0.01, round.wake_at - clock.monotonic()))


class ScriptedScheduler:
    """For simulated time: every change has a round follow it, in the clock's one thread."""

    def __init__(self, ecs):
        self._ecs = ecs
        self._call = None
        self._call_at = None

    def start(self):
        self._ecs.changed.listener = self.look_soon

    def stop(self):
        self._ecs.changed.listener = None

    def look_soon(self):
        self._look_at(clock.now() + _REACTION_SECONDS)

    def _look_at(self, moment):
        if self._call is not None:
            if self._call_at <= moment:
                return
            self._call.cancel()
        self._call_at = moment
        self._call = clock.call_at(moment, self._look)

    def _look(self):
        with self._ecs.changed:
            self._call = None
            round = Round(self._ecs)
            round.go()
            if round.wake_at is not None:
                # Never the same instant again: what is due now was done in this round.
                self._look_at(max(round.wake_at, clock.now() + _REACTION_SECONDS))
