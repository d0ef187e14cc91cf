"""What every cause is: a way to spoil lives, to stop launches, or to change what lies around the tasks."""


class Cause:
    """Override what applies.  `ways` are the values of `how`, the first of them taken where it is not said."""

    ways = ()

    def way(self, order):
        return order.get("how", self.ways[0] if self.ways else None)

    def begin(self, order, ecs, service, deployment):
        """The deployment starts."""

    def launch_problem(self, order, ecs, service, deployment):
        """The end of a service event, where no task can be launched."""
        return None

    def spoil(self, life, order, ecs, task, left):
        """Change a task's healthy Life; `left` seconds are until recovery, None where there is none."""


def first_essential(task):
    return next(container for container in task.containers if container.essential)


def execution_role(ecs, task):
    """(the role's ARN, the session's ARN) under which the image is pulled and secrets are read."""
    role = task.definition.body.get("executionRoleArn") or f"arn:aws:iam::{ecs.account.account_id}:role/ecsTaskExecutionRole"
    return role, f"arn:aws:sts::{ecs.account.account_id}:assumed-role/{role.rsplit('/', 1)[-1]}/{task.id}"
