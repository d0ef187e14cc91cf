"""Releases: five members move together, and wherever one fails all of them return together."""

import json
import uuid

import pytest

IMAGE = "registry.example.com/{}:{}"
CLUSTER = "releases"
SERVICES = ("api", "web", "worker")
PAGES = {"index.html": "old", "app-1a2b3c4d.js": "1"}
NEW_PAGES = {"index.html": "new", "app-5e6f7a8b.js": "2"}


class Shop:
    """Static files, three services and a scheduled task, each at its first version."""

    def __init__(self, deploys):
        self.deploys = deploys
        self.ecs, self.events, self.s3 = (deploys.sandbox.client(name) for name in ("ecs", "events", "s3"))
        self.id = uuid.uuid4().hex[:8]
        self.ecs.create_cluster(clusterName=CLUSTER)
        for service in SERVICES:
            self.make_service(self.name(service))
        self.make_schedule(self.name("report"))
        self.make_site(f"site-{self.id}")
        self.settle()

    def name(self, member):
        return f"{member}-{self.id}"

    def register(self, family):
        container = {"name": "app", "image": IMAGE.format(family, 1), "essential": True}
        self.ecs.register_task_definition(family=family, networkMode="awsvpc", cpu="256", memory="512", requiresCompatibilities=["FARGATE"], containerDefinitions=[container])

    def make_service(self, name):
        self.register(name)
        self.ecs.create_service(cluster=CLUSTER, serviceName=name, taskDefinition=name, desiredCount=2, launchType="FARGATE", networkConfiguration={"awsvpcConfiguration": {"subnets": ["subnet-1"]}})

    def make_schedule(self, name):
        self.register(name)
        arn = self.ecs.describe_task_definition(taskDefinition=name)["taskDefinition"]["taskDefinitionArn"]
        self.events.put_rule(Name=name, ScheduleExpression="rate(1 hour)")
        self.events.put_targets(Rule=name, Targets=[{"Id": "report", "Arn": f"arn:aws:ecs:eu-west-1:123456789012:cluster/{CLUSTER}", "RoleArn": "arn:aws:iam::123456789012:role/events", "EcsParameters": {"TaskDefinitionArn": arn, "LaunchType": "FARGATE"}}])

    def make_site(self, bucket):
        self.s3.create_bucket(Bucket=bucket)
        for key, text in PAGES.items():
            self.s3.put_object(Bucket=bucket, Key=key, Body=text)

    def advance(self, seconds):
        self.deploys.sandbox.control("POST", {"advanceMs": seconds * 1000}, part="clock")

    def settle(self):
        for _ in range(100):
            if all(len(one["deployments"]) == 1 and one["deployments"][0]["rolloutState"] == "COMPLETED" for one in self.described()):
                return
            self.advance(10)
        raise AssertionError(self.described())

    def described(self):
        return self.ecs.describe_services(cluster=CLUSTER, services=[self.name(service) for service in SERVICES])["services"]

    def runs(self):
        """What each member runs: the revisions' numbers, and the page."""
        found = {one["serviceName"].partition("-")[0]: one["taskDefinition"].rpartition(":")[2] for one in self.described()}
        [target] = self.events.list_targets_by_rule(Rule=self.name("report"))["Targets"]
        page = self.s3.get_object(Bucket=f"site-{self.id}", Key="index.html")["Body"].read().decode()
        return {**found, "report": target["EcsParameters"]["TaskDefinitionArn"].rpartition(":")[2], "pages": page}

    def members(self):
        services = [{"name": service, "provider": "ECS", "inputArtifact": service, "configuration": {"ClusterName": CLUSTER, "ServiceName": self.name(service)}} for service in SERVICES]
        pages = {"name": "pages", "provider": "S3", "inputArtifact": "pages", "configuration": {"BucketName": f"site-{self.id}", "Extract": "true"}}
        report = {"name": "report", "provider": "ScheduledTask", "inputArtifact": "report", "configuration": {"RuleName": self.name("report"), "TargetId": "report"}}
        return [pages, services[0], report, *services[1:]]

    def artifacts(self):
        images = {name: {"imagedefinitions.json": json.dumps([{"name": "app", "imageUri": IMAGE.format(self.name(name), 2)}])} for name in (*SERVICES, "report")}
        return {**images, "pages": NEW_PAGES}

    def offer(self, members=None, **settings):
        configuration = {"ReleaseName": self.id, "Members": json.dumps(self.members() if members is None else members), "Preflight": "OFF", **settings}
        return self.deploys.offer_artifacts("Release", "Deploy", configuration, self.artifacts())

    def fail(self, member):
        """That member's deployment is refused, or its tasks never start."""
        if member in SERVICES:
            order = {"service": f"{CLUSTER}/{self.name(member)}", "script": {"cause": "image-missing"}}
            assert self.deploys.sandbox.control("POST", order, part="rollouts")[0] == 200
        else:
            operation = {"pages": "s3:PutObject", "report": "events:PutTargets"}[member]
            self.deploys.fault(operation, "denied")


