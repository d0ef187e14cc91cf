"""Time that is not the machine's: an hour's rollout in a moment, and what becomes of one that hangs."""

from rehearsal import documents


def told(job):
    return documents(job)[-1]


def test_an_hour_is_waited_out(rehearsal, make_service):
    service = make_service(desired=2)
    service.script({"cause": "image-missing"})
    began = rehearsal.now()
    job = rehearsal.offer(service, DeploymentTimeout="60", Preflight="OFF")
    rehearsal.wait(lambda: job.result)
    assert 3600 <= rehearsal.now() - began < 3700
    assert job.result["outcome"] == "failed" and "60 minutes" in job.result["errorMessage"]
    assert "is not in its registry" in job.result["errorMessage"]  # the cause stays when it ends by it
    assert told(job)["cause"]["id"] == "image-missing"


def test_a_rollout_of_an_hour_is_followed_to_its_good_end(rehearsal, make_service):
    service = make_service(desired=2)
    service.script([{"pending": 3300}])
    began = rehearsal.now()
    job = rehearsal.offer(service, DeploymentTimeout="60", Preflight="OFF")
    rehearsal.wait(lambda: job.result)
    assert job.result["outcome"] == "succeeded", job.text
    assert rehearsal.now() - began > 3300 and not any(document.get("cause") for document in documents(job))


def test_what_was_seen_is_kept(rehearsal, make_service):
    """ECS forgets stopped tasks within the hour: the evidence has events, tasks, and what the container said last."""
    service = make_service(desired=2, balancer=True, interval=30)
    service.script([{"running": 6, "exitCode": 3, "stopCode": "EssentialContainerExited",
                     "stoppedReason": "Essential container in task exited", "log": ["starting", "fatal: no DATABASE_URL"]}])
    job = rehearsal.offer(service, DeploymentTimeout="5", Preflight="OFF")
    rehearsal.wait(lambda: job.result)
    evidence = told(job)["evidence"]
    assert {"EVENT", "TASK", "LOG"} <= {line["source"] for line in evidence}
    assert any(line["source"] == "LOG" and line["text"] == "fatal: no DATABASE_URL" for line in evidence)
    assert any(line["source"] == "TASK" and "exit code 3" in line["text"] for line in evidence)
    cause = told(job)["cause"]
    assert cause["id"] == "crash-loop" and "fatal: no DATABASE_URL" in cause["evidence"]


def test_a_stuck_rollout_is_undone_where_that_is_wanted(rehearsal, make_service):
    service = make_service(desired=2)
    service.script({"cause": "image-missing"})
    job = rehearsal.offer(service, OnStuck="ROLLBACK", OnStuckSeconds="90", DeploymentTimeout="60", Preflight="OFF")
    rehearsal.wait(lambda: job.result)
    assert job.result["outcome"] == "failed" and "is not in its registry" in job.result["errorMessage"]
    assert service.describe()["taskDefinition"] == service.first and service.is_settled()
    cause = told(job)["cause"]
    undone = next(entry["at"] for entry in told(job)["timeline"] if entry["text"].startswith("stuck for"))
    assert cause["id"] == "image-missing" and 90 <= undone - cause["since"] < 150


def test_what_going_back_would_not_help_is_left_alone(rehearsal, make_service):
    """The new tasks are well, only the old ones take their time."""
    service = make_service(desired=2, balancer=True, drain=900)
    job = rehearsal.offer(service, OnStuck="ROLLBACK", OnStuckSeconds="60", DeploymentTimeout="60", Preflight="OFF")
    rehearsal.wait(lambda: job.result)
    assert job.result["outcome"] == "succeeded", job.text
    assert "slow-drain" in [document["cause"]["id"] for document in documents(job) if document.get("cause")]
    assert not told(job).get("cause")


def test_an_accident_undoes_nothing(rehearsal, make_service):
    service = make_service(desired=2)
    service.script([{"running": 10, "exitCode": 1, "stopCode": "EssentialContainerExited",
                     "stoppedReason": "Essential container in task exited"}, {}])
    job = rehearsal.offer(service, OnStuck="ROLLBACK", OnStuckSeconds="30", DeploymentTimeout="20", Preflight="OFF")
    rehearsal.wait(lambda: job.result)
    assert job.result["outcome"] == "succeeded", job.text


def test_looking_costs_no_more_than_a_call_in_five_seconds(rehearsal, make_service):
    """Averaged over a rollout that hangs, tasks and logs included; the few calls of the beginning come on top."""
    service = make_service(desired=2, balancer=True, interval=30)
    service.script({"cause": "crash-loop", "after": 5})
    before = len(rehearsal.sandbox.ledger())
    began = rehearsal.now()
    job = rehearsal.offer(service, DeploymentTimeout="30", Preflight="OFF")
    rehearsal.wait(lambda: job.result)
    calls = rehearsal.sandbox.ledger()[before:]
    assert len(calls) <= (rehearsal.now() - began) / 5 + 20
