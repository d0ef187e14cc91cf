"""ECR: repositories, the sign-in token, and what was pushed.  The bytes are in `registry.py`."""

import base64
import hashlib
import json
import re
import threading

from sandbox import clock
from sandbox.errors import AwsError

_NAME = re.compile(r"(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*")


class Image:
    """One manifest in a repository and the tags that point to it."""

    def __init__(self, digest, media_type, size_bytes):
        self.digest = digest
        self.media_type = media_type
        self.size_bytes = size_bytes
        self.pushed_at = clock.now()
        self.tags = []


class Repository:
    def __init__(self, name, params):
        self.name = name
        self.created_at = clock.now()
        self.mutability = params.get("imageTagMutability", "MUTABLE")
        self.scanning = params.get("imageScanningConfiguration", {"scanOnPush": False})
        self.encryption = params.get("encryptionConfiguration", {"encryptionType": "AES256"})
        self.tags = {tag["Key"]: tag["Value"] for tag in params.get("tags", [])}
        self.images = {}  # digest -> Image

    def tagged(self, tag):
        return next((image for image in self.images.values() if tag in image.tags), None)


class EcrState:
    """All repositories.  The registry's door asks and tells it, too, so it has a lock."""

    def __init__(self, account):
        self.account = account
        self.registry = None  # set once the registry runs
        self.lock = threading.RLock()
        self.repositories = {}

    def exists(self, name):
        with self.lock:
            return name in self.repositories

    def ensure(self, name):
        """Make the repository where there is none."""
        with self.lock:
            self.repositories.setdefault(name, Repository(name, {}))

    def refuses_tag(self, name, reference):
        """The text of ECR's refusal to put a manifest there, or None."""
        with self.lock:
            repository = self.repositories.get(name)
            taken = repository and repository.mutability == "IMMUTABLE" and repository.tagged(reference)
            if taken:
                return f"The image tag '{reference}' already exists in the '{name}' repository and cannot be overwritten because the tag is immutable."
        return None

    def pushed(self, name, tag, digest, media_type, size_bytes):
        with self.lock:
            repository = self.repositories.get(name)
            if repository is None:
                return
            image = repository.images.setdefault(digest, Image(digest, media_type, size_bytes))
            if tag:
                for other in repository.images.values():
                    if tag in other.tags:
                        other.tags.remove(tag)
                image.tags.append(tag)

    def find(self, params):
        """The repository that the input names."""
        registry_id = params.get("registryId", self.account.account_id)
        repository = self.repositories.get(params["repositoryName"])
        if repository is None or registry_id != self.account.account_id:
            raise AwsError("RepositoryNotFoundException", f"The repository with name '{params['repositoryName']}' does not exist in the registry with id '{registry_id}'")
        return repository

    def view(self, repository):
        return {
            "repositoryArn": self.account.arn("ecr", f"repository/{repository.name}"),
            "registryId": self.account.account_id,
            "repositoryName": repository.name,
            "repositoryUri": f"{self.registry.address}/{repository.name}",
            "createdAt": repository.created_at,
            "imageTagMutability": repository.mutability,
            "imageScanningConfiguration": repository.scanning,
            "encryptionConfiguration": repository.encryption,
        }

    def find_image(self, repository, image_id):
        """The Image of an {imageTag, imageDigest}, or None."""
        digest, tag = image_id.get("imageDigest"), image_id.get("imageTag")
        image = repository.images.get(digest) if digest else repository.tagged(tag)
        return None if image is None or (digest and tag and tag not in image.tags) else image


def create_repository(ecr, params, key):
    name = params["repositoryName"]
    if not _NAME.fullmatch(name):
        raise AwsError("InvalidParameterException", f"Invalid parameter at 'repositoryName' failed to satisfy constraint: 'must satisfy regular expression '{_NAME.pattern}''")
    with ecr.lock:
        if name in ecr.repositories:
            raise AwsError("RepositoryAlreadyExistsException", f"The repository with name '{name}' already exists in the registry with id '{ecr.account.account_id}'")
        ecr.repositories[name] = Repository(name, params)
        return {"repository": ecr.view(ecr.repositories[name])}


def describe_repositories(ecr, params, key):
    with ecr.lock:
        names = params.get("repositoryNames")
        if names:
            found = [ecr.find({**params, "repositoryName": name}) for name in names]
        else:
            found = [ecr.repositories[name] for name in sorted(ecr.repositories)]
        return {"repositories": [ecr.view(repository) for repository in found]}


def delete_repository(ecr, params, key):
    with ecr.lock:
        repository = ecr.find(params)
        if repository.images and not params.get("force"):
            raise AwsError("RepositoryNotEmptyException", f"The repository with name '{repository.name}' in registry with id '{ecr.account.account_id}' cannot be deleted because it still contains images")
        del ecr.repositories[repository.name]
        digests = list(repository.images)
    for digest in digests:
        ecr.registry.delete_manifest(repository.name, digest)
    return {"repository": ecr.view(repository)}


def get_authorization_token(ecr, params, key):
    password, ends = ecr.registry.new_password()
    token = base64.b64encode(f"AWS:{password}".encode()).decode()
    return {"authorizationData": [{"authorizationToken": token, "expiresAt": ends, "proxyEndpoint": f"http://{ecr.registry.address}"}]}


