"""docs/policies: each action's main job runs with exactly its policy, and each right in it is needed.

A job runs in a role (roleArn) that has the policy and nothing else; then again without each single right.  What a
statement is for says its Sid: without a right of Preflight…, Explain…, Follow… the job still succeeds, and a check that
could not be made says which right it lacked; Recover…, Undo…, Answer… and the like are for other days than the main
job's, of which some have a test of their own below; all others the job cannot do without, and says so.
"""

import importlib.util
import json
import pathlib

import pytest
from policies_worlds import ACCOUNT, WORLDS

TESTS = pathlib.Path(__file__).resolve().parents[1]
POLICIES = TESTS.parent / "docs" / "policies"
_spec = importlib.util.spec_from_file_location("static_conftest", TESTS / "system" / "static" / "conftest.py")
_static = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_static)
runner_program, sandbox, server, deploys = _static.runner_program, _static.sandbox, _static.server, _static.deploys

TRUST = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}]})
HARMLESS = ("Preflight", "Explain", "Follow")
OTHER_DAYS = ("Recover", "Undo", "Answer", "LeaveNothing", "FirstTime", "ChangeSets")
# The sandbox's registry has an address of its own, which only ECR can tell; AWS's says itself which registry it is.
OF_THE_SANDBOX = {"Sid": "Sandbox", "Effect": "Allow", "Action": ["ecr:DescribeRepositories"], "Resource": "*"}


def policy(name):
    return json.loads((POLICIES / f"{name}.json").read_text())


def rights(name):
    """(Sid, action) of all statements."""
    return [(statement["Sid"], action) for statement in policy(name)["Statement"] for action in statement["Action"]]


def without(document, sid, action):
    for statement in document["Statement"]:
        if statement["Sid"] == sid:
            statement["Action"].remove(action)
    return {**document, "Statement": [statement for statement in document["Statement"] if statement["Action"]]}


class InRole:
    """Runs a world's job in a role of its own."""

    def __init__(self, deploys, sandbox, name):
        self.deploys, self.iam = deploys, sandbox.client("iam")
        self.world = WORLDS[name](deploys, sandbox)
        self.role = f"policy-{name}"
        try:
            self.arn = self.iam.create_role(RoleName=self.role, AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
        except self.iam.exceptions.EntityAlreadyExistsException:
            self.arn = self.iam.get_role(RoleName=self.role)["Role"]["Arn"]

    def offer(self, document):
        text = json.dumps({**document, "Statement": [*document["Statement"], OF_THE_SANDBOX]})
        for word in sorted(self.world.names, key=len, reverse=True):
            text = text.replace(word, self.world.names[word])
        self.iam.put_role_policy(RoleName=self.role, PolicyName="p", PolicyDocument=text)
        original = self.deploys.server.offer
        self.deploys.server.offer = lambda message, artifacts=None: original({**message, "roleArn": self.arn}, artifacts)
        try:
            return self.world.offer()
        finally:
            self.deploys.server.offer = original

    def run(self, document):
        return self.deploys.finish(self.offer(document))


@pytest.fixture
def in_role(deploys, sandbox):
    """Services are removed again: simulated time goes slower the more of them there are."""
    yield lambda name: InRole(deploys, sandbox, name)
    sandbox.control("DELETE")
    ecs = sandbox.client("ecs")
    for cluster in ecs.list_clusters()["clusterArns"]:
        for service in ecs.list_services(cluster=cluster)["serviceArns"]:
            ecs.delete_service(cluster=cluster, service=service, force=True)


def skipped(result):
    return [check["sentence"] for check in (result.get("deployment") or {}).get("preflight", []) if check["status"] == "SKIPPED"]


@pytest.mark.parametrize("name", WORLDS)
def test_a_policy_is_enough(in_role, name):
    result = in_role(name).run(policy(name))
    assert result["outcome"] == "succeeded", result
    assert not skipped(result)


@pytest.mark.parametrize("name, sid, action", [(name, *right) for name in WORLDS for right in rights(name) if not right[0].startswith(OTHER_DAYS)])
def test_each_right_is_needed(in_role, name, sid, action):
    result = in_role(name).run(without(policy(name), sid, action))
    if sid.startswith(HARMLESS):
        assert result["outcome"] == "succeeded", result
        assert not sid.startswith("Preflight") or any(action in sentence for sentence in skipped(result)), skipped(result)
        return
    assert result["outcome"] == "failed" and result["errorCode"] == "PermissionError", result
    assert f"it takes the right {action}" in result["errorMessage"], result


@pytest.mark.parametrize("name, mark", (("ECS", "UpdateService"), ("StepFunctions", "StartExecution")))
def test_a_policy_is_enough_to_undo(in_role, sandbox, name, mark):
    there = in_role(name)
    there.world.hold()
    began = len(sandbox.ledger())
    job = there.offer(policy(name))
    there.deploys.server.wait(lambda: job.result or any(line["operation"] == mark for line in sandbox.ledger()[began:]))
    there.deploys.server.cancel(job)
    result = there.deploys.finish(job)
    assert result["outcome"] == "stopped", result


@pytest.mark.parametrize("name", ("ECS", "CodeDeployToECS"))
@pytest.mark.parametrize("cause", ("image-missing", "health-check"))
def test_a_policy_is_enough_to_say_why_it_is_stuck(in_role, name, cause):
    there = in_role(name)
    there.world.stick(cause)
    job = there.offer(policy(name))
    there.deploys.server.wait(lambda: "it hangs: " in job.text or job.result)
    there.deploys.server.cancel(job)
    result = there.deploys.finish(job)
    assert (result["outcome"], result["deployment"]["cause"]["id"]) == ("stopped", cause), (result, job.text)


def test_what_cannot_be_seen_of_a_stuck_deployment_is_said_once(in_role):
    there = in_role("CodeDeployToECS")
    there.world.stick("image-missing")
    job = there.offer(without(policy("CodeDeployToECS"), "ExplainTasks", "ecs:ListTasks"))
    there.deploys.server.wait(lambda: "it takes the right ecs:ListTasks" in job.text or job.result)
    there.deploys.server.cancel(job)
    there.deploys.finish(job)
    assert job.text.count("not all of what the new tasks wait for can be seen: ") == 1, job.text


def test_every_policy_is_of_an_action():
    assert {path.stem for path in POLICIES.glob("*.json")} == set(WORLDS)
    for name in WORLDS:
        found = rights(name)
        assert len(found) == len(set(found)) and all(action.count(":") == 1 and "*" not in action for _, action in found), name
