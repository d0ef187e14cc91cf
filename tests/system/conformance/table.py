"""Reads the tables of conformance: what is done, and how all executions stand then.

    == A newer execution takes the place of the one that waits
    rule: SUPERSEDED: a newer execution reaching an occupied slot replaces the waiting one
    pipeline SUPERSEDED: Source(S) Build(B) Prod(D)
    with ...
    ok 1 S                  => 1 Build:B
    start                   => 1 Build:B | 2 Source:S
    retry 1 Build           => refused StageNotRetryableException
    see state stageStates[1].latestExecution.status => "Failed"

A pipeline is written as its stages with their actions: `B` deploys, `B@2` with runOrder 2, `B?` is a manual approval.
`with` adds to it: `with variable mode=live`, `with Prod.beforeEntry FAIL: tests(Commands)`, `with Prod.onFailure RETRY
ALL_ACTIONS`, `with D service=shop`. Creating it starts execution 1.
"""

import dataclasses
import json
import pathlib
import re
import shlex


@dataclasses.dataclass
class Table:
    title: str
    file: str
    rule: str = ""
    mode: str = "SUPERSEDED"
    stages: list = dataclasses.field(default_factory=list)  # (name, [(action, run order, is approval)])
    more: list = dataclasses.field(default_factory=list)
    steps: list = dataclasses.field(default_factory=list)  # (line number, what is done, what is expected)


def read_stage(text):
    name, actions = re.fullmatch(r"(\w+)\((.*)\)", text).groups()
    read = []
    for action in actions.split():
        word, order, approval = re.fullmatch(r"(\w+)(?:@(\d+))?(\?)?", action).groups()
        read.append((word, int(order or 1), bool(approval)))
    return name, read


def read(path):
    tables = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        line = line.strip()
        if line.startswith("== "):
            tables.append(Table(line[3:], path.stem))
        elif line.startswith("rule: "):
            tables[-1].rule = f"{tables[-1].rule} {line[6:]}".strip()
        elif line.startswith("pipeline "):
            mode, _, stages = line[len("pipeline ") :].partition(":")
            tables[-1].mode = mode
            tables[-1].stages = [read_stage(stage) for stage in re.findall(r"\w+\([^)]*\)", stages)]
        elif line.startswith("with "):
            tables[-1].more.append(line[5:])
        elif line and not line.startswith("#"):
            done, arrow, expected = line.partition("=>")
            assert arrow, f"{path.name}:{number}: a step is 'what is done => what is so then'"
            tables[-1].steps.append((number, done.strip(), expected.strip()))
    return tables


def read_all(folder=pathlib.Path(__file__).parent / "tables"):
    return [table for path in sorted(folder.glob("*.txt")) for table in read(path)]


# ---- from a table to what CreatePipeline takes ----


def action(pipeline, stage, name, order, approval):
    made = {"name": name, "runOrder": order}
    if stage == "Source":
        made["actionTypeId"] = {"category": "Source", "owner": "AWS", "provider": "CodeCommit", "version": "1"}
        made["configuration"] = {"RepositoryName": pipeline, "BranchName": "main"}
        made["outputArtifacts"] = [{"name": f"Out{name}"}]
        made["namespace"] = f"Vars{name}"
    elif approval:
        made["actionTypeId"] = {"category": "Approval", "owner": "AWS", "provider": "Manual", "version": "1"}
    else:
        made["actionTypeId"] = {"category": "Deploy", "owner": "AWS", "provider": "ECS", "version": "1"}
        made["configuration"] = {"ClusterName": pipeline, "ServiceName": name}
        made["inputArtifacts"] = [{"name": "OutS"}]
        made["namespace"] = f"Vars{name}"
    return made


def rules(text):
    made = []
    for name, words in re.findall(r"(\w+)\(([^)]*)\)", text):
        provider, *settings = shlex.split(words)
        rule = {"name": name, "ruleTypeId": {"category": "Rule", "owner": "AWS", "provider": provider, "version": "1"}}
        rule["configuration"] = dict(setting.split("=", 1) for setting in settings)
        if "timeout" in rule["configuration"]:
            rule["timeoutInMinutes"] = int(rule["configuration"].pop("timeout"))
        if provider == "Commands":
            rule["commands"] = ["true"]
            rule["inputArtifacts"] = [{"name": "OutS"}]
        made.append(rule)
    return made


def add(declaration, line):
    """One `with` line."""
    words = line.split(None, 1)
    if words[0] == "variable":
        name, has_default, default = words[1].partition("=")
        variable = {"name": name, **({"defaultValue": default} if has_default else {})}
        declaration.setdefault("variables", []).append(variable)
        return
    if words[0] == "trigger":
        declaration.setdefault("triggers", []).append(json.loads(words[1]))
        return
    place, _, member = words[0].partition(".")
    if member:
        stage = next(stage for stage in declaration["stages"] if stage["name"] == place)
        result, _, rest = words[1].partition(":")
        result, _, mode = result.partition(" ")
        if rest:
            stage[member] = {"conditions": [{"result": result, "rules": rules(rest)}]}
        else:
            stage[member] = {"result": result}
        if mode:
            stage[member]["retryConfiguration"] = {"retryMode": mode}
        return
    for stage in declaration["stages"]:
        for one in stage["actions"]:
            if one["name"] == place:
                one["configuration"] = {**one.get("configuration", {}), **dict(setting.split("=", 1) for setting in shlex.split(words[1]))}


def declare(table, name, account):
    declaration = {
        "name": name,
        "roleArn": f"arn:aws:iam::{account}:role/pipelines",
        "artifactStore": {"type": "S3", "location": "artifacts"},
        "executionMode": table.mode,
        "pipelineType": "V2",
        "stages": [{"name": stage, "actions": [action(name, stage, *one) for one in actions]} for stage, actions in table.stages],
    }
    for line in table.more:
        add(declaration, line)
    return declaration
