"""The whole sandbox: builds every part, starts them in order, stops them in the reverse order."""

import contextlib
import fcntl
import json
import os
import re
import secrets

from sandbox import clock, cloudformation, cloudfront, cloudwatch, ecr, elasticbeanstalk, events, functions, iam, logs, s3, secretsmanager, ssm, stepfunctions, sts
from sandbox.account import Account
from sandbox.codedeploy import operations as codedeploy_operations
from sandbox.codedeploy.state import CodeDeployState
from sandbox.control import Control
from sandbox.docker import DockerEngine
from sandbox.ecs import operations as ecs_operations
from sandbox.ecs.capacity import InstancesDoor
from sandbox.ecs.past import EcsService
from sandbox.ecs.runner import TaskRunner
from sandbox.ecs.scheduler import Scheduler, ScriptedScheduler
from sandbox.ecs.scripted import ScriptedTask, ScriptedWorld
from sandbox.ecs.state import EcsState
from sandbox.ecs.world import DockerWorld
from sandbox.elb import operations as elb_operations
from sandbox.elb.state import ElbState
from sandbox.endpoint import Dispatcher, Endpoint
from sandbox.errors import StartError
from sandbox.faults import Faults
from sandbox.ledger import Ledger
from sandbox.memory_registry import MemoryRegistry
from sandbox.models import Models
from sandbox.registry import Registry
from sandbox.rights import Rights
from sandbox.service import Service


