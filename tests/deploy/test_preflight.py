"""Deployments that cannot end well change nothing: each mistake has its sentence, and the ledger no call that changes
anything.  What may not be asked is left out and said."""

import copy
import json

import pytest
from rehearsal import NETWORK, TRUST, Service
from runner_steps import zip_of
from sandbox_under_test import ACCOUNT, REGION

ECR = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
ROLE = f"arn:aws:iam::{ACCOUNT}:role"
SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret"
READS = ("Describe", "List", "Get", "BatchGet")


class Shop:
    """A service that nobody changes, and a definition that it could run."""

    def __init__(self, rehearsal):
        self.rehearsal = rehearsal
        self.service = Service(rehearsal, {"balancer": True})
        iam = rehearsal.sandbox.client("iam")
        iam.create_role(RoleName="shop-task", AssumeRolePolicyDocument=json.dumps(TRUST))
        other = json.loads(json.dumps(TRUST).replace("ecs-tasks", "lambda"))
        iam.create_role(RoleName="shop-lambda", AssumeRolePolicyDocument=json.dumps(other))
        for tag, platforms in {"1": ["linux/amd64"], "2": ["linux/amd64"], "arm": ["linux/arm64"],
                               "both": ["linux/amd64", "linux/arm64"], "others": ["linux/arm64", "linux/s390x"]}.items():
            rehearsal.order("images", {"repository": "preflight", "tag": tag, "platforms": platforms})
        rehearsal.order("parameters", {"name": "/shop/key", "value": "k"})
        rehearsal.order("secrets", {"name": "shop/db", "value": "s"})
        secret = rehearsal.sandbox.client("secretsmanager").describe_secret(SecretId="shop/db")["ARN"]
        self.definition = {
            "family": self.service.cluster, "requiresCompatibilities": ["FARGATE"], "networkMode": "awsvpc", "cpu": "256",
            "memory": "512", "executionRoleArn": f"{ROLE}/shop-execution", "taskRoleArn": f"{ROLE}/shop-task",
            "containerDefinitions": [{
                "name": "app", "image": f"{ECR}/preflight:2", "portMappings": [{"containerPort": 8080}],
                "secrets": [{"name": "DB", "valueFrom": secret + ":password::"}, {"name": "KEY", "valueFrom": "/shop/key"}],
                "logConfiguration": {"logDriver": "awslogs", "options": {
                    "awslogs-group": f"/ecs/{self.service.cluster}", "awslogs-region": REGION, "awslogs-stream-prefix": "app"}}}]}

    def ledger(self):
        with open(f"{self.rehearsal.sandbox.folder}/ledger.jsonl", encoding="utf-8") as file:
            return [json.loads(line) for line in file if line.endswith("\n")]

    def offer(self, files, service=None, **configuration):
        """The job's end, and what was called since then beside what only reads."""
        before = len(self.ledger())
        job = self.rehearsal.offer(service or self.service, artifacts={"Images": zip_of(files)}, **configuration)
        self.rehearsal.wait(lambda: job.result)
        return job, [entry["operation"] for entry in self.ledger()[before:] if not entry["operation"].startswith(READS)]

    def offer_definition(self, definition, service=None, **configuration):
        return self.offer({"taskdef.json": json.dumps(definition)}, service, TaskDefinitionTemplatePath="taskdef.json", **configuration)


@pytest.fixture(scope="module")
def shop(rehearsal):
    return Shop(rehearsal)


def refused(job, changed, sentence):
    assert job.result["outcome"] == "failed", job.text
    assert sentence in job.result["errorMessage"], job.result["errorMessage"]
    assert job.result["errorCode"] == "ConfigurationError"
    assert changed == [] and job.checkpoints == []


