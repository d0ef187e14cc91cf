"""What the end-to-end tests do with a running Penstock: load pipelines, push, wait, approve."""

import json
import os
import pathlib
import re
import signal
import uuid

from stack import cloud, events, processes
from stack.events import action, execution

ROOT = pathlib.Path(__file__).resolve().parents[2]
FINAL = ("Succeeded", "Failed", "Stopped", "Superseded", "Cancelled")
PATIENCE = 180  # seconds; a limit for broken code, not a measure of working code


def newest_execution(server, pipeline):
    """The id of the newest execution, None where there is none."""
    executions = server.call("GetPipelineDetail", name=pipeline)["executions"]
    return executions[0]["pipelineExecutionId"] if executions else None


def count_executions(server, pipeline):
    return len(server.call("GetPipelineDetail", name=pipeline)["executions"])


def pipeline_summary(server, name):
    """What the overview says about a pipeline's definition; None where there is none of that name."""
    for pipeline in server.call("GetOverview")["pipelines"]:
        if pipeline["name"] == name:
            return {key: pipeline.get(key) for key in ("version", "updated", "fileError")}
    return None


def load_pipeline(server, file_name, text):
    """Put a file into the server's folder of pipelines and have it read again; returns when that shows."""
    path = os.path.join(server.pipelines, file_name)
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(path + ".new", path)
    name = re.search(r"^name: (\S+)", text, re.MULTILINE).group(1)
    before = pipeline_summary(server, name)
    server.process.signal(signal.SIGHUP)
    processes.wait_until(lambda: pipeline_summary(server, name) != before, 10, f"loading '{file_name}'", log=server.log)


def wait_for_execution(server, pipeline, execution_id, condition, what):
    """The first GetExecutionDetail for which the condition holds. Fails at once where the execution has ended without."""

    def look():
        detail = execution(server, pipeline, execution_id)
        if condition(detail):
            return detail
        assert detail["execution"]["status"] not in FINAL, f"{what}: {describe(server, detail)}"
        return None

    return events.until(server, look, PATIENCE, what)


def wait_for_end(server, pipeline, execution_id):
    return wait_for_execution(server, pipeline, execution_id, lambda detail: detail["execution"]["status"] in FINAL, "the end")


def wait_for_approval(server, pipeline, execution_id):
    """The approval that the execution waits for."""
    detail = wait_for_execution(server, pipeline, execution_id, lambda detail: detail["execution"].get("approval"), "an approval")
    return detail["execution"]["approval"]


def wait_for_action(server, pipeline, execution_id, stage, name, condition, what):
    detail = wait_for_execution(server, pipeline, execution_id, lambda detail: condition(action(detail, stage, name)), what)
    return action(detail, stage, name)


def approve(server, approval, status="Approved", summary="by a test"):
    names = ("pipelineName", "stageName", "actionName", "token")
    server.client("codepipeline").put_approval_result(**{name: approval[name] for name in names}, result={"status": status, "summary": summary})


def stop(server, pipeline, execution_id):
    server.client("codepipeline").stop_pipeline_execution(pipelineName=pipeline, pipelineExecutionId=execution_id, abandon=True, reason="by a test")


def read_log(server, log_id):
    """A log's lines, whole."""
    lines = []
    while True:
        page = json.loads(server.request("GET", f"/logs/{log_id.replace(':', '%3A')}?count=2000&from={len(lines)}"))
        lines += [line["text"] for line in page["lines"]]
        if not page["lines"]:
            return lines


def describe(server, detail):
    """Every action with its status, its error and the end of its log: what a failed test shows."""
    text = [detail["execution"]["status"]]
    for stage in detail["stages"]:
        for one in stage["actions"]:
            text.append(f"{stage['name']}/{one['name']}: {one.get('status')} {one.get('errorCode', '')} {one.get('errorMessage', '')} {one.get('summary', '')}")
            if one.get("log") and one.get("status") != "Succeeded":
                text += ["    " + line for line in read_log(server, one["log"]["logId"])[-30:]]
    return "\n".join(text)


class Shop:
    """The demo's application with its first version deployed on a cluster of its own, and its pipeline loaded."""

    def __init__(self, aws, folder, docker_host, server, clone):
        self.server = server
        self.clone = clone
        cluster = "c" + uuid.uuid4().hex[:8]
        self.cloud = cloud.Cloud(aws, cluster, "shop", namespace=f"{cluster}/")
        self.cloud.make_repositories()
        self.cloud.push_version(clone.folder, "first", docker_host, str(folder / "docker-config"))
        port = cloud.free_port()
        self.url = f"http://127.0.0.1:{port}/"
        self.cloud.make_service("first", port)
        processes.wait_until(self.cloud.is_steady, PATIENCE, "the first version")
        self.load()

    def load(self, change=lambda text: text):
        """Load pipelines/docker-ecs.yml with this test's names; `change` edits its text."""
        text = (ROOT / "pipelines" / "docker-ecs.yml").read_text(encoding="utf-8")
        text = text.replace("123456789012.dkr.ecr.eu-west-1.amazonaws.com", f"{self.cloud.sandbox.registry}/{self.cloud.cluster}")
        text = text.replace("ClusterName: prod", f"ClusterName: {self.cloud.cluster}")
        load_pipeline(self.server, "shop.yml", change(text))

    def push(self, message="Change"):
        """Commit what was written, push, and return (commit, the new execution's id)."""
        return push(self.clone, "shop", message)

    def changes(self):
        """The UpdateService calls that reached AWS, refused ones too."""
        return [entry for entry in cloud.ledger(self.cloud.sandbox, service="ecs", operation="UpdateService") if entry["input"].get("cluster") == self.cloud.cluster]


def push(clone, pipeline, message="Change"):
    clone.commit(message, allow_empty=True)
    before = newest_execution(clone.server, pipeline)
    commit = clone.push()

    def started():
        now = newest_execution(clone.server, pipeline)
        return now if now != before else None

    return commit, processes.wait_until(started, 20, "the push to start the pipeline", log=clone.server.log)


def containers_begun(log):
    """Of a log of builds that run `hostname` and then `echo begun`: the container of each, by its id."""
    printed = [line for line in log if line and not line.startswith("[Container]")]
    return [printed[at - 1] for at, line in enumerate(printed) if line == "begun"]