OLD = {"api": "1", "web": "1", "worker": "1", "report": "1", "pages": "old"}
NEW = {"api": "2", "web": "2", "worker": "2", "report": "2", "pages": "new"}


@pytest.fixture
def shop(deploys):
    return Shop(deploys)


def test_all_of_it_moves(shop):
    job = shop.offer()
    result = shop.deploys.finish(job)
    assert result["outcome"] == "succeeded", (result, job.text)
    assert shop.runs() == NEW
    targets = {one["name"].rpartition("/")[2] or "pages": one.get("to") for one in result["deployment"]["targets"]}
    assert targets[shop.name("web")] == f"{shop.name('web')}:2" and targets["report"] == f"{shop.name('report')}:2"
    assert not [key for key in shop.s3.list_objects_v2(Bucket=f"site-{shop.id}")["Contents"] if key["Key"].startswith(".penstock/before/")]


@pytest.mark.parametrize("member", ("pages", "api", "report", "web", "worker"))
def test_wherever_it_fails_all_return(shop, member):
    shop.fail(member)
    job = shop.offer(OnStuck="ROLLBACK", OnStuckSeconds="30")
    result = shop.deploys.finish(job)
    assert result["outcome"] == "failed" and f"member '{member}'" in result["errorMessage"], (result, job.text)
    assert shop.runs() == OLD, job.text


def test_what_somebody_deploys_meanwhile_is_left(shop):
    """All members are looked at before the first is begun: the last one is looked at again."""
    shop.register(f"hand-{shop.id}")
    job = shop.offer()
    shop.deploys.server.wait(lambda: "updating service" in job.text)
    shop.ecs.update_service(cluster=CLUSTER, service=shop.name("worker"), taskDefinition=f"hand-{shop.id}")
    result = shop.deploys.finish(job)
    assert result["outcome"] == "failed" and "member 'worker'" in result["errorMessage"], (result, job.text)
    [worker] = [one for one in shop.described() if one["serviceName"] == shop.name("worker")]
    assert worker["taskDefinition"].endswith(f"hand-{shop.id}:1"), job.text
    assert {**shop.runs(), "worker": "1"} == OLD


def test_refused_all_return(shop):
    """The right to change a service is missing."""
    shop.deploys.fault("ecs:UpdateService", "denied", skip=1)
    job = shop.offer()
    result = shop.deploys.finish(job)
    assert (result["outcome"], result["errorCode"]) == ("failed", "PermissionError"), (result, job.text)
    assert "member 'web'" in result["errorMessage"] and "it takes the right ecs:UpdateService" in result["errorMessage"], result
    assert shop.runs() == OLD, job.text


def test_cancelled_after_a_crash_all_return(shop):
    shop.deploys.fault("events:PutTargets", "kill-after")
    second = shop.deploys.survivor(shop.offer(), cancelled=True)
    result = shop.deploys.finish(second)
    assert result["outcome"] == "stopped" and "are back as they were" in result["summary"], (result, second.text)
    assert shop.runs() == OLD