def describe_images(ecr, params, key):
    with ecr.lock:
        repository = ecr.find(params)
        images = []
        for image_id in params.get("imageIds", []):
            image = ecr.find_image(repository, image_id)
            if image is None:
                wanted = ", ".join(f"{name}:'{value}'" for name, value in sorted(image_id.items()))
                raise AwsError("ImageNotFoundException", f"The image with imageId {{{wanted}}} does not exist within the repository with name '{repository.name}' in the registry with id '{ecr.account.account_id}'")
            images.append(image)
        if "imageIds" not in params:
            images = [image for image in repository.images.values() if _status_fits(image, params.get("filter"))]
        return {"imageDetails": [_detail(ecr, repository, image) for image in images]}


def _status_fits(image, wanted):
    status = (wanted or {}).get("tagStatus", "ANY")
    return status == "ANY" or (status == "TAGGED") == bool(image.tags)


def _detail(ecr, repository, image):
    detail = {
        "registryId": ecr.account.account_id,
        "repositoryName": repository.name,
        "imageDigest": image.digest,
        "imageSizeInBytes": image.size_bytes,
        "imagePushedAt": image.pushed_at,
        "imageManifestMediaType": image.media_type,
    }
    return {**detail, "imageTags": list(image.tags)} if image.tags else detail


def list_images(ecr, params, key):
    with ecr.lock:
        repository = ecr.find(params)
        ids = []
        for image in repository.images.values():
            if _status_fits(image, params.get("filter")):
                ids += [{"imageDigest": image.digest, "imageTag": tag} for tag in image.tags] or [{"imageDigest": image.digest}]
        return {"imageIds": ids}


def batch_get_image(ecr, params, key):
    images, failures = [], []
    for image_id in params["imageIds"]:
        with ecr.lock:
            repository = ecr.find(params)
            image = ecr.find_image(repository, image_id)
        stored = ecr.registry.manifest(repository.name, image.digest) if image else None
        if stored is None:
            failures.append({"imageId": image_id, "failureCode": "ImageNotFound", "failureReason": "Requested image not found"})
            continue
        digest, media_type, text = stored
        images.append({
            "registryId": ecr.account.account_id,
            "repositoryName": repository.name,
            "imageId": {**image_id, "imageDigest": digest},
            "imageManifest": text,
            "imageManifestMediaType": media_type,
        })
    return {"images": images, "failures": failures}


def put_image(ecr, params, key):
    text = params["imageManifest"]
    try:
        media_type = params.get("imageManifestMediaType") or json.loads(text).get("mediaType", "application/vnd.docker.distribution.manifest.v2+json")
    except ValueError:
        raise AwsError("InvalidParameterException", "Invalid parameter at 'ImageManifest' failed to satisfy constraint: 'Invalid JSON syntax'") from None
    digest = "sha256:" + hashlib.sha256(text.encode()).hexdigest()
    tag = params.get("imageTag")
    with ecr.lock:
        repository = ecr.find(params)
        known = repository.images.get(digest)
        if known and (tag is None or tag in known.tags):
            raise AwsError("ImageAlreadyExistsException", f"Image with digest '{digest}' and tag '{tag}' already exists in the repository with name '{repository.name}' in registry with id '{ecr.account.account_id}'")
        refused = tag and ecr.refuses_tag(repository.name, tag)
        if refused:
            raise AwsError("ImageTagAlreadyExistsException", refused)
    problem = ecr.registry.put_manifest(repository.name, tag or digest, media_type, text)
    if problem:
        raise AwsError("LayersNotFoundException", problem)
    image_id = {"imageDigest": digest, **({"imageTag": tag} if tag else {})}
    return {"image": {"registryId": ecr.account.account_id, "repositoryName": repository.name, "imageId": image_id, "imageManifest": text, "imageManifestMediaType": media_type}}


def describe_pull_through_cache_rules(ecr, params, key):
    """No repository here fills itself."""
    return {"pullThroughCacheRules": []}


def get_download_url_for_layer(ecr, params, key):
    with ecr.lock:
        repository = ecr.find(params)
    digest = params["layerDigest"]
    if not ecr.registry.has_blob(repository.name, digest):
        raise AwsError("LayersNotFoundException", f"The layer with digest '{digest}' could not be found in the repository with name '{repository.name}' in the registry with id '{ecr.account.account_id}'")
    path = ecr.registry.signed_path(f"/v2/{repository.name}/blobs/{digest}")
    return {"downloadUrl": f"http://{ecr.registry.address}{path}", "layerDigest": digest}


OPERATIONS = {
    "PutImage": put_image,
    "GetDownloadUrlForLayer": get_download_url_for_layer,
    "DescribePullThroughCacheRules": describe_pull_through_cache_rules,
    "CreateRepository": create_repository,
    "DescribeRepositories": describe_repositories,
    "DeleteRepository": delete_repository,
    "GetAuthorizationToken": get_authorization_token,
    "DescribeImages": describe_images,
    "ListImages": list_images,
    "BatchGetImage": batch_get_image,
}
