"""Causes for which a task never gets to RUNNING: stopCode TaskFailedToStart, and a stoppedReason."""

from sandbox.ecs.cause import Cause, execution_role, first_essential


class _StartCause(Cause):
    """`text(self, ecs, task, way)` is the stoppedReason."""

    of_container = True  # CannotPull and CannotStart stand in the container's reason, too

    def text(self, ecs, task, way):
        raise NotImplementedError

    def spoil(self, life, order, ecs, task, left):
        life.pending = order.get("after", life.pending)
        life.running = None
        life.stop_code = "TaskFailedToStart"
        life.stopped_reason = order.get("text") or self.text(ecs, task, self.way(order))
        life.reason = life.stopped_reason if self.of_container else None


def _parts(image):
    """(host, repository, tag or digest) of an image's name."""
    host, _, path = image.partition("/")
    name, at, reference = path.partition("@")
    if not at:
        name, _, reference = path.partition(":")
    return host, name, reference or "latest"


class ImageMissing(_StartCause):
    ways = ("retried", "manifest-unknown", "not-found")

    def text(self, ecs, task, way):
        image = first_essential(task).definition["image"]
        _, name, reference = _parts(image)
        return {
            "retried": f"CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref {image}: {image}: not found",
            "manifest-unknown": f"CannotPullContainerError: Error response from daemon: manifest for {image} not found: manifest unknown: Requested image not found",
            "not-found": f"CannotPullContainerError: The task cannot pull {name}:{reference} from the registry {image.partition('/')[0]}. There is a connection issue between the task and the registry, or the image does not exist: image not found",
        }[way]


class ImagePlatform(_StartCause):
    ways = ("descriptor", "no-match", "exec-format")

    def text(self, ecs, task, way):
        image = first_essential(task).definition["image"]
        return {
            "descriptor": "CannotPullContainerError: image Manifest does not contain descriptor matching platform 'linux/amd64'",
            "no-match": f"CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref {image}: no match for platform in manifest: not found",
        }[way]

    def spoil(self, life, order, ecs, task, left):
        if self.way(order) != "exec-format":
            super().spoil(life, order, ecs, task, left)
            return
        life.running, life.exit_code = order.get("after", 1), 255
        life.log = [f"exec {(first_essential(task).definition.get('entryPoint') or ['/app'])[0]}: exec format error"]


class PullDenied(_StartCause):
    ways = ("forbidden", "not-authorized", "no-basic-auth", "token")

    def text(self, ecs, task, way):
        image = first_essential(task).definition["image"]
        host, name, reference = _parts(image)
        session = execution_role(ecs, task)[1]
        repository = ecs.account.arn("ecr", f"repository/{name}")
        return {
            "forbidden": f"CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref {image}: pulling from host {host} failed with status code [manifests {reference}]: 403 Forbidden",
            "not-authorized": f"CannotPullContainerError: Error response from daemon: pull access denied for {host}/{name}, repository does not exist or may require 'docker login': denied: User: {session} is not authorized to perform: ecr:BatchGetImage on resource: {repository} because no identity-based policy allows the ecr:BatchGetImage action",
            "no-basic-auth": f"CannotPullContainerError: Error response from daemon: Head \"https://{host}/v2/{name}/manifests/{reference}\": no basic auth credentials",
            "token": f"ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve ecr registry auth: service call has been retried 1 time(s): AccessDeniedException: User: {session} is not authorized to perform: ecr:GetAuthorizationToken on resource: * because no identity-based policy allows the ecr:GetAuthorizationToken action status code: 400",
        }[way]


class PullNetwork(_StartCause):
    ways = ("ecr", "timeout", "s3", "canceled")

    def text(self, ecs, task, way):
        image = first_essential(task).definition["image"]
        host, name, reference = _parts(image)
        region = ecs.account.region
        return {
            "ecr": f"ResourceInitializationError: unable to pull secrets or registry auth: The task cannot pull registry auth from Amazon ECR: There is a connection issue between the task and Amazon ECR. Check your task network configuration. RequestError: send request failed caused by: Post \"https://api.ecr.{region}.amazonaws.com/\": dial tcp 10.0.1.7:443: i/o timeout",
            "timeout": f"CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref {image}: failed to do request: Head \"https://{host}/v2/{name}/manifests/{reference}\": dial tcp 52.119.0.10:443: i/o timeout",
            "s3": f"CannotPullContainerError: ref pull has been retried 5 time(s): failed to copy: httpReadSeeker: failed open: failed to do request: Get \"https://prod-{region}-starport-layer-bucket.s3.{region}.amazonaws.com/\": dial tcp 52.218.0.9:443: i/o timeout",
            "canceled": f"CannotPullContainerError: Error response from daemon: Get \"https://{host}/v2/\": net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers): context canceled",
        }[way]


class SecretDenied(_StartCause):
    ways = ("secrets-manager", "ssm", "missing", "invalid-parameter")
    of_container = False

    def text(self, ecs, task, way):
        session = execution_role(ecs, task)[1]
        wanted = [secret["valueFrom"] for container in task.containers for secret in container.definition.get("secrets", [])]
        secret = wanted[0] if wanted else ecs.account.arn("secretsmanager", "secret:shop/database-AbCdEf")
        begin = "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: "
        return begin + {
            "secrets-manager": f"unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret {secret} from secrets manager: AccessDeniedException: User: {session} is not authorized to perform: secretsmanager:GetSecretValue on resource: {secret} because no identity-based policy allows the secretsmanager:GetSecretValue action status code: 400",
            "ssm": f"unable to retrieve secrets from ssm: service call has been retried 1 time(s): AccessDeniedException: User: {session} is not authorized to perform: ssm:GetParameters on resource: {secret} because no identity-based policy allows the ssm:GetParameters action status code: 400",
            "missing": f"unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret {secret} from secrets manager: ResourceNotFoundException: Secrets Manager can't find the specified secret.",
            "invalid-parameter": f"unable to retrieve secrets from ssm: service call has been retried 1 time(s): failed to fetch secrets from ssm: invalid parameters: {secret}",
        }[way]


class CircuitBreaker(_StartCause):
    """Tasks that fail without a telling reason, and a service whose circuit breaker sees it."""

    of_container = False

    def text(self, ecs, task, way):
        return "Task failed to start"

    def begin(self, order, ecs, service, deployment):
        configuration = service.settings["deploymentConfiguration"]
        if not configuration.get("deploymentCircuitBreaker", {}).get("enable"):
            service.settings["deploymentConfiguration"] = {**configuration, "deploymentCircuitBreaker": {"enable": True, "rollback": True}}


CAUSES = {
    "image-missing": ImageMissing(),
    "image-platform": ImagePlatform(),
    "pull-denied": PullDenied(),
    "pull-network": PullNetwork(),
    "secret-denied": SecretDenied(),
    "circuit-breaker": CircuitBreaker(),
}
