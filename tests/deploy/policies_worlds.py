"""What each action deploys to in the tests of docs/policies: a world in the sandbox, made with all rights.

`WORLDS` maps a policy's name to a function (deploys, sandbox) -> World. The rooms of tests/system have most of what is
needed; their classes are borrowed.
"""

import importlib.util
import io
import json
import pathlib
import sys
import uuid
import zipfile

TESTS = pathlib.Path(__file__).resolve().parents[1]
ACCOUNT, REGION = "123456789012", "eu-west-1"
NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-1"], "securityGroups": ["sg-1"], "assignPublicIp": "ENABLED"}}
PASSING = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}})


def _load(name, path):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def borrow(room, file):
    """A test module of tests/system/ROOM, which finds its own conftest.py as it would there."""
    ours = sys.modules.get("conftest")
    sys.modules["conftest"] = _load(f"{room}_conftest", TESTS / "system" / room / "conftest.py")
    try:
        return _load(f"{room}_{file}", TESTS / "system" / room / f"{file}.py")
    finally:
        if ours is not None:
            sys.modules["conftest"] = ours
        else:
            del sys.modules["conftest"]


class World:
    """`offer()` queues the action's main job; `names` says what stands for the capital words of its policy.  After `hold()`
    the next job goes on for ever, and is cancelled; after `stick(cause)` it does not get on for that cause."""

    def __init__(self, offer, hold=None, stick=None, **names):
        self.offer, self.hold, self.stick = offer, hold, stick
        self.names = {"REGION": REGION, "ACCOUNT": ACCOUNT, **names}


def _job(deploys, provider, category, configuration, inputs=None, outputs=(), **more):
    message = {"id": f"job-{uuid.uuid4()}", "provider": provider, "category": category, "region": REGION, "pipeline": "shop", "stage": "Deploy", "action": "Do",
               "executionId": str(uuid.uuid4()), "actionExecutionId": str(uuid.uuid4()), "configuration": configuration, "outputs": list(outputs), **more}
    return deploys.server.offer(message, {name: zip_of(files) for name, files in (inputs or {}).items()})


def zip_of(files):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return data.getvalue()


def _name(kind):
    return f"{kind}-{uuid.uuid4().hex[:10]}"


def _bucket(sandbox, name):
    sandbox.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    return name


def _task_role(sandbox, name):
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
    return sandbox.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]


class Shop:
    """A service as people have it: images in ECR, roles, a log group, a parameter, a balancer."""

    def __init__(self, sandbox):
        self.sandbox, self.name = sandbox, _name("shop")
        self.ecs = sandbox.client("ecs")
        for tag in "12":
            sandbox.control("POST", {"repository": self.name, "tag": tag}, part="images")
        self.image = f"{sandbox.registry}/{self.name}"
        sandbox.client("logs").create_log_group(logGroupName=f"/ecs/{self.name}")
        sandbox.client("ssm").put_parameter(Name=f"/{self.name}/key", Value="x", Type="SecureString")
        self.roles = {kind: _task_role(sandbox, f"{self.name}-{kind}") for kind in ("execution", "task")}
        self.first = self.ecs.register_task_definition(**self.definition(f"{self.image}:1"))["taskDefinition"]["taskDefinitionArn"]
        self._serve()
        sandbox.control("POST", {"advanceMs": 300_000}, part="clock")

    def definition(self, image):
        options = {"awslogs-group": f"/ecs/{self.name}", "awslogs-region": REGION, "awslogs-stream-prefix": "ecs"}
        return {"family": self.name, "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "256", "memory": "512",
                "executionRoleArn": self.roles["execution"], "taskRoleArn": self.roles["task"],
                "containerDefinitions": [{"name": "web", "image": image, "essential": True, "portMappings": [{"containerPort": 8080, "protocol": "tcp"}],
                                          "secrets": [{"name": "KEY", "valueFrom": f"/{self.name}/key"}], "logConfiguration": {"logDriver": "awslogs", "options": options}}]}

    def _serve(self):
        from sandbox_under_test import free_port

        elb = self.sandbox.client("elbv2")
        balancer = elb.create_load_balancer(Name=self.name, Subnets=["subnet-1"])["LoadBalancers"][0]["LoadBalancerArn"]
        group = elb.create_target_group(Name=self.name, Protocol="HTTP", Port=8080, TargetType="ip", VpcId="vpc-1")["TargetGroups"][0]["TargetGroupArn"]
        elb.create_listener(LoadBalancerArn=balancer, Port=free_port(), Protocol="HTTP", DefaultActions=[{"Type": "forward", "TargetGroupArn": group}])
        self.ecs.create_cluster(clusterName=self.name)
        self.ecs.create_service(cluster=self.name, serviceName="web", taskDefinition=self.first, desiredCount=1, launchType="FARGATE", networkConfiguration=NETWORK,
                                loadBalancers=[{"targetGroupArn": group, "containerName": "web", "containerPort": 8080}])

    def images(self):
        return {"imagedefinitions.json": json.dumps([{"name": "web", "imageUri": f"{self.image}:2"}])}

    @property
    def names(self):
        return {"CLUSTER": self.name, "SERVICE": "web", "FAMILY": self.name, "EXECUTION-ROLE": f"{self.name}-execution", "TASK-ROLE": f"{self.name}-task",
                "REPOSITORY": self.name, "LOG-GROUP": f"/ecs/{self.name}", "PARAMETER": f"{self.name}/*"}


