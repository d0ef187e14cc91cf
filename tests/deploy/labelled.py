"""Playing the labelled set: rollouts that hang, each with its cause, and rollouts that are well.  tests/data/rollouts/README.md says
what the labels mean.

Each is played in simulated time with the real runner.  Right is a rollout that hangs whose first and last cause are the
labelled one, told within a minute after its sign; and a rollout that is well which succeeds without any cause ever told.
"""

import json
import pathlib
import re

from rehearsal import Refused, Service, documents

DATA = pathlib.Path(__file__).resolve().parents[1] / "data" / "rollouts"
MINUTES = 15  # a rollout that hangs is watched for so long
WITHIN_SECONDS = 60
BEFORE_SECONDS = 120
TOLD_AS = re.compile(r"it hangs: ")


def read_set(only=""):
    """All, or those whose file and name have that part."""
    found = []
    for path in sorted(DATA.glob("*.json")):
        for rollout in json.loads(path.read_text()):
            rollout["file"] = path.stem
            if only in f"{path.stem}/{rollout['name']}":
                found.append(rollout)
    return found


# ---- when did it show? ----


def ends(service, deployment):
    """(when it showed, when it was created) of the deployment's tasks that ended badly, in order."""
    found = []
    for task in service.tasks("STOPPED"):
        reason = task.get("stoppedReason", "")
        wanted = ("ServiceSchedulerInitiated", "SpotInterruption", "TerminationNotice", "UserInitiated", "InfrastructureHealth")
        if task.get("startedBy") != deployment or (task.get("stopCode") in wanted and "health checks" not in reason):
            continue
        times = [task[name] for name in ("executionStoppedAt", "stoppingAt", "stoppedAt") if task.get(name)]
        found.append((min(times), task["createdAt"]))
    return sorted(found)


def events(service, began, pattern):
    return [at for at, text in service.events() if at >= began and re.search(pattern, text)]


def unhealthy(service, deployment, began):
    """As `ends`, with the events that call a task unhealthy before it is stopped."""
    born = {task["taskArn"].rsplit("/", 1)[-1]: task["createdAt"] for status in ("STOPPED", "RUNNING")
            for task in service.tasks(status) if task.get("startedBy") == deployment}
    found = ends(service, deployment)
    for at, text in service.events():
        named = re.search(r"\(task ([0-9a-f]+)\)", text)
        if at >= began and named and named[1] in born and re.search("unhealthy|failed container health", text):
            found.append((at, born[named[1]]))
    return sorted(found)


def second_generation(signs):
    return next((at for at, created in signs if created >= signs[0][0]), None) if signs else None


def sign_time(rollout, service, deployment, began):
    """The moment from which AWS showed what tells the cause from an accident; None where it never did."""
    kind, _, pattern = rollout["sign"].partition(":")
    if kind == "began":
        return began
    if kind == "drain":
        drains = events(service, began, "has begun draining")
        return drains[-1] + 330 if drains else None
    if kind == "failed":
        failed = events(service, began, "deployment failed|alarm")
        return failed[0] if failed else began
    if kind == "unused":
        return began + 60  # the first tasks are registered by then
    if kind.startswith("event") and events(service, began, pattern):
        return events(service, began, pattern)[0]
    if kind.startswith("event-or-"):
        kind = kind[len("event-or-"):]
    signs = unhealthy(service, deployment, began) if kind.startswith("unhealthy") else ends(service, deployment)
    if kind.endswith("again"):
        return second_generation(signs)
    if kind.endswith("next"):
        return signs[1][0] if len(signs) > 1 else None
    return signs[0][0] if signs else None


# ---- playing one ----


def prepare(rehearsal, rollout):
    service = Service(rehearsal, rollout["like"])
    if "before" in rollout:  # an earlier deployment that hangs when ours comes
        service.script(rollout["before"])
        service.update()
        rehearsal.advance(BEFORE_SECONDS)
    if "now" in rollout:  # trouble of what runs
        service.script(rollout["now"], now=True)
        for task in service.tasks("RUNNING")[:1]:
            rehearsal.call("StopTask", cluster=service.cluster, task=task["taskArn"], reason="test")
    if "protect" in rollout:  # so many of the old tasks
        service.rehearsal.call("UpdateTaskProtection", cluster=service.cluster, protectionEnabled=True, expiresInMinutes=120,
                               tasks=[task["taskArn"] for task in service.tasks("RUNNING")[:rollout["protect"]]])
    service.script(rollout["script"])
    return service


def play(rehearsal, rollout):
    """What came of it, as {first, last, seconds, outcome, wrong}."""
    service = prepare(rehearsal, rollout)
    minutes = rollout.get("minutes", MINUTES if "cause" in rollout else 60)
    job = rehearsal.offer(service, DeploymentTimeout=str(minutes), Preflight="OFF")
    try:
        rehearsal.wait(lambda: job.result)
        told = documents(job)
        causes = [document["cause"]["id"] for document in told if document.get("cause")]
        at = next((entry["at"] for entry in told[-1]["timeline"] if TOLD_AS.match(entry["text"])), None)
        return {"first": causes[0] if causes else None, "last": (told[-1].get("cause") or {}).get("id"),
                "seconds": delay(rollout, service, job, at), "outcome": job.result["outcome"],
                "error": job.result.get("errorMessage", ""), "log": job.text}
    finally:
        service.remove()


def delay(rollout, service, job, at):
    mark = job.checkpoints[-1]
    ours = mark.get("deployment")
    if "cause" not in rollout or at is None or not ours:
        return None
    sign = sign_time(rollout, service, ours, mark["beganMs"] / 1000)
    return None if sign is None else round(at - sign, 1)


def is_right(rollout, came):
    if "cause" not in rollout:
        return came["first"] is None and came["outcome"] == "succeeded"
    return (came["first"] == came["last"] == rollout["cause"] and came["seconds"] is not None
            and came["seconds"] <= WITHIN_SECONDS)


# ---- the whole set ----


def confusion(played):
    """Lines of a table: the labelled cause, how many, and what was told where it was not that."""
    lines = [f"{'labelled':18} {'n':>3} {'right':>5}  slowest  told instead"]
    for label in sorted({rollout.get("cause", "(well)") for rollout, _ in played}):
        rows = [(rollout, came) for rollout, came in played if rollout.get("cause", "(well)") == label]
        right = sum(is_right(*row) for row in rows)
        slowest = max((came["seconds"] for _, came in rows if came["seconds"] is not None), default=None)
        instead = [f"{came['first']}…{came['last']}" for rollout, came in rows if not is_right(rollout, came)]
        lines.append(f"{label:18} {len(rows):3} {right:5}  {'' if slowest is None else f'{slowest:5.0f} s':8} {', '.join(instead)}")
    return lines


def share(played):
    return sum(is_right(*row) for row in played) / len(played) if played else 1.0


def play_all(rehearsal, rollouts):
    played = []
    for rollout in rollouts:
        try:
            came = play(rehearsal, rollout)
        except (AssertionError, Refused) as error:  # it counts as wrong, and the others are played all the same
            came = {"first": None, "last": None, "seconds": None, "outcome": "not played", "error": str(error)}
        played.append((rollout, came))
    return played


def wrong_ones(played):
    return [f"{rollout['file']}/{rollout['name']}: {came['first']}…{came['last']}, {came['seconds']} s, {came['outcome']} "
            f"{came['error'][:200]}" for rollout, came in played if not is_right(rollout, came)]
