"""A build image in a registry that asks for a login: the project's registryCredential opens it, and what the pull says
where it does not."""

import base64
import subprocess
import uuid

import pytest
from cloud_steps import phase
from sandbox_under_test import docker

SPEC = "version: 0.2\nphases:\n  build:\n    commands: [echo pulled=yes]\n"


@pytest.fixture
def locked(cloud, tmp_path):
    """An image that only the registry has: its name."""
    repository = f"locked-{uuid.uuid4().hex[:12]}"
    cloud.sandbox.client("ecr").create_repository(repositoryName=repository)
    name = f"{cloud.sandbox.registry}/{repository}:1"
    docker("tag", cloud.image, name)
    docker("--config", cloud.sandbox.login(str(tmp_path / "docker")), "push", name)
    docker("rmi", name)
    yield name
    subprocess.run(["docker", "rmi", "--force", name], check=False, capture_output=True)


def build(cloud, image, secret):
    credential = {"imagePullCredentialsType": "SERVICE_ROLE", "registryCredential": {"credential": secret, "credentialProvider": "SECRETS_MANAGER"}}
    environment = {"image": image, "computeType": "BUILD_GENERAL1_SMALL", "type": "LINUX_CONTAINER", "environmentVariables": []}
    return cloud.build(SPEC, environment={**environment, **(credential if secret else {})})


def test_registry_credential(cloud, locked):
    def keep(value):
        cloud.sandbox.control("POST", {"name": secret, "value": value}, part="secrets")

    def refusal(image=locked):
        status, code, message = phase(build(cloud, image, secret)[0], "PROVISIONING")
        assert (status, code) == ("FAILED", "BUILD_CONTAINER_UNABLE_TO_PULL_IMAGE")
        return message

    secret = f"registry/{uuid.uuid4().hex}"
    registry = cloud.sandbox.registry
    assert refusal().startswith(f"registryCredential '{secret}': ResourceNotFoundException")
    keep("no object")
    assert refusal() == f"registryCredential '{secret}' must hold a JSON object of two texts, username and password"
    keep({"username": "AWS", "password": "wrong-0123456789"})
    assert refusal().startswith(f"registry '{registry}' asks for a login before it gives image '{locked}'; name a secret of it in the project's registryCredential")
    token = cloud.sandbox.client("ecr").get_authorization_token()["authorizationData"][0]["authorizationToken"]
    password = base64.b64decode(token).decode().partition(":")[2]
    keep({"username": "AWS", "password": password})
    assert refusal(locked[:-1] + "2").startswith(f"image '{locked[:-1]}2' does not exist at '{registry}'")
    result, log = build(cloud, locked, secret)
    assert result["outcome"] == "succeeded" and "\npulled=yes\n" in log and password not in log, log