def ecs(deploys, sandbox):
    shop = Shop(sandbox)

    def hold():
        sandbox.control("POST", {"service": f"{shop.name}/web", "script": [{"pending": 10_000_000}]}, part="rollouts")

    def stick(cause):
        sandbox.control("POST", {"service": f"{shop.name}/web", "script": {"cause": cause}}, part="rollouts")

    configuration = {"ClusterName": shop.name, "ServiceName": "web", "DeploymentTimeout": "43200"}
    return World(lambda: _job(deploys, "ECS", "Deploy", configuration, {"Images": shop.images()}), hold, stick, **shop.names)


def run_task(deploys, sandbox):
    shop = Shop(sandbox)
    return World(lambda: _job(deploys, "RunTask", "Invoke", {"ClusterName": shop.name, "ServiceName": "web", "LockName": shop.name, "Command": "migrate"}, {"Images": shop.images()}), **shop.names)


def codedeploy_to_ecs(deploys, sandbox):
    room = _load("codedeploy_conftest", TESTS / "system" / "codedeploy" / "conftest.py")
    made = room.BlueGreen(deploys, sandbox)
    sandbox.control("POST", {"repository": made.name, "tag": "2"}, part="images")
    group, parameter = f"/ecs/{made.name}", f"/{made.name}/key"
    sandbox.client("logs").create_log_group(logGroupName=group)
    sandbox.client("ssm").put_parameter(Name=parameter, Value="x", Type="SecureString")
    roles = {kind: _task_role(sandbox, f"{made.name}-{kind}") for kind in ("execution", "task")}
    definition = {**room.definition(made.name), "executionRoleArn": roles["execution"], "taskRoleArn": roles["task"]}
    definition["containerDefinitions"][0] |= {
        "secrets": [{"name": "KEY", "valueFrom": parameter}],
        "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": group, "awslogs-region": REGION, "awslogs-stream-prefix": "ecs"}}}
    built = {"taskdef.json": json.dumps(definition), "appspec.yaml": room.APPSPEC}
    return World(lambda: made.offer(artifacts={"Built": built}, image=f"{sandbox.registry}/{made.name}:2"), stick=lambda cause: made.script({"cause": cause}),
                 APPLICATION=made.name, GROUP="prod", CLUSTER=made.name, SERVICE="web", FAMILY=made.name, REPOSITORY=made.name,
                 **{"EXECUTION-ROLE": f"{made.name}-execution", "TASK-ROLE": f"{made.name}-task", "LOG-GROUP": group, "PARAMETER": f"{made.name}/*"})


def codedeploy(deploys, sandbox):
    made = borrow("codedeploy", "test_servers").Fleet(deploys, sandbox)
    return World(made.offer, APPLICATION=made.name, GROUP="prod", BUCKET=made.name)


def cloudformation(deploys, sandbox):
    stacks = borrow("codedeploy", "test_cloudformation")
    made = stacks.Stacks(deploys, sandbox)
    made.succeed()
    count = iter(range(2, 1000))
    role = f"arn:aws:iam::{ACCOUNT}:role/stack-role"
    return World(lambda: made.offer(configuration={"ParameterOverrides": json.dumps({"Tag": str(next(count))}), "RoleArn": role}), STACK=made.name, **{"STACK-ROLE": "stack-role"})


def elastic_beanstalk(deploys, sandbox):
    made = borrow("codedeploy", "test_beanstalk").Beanstalk(deploys, sandbox)
    return World(made.offer, APPLICATION=made.name, ENVIRONMENT=made.name, BUCKET=made.name)


def s3_deploy(deploys, sandbox):
    bucket = _bucket(sandbox, _name("site"))
    sandbox.client("s3").put_object(Bucket=bucket, Key="index.html", Body=b"<p>before")
    count = iter(range(1000))

    def offer():
        sandbox.control("POST", {"advanceMs": 60000}, part="clock")
        return _job(deploys, "S3", "Deploy", {"BucketName": bucket, "Extract": "true"}, {"App": {"index.html": f"<p>{next(count)}", "a.js": "1"}})

    return World(offer, BUCKET=bucket)


