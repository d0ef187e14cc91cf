"""The whole way: the real server, the real runner and the scripted sandbox.  What a person answers, cancels or goes back
to reaches ECS, and what is said to run somewhere is what runs there.  The sandbox's time passes while a test waits."""

import json
import os
import pathlib
import subprocess
import sys
import time
import uuid

import pytest
from sandbox_under_test import ENGINE, KEY, SECRET, RunningSandbox
from scripted_under_test import ScriptedService, call

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "system" / "api"))

from api_steps import Developer  # noqa: E402
from stack.sandbox import ACCOUNT, REGION  # noqa: E402
from stack.server import Server  # noqa: E402

BUILD = pathlib.Path(os.environ.get("PENSTOCK_BUILD", ROOT / "build"))
ADMIN = f"arn:aws:iam::{ACCOUNT}:user/admin"
WAIT_SECONDS = 300  # of real time; mostly a runner's next look is waited for
PAUSE = {"targetType": "PAUSE", "lifecycleStages": ["POST_TEST_TRAFFIC_SHIFT"]}


class Stack:
    """Server, runner and sandbox; one repository and pipeline for each service."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "sandbox").mkdir()
        self.sandbox = RunningSandbox(str(folder / "sandbox")).start("--scripted")
        self.server = Server(str(BUILD / "server" / "penstock-server"), str(folder / "server"))
        self.server.start()
        self.codepipeline = self.server.client("codepipeline")
        self.log = open(folder / "runner.log", "ab")
        environment = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
        environment |= {"AWS_ENDPOINT_URL": self.sandbox.endpoint, "AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET,
                        "AWS_REGION": REGION, "AWS_EC2_METADATA_DISABLED": "true", "PENSTOCK_BUILD_NETWORK": "bridge"}
        token = self.server.call("CreateJoinToken")["token"]
        self.runner = subprocess.Popen([BUILD / "runner" / "penstock-runner", "--join", self.server.url, token, "--state", folder / "runner", "--docker", ENGINE],
                                       env=environment, stdout=self.log, stderr=self.log)

    def close(self):
        for _ in range(2):
            if self.runner.poll() is None:
                self.runner.terminate()
                try:
                    self.runner.wait(20)
                except subprocess.TimeoutExpired:
                    pass
        if self.runner.poll() is None:
            self.runner.kill()
        self.server.process.end(20)
        self.sandbox.stop()
        for name in ("runner.log", "server.log"):
            text = (self.folder / name).read_text(errors="replace")
            assert "Sanitizer" not in text and "runtime error" not in text, text[-5000:]


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    if not (BUILD / "server" / "penstock-server").exists():
        pytest.skip("no penstock-server; build first, or set PENSTOCK_BUILD")
    made = Stack(tmp_path_factory.mktemp("whole"))
    yield made
    made.close()


class Shop:
    """A service, and the pipeline that deploys to it what is pushed."""

    def __init__(self, stack, folder, **configuration):
        self.stack = stack
        self.name = "shop-" + uuid.uuid4().hex[:8]
        self.service = ScriptedService(stack.sandbox, **configuration)
        self.service.stable(self.service.first)
        folder.mkdir()
        stack.server.client("codecommit").create_repository(repositoryName=self.name)
        self.folder = folder
        self.developer = Developer(stack.server, self.name, folder)
        stack.codepipeline.create_pipeline(pipeline={
            "name": self.name, "roleArn": f"arn:aws:iam::{ACCOUNT}:role/pipelines", "artifactStore": {"type": "S3", "location": "artifacts"}, "version": 1,
            "stages": [
                {"name": "Source", "actions": [self._action("App", "Source", "CodeCommit", {"RepositoryName": self.name, "BranchName": "main"}, outputs=["App"])]},
                {"name": "Deploy", "actions": [self._action("Web", "Deploy", "ECS", {"ClusterName": self.service.cluster, "ServiceName": "web"}, inputs=["App"])]}]})
        self.until(lambda: self.latest()["status"] == "Failed", "the empty repository is told")

    @staticmethod
    def _action(name, category, provider, configuration, inputs=(), outputs=()):
        return {"name": name, "actionTypeId": {"category": category, "owner": "AWS", "provider": provider, "version": "1"}, "configuration": configuration,
                "inputArtifacts": [{"name": each} for each in inputs], "outputArtifacts": [{"name": each} for each in outputs]}

    def push(self, version):
        """The id of the execution that the push starts."""
        before = self.latest()["pipelineExecutionId"]
        (self.folder / "imagedefinitions.json").write_text(json.dumps([{"name": "web", "imageUri": f"example.com/shop:{version}"}]))
        self.developer.git("add", "--all")
        self.developer.commit(f"Version {version}")
        self.developer.push()
        return self.until(lambda: (self.latest()["pipelineExecutionId"] != before) and self.latest()["pipelineExecutionId"], "an execution of the push")

    def latest(self):
        return self.stack.codepipeline.list_pipeline_executions(pipelineName=self.name)["pipelineExecutionSummaries"][0]

    def detail(self, execution):
        return self.stack.server.call("GetExecutionDetail", pipelineName=self.name, pipelineExecutionId=execution)

    def action(self, execution):
        stages = self.detail(execution)["stages"]
        return next(stage for stage in stages if stage["name"] == "Deploy")["actions"][0]

    def until(self, condition, what):
        """What the condition gives, once it holds; the sandbox's time passes meanwhile."""
        end = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < end:
            value = condition()
            if value:
                return value
            assert self.stack.runner.poll() is None, (self.stack.folder / "runner.log").read_text(errors="replace")[-3000:]
            self.service.advance(2)
            time.sleep(0.2)
        raise AssertionError(f"not within {WAIT_SECONDS} s: {what}; {(self.stack.folder / 'runner.log').read_text(errors='replace')[-3000:]}")

    def ended(self, execution):
        self.until(lambda: self.detail(execution)["execution"]["status"] not in ("InProgress", "Stopping"), f"the end of {execution}")
        return self.detail(execution)["execution"]["status"]

    def token(self):
        stage = self.stack.codepipeline.get_pipeline_state(name=self.name)["stageStates"][1]
        return stage["actionStates"][0].get("latestExecution", {}).get("token")

    def answer(self, status, summary):
        token = self.until(self.token, "the deployment asks")
        self.stack.codepipeline.put_approval_result(pipelineName=self.name, stageName="Deploy", actionName="Web", token=token,
                                                    result={"status": status, "summary": summary})

    def running(self):
        """The definition that ECS says the service has, and that alone."""
        return self.service.service()["taskDefinition"]

    def environment(self):
        return self.stack.server.call("ListEnvironments", pipelineName=self.name)["environments"][0]["targets"]


