"""Whether a task's images can be pulled, as ECR's own records say: for tasks in scripted mode."""

import hashlib


def pull_problem(ecs, task):
    """(container, its reason) where an image is missing or of another platform; notes the digests.

    Images of registries and repositories that nobody made here are taken to be there.
    """
    for container in task.containers:
        image = container.definition["image"]
        host, _, path = image.partition("/")
        name, at, reference = path.partition("@")
        if not at:
            name, _, reference = path.partition(":")
        if host not in ecs.registry.hosts or not ecs.registry.repositories.exists(name):
            container.image_digest = "sha256:" + hashlib.sha256(image.encode()).hexdigest()
            continue
        known = task.deployment.digests if task.deployment else {}
        stored = ecs.registry.manifest(name, known.get(image) or reference or "latest")
        if stored is None:
            return container, f"CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref {image}: {image}: not found"
        container.image_digest = known.setdefault(image, stored[0])
        wanted = _platform(task.definition.body)
        if wanted not in ecs.registry.platforms(name, stored[0]):
            return container, f"CannotPullContainerError: image Manifest does not contain descriptor matching platform '{wanted}'"
    return None


def _platform(body):
    architecture = body.get("runtimePlatform", {}).get("cpuArchitecture", "X86_64")
    return "linux/arm64" if architecture == "ARM64" else "linux/amd64"
