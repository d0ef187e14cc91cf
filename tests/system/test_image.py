"""ECRBuildAndPublish from push to end: a Dockerfile built and pushed to the sandbox's ECR, over a real registry."""

import base64
import os
import re
import uuid

import pytest
from penstock_under_test import describe, load_pipeline, push, read_log, stop, wait_for_action, wait_for_end
from stack import cloud, processes
from stack.events import action

PIPELINE = """
name: image
stages:
  - name: Source
    actions:
      - {name: App, provider: CodeCommit, configuration: {RepositoryName: image, BranchName: main}, outputArtifacts: [App]}
  - name: Build
    actions:
      - name: Image
        provider: ECRBuildAndPublish
        namespace: Image
        inputArtifacts: [App]
        outputArtifacts: [Made]
        configuration: {ECRRepositoryName: REPOSITORY, ImageTags: 'latest, #{codepipeline.PipelineExecutionId}', MORE}
      - name: Read
        provider: Commands
        runOrder: 2
        inputArtifacts: [Made]
        commands: [cat imagedefinitions.json imageDetail.json, 'echo digest=#{Image.ECRImageDigestId} name=#{Image.ECRRepositoryName}']
"""
STAGES = """
FROM penstock/busybox AS base
ARG GREETING=none
RUN mkdir /made && echo "$GREETING from MARK" > /made/greeting && cat words.txt 2>/dev/null || true

FROM base AS unused
RUN echo never

FROM penstock/busybox AS last
COPY --from=base /made/greeting /greeting
COPY words.txt /words
CMD ["cat", "/greeting", "/words"]
"""
BOTH = pytest.mark.parametrize("images", ["auto", "classic"], indirect=True)
CONTAINER = "ContainerName: web, BuildArguments: '{\"GREETING\": \"hello\"}', Target: last, DockerFilePath: build/Dockerfile"


class Images:
    """One repository in ECR, one hosted source, and a runner."""

    def __init__(self, aws, server, make_runner, make_clone, tmp_path, builder):
        self.server = server
        self.ecr = cloud.Cloud(aws).ecr
        self.repository = f"team/{uuid.uuid4().hex[:10]}"
        self.ecr.create_repository(repositoryName=self.repository)
        self.uri = f"{aws.registry}/{self.repository}"
        self.mark = uuid.uuid4().hex
        self.source = tmp_path / "source"
        self.source.mkdir()
        (self.source / "words.txt").write_text("some words\n")
        # Debian's docker first: its BuildKit needs no plug-in.
        path = f"{os.path.dirname(cloud.DOCKER)}:{os.environ['PATH']}"
        self.runner = make_runner(server, PATH=path, PENSTOCK_COMMANDS_IMAGE="penstock/busybox", PENSTOCK_IMAGE_BUILDER=builder)
        self._make_clone = make_clone

    def start(self, dockerfile, more="", path="Dockerfile", change=lambda text: text):
        """Push the source with that Dockerfile through the pipeline; the execution's id."""
        file = self.source / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(dockerfile.replace("MARK", self.mark))
        load_pipeline(self.server, "image.yml", change(PIPELINE.replace("REPOSITORY", self.repository).replace(", MORE", f", {more}" if more else "")))
        return push(self._make_clone(self.server, "image", str(self.source)), "image")[1]

    def log(self, one):
        return read_log(self.server, one["log"]["logId"]) if one.get("log") else []

    def processes(self):
        """Processes of this machine that have the mark in their arguments: the engine's containers are among them."""
        found = []
        for entry in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{entry}/cmdline", "rb") as file:
                    if self.mark.encode() in file.read():
                        found.append(entry)
            except OSError:
                continue
        return found

    def wait_for_run(self, execution_id):
        """Until the RUN step's command is there."""
        wait_for_action(self.server, "image", execution_id, "Build", "Image", lambda one: any("waiting" in line for line in self.log(one)) and self.processes(), "the RUN step")


