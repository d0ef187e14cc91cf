"""One case of tests/data/buildspec/batch: started by StartBuildBatch, and compared. README.md there says the form."""

import io
import json
import zipfile

import yaml

from batches_under_test import build_of, log_of, make_project
from case import STAMP, TABLE, part, same

MEMBERS = {"shows", "files", "buildspec", "project", "start", "expect"}
EXPECTED = {"status", "phases", "contexts", "groups", "log"}
GROUP_EXPECTED = {"status", "begun", "ignored", "after", "log", "not_log", "build"}
ALL_PHASES = "SUBMITTED DOWNLOAD_BATCHSPEC IN_PROGRESS SUCCEEDED"


def all_batch_cases():
    return sorted(path.stem for path in (TABLE / "batch").glob("*.yml"))


class BatchCase:
    def __init__(self, name):
        self.name = name
        self.data = yaml.safe_load((TABLE / "batch" / f"{name}.yml").read_text())
        self.expect = self.data.get("expect", {})
        self.groups = {identifier: group if isinstance(group, dict) else {"status": group}
                       for identifier, group in self.expect.get("groups", {}).items()}
        unknown = (set(self.data) - MEMBERS) | (set(self.expect) - EXPECTED)
        unknown |= set().union(*(set(group) - GROUP_EXPECTED for group in self.groups.values()))
        assert not unknown, f"{name}: no member is called {unknown}"

    def start(self, codebuild, s3, bucket):
        """Makes the project, its source in S3 where the case has files, and starts the batch."""
        project = dict(self.data.get("project", {}))
        if "files" in self.data:
            content = io.BytesIO()
            with zipfile.ZipFile(content, "w") as archive:
                for path, text in {**self.data["files"], "buildspec.yml": self.data["buildspec"]}.items():
                    archive.writestr(path, text)
            s3.put_object(Bucket=bucket, Key=f"{self.name}.zip", Body=content.getvalue())
            project["source"] = {"type": "S3", "location": f"{bucket}/{self.name}.zip"}
        make_project(codebuild, self.name, self.data["buildspec"], **project)
        self.identity = codebuild.start_build_batch(projectName=self.name, **self.data.get("start", {}))["buildBatch"]["id"]

    def compare(self, server, codebuild, batch):
        found = {group["identifier"]: group for group in batch["buildGroups"]}
        logs = {identifier: STAMP.sub("[Container] ", "\n".join(log_of(server, codebuild, batch, identifier))).split("\n") for identifier in found}
        shown = f"{self.name}: {self.data['shows']}\n{json.dumps(batch, default=str, indent=1)}\n{json.dumps(logs, indent=1)}"
        assert batch["buildBatchStatus"] == self.expect.get("status", "SUCCEEDED"), shown
        phases = " ".join(phase["phaseType"] + ("" if phase.get("phaseStatus", "SUCCEEDED") == "SUCCEEDED" else "=" + phase["phaseStatus"])
                          for phase in batch["phases"])
        assert phases == self.expect.get("phases", ALL_PHASES), shown
        contexts = {phase["phaseType"]: [phase["contexts"][0].get("statusCode"), phase["contexts"][0].get("message")]
                    for phase in batch["phases"] if phase.get("contexts")}
        assert set(contexts) == set(self.expect.get("contexts", {})), shown
        for phase, (code, message) in self.expect.get("contexts", {}).items():
            assert contexts[phase][0] == code and same(message, contexts[phase][1]), (phase, message, shown)
        compare_log(self.expect, logs["DOWNLOAD_SOURCE"], shown)
        assert set(found) - {"DOWNLOAD_SOURCE"} == set(self.groups), shown
        for identifier, wanted in self.groups.items():
            self.compare_group(codebuild, batch, found[identifier], wanted, shown)
            compare_log(wanted, logs[identifier], f"{identifier}: {shown}")

    def compare_group(self, codebuild, batch, group, wanted, shown):
        summary = group["currentBuildSummary"]
        assert summary["buildStatus"] == wanted.get("status", "SUCCEEDED"), (group["identifier"], shown)
        assert ("arn" in summary) == wanted.get("begun", True), (group["identifier"], shown)
        assert group["ignoreFailure"] == wanted.get("ignored", False), (group["identifier"], shown)
        assert group["dependsOn"] == wanted.get("after", []), (group["identifier"], shown)
        if "arn" not in summary:
            return
        build = build_of(codebuild, batch, group["identifier"])
        assert build["buildBatchArn"] == batch["arn"], shown
        for before in wanted.get("after", []):
            assert build_of(codebuild, batch, before)["endTime"] <= build["startTime"], (group["identifier"], before, shown)
        if "build" in wanted:
            assert part(build, wanted["build"]) == wanted["build"], (group["identifier"], part(build, wanted["build"]), shown)


def compare_log(wanted, log, shown):
    """As in case.py: the lines come in that order; others may stand between them."""
    lines = iter(log)
    for text in wanted.get("log", []):
        assert any(same(str(text), line) for line in lines), f"no line {text!r} from there on\n{shown}"
    for text in wanted.get("not_log", []):
        assert not any(text in line for line in log), (text, shown)
