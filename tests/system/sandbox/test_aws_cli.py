"""Debian's own `aws`, unmodified."""

import json
import os
import subprocess
import uuid

import pytest
from sandbox_under_test import ACCOUNT, KEY, REGION, SECRET

AWS = "/usr/bin/aws"


@pytest.fixture
def aws(sandbox):
    if not os.access(AWS, os.X_OK):
        pytest.skip("awscli is not installed")

    def run(*arguments, secret=SECRET):
        environment = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": secret, "AWS_DEFAULT_REGION": REGION, "AWS_PAGER": ""}
        return subprocess.run([AWS, "--endpoint-url", sandbox.endpoint, "--output", "json", *arguments], capture_output=True, text=True, env=environment, timeout=60)

    return run


def good(result):
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout) if result.stdout.strip() else None


def test_calls(aws, sandbox, tmp_path):
    name = f"cli-{uuid.uuid4().hex[:8]}"
    assert good(aws("sts", "get-caller-identity"))["Account"] == ACCOUNT
    assert good(aws("ecr", "create-repository", "--repository-name", name))["repository"]["repositoryUri"] == f"{sandbox.registry}/{name}"
    assert aws("ecr", "get-login-password").stdout.strip()
    good(aws("ecs", "create-cluster", "--cluster-name", name))
    containers = json.dumps([{"name": "a", "image": "b", "memory": 8}])
    registered = good(aws("ecs", "register-task-definition", "--family", name, "--network-mode", "awsvpc", "--container-definitions", containers))
    assert registered["taskDefinition"]["revision"] == 1
    network = "awsvpcConfiguration={subnets=[s-1],securityGroups=[]}"
    good(aws("ecs", "create-service", "--cluster", name, "--service-name", "web", "--task-definition", name, "--desired-count", "0", "--network-configuration", network))
    good(aws("ecs", "wait", "services-stable", "--cluster", name, "--services", "web"))
    service = good(aws("ecs", "describe-services", "--cluster", name, "--services", "web"))["services"][0]
    assert service["deployments"][0]["rolloutState"] == "COMPLETED"
    group = good(aws("elbv2", "create-target-group", "--name", name, "--protocol", "HTTP", "--port", "80", "--target-type", "ip", "--vpc-id", "v"))["TargetGroups"][0]
    assert good(aws("elbv2", "describe-target-health", "--target-group-arn", group["TargetGroupArn"]))["TargetHealthDescriptions"] == []
    good(aws("s3api", "create-bucket", "--bucket", name, "--create-bucket-configuration", f"LocationConstraint={REGION}"))
    (tmp_path / "file").write_text("hello")
    assert aws("s3", "cp", str(tmp_path / "file"), f"s3://{name}/file").returncode == 0
    assert "file" in aws("s3", "ls", f"s3://{name}/").stdout


def test_errors(aws):
    refused = aws("ecs", "list-clusters", secret="wrong")
    assert refused.returncode == 254 and "(InvalidSignatureException)" in refused.stderr
    missing = aws("ecs", "describe-services", "--cluster", "nowhere", "--services", "x")
    assert "An error occurred (ClusterNotFoundException) when calling the DescribeServices operation: Cluster not found." in missing.stderr
    assert "(TargetGroupNotFound)" in aws("elbv2", "describe-target-groups", "--target-group-arns", "arn:aws:x").stderr