@pytest.fixture
def images(request, aws, server, make_runner, make_clone, tmp_path, docker):
    made = Images(aws, server, make_runner, make_clone, tmp_path, getattr(request, "param", "auto"))
    yield made
    names = docker("image", "ls", "--filter", "label=penstock.image", "--format", "{{.Repository}}:{{.Tag}} {{.ID}}")
    for name in {line.split()[0] for line in names.splitlines() if line.startswith("penstock.local/image:")}:
        docker("image", "rm", name)


@BOTH
def test_an_image_is_built_pushed_and_handed_on(images, docker):
    detail = wait_for_end(images.server, "image", execution_id := images.start(STAGES, CONTAINER, "build/Dockerfile"))
    assert detail["execution"]["status"] == "Succeeded", describe(images.server, detail)
    image, read = action(detail, "Build", "Image"), action(detail, "Build", "Read")

    found = images.ecr.describe_images(repositoryName=images.repository)["imageDetails"]
    assert len(found) == 1 and sorted(found[0]["imageTags"]) == sorted(["latest", execution_id])
    digest = found[0]["imageDigest"]
    assert image["outputVariables"] == {"ECRImageDigestId": digest, "ECRRepositoryName": images.repository}
    assert image["externalExecutionId"] == f"{images.uri}@{digest}"

    # The next action has both files and the variables.
    shown = "\n".join(images.log(read))
    assert f'[{{"name":"web","imageUri":"{images.uri}@{digest}"}}]' in shown
    assert f'"ImageURI":"{images.uri}@{digest}"' in shown and f"digest={digest} name={images.repository}" in shown

    # Nothing of it has a name on the engine but the cache; and what was pushed runs.
    assert docker("image", "ls", "--quiet", images.uri) == ""
    docker("image", "rm", *docker("image", "ls", "--filter", "label=penstock.image", "--format", "{{.Repository}}:{{.Tag}}", "penstock.local/image").split())
    folder = images.source.parent / "docker"
    environment = {**os.environ, "DOCKER_HOST": images.runner.docker_host, "DOCKER_CONFIG": str(folder)}
    token = images.ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
    folder.mkdir()
    (folder / "config.json").write_text(f'{{"auths": {{"{images.uri.split("/")[0]}": {{"auth": "{token}"}}}}}}')
    output = processes.run([cloud.DOCKER, "run", "--rm", f"{images.uri}@{digest}"], environment)
    docker("image", "rm", f"{images.uri}@{digest}")
    assert output.split("\n")[:2] == [f"hello from {images.mark}", "some words"]


def test_a_build_that_fails_says_its_last_line(images):
    detail = wait_for_end(images.server, "image", images.start("FROM penstock/busybox\nRUN echo MARK; exit 7\n"))
    image = action(detail, "Build", "Image")
    assert (image["status"], image["errorCode"]) == ("Failed", "JobFailed")
    assert re.search("docker build ended with exit code 1; it last said '.*exit code: 7'", image["errorMessage"])
    assert any(images.mark in line for line in images.log(image)) and images.log(image)[-1] == image["errorMessage"]
    assert "imageDetails" in (listed := images.ecr.describe_images(repositoryName=images.repository)) and not listed["imageDetails"]


SECRET = "correct horse: 'battery' staple"
USES_SECRET = """
FROM penstock/busybox
RUN --mount=type=secret,id=npm cat /run/secrets/npm; base64 /run/secrets/npm; echo "$(wc -c < /run/secrets/npm) bytes"; : MARK
RUN --mount=type=secret,id=npm while IFS= read -r -n1 letter || [ -n "$letter" ]; do printf %s "$letter"; done < /run/secrets/npm; ls /run/secrets 2>&1
"""