@pytest.mark.parametrize("files, sentence", [
    ({"readme": ""}, "did not find the image definition file 'imagedefinitions.json'"),
    ({"imagedefinitions.json": "name: app\n"}, "imagedefinitions.json:1:1: the image definition file contains invalid JSON format: it begins with neither"),
    ({"imagedefinitions.json": '[{"name": "app", "imageUri": "x"},]'}, "contains invalid JSON format: a comma with nothing behind it"),
    ({"imagedefinitions.json": "{}"}, "imagedefinitions.json:1:1: this must be a list"),
    ({"imagedefinitions.json": '{"ImageURI": "x"}'}, "this is imageDetail.json's object"),
    ({"imagedefinitions.json": '[{"name": "app", "imageUrl": "x"}]'}, "entry 1 has 'imageUrl'; write 'imageUri' instead"),
    ({"imagedefinitions.json": "[" + " " * 100 * 1024 + "]"}, "larger than 100 KB"),
    ({"imagedefinitions.json": '[{"name": "web", "imageUri": "shop:1"}]'}, "the AWS ECS container 'web' does not exist"),
    ({"imagedefinitions.json": json.dumps([{"name": "app", "imageUri": f"{ECR}/preflight:none"}])}, "is not there: there is no image 'preflight:none' in ECR"),
], ids=["missing", "yaml", "comma", "object", "image-detail", "image-url", "large", "container", "tag"])
def test_image_definitions(shop, files, sentence):
    refused(*shop.offer(files), sentence)


def app(**changes):
    return lambda definition: definition["containerDefinitions"][0].update(changes)


def of_all(**changes):
    return lambda definition: definition.update(changes)


def other_name(definition):
    definition["containerDefinitions"][0]["name"] = "web"


def other_group(definition):
    definition["containerDefinitions"][0]["logConfiguration"]["options"]["awslogs-group"] = "/ecs/elsewhere"


def on_ec2(definition):
    definition.update(requiresCompatibilities=["EC2"])


def without_compatibility(definition):
    del definition["requiresCompatibilities"]
    definition["cpu"], definition["containerDefinitions"][0]["memory"] = "300", 128


def on_bridge(definition):
    del definition["requiresCompatibilities"]
    definition.update(networkMode="bridge")


