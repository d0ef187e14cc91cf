"""The demo's processes and folders under .demo/, remembered from one command to the next."""

import json
import os
import secrets
import shutil
import subprocess

from stack import processes
from stack.cloud import DOCKER, Cloud, free_port
from stack.processes import Failure, Running
from stack.runner import Runner
from stack.sandbox import ROOT, Sandbox
from stack.server import Server

_PIPELINE = os.path.join(ROOT, "pipelines", "docker-ecs.yml")
_REGISTRY_IN_PIPELINE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
_APPLICATION = os.path.join(ROOT, "examples", "shop")
_SCRIPTS = os.path.join(ROOT, "scripts")
_CACHE = os.path.join(ROOT, "build", "images")


class Installation:
    """Everything the demo started. `save` writes what a later command needs; `remove` takes all of it away."""

    def __init__(self, folder, build):
        self.folder = folder
        self.build = build
        self._path = os.path.join(folder, "demo.json")
        self.state = self._load()

    def _load(self):
        try:
            with open(self._path, encoding="utf-8") as file:
                return json.load(file)
        except FileNotFoundError:
            return {}

    def save(self):
        with open(self._path + ".new", "w", encoding="utf-8", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            json.dump(self.state, file, indent=2)
        os.replace(self._path + ".new", self._path)

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def program(self, *parts):
        return os.path.join(self.build, *parts)

    # the parts

    @property
    def docker_host(self):
        return self.state["docker"]

    @property
    def sandbox(self):
        return Sandbox(self.path("sandbox"), self.docker_host, self.state["accessKey"], self.state["secretKey"])

    @property
    def server(self):
        return Server(self.program("server", "penstock-server"), self.path("server"), self.path("pipelines"))

    @property
    def cloud(self):
        return Cloud(self.sandbox)

    @property
    def application_url(self):
        return f"http://127.0.0.1:{self.state['port']}/"

    # life

    def is_running(self):
        return all(self._process(name) and self._process(name).is_alive() for name in ("sandbox", "server", "runner"))

    def has_remains(self):
        return os.path.isdir(self.folder)

    # what a failed start leaves

    @property
    def _failed_folder(self):
        return self.folder.rstrip("/") + "-failed"

    def has_failed_logs(self):
        return os.path.isdir(self._failed_folder)

    def keep_logs(self):
        """Move the logs to where `remove` leaves them alone."""
        self.remove_failed_logs()
        for name in ("sandbox.log", "server.log", "runner.log", "engine/log"):
            if os.path.exists(self.path(name)):
                kept = os.path.join(self._failed_folder, name)
                os.makedirs(os.path.dirname(kept), exist_ok=True)
                os.replace(self.path(name), kept)

    def with_kept_logs(self, sentence):
        """The sentence with the logs named where `keep_logs` put them."""
        return sentence.replace(f"'{self.path('')}", f"'{os.path.join(self._failed_folder, '')}")

    def remove_failed_logs(self):
        shutil.rmtree(self._failed_folder, ignore_errors=True)

    def _process(self, name):
        entry = self.state.get("processes", {}).get(name)
        return Running(*entry) if entry else None

    def _remember(self, name, program):
        self.state.setdefault("processes", {})[name] = [program.process.pid, program.process.began_at]
        self.save()

    def start_engine(self):
        os.makedirs(self.folder, 0o700, exist_ok=True)
        self.state = {"accessKey": "AKIA" + secrets.token_hex(8).upper(), "secretKey": secrets.token_hex(20)}
        self.save()
        address = processes.run([os.path.join(_SCRIPTS, "engine.sh"), "start", self.path("engine")], what="the Docker engine")
        self.state["docker"] = address.strip().splitlines()[-1]
        self.state["ownEngine"] = os.path.exists(self.path("engine", "ours"))
        self.save()

    def _docker(self, *arguments):
        result = subprocess.run([DOCKER, *arguments], env={**os.environ, "DOCKER_HOST": self.docker_host}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
        return result.stdout.split()

    def _fences(self):
        """The images that runners make for themselves."""
        return self._docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}", "penstock/fence")

    def make_images(self):
        self.state["fences"] = self._fences()
        made = processes.run([os.path.join(_SCRIPTS, "images.sh"), "make", _CACHE], {**os.environ, "DOCKER_HOST": self.docker_host}, what="making the base images")
        # Those that were there before may be somebody else's.
        self.state["baseImages"] = made.split()
        self.save()

    def start_sandbox(self):
        sandbox = self.sandbox
        sandbox.start()
        self.state["registry"] = sandbox.registry
        self._remember("sandbox", sandbox)

    def deploy_first_version(self):
        """What runs before the first pipeline: somebody deployed it by hand once."""
        cloud = self.cloud
        cloud.make_repositories()
        cloud.push_version(_APPLICATION, "first", self.docker_host, self.path("docker-config"))
        shutil.rmtree(self.path("docker-config"))
        self.state["port"] = free_port()
        self.save()
        cloud.make_service("first", self.state["port"])
        processes.wait_until(cloud.is_steady, 120, "starting the first version on ECS", log=self.path("sandbox.log"))

    def start_server(self):
        os.makedirs(self.path("pipelines"), exist_ok=True)
        with open(_PIPELINE, encoding="utf-8") as file:
            text = file.read()
        if _REGISTRY_IN_PIPELINE not in text:
            raise Failure(f"'{_PIPELINE}' does not name the registry that the demo puts its own in place of")
        with open(self.path("pipelines", "docker-ecs.yml"), "w", encoding="utf-8") as file:
            file.write(text.replace(_REGISTRY_IN_PIPELINE, self.sandbox.registry))
        server = self.server
        server.start()
        self._remember("server", server)
        server.client("codecommit").create_repository(repositoryName="shop", repositoryDescription="The demo's application")

    def start_runner(self):
        runner = Runner(self.program("runner", "penstock-runner"), self.path("runner"), self.server, self.docker_host, self.sandbox.environment, "demo")
        runner.start()
        self._remember("runner", runner)

    # the end

    def remove(self):
        """End every process, take away every container, network and image, and the folder."""
        runner = self._process("runner")
        if runner:
            runner.signal(15)
            runner.end(20)  # the second SIGTERM: cancel what it holds
        for name in ("server", "sandbox"):
            process = self._process(name)
            if process:
                process.end(30)
        if self.state.get("docker") and not self.state.get("ownEngine"):
            self._remove_images()
        processes.run([os.path.join(_SCRIPTS, "engine.sh"), "stop", self.path("engine")], what="ending the Docker engine")
        shutil.rmtree(self.folder)

    def _remove_images(self):
        images = self._docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}", f"{self.state.get('registry', 'none')}/shop/*")
        if images:
            self._docker("image", "rm", "--force", *images)
        fences = set(self._fences()) - set(self.state.get("fences", []))
        if fences:
            self._docker("image", "rm", *fences)
        self._docker("image", "prune", "--force", "--filter", "label=penstock.demo=shop")
        subprocess.run([os.path.join(_SCRIPTS, "images.sh"), "remove", *self.state.get("baseImages", [])], env={**os.environ, "DOCKER_HOST": self.docker_host}, check=False)
