"""Deploys through CodeDeploy, CloudFormation and Elastic Beanstalk: a real runner, a fake server, and the sandbox in
scripted mode. Each test has an application, a service, a stack or an environment of its own."""

import importlib.util
import json
import pathlib
import sys
import uuid

import pytest

SYSTEM = pathlib.Path(__file__).resolve().parents[1]
_spec = importlib.util.spec_from_file_location("static_conftest", SYSTEM / "static" / "conftest.py")
_static = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_static)
runner_program, sandbox, server, deploys, no_faults = _static.runner_program, _static.sandbox, _static.server, _static.deploys, _static.no_faults
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from codedeploy_steps import APPSPEC, definition  # noqa: E402
from runner_steps import zip_of  # noqa: E402
from sandbox_under_test import NETWORK, free_port  # noqa: E402


class BlueGreen:
    """A service of CodeDeploy with two target groups behind a listener, running its first revision."""

    def __init__(self, deploys, sandbox, **group):
        self.deploys, self.sandbox = deploys, sandbox
        self.name = f"shop-{uuid.uuid4().hex[:8]}"
        self.ecs, self.codedeploy, self.elb = (sandbox.client(name) for name in ("ecs", "codedeploy", "elbv2"))
        self.first = self.ecs.register_task_definition(**definition(self.name, "example.com/web:1"))["taskDefinition"]["taskDefinitionArn"]
        self._make_service()
        self._make_group(group)
        self.began = len(sandbox.ledger())

    def _make_service(self):
        balancer = self.elb.create_load_balancer(Name=self.name, Subnets=["subnet-1"])["LoadBalancers"][0]["LoadBalancerArn"]
        self.groups = [self.elb.create_target_group(Name=f"{self.name}-{colour}", Protocol="HTTP", Port=8080, TargetType="ip", VpcId="vpc-1")["TargetGroups"][0]["TargetGroupArn"] for colour in "ab"]
        forward = [{"Type": "forward", "TargetGroupArn": self.groups[0]}]
        self.listener = self.elb.create_listener(LoadBalancerArn=balancer, Port=free_port(), Protocol="HTTP", DefaultActions=forward)["Listeners"][0]["ListenerArn"]
        self.ecs.create_cluster(clusterName=self.name)
        self.ecs.create_service(cluster=self.name, serviceName="web", taskDefinition=self.first, desiredCount=2, launchType="FARGATE", networkConfiguration=NETWORK,
                                deploymentController={"type": "CODE_DEPLOY"}, loadBalancers=[{"targetGroupArn": self.groups[0], "containerName": "web", "containerPort": 8080}])
        self.sandbox.control("POST", {"advanceMs": 300_000}, part="clock")

    def _make_group(self, given):
        wait, ready = given.pop("termination_minutes", 0), given.pop("ready", {"actionOnTimeout": "CONTINUE_DEPLOYMENT"})
        self.codedeploy.create_application(applicationName=self.name, computePlatform="ECS")
        self.codedeploy.create_deployment_group(
            applicationName=self.name, deploymentGroupName="prod", serviceRoleArn="arn:aws:iam::123456789012:role/codedeploy",
            ecsServices=[{"clusterName": self.name, "serviceName": "web"}], deploymentStyle={"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"},
            blueGreenDeploymentConfiguration={"terminateBlueInstancesOnDeploymentSuccess": {"action": "TERMINATE", "terminationWaitTimeInMinutes": wait}, "deploymentReadyOption": ready},
            loadBalancerInfo={"targetGroupPairInfoList": [{"targetGroups": [{"name": f"{self.name}-a"}, {"name": f"{self.name}-b"}], "prodTrafficRoute": {"listenerArns": [self.listener]}}]},
            **{"deploymentConfigName": "CodeDeployDefault.ECSAllAtOnce", **given})

    def offer(self, configuration=None, artifacts=None, image="example.com/web:2", **more):
        files = {"Built": {"taskdef.json": json.dumps(definition(self.name)), "appspec.yaml": APPSPEC}, "Image": {"imageDetail.json": json.dumps({"ImageURI": image})}}
        files.update(artifacts or {})
        message = {"id": f"job-{uuid.uuid4()}", "provider": "CodeDeployToECS", "category": "Deploy", "pipeline": "shop", "stage": "Deploy", "action": "Deploy",
                   "executionId": str(uuid.uuid4()), "actionExecutionId": str(uuid.uuid4()),
                   "configuration": {"ApplicationName": self.name, "DeploymentGroupName": "prod", "TaskDefinitionTemplateArtifact": "Built", "AppSpecTemplateArtifact": "Built",
                                     "Image1ArtifactName": "Image", "Image1ContainerName": "IMAGE1_NAME", **(configuration or {})}, **more}
        return self.deploys.server.offer(message, {name: zip_of(content) for name, content in files.items()})

    def deploy(self, *arguments, **options):
        job = self.offer(*arguments, **options)
        return self.deploys.finish(job), job

    def script(self, script):
        status, answer = self.sandbox.control("POST", {"service": f"{self.name}/web", "script": script}, part="rollouts")
        assert status == 200, answer

    def calls(self):
        """What AWS was asked since the service stood, but for what this class asks."""
        return [operation for operation, _ in self.deploys.calls(self.began)]

    def count(self, operation):
        return self.calls().count(operation)

    def deployments(self):
        """Of the group, oldest first."""
        ids = self.codedeploy.list_deployments(applicationName=self.name, deploymentGroupName="prod")["deployments"]
        return [self.codedeploy.get_deployment(deploymentId=name)["deploymentInfo"] for name in reversed(ids)]

    def task_sets(self):
        return self.ecs.describe_services(cluster=self.name, services=["web"])["services"][0]["taskSets"]

    def serving(self):
        """The revision that serves, and nothing else runs."""
        [only] = self.task_sets()
        assert only["status"] == "PRIMARY" and only["runningCount"] == 2, only
        return only["taskDefinition"].rpartition("/")[2]

    def traffic(self):
        """{target group's letter: weight} of the listener."""
        [action] = self.elb.describe_listeners(ListenerArns=[self.listener])["Listeners"][0]["DefaultActions"]
        groups = action.get("ForwardConfig", {}).get("TargetGroups") or [{"TargetGroupArn": action["TargetGroupArn"], "Weight": 100}]
        return {group["TargetGroupArn"].split("/")[1][-1]: group.get("Weight", 100) for group in groups if group.get("Weight", 100)}


@pytest.fixture
def blue_green(deploys, sandbox):
    def make(**group):
        return BlueGreen(deploys, sandbox, **group)
    return make
