"""The awslogs driver: what a container writes goes to CloudWatch Logs, line by line.

The group must be there, or `awslogs-create-group` be "true"; the stream is called PREFIX/CONTAINER/TASK-ID.
"""

import logging

from sandbox import clock
from sandbox.docker import DockerError

log = logging.getLogger("sandbox")


def _options(definition):
    """The driver's options, or None where the container logs elsewhere."""
    configuration = definition.get("logConfiguration", {})
    return configuration.get("options", {}) if configuration.get("logDriver") == "awslogs" else None


def stream_name(definition, task_id):
    """None where no prefix is given: then the stream is called by Docker's id, which nobody can foresee."""
    prefix = (_options(definition) or {}).get("awslogs-stream-prefix")
    return f"{prefix}/{definition['name']}/{task_id}" if prefix else None


def problem(logs, definition):
    """Why the container cannot start, in ECS's words, or None."""
    options = _options(definition)
    if options is None:
        return None
    group = options.get("awslogs-group")
    if group is None:
        return "ResourceInitializationError: failed to validate logger args: must specify a value for log opt 'awslogs-group'"
    if options.get("awslogs-create-group") == "true":
        logs.create_group(group)
    if not logs.exists(group):
        return ("ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: "
                "ResourceNotFoundException: The specified log group does not exist.")
    return None


def write(logs, definition, task_id, lines, docker_id=None):
    """Append texts to the container's stream; nothing where it logs elsewhere."""
    options = _options(definition)
    if options is None or not lines or not logs.exists(options.get("awslogs-group")):
        return
    now = round(clock.now() * 1000)
    logs.append(options["awslogs-group"], stream_name(definition, task_id) or docker_id or task_id, [(now, line) for line in lines])


def follow(engine, logs, task, container):
    """Copy a real container's output until it ends; for a thread of its own."""
    if _options(container.definition) is None:
        return
    seen = 0
    try:
        for line in engine.follow_log(container.docker_id):
            write(logs, container.definition, task.id, [line], container.docker_id)
            seen += 1
        # Docker drops a last line without its end from what it streams.
        write(logs, container.definition, task.id, engine.whole_log(container.docker_id)[seen:], container.docker_id)
    except (DockerError, OSError, ValueError) as error:
        log.debug("no more output of %s: %s", container.name, error)
