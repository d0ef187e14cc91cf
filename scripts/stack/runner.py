"""penstock-runner as a running program."""

import os

from stack import processes


class Runner:
    """Keeps its state in `folder`. The first start joins the server with a token; later ones know themselves."""

    def __init__(self, program, folder, server, docker_host, environment, name="runner"):
        self.program = program
        self.folder = folder
        self.log = folder + ".log"
        self.server = server
        self.docker_host = docker_host
        self.environment = environment
        self.name = name
        self.process = None

    def start(self):
        os.makedirs(self.folder, 0o700, exist_ok=True)
        arguments = [self.program, "--state", self.folder, "--name", self.name, "--docker", self.docker_host]
        if not os.path.exists(os.path.join(self.folder, "runner.json")):
            arguments += ["--join", self.server.url, self.server.call("CreateJoinToken")["token"]]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        # The shop's build uses docker: it is ours, and so is the machine.
        environment["PENSTOCK_PRIVILEGED_BUILDS"] = "socket"
        self.process = processes.start(arguments, self.log, {**environment, **self.environment})
        processes.wait_until(self.is_online, 30, "starting penstock-runner", self.process, self.log)

    def is_online(self):
        return any(runner["name"] == self.name and runner["status"] == "online" for runner in self.server.call("ListRunners")["runners"])
