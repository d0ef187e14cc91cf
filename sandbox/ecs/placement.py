"""Where the next task goes: the container instance that has room for it, or why there is none, in ECS's words."""

from dataclasses import dataclass

from sandbox import clock
from sandbox.ecs import instances

_RETRY_SECONDS = 15


@dataclass
class Place:
    """`problem` is the end of a service event; where it is None the task may start, on `host` if that is not None."""

    host: object = None
    problem: str = None


def find(round, service, deployment):
    """The place for one more task of a deployment."""
    if deployment.script:
        problem = deployment.script.launch_problem(round.ecs, service, deployment)
        if problem:
            return Place(problem=problem)
    if not uses_instances(round.ecs, service.cluster, deployment.settings):
        return Place()
    return Place(*instances.choose(round.ecs, service.cluster, deployment.definition, deployment.settings, service))


def uses_instances(ecs, cluster, settings):
    """Are the tasks placed on container instances?  With real containers only where some were registered."""
    on_ec2 = settings.get("launchType") == "EC2" or any(not one.get("capacityProvider", "").startswith("FARGATE") for one in settings.get("capacityProviderStrategy", []))
    return on_ec2 and (clock.simulated() or bool(cluster.instances))


def complain(round, service, deployment, problem):
    """Say why no task starts; ECS repeats itself with each attempt, every few minutes."""
    round.again_at(clock.monotonic() + _RETRY_SECONDS)
    since = deployment.complaints.get(problem)
    if since is None or clock.monotonic() - since >= 300:
        deployment.complaints[problem] = clock.monotonic()
        service.say(problem)
        service.steady = False