MISTAKES = {
    "repository": (app(image=f"{ECR}/nowhere:1"), "is not there: there is no repository 'nowhere' in ECR; push it first"),
    "tag": (app(image=f"{ECR}/preflight:none"), "container 'app' is not there: there is no image 'preflight:none' in ECR"),
    "digest": (app(image=f"{ECR}/preflight@sha256:{'0' * 64}"), "there is no image 'preflight@sha256:00000"),
    "arm": (app(image=f"{ECR}/preflight:arm"), "is built for linux/arm64 and the task runs on linux/amd64; build it for that"),
    "platforms": (app(image=f"{ECR}/preflight:others"), "is built for linux/arm64, linux/s390x and the task runs on linux/amd64"),
    "architecture": (of_all(runtimePlatform={"cpuArchitecture": "ARM64"}), "is built for linux/amd64 and the task runs on linux/arm64"),
    "placeholder": (app(image="<IMAGE1_NAME>"), "is still the placeholder '<IMAGE1_NAME>'"),
    "execution-role": (of_all(executionRoleArn=f"{ROLE}/none"), "executionRoleArn names the role 'none', which is not there"),
    "task-role": (of_all(taskRoleArn=f"{ROLE}/none"), "taskRoleArn names the role 'none', which is not there"),
    "trust": (of_all(taskRoleArn=f"{ROLE}/shop-lambda"), "the role 'shop-lambda' (taskRoleArn) does not trust ecs-tasks.amazonaws.com"),
    "secret": (app(secrets=[{"name": "DB", "valueFrom": f"{SECRET}:none-AbCdEf"}]), "'DB' of container 'app' is to come from a secret, but there is no secret"),
    "secret-form": (app(secrets=[{"name": "DB", "valueFrom": f"{SECRET}:shop/db-AbCdEf:password"}]), "taskdef.json:1:"),
    "parameter": (app(secrets=[{"name": "KEY", "valueFrom": "/shop/none"}]), "'KEY' of container 'app' is to come from the parameter '/shop/none', which is not there"),
    "parameter-arn": (app(secrets=[{"name": "KEY", "valueFrom": f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/shop/none"}]), "the parameter '/shop/none', which is not there"),
    "log-group": (other_group, "container 'app' logs to the group '/ecs/elsewhere', which is not there"),
    "balancer-container": (other_name, "the load balancer of the service sends to container 'app', and the task definition has 'web'"),
    "balancer-port": (app(portMappings=[{"containerPort": 80}]), "sends to port 8080 of container 'app', which 'portMappings' lacks"),
    "launch-type": (on_ec2, "the service runs on FARGATE and the task definition's 'requiresCompatibilities' has not that"),
    "size": (without_compatibility, "the service runs on FARGATE: FARGATE has no 'cpu' of 300"),
    "network": (on_bridge, 'FARGATE needs "networkMode": "awsvpc", not \'bridge\''),
    "fargate-memory": (of_all(memory="768"), "taskdef.json:1:"),
    "no-essential": (app(essential=False), "no container is essential"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_doomed_definition(shop, name):
    mistake, sentence = MISTAKES[name]
    definition = copy.deepcopy(shop.definition)
    mistake(definition)
    refused(*shop.offer_definition(definition), sentence)


def test_several_mistakes_are_counted_and_all_of_them_listed(shop):
    definition = copy.deepcopy(shop.definition)
    other_name(definition)
    definition.update(taskRoleArn=f"{ROLE}/none")
    job, changed = shop.offer_definition(definition)
    refused(job, changed, "(and 1 more; nothing was changed)")
    failed = [check for check in job.result["deployment"]["preflight"] if check["status"] == "FAILED"]
    assert [check["check"] for check in failed] == ["port", "role"]
    assert job.text.count("preflight: FAILED: ") == 2


def test_a_target_group_of_the_wrong_type(shop):
    """Tasks on bridges get addresses of their own: neither the service's network nor its target group is made for that."""
    cluster = shop.service.cluster + "-bridge"
    elb = shop.rehearsal.sandbox.client("elbv2")
    group = elb.create_target_group(Name=cluster, Protocol="HTTP", Port=80, TargetType="instance", VpcId="vpc-1")["TargetGroups"][0]["TargetGroupArn"]
    elb.create_listener(LoadBalancerArn=shop.service.balancer, Port=8081, Protocol="HTTP", DefaultActions=[{"Type": "forward", "TargetGroupArn": group}])
    shop.rehearsal.call("CreateCluster", clusterName=cluster)
    bridged = {"family": cluster, "networkMode": "bridge", "requiresCompatibilities": ["EC2"], "containerDefinitions": [
        {"name": "app", "image": "public.ecr.aws/nginx/nginx:1.27", "memory": 64, "portMappings": [{"containerPort": 8080, "hostPort": 0}]}]}
    first = shop.rehearsal.call("RegisterTaskDefinition", **bridged)["taskDefinition"]["taskDefinitionArn"]
    shop.rehearsal.call("CreateService", cluster=cluster, serviceName="shop", taskDefinition=first, desiredCount=0, launchType="EC2",
                        loadBalancers=[{"targetGroupArn": group, "containerName": "app", "containerPort": 8080}])
    bridged["networkMode"] = "awsvpc"
    del bridged["containerDefinitions"][0]["portMappings"][0]["hostPort"]
    job, changed = shop.offer_definition(bridged, ClusterName=cluster)
    refused(job, changed, "the task definition's network mode is awsvpc and the service has no network configuration")
    failed = [check["sentence"] for check in job.result["deployment"]["preflight"] if check["status"] == "FAILED"]
    assert len(failed) == 2 and "has targets of type instance and tasks in network mode awsvpc need ip" in failed[1]


def test_a_cluster_without_instances(shop):
    cluster = shop.service.cluster + "-empty"
    shop.rehearsal.call("CreateCluster", clusterName=cluster)
    definition = copy.deepcopy(shop.definition)
    on_ec2(definition)
    first = shop.rehearsal.call("RegisterTaskDefinition", **definition)["taskDefinition"]["taskDefinitionArn"]
    shop.rehearsal.call("CreateService", cluster=cluster, serviceName="shop", taskDefinition=first, desiredCount=1, launchType="EC2", networkConfiguration=NETWORK)
    job, changed = shop.offer_definition(definition, ClusterName=cluster)
    refused(job, changed, f"cluster '{cluster}' has no container instance")


def test_a_service_that_is_not_there(shop):
    files = {"imagedefinitions.json": json.dumps([{"name": "app", "imageUri": f"{ECR}/preflight:2"}])}
    refused(*shop.offer(files, ServiceName="none"), f"no service 'none' in cluster '{shop.service.cluster}'")
    refused(*shop.offer(files, ClusterName="none"), "no cluster 'none' in region")


def test_a_service_that_was_deleted(shop):
    gone = Service(shop.rehearsal, {"desired": 0})
    gone.remove()
    job, changed = shop.offer({"imagedefinitions.json": json.dumps([{"name": "app", "imageUri": f"{ECR}/preflight:2"}])}, gone)
    refused(job, changed, ", not ACTIVE")


def test_a_service_under_an_external_controller(shop):
    shop.rehearsal.call("CreateService", cluster=shop.service.cluster, serviceName="external", desiredCount=0, deploymentController={"type": "EXTERNAL"})
    job, changed = shop.offer({"imagedefinitions.json": json.dumps([{"name": "app", "imageUri": f"{ECR}/preflight:2"}])}, ServiceName="external")
    assert job.result["outcome"] == "failed" and changed == [], job.text
    assert "is deployed by EXTERNAL; the ECS action needs the ECS controller" in job.result["errorMessage"]


def test_what_may_not_be_asked_is_left_out_with_the_right_that_would_do(shop):
    for operation in ("iam:GetRole", "secretsmanager:DescribeSecret", "ssm:DescribeParameters", "ecr:BatchGetImage", "logs:DescribeLogGroups", "elasticloadbalancing:DescribeTargetGroups"):
        shop.rehearsal.order("faults", {"operation": operation, "kind": "denied", "times": 0})
    try:
        definition = copy.deepcopy(shop.definition)
        definition["containerDefinitions"][0]["portMappings"] = [{"containerPort": 80}]
        job, changed = shop.offer_definition(definition)
    finally:
        shop.rehearsal.sandbox.control("DELETE", part="faults")
    refused(job, changed, "sends to port 8080")
    skipped = {check["check"]: check["sentence"] for check in job.result["deployment"]["preflight"] if check["status"] == "SKIPPED"}
    rights = {"role": "iam:GetRole", "secret": "ssm:DescribeParameters", "image": "ecr:BatchGetImage", "log group": "logs:DescribeLogGroups",
              "target group": "elasticloadbalancing:DescribeTargetGroups"}
    assert skipped.keys() == rights.keys()
    for check, right in rights.items():
        assert "not checked" in skipped[check] and right in skipped[check], skipped[check]


def test_a_good_definition_is_looked_at_and_deployed(shop):
    service = Service(shop.rehearsal, {"balancer": True})
    try:
        definition = {**copy.deepcopy(shop.definition), "family": service.cluster}
        definition["containerDefinitions"].append({"name": "sidecar", "image": "public.ecr.aws/nginx/nginx:1.27", "essential": False})
        job, changed = shop.offer_definition(definition, service)
        assert job.result["outcome"] == "succeeded", job.text
        assert changed == ["RegisterTaskDefinition", "UpdateService"]
        shown = job.result["deployment"]
        assert {check["status"] for check in shown["preflight"] if "sidecar" not in check["sentence"]} == {"OK"}
        assert [check["sentence"] for check in shown["preflight"] if "sidecar" in check["sentence"]] == [
            "image 'public.ecr.aws/nginx/nginx:1.27' of container 'sidecar' is not in ECR: not checked"]
        images = {image["container"]: image.get("digest") for image in shown["targets"][0]["images"]}
        assert images["app"].startswith("sha256:") and images["sidecar"] is None
        assert {"line": f"    image: {ECR}/preflight:2", "change": "+"} in shown["diff"]
    finally:
        service.remove()


def test_an_image_of_several_platforms_fits_by_one_of_them(shop):
    service = Service(shop.rehearsal)
    try:
        job, changed = shop.offer({"imagedefinitions.json": json.dumps([{"name": "app", "imageUri": f"{ECR}/preflight:both"}])}, service)
        assert job.result["outcome"] == "succeeded", job.text
        assert changed == ["RegisterTaskDefinition", "UpdateService"]
    finally:
        service.remove()


def test_preflight_can_be_switched_off(shop):
    service = Service(shop.rehearsal)
    try:
        job, changed = shop.offer({"imagedefinitions.json": json.dumps([{"name": "app", "imageUri": f"{ECR}/preflight:arm"}])}, service, Preflight="OFF", DeploymentTimeout="1")
        assert "RegisterTaskDefinition" in changed and "preflight" not in job.result["deployment"]
    finally:
        service.remove()
