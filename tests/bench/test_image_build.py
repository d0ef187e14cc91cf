"""ECRBuildAndPublish against `docker build` and `docker push` of the same by hand, in turns: the same Dockerfile, each
time with another file in it, so that nothing but the base image is in the cache.
"""

import json
import os
import random
import shutil
import statistics
import subprocess
import time
import uuid

from figures import spread, verdict
from penstock_under_test import describe, load_pipeline, newest_execution, wait_for_end
from stack import cloud, processes
from stack.events import action

ROUNDS = 7
PIPELINE = """
name: image
stages:
  - name: Source
    actions:
      - {name: App, provider: CodeCommit, configuration: {RepositoryName: image, BranchName: main}, outputArtifacts: [App]}
  - name: Build
    actions:
      - {name: Image, provider: ECRBuildAndPublish, inputArtifacts: [App], configuration: {ECRRepositoryName: REPOSITORY, ImageTags: latest}}
"""
DOCKERFILE = """
FROM penstock/busybox AS build
COPY . /app
RUN cd /app && find . -type f -exec md5sum {} + > /sums && sort /sums > /sorted && tar czf /app.tar.gz /app
FROM penstock/busybox
COPY --from=build /app.tar.gz /sorted /
"""


def write_source(folder, chance):
    """300 files, 15 MB."""
    folder.mkdir()
    (folder / "Dockerfile").write_text(DOCKERFILE)
    for number in range(300):
        (folder / f"file{number}").write_bytes(chance.randbytes(25_000).hex().encode())


def by_hand(docker_host, source, image, config):
    environment = {**os.environ, "DOCKER_HOST": docker_host, "DOCKER_CONFIG": config, "DOCKER_BUILDKIT": "1"}
    (source / "turn").write_text(uuid.uuid4().hex)
    began = time.monotonic()
    subprocess.run([cloud.DOCKER, "build", "--quiet", "--tag", image, str(source)], env=environment, check=True, stdout=subprocess.DEVNULL)
    subprocess.run([cloud.DOCKER, "push", "--quiet", image], env=environment, check=True, stdout=subprocess.DEVNULL)
    taken = (time.monotonic() - began) * 1000
    subprocess.run([cloud.DOCKER, "image", "rm", image], env=environment, check=True, stdout=subprocess.DEVNULL)
    return taken


def penstock(server, clone):
    with open(os.path.join(clone.folder, "turn"), "w", encoding="utf-8") as file:
        file.write(uuid.uuid4().hex)
    clone.commit("Again")
    before = newest_execution(server, "image")
    clone.git("push", "--quiet", "origin", "main")
    execution_id = processes.wait_until(lambda: (now := newest_execution(server, "image")) != before and now, 20, "the push to start the pipeline")
    detail = wait_for_end(server, "image", execution_id)
    assert detail["execution"]["status"] == "Succeeded", describe(server, detail)
    one = action(detail, "Build", "Image")
    return (one["updated"] - one["started"]) * 1000


def test_image_build_and_push(aws, server, make_runner, make_clone, docker_host, folder, docker):
    cloud_of = cloud.Cloud(aws)
    repository = f"bench/{uuid.uuid4().hex[:8]}"
    cloud_of.ecr.create_repository(repositoryName=repository)
    make_runner(server, PATH=f"{os.path.dirname(cloud.DOCKER)}:{os.environ['PATH']}")
    config = folder / "docker-config"
    config.mkdir()
    token = cloud_of.ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
    (config / "config.json").write_text(json.dumps({"auths": {aws.registry: {"auth": token}}}))
    source = folder / "source"
    write_source(source, random.Random(1))
    shutil.copytree(source, folder / "hand")
    load_pipeline(server, "image.yml", PIPELINE.replace("REPOSITORY", repository))
    clone = make_clone(server, "image", str(source))
    penstock(server, clone)
    by_hand(docker_host, folder / "hand", f"{aws.registry}/{repository}:hand", str(config))
    floor, ours = [], []
    for _ in range(ROUNDS):
        floor.append(by_hand(docker_host, folder / "hand", f"{aws.registry}/{repository}:hand", str(config)))
        ours.append(penstock(server, clone))
    for name in docker("image", "ls", "--filter", "label=penstock.image", "--format", "{{.Repository}}:{{.Tag}}", "penstock.local/image").split():
        docker("image", "rm", name)
    print("\nan image of 300 files, built and pushed")
    spread("docker build and docker push (floor)", floor)
    spread("penstock, from the start of the action to its end", ours)
    verdict("penstock / by hand, medians", statistics.median(ours) / statistics.median(floor), 1.05)
