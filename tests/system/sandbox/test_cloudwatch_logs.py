"""CloudWatch Logs: pages from both ends, and what tasks write there."""

import pytest
from botocore.exceptions import ClientError
from sandbox_under_test import NETWORK, eventually


@pytest.fixture
def logs(sandbox):
    return sandbox.client("logs")


def test_pages(logs):
    for call in (lambda: logs.get_log_events(logGroupName="/pages", logStreamName="a"), lambda: logs.create_log_stream(logGroupName="/pages", logStreamName="a")):
        with pytest.raises(ClientError, match="ResourceNotFoundException.*log group does not exist"):
            call()
    logs.create_log_group(logGroupName="/pages")
    with pytest.raises(ClientError, match="ResourceAlreadyExistsException"):
        logs.create_log_group(logGroupName="/pages")
    with pytest.raises(ClientError, match="log stream does not exist"):
        logs.get_log_events(logGroupName="/pages", logStreamName="a")
    logs.create_log_stream(logGroupName="/pages", logStreamName="a")
    logs.put_log_events(logGroupName="/pages", logStreamName="a", logEvents=[{"timestamp": 1000 + i, "message": f"line {i}"} for i in range(5)])

    def messages(**more):
        answer = logs.get_log_events(logGroupName="/pages", logStreamName="a", **more)
        return [event["message"] for event in answer["events"]], answer

    assert messages(limit=2)[0] == ["line 3", "line 4"]
    first, answer = messages(limit=3, startFromHead=True)
    second, answer = messages(nextToken=answer["nextForwardToken"])
    assert first + second == [f"line {i}" for i in range(5)]
    none, last = messages(nextToken=answer["nextForwardToken"])
    assert none == [] and last["nextForwardToken"] == answer["nextForwardToken"]
    found = logs.filter_log_events(logGroupName="/pages", filterPattern="line 4")["events"]
    assert [event["message"] for event in found] == ["line 4"]
    assert [one["logStreamName"] for one in logs.describe_log_streams(logGroupName="/pages")["logStreams"]] == ["a"]
    assert "/pages" in [one["logGroupName"] for one in logs.describe_log_groups(logGroupNamePrefix="/pa")["logGroups"]]


def test_lines_of_a_task(sandbox, logs, pushed_image):
    ecs = sandbox.client("ecs")
    ecs.create_cluster(clusterName="logs")
    options = {"awslogs-group": "/tasks", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "job"}
    container = {"name": "main", "image": pushed_image, "command": ["/bin/sh", "-c", "echo one; echo two >&2; printf three"], "memory": 32,
                 "logConfiguration": {"logDriver": "awslogs", "options": options}}
    arn = ecs.register_task_definition(family="logs", networkMode="awsvpc", containerDefinitions=[container])["taskDefinition"]["taskDefinitionArn"]

    def run():
        task = ecs.run_task(cluster="logs", taskDefinition=arn, networkConfiguration=NETWORK)["tasks"][0]["taskArn"]
        def stopped():
            found = ecs.describe_tasks(cluster="logs", tasks=[task])["tasks"][0]
            return found if found["lastStatus"] == "STOPPED" else None
        return eventually(stopped, "the task has stopped")

    assert "log group does not exist" in run()["stoppedReason"]
    logs.create_log_group(logGroupName="/tasks")
    task = run()
    stream = f"job/main/{task['taskArn'].rpartition('/')[2]}"
    events = logs.get_log_events(logGroupName="/tasks", logStreamName=stream, startFromHead=True)["events"]
    assert sorted(event["message"] for event in events) == ["one", "three", "two"]