@pytest.mark.parametrize("operation, skip", (("ecs:UpdateService", 0), ("ecs:UpdateService", 2), ("events:PutTargets", 0), ("ecs:RegisterTaskDefinition", 3)))
def test_after_a_crash_it_goes_on(shop, operation, skip):
    shop.deploys.fault(operation, "kill-after", skip=skip)
    second = shop.deploys.survivor(shop.offer())
    result = shop.deploys.finish(second)
    assert result["outcome"] == "succeeded", (result, second.text)
    assert shop.runs() == NEW
    assert all(len(shop.ecs.list_task_definitions(familyPrefix=shop.name(name))["taskDefinitionArns"]) == 2 for name in (*SERVICES, "report"))


def test_left_as_it_is(shop):
    """OnCancel: LEAVE."""
    shop.deploys.fault("events:PutTargets", "kill-after")
    second = shop.deploys.survivor(shop.offer(OnCancel="LEAVE"), cancelled=True)
    result = shop.deploys.finish(second)
    assert result["outcome"] == "stopped" and "left as they are: 'pages', 'api', 'report'" in result["summary"], result
    assert shop.runs() == {**OLD, "pages": "new", "api": "2", "report": "2"}


def test_a_failed_one_goes_back_whatever_a_cancel_wants(shop):
    """The runner dies while it puts the members back; the execution is cancelled, and OnCancel is LEAVE."""
    shop.fail("report")
    shop.deploys.fault("ecs:StopServiceDeployment", "kill-before")
    shop.deploys.fault("ecs:UpdateService", "kill-before", skip=1)
    second = shop.deploys.survivor(shop.offer(OnCancel="LEAVE"), cancelled=True)
    result = shop.deploys.finish(second)
    assert result["outcome"] == "failed" and "member 'report'" in result["errorMessage"], (result, second.text)
    assert shop.runs() == OLD


def test_cancelled_when_all_have_settled(shop):
    """The copies that an undo would need are being removed when the runner dies: it stays as it is."""
    shop.deploys.fault("s3:DeleteObject", "kill-after")
    second = shop.deploys.survivor(shop.offer(), cancelled=True)
    result = shop.deploys.finish(second)
    assert result["outcome"] == "succeeded", (result, second.text)
    assert shop.runs() == NEW


def test_what_is_wrong_is_said(shop):
    good = shop.members()
    for change, sentence in (
        ({"members": []}, "Members must have 1 to 20 members, not 0"),
        ({"Members": "web, api"}, "Members must be a JSON list of"),
        ({"members": [good[0], good[0]]}, "needs a name of its own"),
        ({"members": [{**good[0], "provider": "Lambda"}]}, "member 'pages' of Members: 'Lambda' is no provider of a member; there are ECS, ScheduledTask, S3"),
        ({"members": [{**good[1], "configuration": {"ClusterName": "c", "ServceName": "x"}}]}, "ECS has no key 'ServceName'; did you mean 'ServiceName'?"),
        ({"members": [{**good[1], "configuration": {"ClusterName": "c"}}]}, "member 'api' of Members: the action's configuration lacks ClusterName or ServiceName"),
        ({"members": [{**good[1], "configuration": {**good[1]["configuration"], "OnCancel": "LEAVE"}}]}, "OnCancel stands in the release"),
        ({"members": [{**good[0], "configuration": {**good[0]["configuration"], "KeepReleases": 5}}]}, "KeepReleases must be a text in quotes, not a number"),
        ({"OnCancel": "STAY"}, "OnCancel must be ROLLBACK or LEAVE, not 'STAY'"),
        ({"ReleaseName": ""}, "lacks ReleaseName"),
        ({"members": [{**good[1], "inputArtifact": "none"}]}, "member 'api': the action has no input artifact 'none'"),
    ):
        result = shop.deploys.finish(shop.offer(**change))
        assert result["outcome"] == "failed" and sentence in result["errorMessage"], (change, result)
    assert shop.runs() == OLD
