"""What tests of batch builds ask of CodeBuild's operations."""

import json

from penstock_under_test import read_log
from stack import events


def make_project(codebuild, name, buildspec, **members):
    codebuild.create_project(**{
        "name": name, "source": {"type": "NO_SOURCE", "buildspec": buildspec}, "artifacts": {"type": "NO_ARTIFACTS"},
        "environment": {"type": "LINUX_CONTAINER", "image": "penstock/busybox", "computeType": "BUILD_GENERAL1_SMALL"},
        "serviceRole": "arn:aws:iam::123456789012:role/builds", **members})


def get(codebuild, batch_id):
    return codebuild.batch_get_build_batches(ids=[batch_id])["buildBatches"][0]


def wait_for_batch(server, codebuild, batch_id, condition=lambda batch: batch["complete"], what="the batch to end"):
    def look():
        batch = get(codebuild, batch_id)
        if condition(batch):
            return batch
        assert not batch["complete"], f"{what}: {json.dumps(batch, default=str, indent=1)}"
        return None

    return events.until(server, look, 120, what)


def statuses(batch):
    return {group["identifier"]: group.get("currentBuildSummary", {}).get("buildStatus") for group in batch["buildGroups"]}


def phases(batch):
    return [(phase["phaseType"], phase.get("phaseStatus")) for phase in batch["phases"]]


def build_of(codebuild, batch, identifier):
    arns = [group.get("currentBuildSummary", {}).get("arn") for group in batch["buildGroups"] if group["identifier"] == identifier]
    return codebuild.batch_get_builds(ids=arns)["builds"][0] if any(arns) else None


def log_of(server, codebuild, batch, identifier):
    build = build_of(codebuild, batch, identifier)
    return read_log(server, build["id"].split(":")[1]) if build else []
