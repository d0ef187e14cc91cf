"""Starting, ending, being killed, losing the server."""

import os
import signal
import subprocess
import uuid

import pytest

from runner_steps import docker

SLEEP = "version: 0.2\nphases: {build: {commands: ['echo started', 'sleep 600']}}\n"
SHORT = "version: 0.2\nphases: {build: {commands: ['echo started', 'until [ -e /tmp/go ]; do sleep 0.1; done']}}\n"


def containers(job):
    return docker("ps", "-q", "--filter", f"label=penstock.job={job.id}").decode().split()


def started(job):
    return lambda: "started\n" in job.text


def test_a_token_is_spent_once(server, start_runner):
    runner = start_runner()
    server.wait(lambda: server.leases)
    assert (runner.state / "runner.json").stat().st_mode & 0o777 == 0o600
    runner.stop()
    runner.start()
    server.wait(lambda: len(server.hellos) == 2)
    assert server.joined == 1
    assert len({hello["instanceId"] for hello in server.hellos}) == 2


def test_sigterm_finishes_what_is_in_hand(server, start_runner, offer_build):
    runner = start_runner()
    job = offer_build(SHORT, outputs=[])
    server.wait(started(job))
    runner.process.send_signal(signal.SIGTERM)
    leases = len(server.leases)
    beats = job.heartbeats
    server.wait(lambda: job.heartbeats > beats, 20)
    assert runner.process.poll() is None
    docker("exec", containers(job)[0], "touch", "/tmp/go")
    assert runner.process.wait(60) == 0
    assert job.result["outcome"] == "succeeded" and len(server.leases) == leases


def test_a_second_sigterm_cancels(server, start_runner, offer_build):
    runner = start_runner()
    job = offer_build(SLEEP, outputs=[])
    server.wait(started(job))
    runner.process.send_signal(signal.SIGTERM)
    server.wait(lambda: "ending when" in runner.log())
    runner.process.send_signal(signal.SIGTERM)
    assert runner.process.wait(60) == 0
    assert job.result["outcome"] == "stopped" and containers(job) == []


def test_what_was_offered_and_not_begun_goes_back(server, start_runner, offer_build):
    runner = start_runner("--jobs", "1")
    server.wait(lambda: server.leases)
    server.answers_get_lost = True
    job = offer_build(SLEEP, outputs=[])
    server.wait(lambda: server.claims)
    runner.process.send_signal(signal.SIGTERM)
    assert runner.process.wait(60) == 0
    assert (job.returned, job.acknowledged, job.result) == (1, False, None)
    assert server.queue == [job]


def test_an_idle_slot_takes_nothing_while_another_finishes(server, start_runner, offer_build):
    runner = start_runner("--jobs", "2")
    job = offer_build(SHORT, outputs=[])
    server.wait(started(job))
    server.wait(lambda: len(server.leases) >= 2)
    runner.process.send_signal(signal.SIGTERM)
    server.wait(lambda: "ending when" in runner.log())
    later = offer_build(SLEEP, outputs=[])
    docker("exec", containers(job)[0], "touch", "/tmp/go")
    assert runner.process.wait(60) == 0
    assert job.result["outcome"] == "succeeded"
    assert server.queue == [later] and not later.acknowledged


def test_after_the_grace_the_work_is_given_back(server, start_runner, offer_build):
    runner = start_runner("--grace", "1")
    job = offer_build(SLEEP, outputs=[])
    server.wait(started(job))
    runner.process.send_signal(signal.SIGTERM)
    assert runner.process.wait(30) == 0
    assert containers(job) == [] and job.result is None
    # Said as the next process would say it, when the container was gone: whoever held jobs before holds none.
    assert len({hello["instanceId"] for hello in server.hellos}) == 2


def test_a_runner_that_waits_for_its_server_can_be_ended(server, start_runner):
    runner = start_runner()
    server.wait(lambda: server.leases)
    assert runner.stop() == 0
    server.away = True
    runner.start()
    server.wait(lambda: server.turned_away)
    runner.process.send_signal(signal.SIGTERM)
    assert runner.process.wait(60) == 0


def test_kill_9_leaves_nothing_after_the_next_start(server, start_runner, offer_build):
    runner = start_runner()
    job = offer_build(SLEEP, outputs=[])
    server.wait(started(job))
    runner.process.kill()
    runner.process.wait()
    assert len(containers(job)) == 1
    runner.start()
    server.wait(lambda: len(server.hellos) == 2)
    assert containers(job) == []
    assert not (runner.state / "work").exists()


def test_once(server, start_runner, offer_build):
    first = offer_build("version: 0.2\nphases: {build: {commands: ['true']}}\n", outputs=[])
    second = offer_build("version: 0.2\nphases: {build: {commands: ['true']}}\n", outputs=[])
    runner = start_runner("--once")
    assert runner.process.wait(60) == 0
    assert first.result["outcome"] == "succeeded" and not second.acknowledged


