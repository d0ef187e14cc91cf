"""ECR in scripted mode: images from the control door and from PutImage, and what a preflight reads of them."""

import hashlib
import json
import urllib.error
import urllib.request

import pytest
from botocore.exceptions import ClientError


def fetch(url, token=None, accept=None):
    """(body, headers) of a GET."""
    request = urllib.request.Request(url)
    if token:
        request.add_header("Authorization", f"Basic {token}")
    if accept:
        request.add_header("Accept", accept)
    with urllib.request.urlopen(request, timeout=30) as response:
        return response.read(), response.headers


def manifest_of(ecr, name, **image_id):
    answer = ecr.batch_get_image(repositoryName=name, imageIds=[image_id])
    assert answer["failures"] == []
    return json.loads(answer["images"][0]["imageManifest"])


def test_platforms_are_found_in_the_config(scripted):
    ecr = scripted.client("ecr")
    scripted.control("POST", {"repository": "platforms", "tag": "1", "platforms": ["linux/amd64", "linux/arm64"], "sizeBytes": 1234}, "images")
    index = manifest_of(ecr, "platforms", imageTag="1")
    found = set()
    for entry in index["manifests"]:
        text, headers = fetch(f"http://{scripted.registry}/v2/platforms/manifests/{entry['digest']}", token(ecr))
        assert headers["Docker-Content-Digest"] == entry["digest"] == "sha256:" + hashlib.sha256(text).hexdigest()
        digest = json.loads(text)["config"]["digest"]
        config, _ = fetch(ecr.get_download_url_for_layer(repositoryName="platforms", layerDigest=digest)["downloadUrl"])
        found.add(json.loads(config)["architecture"])
        assert json.loads(config)["architecture"] == entry["platform"]["architecture"]
    assert found == {"amd64", "arm64"}
    detail = ecr.describe_images(repositoryName="platforms", imageIds=[{"imageTag": "1"}])["imageDetails"][0]
    assert detail["imageSizeInBytes"] == 1234


def token(ecr):
    return ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]


def test_registry_asks_for_the_token(scripted):
    scripted.control("POST", {"repository": "guarded", "tag": "1"}, "images")
    url = f"http://{scripted.registry}/v2/guarded/manifests/1"
    for wrong in (None, "QVdTOm5v"):
        with pytest.raises(urllib.error.HTTPError) as error:
            fetch(url, wrong)
        assert error.value.code == 401
    good = token(scripted.client("ecr"))
    assert json.loads(fetch(url, good)[0])["schemaVersion"] == 2
    for missing in (url.replace("guarded", "nowhere"), url + "2"):
        with pytest.raises(urllib.error.HTTPError) as error:
            fetch(missing, good)
        assert error.value.code == 404


def test_put_image(scripted):
    ecr = scripted.client("ecr")
    ecr.create_repository(repositoryName="put", imageTagMutability="IMMUTABLE")
    scripted.control("POST", {"repository": "source", "tag": "1"}, "images")
    text = json.dumps(manifest_of(ecr, "source", imageTag="1"))
    image = ecr.put_image(repositoryName="put", imageTag="1", imageManifest=text)["image"]
    assert image["imageId"] == {"imageDigest": "sha256:" + hashlib.sha256(text.encode()).hexdigest(), "imageTag": "1"}
    with pytest.raises(ClientError) as error:
        ecr.put_image(repositoryName="put", imageTag="1", imageManifest=text)
    assert error.value.response["Error"]["Code"] == "ImageAlreadyExistsException"
    with pytest.raises(ClientError) as error:
        ecr.put_image(repositoryName="put", imageTag="1", imageManifest=text + " ")
    assert error.value.response["Error"]["Code"] == "ImageTagAlreadyExistsException"
    with pytest.raises(ClientError) as error:
        ecr.get_download_url_for_layer(repositoryName="put", layerDigest="sha256:" + "0" * 64)
    assert error.value.response["Error"]["Code"] == "LayersNotFoundException"


def test_no_ticket_opens_another_door(scripted):
    ecr = scripted.client("ecr")
    scripted.control("POST", {"repository": "tickets", "tag": "1"}, "images")
    digest = manifest_of(ecr, "tickets", imageTag="1")["config"]["digest"]
    url = ecr.get_download_url_for_layer(repositoryName="tickets", layerDigest=digest)["downloadUrl"]
    with pytest.raises(urllib.error.HTTPError) as error:
        fetch(url.replace(f"blobs/{digest}", "manifests/1"))
    assert error.value.code == 401
