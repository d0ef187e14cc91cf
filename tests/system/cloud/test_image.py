"""ECRBuildAndPublish with jobs of a test's own making: a source that means harm, and a job that had another holder."""

import io
import json
import stat
import uuid
import zipfile

import pytest
from runner_steps import docker

DOCKERFILE = "FROM {image}\nCOPY . /all\nRUN find /all | sort; : {mark}\n"


def zip_with(files, links=(), devices=()):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
        for kind, entries in ((stat.S_IFLNK | 0o777, links), (stat.S_IFCHR | 0o666, devices)):
            for name, target in entries:
                entry = zipfile.ZipInfo(name)
                entry.create_system = 3
                entry.external_attr = kind << 16
                archive.writestr(entry, target)
    return out.getvalue()


@pytest.fixture
def repository(cloud):
    name = f"cloud/{uuid.uuid4().hex[:10]}"
    cloud.sandbox.client("ecr").create_repository(repositoryName=name)
    yield name
    for image in docker("image", "ls", "--filter", "label=penstock.image", "--format", "{{.Repository}}:{{.Tag}}", "penstock.local/image").decode().split():
        if any(job.id in image for job in cloud.server.jobs.values()):
            docker("image", "rm", image)


def build(cloud, repository, source, **job):
    identity = str(uuid.uuid4())
    message = {"id": identity, "provider": "ECRBuildAndPublish", "category": "Build", "configuration": {"ECRRepositoryName": repository, **job.pop("configuration", {})}, **job}
    offered = cloud.server.offer(message, {"App": source})
    return cloud.finish(offered), offered


def images_of(cloud, repository):
    return cloud.sandbox.client("ecr").describe_images(repositoryName=repository)["imageDetails"]


def test_links_out_and_devices_are_left_out(cloud, repository):
    text = DOCKERFILE.format(image=cloud.image, mark=uuid.uuid4())
    source = zip_with({"Dockerfile": text, "folder/file": "inside\n"},
                      links=[("folder/good", "file"), ("folder/out", "../../etc/passwd"), ("absolute", "/etc/passwd")], devices=[("null", "")])
    result, job = build(cloud, repository, source)
    assert result["outcome"] == "succeeded", job.text
    for name, why in (("folder/out", "the link leads out of the artifact"), ("absolute", "the link leads out of the artifact"), ("null", "neither file nor folder nor symbolic link")):
        assert f"'{name}' is left out: {why}" in job.text
    assert "/all/folder/good" in job.text and "/all/absolute" not in job.text and "/all/null" not in job.text


@pytest.mark.parametrize("source, words", [
    (zip_with({"Dockerfile": "FROM scratch\n", "../out": "x"}), "'../out'"),
    (zip_with({"other": ""}), "the source has no file 'Dockerfile'; correct DockerFilePath"),
    (zip_with({}, links=[("Dockerfile", "/etc/shadow")]), "the source has no file 'Dockerfile'"),
    (b"no zip at all", "the artifact is no"),
], ids=["climbs out", "no Dockerfile", "a link for a Dockerfile", "no zip"])
def test_a_source_that_cannot_be_built(cloud, repository, source, words):
    result, _ = build(cloud, repository, source)
    assert result["outcome"] == "failed" and words in result["errorMessage"]
    assert not images_of(cloud, repository)


def test_who_takes_the_job_over_finds_the_push_done(cloud, repository):
    """The holder before pushed and was lost before it could say so: its mark says which image it was."""
    source = zip_with({"Dockerfile": DOCKERFILE.format(image=cloud.image, mark=uuid.uuid4())})
    first, job = build(cloud, repository, source)
    assert first["outcome"] == "succeeded" and len(job.checkpoints) == 1, job.text
    mark = job.checkpoints[0]["checkpoint"] if "checkpoint" in job.checkpoints[0] else job.checkpoints[0]
    second, again = build(cloud, repository, source, attempt=2, checkpoint=mark)
    assert second["outcome"] == "succeeded" and "was pushed by the runner that had this job before" in again.text
    assert "building with" not in again.text and second["variables"] == first["variables"]
    # Another image under that tag: nothing is adopted, it is built and pushed again.
    other = zip_with({"Dockerfile": DOCKERFILE.format(image=cloud.image, mark=uuid.uuid4())})
    build(cloud, repository, other)
    third, once_more = build(cloud, repository, source, attempt=2, checkpoint=mark)
    assert third["outcome"] == "succeeded" and "building with" in once_more.text
    # The image of before where the engine still has its layers, else a new one; in any case the one that the tag names.
    named = cloud.sandbox.client("ecr").batch_get_image(repositoryName=repository, imageIds=[{"imageTag": "latest"}])["images"]
    assert [image["imageId"]["imageDigest"] for image in named] == [third["variables"]["ECRImageDigestId"]]
    last = once_more.checkpoints[0].get("checkpoint", once_more.checkpoints[0])
    assert last == {"image": json.loads(named[0]["imageManifest"])["config"]["digest"]}