def test_two_jobs_at_a_time(server, start_runner, offer_build):
    jobs = [offer_build(SHORT, outputs=[]) for _ in range(3)]
    start_runner()
    server.wait(lambda: all(started(job)() for job in jobs[:2]))
    assert not jobs[2].acknowledged
    for job in jobs[:2]:
        docker("exec", containers(job)[0], "touch", "/tmp/go")
    server.wait(started(jobs[2]))
    docker("exec", containers(jobs[2])[0], "touch", "/tmp/go")
    server.wait(lambda: jobs[2].result)


def test_a_job_that_somebody_else_has_is_dropped(server, start_runner, offer_build):
    start_runner()
    job = offer_build(SLEEP, outputs=[])
    server.wait(started(job))
    with server.lock:
        job.stale = True
        server.lock.notify_all()
    server.wait(lambda: containers(job) == [], 20)
    assert job.result is None


def test_the_server_may_be_away_for_a_while(server, start_runner, offer_build):
    start_runner()
    job = offer_build(SHORT, outputs=[])
    server.wait(started(job))
    name = containers(job)[0]
    server.away = True
    docker("exec", name, "touch", "/tmp/go")
    # The build ends while nobody takes its log or its result.
    server.wait(lambda: docker("ps", "-q", "--filter", f"id={name}").strip() == b"" or job.heartbeats, 20)
    server.away = False
    server.wait(lambda: job.result, 60)
    assert job.result["outcome"] == "succeeded" and "Phase complete: POST_BUILD State: SUCCEEDED" in job.text


def test_a_job_whose_result_was_taken_is_not_lost(server, start_runner, offer_build):
    runner = start_runner()
    job = offer_build("version: 0.2\nphases: {build: {commands: ['true']}}\n", outputs=[])
    server.wait(lambda: job.result)
    server.wait(lambda: "job ended" in runner.log())
    assert "outcome=succeeded" in next(line for line in runner.log().splitlines() if "job ended" in line)


def refused(program, state, *arguments, environment=None):
    done = subprocess.run([program, "--state", state, *arguments], capture_output=True, text=True, timeout=30,
                          env={**os.environ, **(environment or {})}, check=False)
    assert done.stdout == "" and done.stderr.count("\n") == 1, done.stderr
    return done.returncode, done.stderr


@pytest.mark.parametrize("arguments, code, sentence", [
    (["--docker", "unix:///nowhere/docker.sock"], 1, "no Docker engine at 'unix:///nowhere/docker.sock'"),
    (["--docker", "ftp://x"], 1, "is no Docker address"),
    ([], 1, "this runner has not joined a server; get a token with `penstock join`"),
    (["--jobs", "0"], 2, "--jobs must be a number from 1 to 64, not '0'"),
    (["--nonsense"], 2, "no flag '--nonsense'"),
])
def test_what_it_cannot_start_without_is_one_sentence(runner_program, tmp_path, image, arguments, code, sentence):
    got, text = refused(runner_program, tmp_path / "state", *arguments)
    assert got == code and sentence in text


def test_a_state_folder_has_one_runner(server, start_runner, runner_program):
    runner = start_runner()
    server.wait(lambda: server.leases)
    code, text = refused(runner_program, runner.state)
    assert code == 1 and "another runner uses the state folder" in text


def test_a_removed_runner_ends(server, start_runner):
    runner = start_runner()
    server.wait(lambda: server.leases)
    server.token = "another"
    with server.lock:
        server.hellos.append({})  # ends the questions under way
        server.lock.notify_all()
    assert runner.process.wait(60) == 1
    assert "gives no work" in runner.log()


@pytest.fixture
def in_use(server, image):
    """A network and a volume of the runner's, which a container of somebody else uses; its name."""
    name = f"penstock-test-life-{uuid.uuid4().hex[:12]}"
    label = f"penstock.runner={server.runner_id}"
    docker("network", "create", "--label", label, name)
    docker("volume", "create", "--label", label, name)
    docker("run", "-d", "--name", name, "--network", name, "--volume", f"{name}:/data", image, "sleep", "600")
    yield name
    docker("rm", "-f", name)
    docker("network", "rm", name)
    docker("volume", "rm", name)


def test_leftovers_that_somebody_uses_are_a_warning(server, start_runner, in_use):
    runner = start_runner()
    server.wait(lambda: server.leases)
    warnings = [line for line in runner.log().splitlines() if "cannot be removed" in line]
    assert len(warnings) == 2 and all(in_use in line for line in warnings), runner.log()


def test_an_earlier_tries_volume_goes(server, start_runner, offer_build):
    start_runner()
    server.wait(lambda: server.leases)
    name = f"penstock-test-life-{uuid.uuid4().hex[:12]}"
    docker("volume", "create", "--label", f"penstock.job={name}", name)
    job = offer_build(SHORT, outputs=[], job={"id": name, "attempt": 2})
    server.wait(started(job))
    left = docker("volume", "ls", "-q", "--filter", f"label=penstock.job={name}")
    docker("volume", "rm", "-f", name)
    docker("exec", containers(job)[0], "touch", "/tmp/go")
    server.wait(lambda: job.result)
    assert left == b"" and job.result["outcome"] == "succeeded"