def test_a_build_secret_is_given_masked_and_not_kept(images, aws, docker):
    name = f"npm/{uuid.uuid4().hex}"
    cloud.Cloud(aws).client("secretsmanager").create_secret(Name=name, SecretString=f'{{"token": "{SECRET}"}}')
    detail = wait_for_end(images.server, "image", images.start(USES_SECRET, f"ContainerName: web, BuildSecrets: '{{\"npm\": \"{name}:token\"}}'"))
    assert detail["execution"]["status"] == "Succeeded", describe(images.server, detail)
    log = "\n".join(images.log(action(detail, "Build", "Image")))
    assert f"{len(SECRET)} bytes" in log and "***" in log
    assert SECRET not in log and base64.b64encode(SECRET.encode()).decode()[:12] not in log and SECRET[:12] not in log
    tag = docker("image", "ls", "--filter", "label=penstock.image", "--format", "{{.Repository}}:{{.Tag}}", "penstock.local/image").split()[0]
    assert SECRET not in docker("image", "history", "--no-trunc", tag) + docker("run", "--rm", tag, "sh", "-c", "cat /run/secrets/npm 2>&1 || true")


READS_LIMITS = """
FROM penstock/busybox
RUN cd /sys/fs/cgroup; echo "memory $(cat memory/memory.limit_in_bytes memory.max 2>/dev/null), cpu $(cat cpu/cpu.cfs_quota_us cpu.max 2>/dev/null), core $(ulimit -c), MARK"
"""


@pytest.mark.parametrize("images", ["classic"], indirect=True)
def test_the_classic_builder_limits_memory_and_cpus(images):
    detail = wait_for_end(images.server, "image", images.start(READS_LIMITS, "ContainerName: web"))
    assert detail["execution"]["status"] == "Succeeded", describe(images.server, detail)
    log = "\n".join(images.log(action(detail, "Build", "Image")))
    memory, quota = map(int, re.search(r"^memory (\d+), cpu (\d+)( 100000)?, core 0, ", log, re.MULTILINE).group(1, 2))
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert memory <= min(4 << 30, machine - (512 << 20)) and quota == 100000 * min(2, os.cpu_count())


@pytest.mark.parametrize("images", ["classic"], indirect=True)
def test_build_secrets_need_buildkit(images):
    detail = wait_for_end(images.server, "image", images.start("FROM penstock/busybox\n", "BuildSecrets: '{\"npm\": \"nothing\"}'"))
    assert action(detail, "Build", "Image")["errorMessage"] == "BuildSecrets need BuildKit, which this runner is told not to use (--image-builder classic); take BuildSecrets away, or give the runner BuildKit"


def test_a_missing_repository_is_said_before_anything_is_built(images):
    detail = wait_for_end(images.server, "image", images.start("FROM penstock/busybox\n", change=lambda text: text.replace(images.repository, "no/such")))
    image = action(detail, "Build", "Image")
    assert (image["status"], image["errorCode"]) == ("Failed", "ConfigurationError")
    assert image["errorMessage"] == "there is no repository 'no/such' in ECR of eu-west-1; make it in ECR first, or correct ECRRepositoryName (RepositoryNotFoundException)"
    assert not any("building with" in line for line in images.log(image))



@BOTH
def test_a_stop_ends_the_run_step(images):
    execution_id = images.start("FROM penstock/busybox\nRUN echo waiting; sh -c 'sleep 3600; : MARK'\n")
    images.wait_for_run(execution_id)
    stop(images.server, "image", execution_id)
    detail = wait_for_end(images.server, "image", execution_id)
    image = action(detail, "Build", "Image")
    assert (detail["execution"]["status"], image["status"]) == ("Stopped", "Abandoned"), describe(images.server, detail)
    processes.wait_until(lambda: not images.processes(), 20, "the RUN step's end")


def test_a_runner_that_is_killed_takes_its_build_along(images):
    execution_id = images.start("FROM penstock/busybox\nRUN echo waiting; sh -c 'sleep 3600; : MARK'\n")
    images.wait_for_run(execution_id)
    images.runner.process.kill()
    processes.wait_until(lambda: not images.processes(), 20, "the RUN step's end")
    stop(images.server, "image", execution_id)
    images.runner.start()
    detail = wait_for_end(images.server, "image", execution_id)
    assert detail["execution"]["status"] == "Stopped", describe(images.server, detail)