class Sandbox:
    """`start` raises StartError with one sentence; `stop` may be called after a failed start, too."""

    def __init__(self, arguments):
        self._arguments = arguments
        self._cleanup = contextlib.ExitStack()
        self._folder = os.path.abspath(arguments.state)
        self.endpoint_url = None
        self.registry_address = None

    def start(self):
        arguments = self._arguments
        _check(arguments)
        if arguments.scripted:
            clock.use(clock.SimulatedClock())
        identity = self._open_folder()
        account = Account(arguments.account, arguments.region, arguments.access_key, arguments.secret_key)
        ledger = Ledger(self._folder)
        repositories = ecr.EcrState(account)
        world, registry, run_task = self._open_ground(account, repositories, ledger, identity)
        repositories.registry = registry

        balancers = ElbState(account, arguments.health_check_seconds, arguments.deregistration_delay)
        self._cleanup.callback(balancers.stop)
        containers = EcsState(account, balancers, world, registry, run_task)
        containers.logs = logs.LogsState(account)
        scheduler = ScriptedScheduler(containers) if arguments.scripted else Scheduler(containers)
        self._cleanup.callback(scheduler.stop)
        scheduler.start()

        containers.alarms = alarms = cloudwatch.CloudWatchState(account)
        alarms.subscribers.append(containers.tell)
        containers.functions = lambdas = functions.FunctionsState(account, self._folder)
        buckets = s3.S3State(account, self._folder)
        parameters = ssm.SsmState(account)
        secret_store = secretsmanager.SecretsState(account)
        machines = stepfunctions.StepFunctionsState(account)
        roles = iam.IamState(account)
        account.rights = Rights(account, roles)
        distributions = cloudfront.CloudFrontState(account)
        rollouts = CodeDeployState(account, containers, alarms, buckets)
        account.deployment_group = rollouts.group_of
        stacks = cloudformation.CloudFormationState(account, buckets)
        environments = elasticbeanstalk.BeanstalkState(account, buckets)
        faults = Faults()
        services = {
            "cloudformation": Service(cloudformation.OPERATIONS, stacks),
            "codedeploy": Service(codedeploy_operations.OPERATIONS, rollouts),
            "elasticbeanstalk": Service(elasticbeanstalk.OPERATIONS, environments),
            "cloudfront": Service(cloudfront.OPERATIONS, distributions),
            "events": Service(events.OPERATIONS, events.EventsState(account)),
            "iam": Service(iam.OPERATIONS, roles),
            "stepfunctions": Service(stepfunctions.OPERATIONS, machines),
            "sts": Service(sts.OPERATIONS, roles),
            "ecr": Service(ecr.OPERATIONS, repositories),
            "ecs": EcsService(ecs_operations.OPERATIONS, containers),
            "elbv2": Service(elb_operations.OPERATIONS, balancers),
            "s3": s3.S3Service(s3.OPERATIONS, buckets),
            "cloudwatch": Service(cloudwatch.OPERATIONS, alarms),
            "lambda": Service(functions.OPERATIONS, lambdas),
            "logs": Service(logs.OPERATIONS, containers.logs),
            "ssm": Service(ssm.OPERATIONS, parameters),
            "secretsmanager": Service(secretsmanager.OPERATIONS, secret_store),
        }
        control = Control({"clock": clock.ClockDoor(), "rollouts": containers.scripts, "instances": InstancesDoor(containers), **({"images": registry} if arguments.scripted else {}), "faults": faults, "alarms": alarms, "functions": lambdas, "machines": machines, "codedeploy": rollouts, "stacks": stacks, "beanstalk": environments, "distributions": distributions, "buckets": buckets, "parameters": parameters, "secrets": secret_store})
        self._listen(Dispatcher(account, Models(), services, ledger, faults, control), registry)

    def _open_ground(self, account, repositories, ledger, identity):
        """(world, registry, what runs a task): a Docker engine and a real registry, or in scripted mode nothing of the kind."""
        if self._arguments.scripted:
            return ScriptedWorld(), MemoryRegistry(account, repositories), ScriptedTask
        world = DockerWorld(DockerEngine(self._arguments.docker), identity, self._folder)
        self._cleanup.callback(world.remove_all)
        world.remove_all()  # what a killed predecessor left
        world.prepare()
        registry = Registry(self._folder, account, repositories, ledger)
        self._cleanup.callback(registry.stop)
        registry.start()
        return world, registry, TaskRunner

    def _open_folder(self):
        """Make DIR, and return its id, which marks our containers across restarts."""
        try:
            os.makedirs(self._folder, 0o700, exist_ok=True)
            self._lock()
            self._forget_endpoints()
            path = os.path.join(self._folder, "id")
            if not os.path.exists(path):
                _write_atomically(path, secrets.token_hex(6))
            with open(path, encoding="utf-8") as file:
                return file.read().strip()
        except OSError as error:
            raise StartError(f"cannot use '{self._folder}': {error.strerror}") from None

    def _lock(self):
        lock = self._cleanup.enter_context(open(os.path.join(self._folder, "lock"), "w", encoding="utf-8"))
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StartError(f"another sandbox runs with --state '{self._folder}'") from None

    def _forget_endpoints(self):
        """Nobody may read a killed predecessor's addresses, or ours once we are gone."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(os.path.join(self._folder, "endpoints.json"))

    def _listen(self, dispatcher, registry):
        try:
            endpoint = Endpoint(self._arguments.port, dispatcher)
        except OSError as error:
            raise StartError(f"cannot listen on 127.0.0.1:{self._arguments.port}: {error.strerror}") from None
        if self._arguments.scripted:
            registry.address = endpoint.url.partition("//")[2]
            dispatcher.registry = registry
        endpoint.start()
        self._cleanup.callback(endpoint.stop)
        self.endpoint_url = endpoint.url
        self.registry_address = registry.address
        self._cleanup.callback(self._forget_endpoints)
        _write_atomically(os.path.join(self._folder, "endpoints.json"), json.dumps({"endpoint": self.endpoint_url, "registry": self.registry_address, "pid": os.getpid()}) + "\n")

    def stop(self):
        self._cleanup.close()


def _check(arguments):
    if not re.fullmatch(r"\d{12}", arguments.account):
        raise StartError(f"'{arguments.account}' is no account number: --account takes 12 digits")
    if not 0 <= arguments.port <= 65535:
        raise StartError(f"'{arguments.port}' is no port")


def _write_atomically(path, text):
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(path + ".new", path)
