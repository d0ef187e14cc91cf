"""ECR and its registry: sign-in, unknown repositories, pushes, tags."""

import http.client
import json
import os
import urllib.request

import pytest
from botocore.exceptions import ClientError
from sandbox_under_test import ACCOUNT, docker


def code_of(error):
    return error.value.response["Error"]["Code"]


@pytest.fixture
def tagged(base_image):
    """Tags the base image; takes the tags away at the end."""
    made = []

    def tag(name):
        docker("tag", base_image, name)
        made.append(name)
        return name

    yield tag
    for name in made:
        docker("rmi", name)


def refused_push(configuration, name):
    with pytest.raises(RuntimeError) as error:
        docker("--config", configuration, "push", name)
    return str(error.value)


def test_push_needs_the_token(sandbox, tagged, tmp_path):
    sandbox.client("ecr").create_repository(repositoryName="locked")
    name = tagged(f"{sandbox.registry}/locked:1")
    (tmp_path / "empty").mkdir()
    assert "no basic auth credentials" in refused_push(str(tmp_path / "empty"), name)
    assert sandbox.client("ecr").describe_images(repositoryName="locked")["imageDetails"] == []


def test_wrong_password(sandbox):
    connection = http.client.HTTPConnection(sandbox.registry, timeout=60)
    connection.request("GET", "/v2/", headers={"Authorization": "Basic QVdTOndyb25n"})
    response = connection.getresponse()
    assert response.status == 401
    assert response.headers["Www-Authenticate"].startswith("Basic realm=")


def test_push_to_unknown_repository(sandbox, tagged, tmp_path):
    text = refused_push(sandbox.login(str(tmp_path / "docker")), tagged(f"{sandbox.registry}/never/made:1"))
    assert f"name unknown: The repository with name 'never/made' does not exist in the registry with id '{ACCOUNT}'" in text


def test_push_describe_and_pull(sandbox, tagged, tmp_path):
    ecr = sandbox.client("ecr")
    made = ecr.create_repository(repositoryName="team/web", imageTagMutability="IMMUTABLE")["repository"]
    assert made["repositoryUri"] == f"{sandbox.registry}/team/web"
    assert made["repositoryArn"].endswith(f":{ACCOUNT}:repository/team/web")
    configuration = sandbox.login(str(tmp_path / "docker"))
    name = tagged(f"{sandbox.registry}/team/web:v1")
    docker("--config", configuration, "push", "-q", name)
    detail = ecr.describe_images(repositoryName="team/web", imageIds=[{"imageTag": "v1"}])["imageDetails"][0]
    assert detail["imageTags"] == ["v1"] and detail["imageSizeInBytes"] > 100_000
    by_digest = f"{sandbox.registry}/team/web@{detail['imageDigest']}"
    docker("--config", configuration, "pull", "-q", by_digest)
    docker("rmi", by_digest)
    image = ecr.batch_get_image(repositoryName="team/web", imageIds=[{"imageTag": "v1"}, {"imageTag": "v9"}])
    assert image["images"][0]["imageId"]["imageDigest"] == detail["imageDigest"]
    assert image["failures"][0]["failureCode"] == "ImageNotFound"
    with pytest.raises(ClientError) as error:
        ecr.describe_images(repositoryName="team/web", imageIds=[{"imageTag": "v9"}])
    assert code_of(error) == "ImageNotFoundException"
    pushes = [line for line in sandbox.ledger() if line["service"] == "registry" and line["input"]["name"] == "team/web"]
    assert [line["outcome"]["result"]["digest"] for line in pushes] == [detail["imageDigest"]]
    text = refused_push(configuration, name)
    assert "tag invalid: The image tag 'v1' already exists in the 'team/web' repository and cannot be overwritten because the tag is immutable." in text
    with pytest.raises(ClientError) as error:
        ecr.delete_repository(repositoryName="team/web")
    assert code_of(error) == "RepositoryNotEmptyException"
    ecr.delete_repository(repositoryName="team/web", force=True)
    with pytest.raises(ClientError) as error:
        ecr.describe_repositories(repositoryNames=["team/web"])
    assert code_of(error) == "RepositoryNotFoundException"


def test_big_layer_streams(sandbox, base_image, tmp_path):
    """A layer of 64 MB that does not compress goes through the door, and back by digest."""
    (tmp_path / "big").write_bytes(os.urandom(64 * 1024 * 1024))
    (tmp_path / "Dockerfile").write_text(f"FROM {base_image}\nCOPY big /big\n")
    name = f"{sandbox.registry}/big:1"
    sandbox.client("ecr").create_repository(repositoryName="big")
    docker("build", "-q", "-t", name, str(tmp_path), env={"DOCKER_BUILDKIT": "0"})
    docker("--config", sandbox.login(str(tmp_path / "docker")), "push", "-q", name)
    docker("rmi", "-f", name)
    assert sandbox.client("ecr").describe_images(repositoryName="big")["imageDetails"][0]["imageSizeInBytes"] > 64 * 1024 * 1024


def test_repository_twice_and_bad_name(sandbox):
    ecr = sandbox.client("ecr")
    ecr.create_repository(repositoryName="twice")
    with pytest.raises(ClientError) as error:
        ecr.create_repository(repositoryName="twice")
    assert code_of(error) == "RepositoryAlreadyExistsException"
    with pytest.raises(ClientError) as error:
        ecr.create_repository(repositoryName="Not/Good")
    assert code_of(error) == "InvalidParameterException"


def test_config_and_second_tag_through_ecr(sandbox, pushed_image):
    """What a preflight reads without docker: the manifest, and by its address the config; and a tag put by PutImage."""
    ecr = sandbox.client("ecr")
    image = ecr.batch_get_image(repositoryName="server", imageIds=[{"imageTag": "1"}])["images"][0]
    digest = json.loads(image["imageManifest"])["config"]["digest"]
    url = ecr.get_download_url_for_layer(repositoryName="server", layerDigest=digest)["downloadUrl"]
    with urllib.request.urlopen(url, timeout=30) as response:
        assert json.loads(response.read())["os"] == "linux"
    again = ecr.put_image(repositoryName="server", imageTag="again", imageManifest=image["imageManifest"], imageManifestMediaType=image["imageManifestMediaType"])["image"]
    assert again["imageId"] == {"imageDigest": image["imageId"]["imageDigest"], "imageTag": "again"}
    assert sorted(ecr.describe_images(repositoryName="server", imageIds=[{"imageTag": "again"}])["imageDetails"][0]["imageTags"]) == ["1", "again"]
