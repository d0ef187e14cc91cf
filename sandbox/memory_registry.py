"""The image registry of scripted mode: manifests and config blobs in memory, no layers.

It answers GET and HEAD of /v2/NAME/manifests and /v2/NAME/blobs on the AWS endpoint itself, with ECR's token.  Images come
by PutImage, and by the control door `images`: {"repository", "tag"?, "platforms"?, "sizeBytes"?}.
"""

import hashlib
import json
import re
import threading

from sandbox.control import check_order
from sandbox.passwords import Passwords
from sandbox.wire.message import Reply

_PATH = re.compile(r"^/v2/(?P<name>.+)/(?P<kind>blobs|manifests)/(?P<rest>[^/?]+)$")
_IMAGE = "application/vnd.docker.distribution.manifest.v2+json"
_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
_CONFIG = "application/vnd.docker.container.image.v1+json"
_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"


def _digest(text):
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


class MemoryRegistry(Passwords):
    """What EcrState and ECS ask of a registry."""

    def __init__(self, account, repositories):
        super().__init__()
        self._account = account
        self.repositories = repositories
        self.address = None  # set once the endpoint listens
        self._lock_blobs = threading.Lock()
        self._blobs = {}  # digest -> (media type, text)

    @property
    def hosts(self):
        """The names under which images call it."""
        return {self.address, f"{self._account.account_id}.dkr.ecr.{self._account.region}.amazonaws.com"}

    # what is stored

    def put(self, media_type, text):
        """Keep a manifest or a blob; its digest."""
        digest = _digest(text)
        with self._lock_blobs:
            self._blobs[digest] = (media_type, text)
        return digest

    def manifest(self, name, reference):
        """(digest, media type, text) of a stored manifest, or None."""
        with self.repositories.lock:
            repository = self.repositories.repositories.get(name)
            if repository is None:
                return None
            image = repository.images.get(reference) if reference.startswith("sha256:") else repository.tagged(reference)
        digest = image.digest if image else reference
        with self._lock_blobs:
            stored = self._blobs.get(digest)
        return (digest, *stored) if stored and "manifest" in stored[0] else None

    def blob(self, digest):
        """(media type, text), or None."""
        with self._lock_blobs:
            return self._blobs.get(digest)

    def delete_manifest(self, name, digest):
        """Its bytes stay: another repository may have the same."""

    def platforms(self, name, digest):
        """{"linux/amd64", ...} of an image or a list of images."""
        _, _, text = self.manifest(name, digest)
        manifest = json.loads(text)
        if "manifests" in manifest:
            return {f"{one['platform']['os']}/{one['platform']['architecture']}" for one in manifest["manifests"] if "platform" in one}
        stored = self.blob(manifest.get("config", {}).get("digest"))
        config = json.loads(stored[1]) if stored else {}
        return {f"{config.get('os', 'linux')}/{config.get('architecture', 'amd64')}"}

    def has_blob(self, name, digest):
        with self._lock_blobs:
            return digest in self._blobs

    def put_manifest(self, name, reference, media_type, text):
        """None where it is stored, else the refusal's text."""
        digest = self.put(media_type, text)
        manifest = json.loads(text)
        size = sum(part.get("size", 0) for part in [manifest.get("config", {})] + manifest.get("layers", []))
        self.repositories.pushed(name, None if reference.startswith("sha256:") else reference, digest, media_type, size)

    # the control door

    def add(self, order):
        check_order(order, "an image", ("repository", "tag", "platforms", "sizeBytes", "config"))
        name, tag = order.get("repository"), order.get("tag")
        if not isinstance(name, str) or not name:
            raise ValueError("an image has a 'repository'")
        platforms = order.get("platforms", ["linux/amd64"])
        if not isinstance(platforms, list) or not platforms or not all(isinstance(one, str) and one.count("/") == 1 for one in platforms):
            raise ValueError("'platforms' must be a list such as [\"linux/amd64\"]")
        self.repositories.ensure(name)
        size = order.get("sizeBytes", 50_000_000)
        texts = [self._image(name, tag, platform, size, order.get("config", {})) for platform in platforms]
        media_type, text = texts[0]
        if len(texts) > 1:
            media_type, text = self._list(platforms, [one[1] for one in texts])
        digest = self.put(media_type, text)
        self.repositories.pushed(name, tag, digest, media_type, size)

    def _image(self, name, tag, platform, size, more):
        system, _, architecture = platform.partition("/")
        config = json.dumps({"architecture": architecture, "os": system, "config": {"Cmd": ["/app"], "Labels": {"image": f"{name}:{tag}"}, **more}, "rootfs": {"type": "layers", "diff_ids": []}})
        digest = self.put(_CONFIG, config)
        layer = {"mediaType": _LAYER, "size": size, "digest": _digest(f"{name}:{tag}:{platform}")}
        text = json.dumps({"schemaVersion": 2, "mediaType": _IMAGE, "config": {"mediaType": _CONFIG, "size": len(config), "digest": digest}, "layers": [layer]})
        self.put(_IMAGE, text)
        return _IMAGE, text

    @staticmethod
    def _list(platforms, texts):
        entries = []
        for platform, text in zip(platforms, texts):
            system, _, architecture = platform.partition("/")
            entries.append({"mediaType": _IMAGE, "size": len(text), "digest": _digest(text), "platform": {"os": system, "architecture": architecture}})
        return _LIST, json.dumps({"schemaVersion": 2, "mediaType": _LIST, "manifests": entries})

    def waiting(self):
        with self.repositories.lock:
            return [{"repository": repository.name, "digest": image.digest, "tags": list(image.tags)} for repository in self.repositories.repositories.values() for image in repository.images.values()]

    def clear(self):
        with self.repositories.lock:
            for repository in self.repositories.repositories.values():
                repository.images.clear()

    # the registry's own door

    def answer(self, request):
        """The reply to a request for /v2/…"""
        path = request.path
        if not self.check_ticket(request.target):
            refused = self.check_authorization(request.header("authorization"))
            if refused:
                challenge = {"Www-Authenticate": f'Basic realm="http://{self.address}/",service="ecr.amazonaws.com"'}
                return _refuse(401, "DENIED" if "expired" in refused else "UNAUTHORIZED", refused, challenge)
        if path == "/v2/":
            return Reply(200, b"{}", {"Content-Type": "application/json"})
        match = _PATH.match(path)
        if request.method not in ("GET", "HEAD"):
            return _refuse(405, "UNSUPPORTED", "this registry is only read: put images with PutImage")
        if not match or not self.repositories.exists(match["name"]):
            return _refuse(404, "NAME_UNKNOWN", f"The repository with name '{match['name'] if match else path}' does not exist in the registry with id '{self._account.account_id}'")
        if match["kind"] == "manifests":
            stored = self.manifest(match["name"], match["rest"])
        else:
            blob = self.blob(match["rest"])
            stored = blob and (match["rest"], *blob)
        if stored is None:
            return _refuse(404, "MANIFEST_UNKNOWN" if match["kind"] == "manifests" else "BLOB_UNKNOWN", "Requested image not found")
        digest, media_type, text = stored
        return Reply(200, text.encode(), {"Content-Type": media_type, "Docker-Content-Digest": digest})


def _refuse(status, code, message, headers=None):
    body = json.dumps({"errors": [{"code": code, "message": message}]}).encode() + b"\n"
    return Reply(status, body, {"Content-Type": "application/json", "Docker-Distribution-Api-Version": "registry/2.0", **(headers or {})})
