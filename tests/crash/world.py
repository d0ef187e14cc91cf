"""Everything that a crash test runs against: the programs, the sandbox with two services, the repositories."""

import random
import time
import uuid

from penstock_under_test import load_pipeline
from stack import cloud, processes

import database
import pipelines
from containers import ContainerWatch
from programs import RUNNER_POINTS, SERVER_POINTS, CrashRunner, CrashServer, Victim
from senders import SECRET

RUNNERS = 2
EVENTS_MOST = 400  # after which a program is killed at the latest; an execution writes about 40
EVENTS_AT_START = 20
LONGEST_LIFE = 10  # seconds, of a program at whose end nothing waits
FINAL_PATIENCE = 120  # seconds without any change, after which an execution is stuck; a lost lease ends after 60


class World:
    def __init__(self, build, folder, docker_host, aws, make_clone):
        self.folder = folder
        self.docker_host = docker_host
        self.aws = aws
        self.cluster = "crash-" + uuid.uuid4().hex[:8]
        pipelines_folder = folder / "pipelines"
        pipelines_folder.mkdir()
        self.server = CrashServer(str(build / "server" / "penstock-server"), str(folder / "server"), str(pipelines_folder))
        self.server.start()
        self._prepare_services()
        self.clone, self.commits = self._prepare_sources(make_clone)
        token = self.server.call("CreateGitToken", description="runners read by it")["token"]
        hook = self.server.call("PutSourceHook", provider="github", repository="acme/hooked", cloneUrl=f"{self.server.url}/git/hooked", secret=SECRET, cloneUserName="hook", clonePassword=token)
        self.hook_url = hook["payloadUrl"]
        self.runners = [CrashRunner(str(build / "runner" / "penstock-runner"), str(folder / f"runner-{number}"), self.server, docker_host, aws.environment, f"runner-{number}") for number in range(RUNNERS)]
        for runner in self.runners:
            runner.start()
        self.runner_ids = {runner.identity() for runner in self.runners}
        self.containers = ContainerWatch(docker_host, lambda runner: runner in self.runner_ids)
        library = str(build / "tests" / "crash" / "libkill_point.so")
        self.victims = [Victim("server", self.server, SERVER_POINTS, library, str(folder))]
        self.victims += [Victim("runner", runner, RUNNER_POINTS, library, str(folder)) for runner in self.runners]

    def _prepare_services(self):
        account = cloud.Cloud(self.aws, self.cluster)
        account.ecs.create_cluster(clusterName=self.cluster)
        for name in pipelines.DEPLOYING:
            definition = {"family": f"{self.cluster}-{name}", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512", "containerDefinitions": [{"name": "app", "image": "example.com/first", "essential": True}]}
            account.ecs.register_task_definition(**definition)
            # No tasks: rollouts of real ones have their own tests; here each deployment should take moments.
            account.ecs.create_service(cluster=self.cluster, serviceName=name, taskDefinition=definition["family"], desiredCount=0, launchType="FARGATE", networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-1"]}})
        self.ecs = account.ecs

    def _prepare_sources(self, make_clone):
        """One repository for each pipeline; (the one that is pushed to, the commits that webhooks will tell of)."""
        source = self.folder / "source"
        source.mkdir()
        (source / "README").write_text("built under fire\n", encoding="utf-8")
        made = {name: make_clone(self.server, name, str(source)) for name in (pipelines.HOOKED, pipelines.STARTED, pipelines.PUSHED)}
        commits = []
        for number in range(400):
            made[pipelines.HOOKED].git("commit", "--quiet", "--allow-empty", "--message", f"Change {number}")
        for clone in made.values():
            clone.commit("First", allow_empty=True)
            clone.push()
        commits = made[pipelines.HOOKED].git("rev-list", "--reverse", "HEAD~1").split()
        for name in made:
            load_pipeline(self.server, f"{name}.yml", pipelines.text(name, self.cluster))
        return made[pipelines.PUSHED], commits

    # What goes on: asked of the database, because the server is away half of the time.

    def count_active(self, pipeline):
        return sum(1 for name, _ in self.active() if name == pipeline)

    def active(self):
        """[(pipeline, execution id)] of those that have not ended."""
        return database.rows(self.server.folder, "SELECT p.name, e.uuid FROM executions e JOIN pipelines p ON p.id = e.pipeline_id WHERE e.place <> 'ended' ORDER BY e.id")

    def approvals(self):
        """What PutApprovalResult wants, of each approval that waits."""
        found = database.rows(
            self.server.folder,
            "SELECT p.name, a.stage, a.action, a.approval_token FROM action_runs a JOIN pipelines p ON p.id = a.pipeline_id"
            " WHERE a.status = 'InProgress' AND a.approval_token IS NOT NULL",
        )
        return [dict(zip(("pipelineName", "stageName", "actionName", "token"), row)) for row in found]

    def phase(self):
        """What was going on, in one word a kind: which providers' actions are under way."""
        found = database.rows(self.server.folder, "SELECT DISTINCT a.provider FROM action_runs a WHERE a.status = 'InProgress' ORDER BY 1")
        return [provider for (provider,) in found] or ["nothing"]

    # The end

    def run_dry(self):
        """Let everything end that is under way; what is still there after two minutes without any change, with why."""
        last, changed = None, time.monotonic()
        while self.active():
            event = database.last_event(self.server.folder)
            if event != last:
                last, changed = event, time.monotonic()
            if time.monotonic() - changed > FINAL_PATIENCE:
                return self.active()
            time.sleep(0.05)
        return []

    def end(self):
        """End all programs as one does; the sanitizers' and the programs' last words are in their logs."""
        self.containers.end()
        for program in [*self.runners, self.server]:
            if program.process:
                program.process.end(20)


class Killer:
    """Kills and starts again, as its seed says."""

    def __init__(self, world, seed, say):
        self._world = world
        self._chance = random.Random(f"{seed} killer")
        self._say = say
        self._due = {}  # victim -> (event number, pause) after which it is killed; None: it kills itself at a point
        self.phases = {}

    @property
    def count(self):
        return sum(len(victim.deaths) for victim in self._world.victims)

    def kill(self, kills, deadline_seconds):
        """Until so many were killed. AssertionError where a program ends of itself, or nothing goes on any more."""
        begun = time.monotonic()
        for victim in self._world.victims:
            self._plan(victim, armed=False)
        while self.count < kills:
            assert time.monotonic() - begun < deadline_seconds, f"only {self.count} kills in {deadline_seconds} seconds"
            self._kill_due()
            for victim in self._world.victims:
                if not victim.is_alive():
                    self._bury(victim)
            time.sleep(0.005)
        for victim in self._world.victims:  # those that are left are armed, perhaps
            victim.kill()
            self._bury(victim, armed=False)

    def _plan(self, victim, armed):
        """Kill it when so many more events have been written, and a moment later, so that any place can be hit. One that
        is armed kills itself, unless its point is never reached."""
        events = self._chance.randint(1, EVENTS_MOST if self._chance.random() < 0.7 else EVENTS_AT_START)
        due = float("inf") if armed else database.last_event(self._world.server.folder) + events
        self._due[victim] = (due, time.monotonic() + LONGEST_LIFE * (0.5 + self._chance.random() / 2), self._chance.random() * 0.05)

    def _kill_due(self):
        event = database.last_event(self._world.server.folder)
        for victim, (number, latest, pause) in list(self._due.items()):
            if victim.is_alive() and (event >= number or time.monotonic() > latest) and self._may_die(victim):
                time.sleep(pause)
                victim.kill()

    def _may_die(self, victim):
        """A server that is not up yet would be killed before anything could go on."""
        return victim.kind != "server" or victim.program.is_ready()

    def _bury(self, victim, armed=True):
        code = victim.note_death()
        assert code is None, f"{victim.name} ended of itself with exit code {code}: {processes.last_line(victim.program.log)}"
        for provider in self._world.phase():
            self.phases[provider] = self.phases.get(provider, 0) + 1
        self._say(f"{self.count:4} {victim.name:9} {victim.deaths[-1]:18} during {', '.join(self._world.phase())}")
        # Both at once, now and then: the others go on meanwhile.
        if self._chance.random() < 0.3:
            time.sleep(self._chance.random() * 0.5)
        variables = victim.arm(self._chance) if armed and self._chance.random() < 0.5 else {}
        victim.program.begin(variables)
        self._plan(victim, armed=bool(variables))
