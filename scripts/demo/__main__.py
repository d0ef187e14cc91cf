"""`./demo COMMAND`, after everything is installed and built: python3 -m demo BUILD STATE COMMAND [--auto]."""

import argparse
import os
import signal
import subprocess
import sys
import time

from demo import screen
from demo.installation import Installation
from stack import application, processes
from stack.processes import Failure
from stack.server import Refused

_PIPELINE = "shop"


class Demo:
    """The commands of ./demo, one method each; they return the exit code."""

    def __init__(self, installation, auto):
        self.installation = installation
        self.clone = application.Clone(installation.path("shop"), installation.server)
        self.auto = auto

    # starting

    def run(self):
        """./demo: everything up, a version pushed, and on to the approval."""
        if self.installation.is_running():
            screen.say("the demo is running already")
            return self.status()
        if self.installation.has_remains():
            with screen.step("clearing what an earlier demo left"):
                self.installation.remove()
        self._start()
        version = self._push_first()
        return self._release(version) if self.auto else self._show_to_approval()

    def _start(self):
        installation = self.installation
        try:
            for text, begin in (
                ("Docker engine", installation.start_engine),
                ("base images, made on this machine", installation.make_images),
                ("sandbox: AWS on this machine", installation.start_sandbox),
                ("version 'first' of the application on ECS, two tasks behind a load balancer", installation.deploy_first_version),
                ("penstock-server", installation.start_server),
                ("penstock-runner", installation.start_runner),
            ):
                with screen.step(text):
                    begin()
        except BaseException as error:
            # Half a demo is of no use, but its logs say why.
            installation.keep_logs()
            installation.remove()
            if isinstance(error, Failure):
                raise Failure(installation.with_kept_logs(str(error))) from None
            raise
        screen.say()
        screen.say(f"dashboard    {self._sign_in_link()}")
        screen.say("             (signs you in, once, within half an hour)")
        screen.say(f"application  {installation.application_url}")
        screen.say()

    def _push_first(self):
        self.clone.make()
        self.clone.commit("Say hello")
        return self._push()

    def _push(self):
        before = self._newest()
        began = time.monotonic()
        version = self.clone.push()[:7]
        screen.say(f"pushed {version} to {self.clone.url}  {time.monotonic() - began:.1f} s")
        processes.wait_until(lambda: self._newest() != before, 10, "the push to start the pipeline", log=self.installation.path("server.log"))
        return version

    # talking to the server, as a person would: through `penstock`

    def _penstock(self, *arguments, quiet=False):
        """Run `penstock` with our terminal; its exit code."""
        with self._begin_penstock(*arguments, quiet=quiet) as process:
            return process.wait()

    def _begin_penstock(self, *arguments, quiet=False):
        output = subprocess.DEVNULL if quiet else None
        return subprocess.Popen([self.installation.program("cli", "penstock"), *arguments], env=self._environment(), stdout=output)

    def _environment(self):
        return {**os.environ, "PENSTOCK_CONFIG": self.installation.server.config}

    def _newest(self):
        executions = self.installation.server.call("GetPipelineDetail", name=_PIPELINE)["executions"]
        return executions[0]["pipelineExecutionId"] if executions else None

    def _approval(self):
        return self.installation.server.call("GetPipelineDetail", name=_PIPELINE)["pipeline"].get("approval")

    def _sign_in_link(self):
        return self.installation.server.call("CreateSignInLink")["url"]

    # watching

    def _show_to_approval(self):
        execution = self._newest()
        if self._penstock("status", _PIPELINE, execution, "--follow", "--until-approval") != 0 or not self._approval():
            return self._failed_execution()
        screen.say()
        screen.say("It waits for you: press Approve in the dashboard, or run ./demo approve")
        self._say_next()
        return 0

    def _say_next(self):
        approve = "./demo approve · " if self._approval() else ""
        screen.say(f"Next: {approve}./demo push (change the application) · ./demo stuck (a version that never gets healthy) · ./demo stop")

    def _failed_execution(self):
        screen.failed(f"the execution did not get where it should; logs: '{self.installation.path('server.log')}', '{self.installation.path('runner.log')}'")
        self._penstock("log", _PIPELINE)
        return 1

    def _release(self, version):
        """Approve, follow to the end, and look whether the application answers with that version."""
        execution = self._newest()
        # One view of the whole way, so that each line is shown once; the approval happens beside it.
        with self._begin_penstock("status", _PIPELINE, execution, "--follow") as view:
            waits = self._penstock("status", _PIPELINE, execution, "--follow", "--until-approval", quiet=True) == 0 and self._approval()
            if waits and self._penstock("approve", _PIPELINE, execution, quiet=True) != 0:
                view.terminate()
        return self._check_version(version) if view.returncode == 0 else self._failed_execution()

    def _check_version(self, version):
        url = self.installation.application_url
        try:
            processes.wait_until(lambda: application.answer(url) == (version, version), 20, "")
        except Failure:
            screen.failed(f"{url} answers with {application.answer(url)} instead of version {version}")
            return 1
        screen.done(f"{url} answers with version {version}, in both containers")
        return 0

    # commands

    def approve(self):
        self._must_run()
        approval = self._approval()
        if not approval:
            raise Failure("nothing waits for an approval: ./demo push brings a new version")
        execution = approval["pipelineExecutionId"]
        if self._penstock("approve", _PIPELINE, execution, quiet=True) != 0:
            return 1
        if self._penstock("status", _PIPELINE, execution, "--follow") != 0:
            return self._failed_execution()
        screen.say(f"open {self.installation.application_url}")
        self._say_next()
        return 0

    def push(self):
        self._must_run()
        self._finish_what_waits()
        self.clone.change()
        version = self._push()
        return self._release(version) if self.auto else self._show_to_approval()

    def status(self):
        self._must_run()
        screen.say(f"dashboard    {self._sign_in_link()}")
        version = application.answer(self.installation.application_url)
        screen.say(f"application  {self.installation.application_url}  {f'version {version[0]}' if version else 'does not answer'}")
        self._penstock("status", _PIPELINE)
        self._say_next()
        return 0

    def stop(self):
        if not self.installation.has_remains() and not self.installation.has_failed_logs():
            screen.say("there is no demo")
            return 0
        with screen.step("removing the demo: processes, containers, images, ports, files"):
            if self.installation.has_remains():
                self.installation.remove()
            self.installation.remove_failed_logs()
        return 0

    # a deployment that hangs

    def stuck(self):
        if not self.installation.is_running():
            auto, self.auto = self.auto, True
            if self.run() != 0:
                return 1
            self.auto = auto
            screen.say()
        self._finish_what_waits()
        before = application.answer(self.installation.application_url)
        old_revision = self.installation.cloud.task_definition()
        self.clone.make_sick()
        self._push()
        execution = self._newest()
        with application.Visitors(self.installation.application_url) as visitors:
            if self._penstock("status", _PIPELINE, execution, "--follow", "--until-approval") != 0 or not self._approval():
                return self._failed_execution()
            self._penstock("approve", _PIPELINE, execution, "--comment", "the demo approves this one by itself", quiet=True)
            with screen.step("the new version has begun to run, and never gets healthy"):
                processes.wait_until(lambda: self._hangs(old_revision), 120, "the deployment to hang", log=self.installation.path("runner.log"))
            if not self.auto:
                return self._say_stuck(before)
            return self._cancel(execution, before, old_revision, visitors)

    def _hangs(self, old_revision):
        """True when the new version has had a task that the load balancer refused."""
        service = self.installation.cloud.describe()
        primary = next(one for one in service["deployments"] if one["status"] == "PRIMARY")
        return primary["taskDefinition"] != old_revision and (primary["failedTasks"] > 0 or any("unhealthy" in event["message"] for event in service["events"]))

    def _say_stuck(self, before):
        screen.say(f"{self.installation.application_url} still answers with {before[0]}. Left alone, this would hang for an hour.")
        cause = self._cause()
        screen.say(f"Why: {cause['sentence']}" if cause else "Why it hangs stands in the dashboard within a minute.")
        screen.say(f"Press Cancel in the dashboard, or run {os.path.relpath(self.installation.program('cli', 'penstock'))} stop {_PIPELINE} --follow")
        screen.say(f"with PENSTOCK_CONFIG={self.installation.server.config}")
        screen.say(f"dashboard    {self._sign_in_link()}")
        return 0

    def _cause(self):
        """What the deploy hangs on, once Penstock has told; None where that takes longer than a minute."""

        def told():
            stuck = self.installation.server.call("GetPipelineDetail", name=_PIPELINE)["executions"][0].get("stuck")
            return stuck and stuck["cause"]

        try:
            return processes.wait_until(told, 60, "the cause")
        except processes.Failure:
            return None

    def _cancel(self, execution, before, old_revision, visitors):
        began = time.monotonic()
        # Quiet: what is done already stands above.
        self._penstock("stop", _PIPELINE, execution, "--follow", "--reason", "the deployment hangs", quiet=True)
        seconds = time.monotonic() - began
        cloud = self.installation.cloud
        if cloud.task_definition() != old_revision:
            screen.failed(f"the service is on {cloud.task_definition()} instead of {old_revision}")
            return 1
        screen.done("cancelled: the service is back on its old task definition", seconds)
        visitors.end()
        if visitors.wrong or application.answer(self.installation.application_url) != before:
            screen.failed(f"of {visitors.count} requests while the deployment hung these went wrong: {visitors.wrong[:5]}")
            return 1
        screen.done(f"all {visitors.count} requests meanwhile were answered by the old version, {before[0]}")
        return 0

    def _finish_what_waits(self):
        """A version that waits for its approval keeps the stage: the next one would stand behind it without a word."""
        approval = self._approval()
        if not approval:
            return
        if not self.auto:
            raise Failure("an earlier version waits for approval and keeps the next one from it: ./demo approve first, or reject it in the dashboard")
        if self.approve() != 0:
            raise Failure("the version that waited could not be released; see above")

    def _must_run(self):
        if not self.installation.is_running():
            raise Failure("the demo is not running: start it with ./demo")


def main():
    parser = argparse.ArgumentParser(prog="demo")
    parser.add_argument("build")
    parser.add_argument("state")
    parser.add_argument("command", choices=["run", "approve", "push", "stuck", "status", "stop"])
    parser.add_argument("--auto", action="store_true")
    arguments = parser.parse_args()
    demo = Demo(Installation(arguments.state, arguments.build), arguments.auto)
    try:
        return getattr(demo, arguments.command)()
    except (Failure, Refused) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # Whoever read has seen enough (`| head`); what is still to be written at the end goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except KeyboardInterrupt:
        running = demo.installation.is_running()
        print("\ninterrupted; the demo goes on: ./demo status, ./demo stop" if running else "\ninterrupted; nothing is left running", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