def short(arn):
    return arn.rpartition("/")[2]


@pytest.fixture
def make_shop(stack, tmp_path):
    made = []

    def make(**configuration):
        made.append(Shop(stack, tmp_path / f"clone-{len(made)}", **configuration))
        return made[-1]

    yield make
    ScriptedService.end_all()


def test_a_pause_is_approved(make_shop):
    shop = make_shop(strategy="BLUE_GREEN", lifecycleHooks=[PAUSE])
    execution = shop.push(2)
    shop.until(shop.token, "the deployment asks")
    shown = shop.detail(execution)["execution"]
    assert shown["wait"] == "waiting for approval: Deploy/Web"
    assert shown["approval"]["pause"]["stage"] == "POST_TEST_TRAFFIC_SHIFT"
    assert shop.service.weights() == (100, 0) and shop.service.weights(shop.service.test_rule) == (0, 100)
    shop.answer("Approved", "looks good")
    assert shop.ended(execution) == "Succeeded"
    assert shop.running() != shop.service.first
    target = shop.environment()[0]
    assert (target["revision"], target["approvedBy"]) == (short(shop.running()), ADMIN)
    assert [(pause["state"], pause["answeredBy"]) for pause in shop.action(execution)["pauses"]] == [("Approved", ADMIN)]


def test_a_pause_is_rejected(make_shop):
    shop = make_shop(strategy="CANARY", lifecycleHooks=[PAUSE])
    execution = shop.push(2)
    shop.answer("Rejected", "the colour is wrong")
    assert shop.ended(execution) == "Failed"
    assert "the colour is wrong" in shop.action(execution)["errorMessage"]
    shop.service.stable(shop.service.first)
    assert shop.service.weights() == (100, 0)
    assert shop.environment() == []


def test_a_cancel_says_who(make_shop):
    shop = make_shop()
    first = shop.push(2)
    assert shop.ended(first) == "Succeeded"
    before = shop.running()
    shop.service.script({"cause": "container-health"})
    second = shop.push(3)
    shop.until(lambda: shop.running() != before, "the third version is on its way")
    shop.stack.codepipeline.stop_pipeline_execution(pipelineName=shop.name, pipelineExecutionId=second, abandon=True, reason="wrong commit")
    assert shop.ended(second) == "Stopped"
    shop.service.stable(before)
    cancel = shop.action(second)["deployment"]["cancel"]
    assert cancel["by"] == ADMIN
    assert shop.environment()[0]["revision"] == short(before)


def test_back_to_a_release_is_back_to_its_revision(make_shop):
    shop = make_shop()
    first = shop.push(2)
    assert shop.ended(first) == "Succeeded"
    released = shop.running()
    second = shop.push(3)
    assert shop.ended(second) == "Succeeded"
    assert shop.running() != released
    revisions = len(call(shop.stack.sandbox, "ListTaskDefinitions", familyPrefix=shop.service.cluster)["taskDefinitionArns"])
    listed = shop.stack.server.call("ListReleases", pipelineName=shop.name, stageName="Deploy")["releases"]
    assert [(each["targets"][0]["revision"], each["canRollBack"]) for each in listed] == [(short(shop.running()), False), (short(released), True)]
    done = subprocess.run([BUILD / "cli" / "penstock", "rollback", shop.name, "Deploy", first, "--json"], capture_output=True, text=True, timeout=60, check=False,
                          env={**os.environ, "PENSTOCK_CONFIG": shop.stack.server.config})
    assert done.returncode == 0, done.stderr
    back = json.loads(done.stdout)["pipelineExecutionId"]
    assert shop.ended(back) == "Succeeded"
    assert shop.running() == released
    assert len(call(shop.stack.sandbox, "ListTaskDefinitions", familyPrefix=shop.service.cluster)["taskDefinitionArns"]) == revisions
    target = shop.environment()[0]
    assert (target["revision"], target["rollbackOf"]["pipelineExecutionId"]) == (short(released), first)