def cloudfront(deploys, sandbox):
    name = f"E{uuid.uuid4().hex[:12].upper()}"
    sandbox.control("POST", {"id": name, "seconds": 12}, part="distributions")
    return World(lambda: _job(deploys, "CloudFront", "Invoke", {"DistributionId": name}), DISTRIBUTION=name)


def scheduled_task(deploys, sandbox):
    schedule = borrow("static", "test_scheduled_task").Schedule(deploys)
    return World(schedule.offer, RULE=schedule.name, FAMILY=schedule.name, **{"EVENTS-ROLE": "events"})


def release(deploys, sandbox):
    """One member of each kind."""
    shop, schedule = Shop(sandbox), borrow("static", "test_scheduled_task").Schedule(deploys)
    bucket = _bucket(sandbox, _name("site"))
    sandbox.client("s3").put_object(Bucket=bucket, Key="index.html", Body=b"<p>before")
    members = [{"name": "pages", "provider": "S3", "inputArtifact": "Pages", "configuration": {"BucketName": bucket, "Extract": "true"}},
               {"name": "web", "provider": "ECS", "inputArtifact": "Images", "configuration": {"ClusterName": shop.name, "ServiceName": "web"}},
               {"name": "report", "provider": "ScheduledTask", "inputArtifact": "Report", "configuration": {"RuleName": schedule.name, "TargetId": "report"}}]
    configuration = {"ReleaseName": shop.name, "Members": json.dumps(members)}
    report = {"imagedefinitions.json": json.dumps([{"name": "report", "imageUri": f"{shop.image}:2"}])}
    inputs = {"Pages": {"index.html": "<p>new", "a.js": "1"}, "Images": shop.images(), "Report": report}
    return World(lambda: _job(deploys, "Release", "Deploy", configuration, inputs), **shop.names, RULE=schedule.name, BUCKET=bucket, **{"EVENTS-ROLE": "events"})


def function(deploys, sandbox):
    name = _name("function")
    sandbox.control("POST", {"name": name, "returns": True}, part="functions")
    bucket = _bucket(sandbox, _name("artifacts"))
    sandbox.client("s3").put_object(Bucket=bucket, Key="shop/Out/0b1c6f0e-0000-4000-8000-000000000009.zip", Body=zip_of({"a": "1"}))
    return World(lambda: _job(deploys, "Lambda", "Invoke", {"FunctionName": name}, {"App": {"a": "1"}}, ["Out"], artifactBucket=bucket, actionExecutionId="0b1c6f0e-0000-4000-8000-000000000009"), FUNCTION=name, BUCKET=bucket)


def step_functions(deploys, sandbox):
    name = _name("machine")
    arn = sandbox.client("stepfunctions").create_state_machine(name=name, definition=PASSING, roleArn=f"arn:aws:iam::{ACCOUNT}:role/m")["stateMachineArn"]

    def hold():
        sandbox.control("POST", {"name": name, "hold": True}, part="machines")

    return World(lambda: _job(deploys, "StepFunctions", "Invoke", {"StateMachineArn": arn}), hold, **{"STATE-MACHINE": name})


def s3_source(deploys, sandbox):
    bucket = _bucket(sandbox, _name("source"))
    sandbox.client("s3").put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    sandbox.client("s3").put_object(Bucket=bucket, Key="app.zip", Body=zip_of({"v": "1"}))
    return World(lambda: _job(deploys, "S3", "Source", {"S3Bucket": bucket, "S3ObjectKey": "app.zip"}, outputs=["App"]), BUCKET=bucket, KEY="app.zip")


def ecr_source(deploys, sandbox):
    name = _name("image")
    sandbox.control("POST", {"repository": name, "tag": "latest"}, part="images")
    return World(lambda: _job(deploys, "ECR", "Source", {"RepositoryName": name}, outputs=["Image"]), REPOSITORY=name)


WORLDS = {
    "ECS": ecs,
    "RunTask": run_task,
    "CodeDeployToECS": codedeploy_to_ecs,
    "CodeDeploy": codedeploy,
    "CloudFormation": cloudformation,
    "ElasticBeanstalk": elastic_beanstalk,
    "S3-deploy": s3_deploy,
    "CloudFront": cloudfront,
    "ScheduledTask": scheduled_task,
    "Release": release,
    "Lambda": function,
    "StepFunctions": step_functions,
    "S3-source": s3_source,
    "ECR-source": ecr_source,
}
