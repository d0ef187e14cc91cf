"""S3 over a folder: buckets, objects and their versions, multipart uploads, path style.  No rights but what the
control door takes away: {"name": "bucket", "region": "us-east-2", "denied": ["s3:GetObject"]}.

What an object is called and what it is like stands in memory; its bytes are in DIR/s3, a file for each version.
"""

import base64
import hashlib
import os
import re
import shutil
import secrets
import threading
import urllib.parse

from sandbox import clock
from sandbox.control import check_order
from sandbox.errors import AwsError
from sandbox.service import Service

# Headers of PutObject that GetObject gives back.
_KEPT = ("ContentType", "ContentEncoding", "ContentDisposition", "ContentLanguage", "CacheControl", "Metadata", "ServerSideEncryption", "SSEKMSKeyId")
_LEAST_PART_BYTES = 5 * 1024 * 1024
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


class S3State:
    """`add`, `waiting` and `clear` are the control door's."""

    def __init__(self, account, folder):
        self.account = account
        self.folder = os.path.join(folder, "s3")
        self.lock = threading.RLock()
        self.buckets = {}  # name -> {"created", "region", "denied", "versioning", "objects": {key: [version, the newest last]}}
        self.uploads = {}  # id -> {"Bucket", "Key", "record", "parts": {number: (etag, file)}}
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder, 0o700)

    def bucket(self, params):
        name = params["Bucket"]
        if name not in self.buckets:
            raise AwsError("NoSuchBucket", "The specified bucket does not exist", 404)
        return self.buckets[name]

    def record(self, params):
        """The version that is asked for; a delete marker is none."""
        versions = self.bucket(params)["objects"].get(params["Key"], [])
        wanted = params.get("VersionId")
        found = next((one for one in versions if one["VersionId"] == wanted), None) if wanted else versions[-1] if versions else None
        if found is None and wanted:
            raise AwsError("NoSuchVersion", "The specified version does not exist.", 404)
        if found is None or found.get("DeleteMarker"):
            raise AwsError("NoSuchKey", "The specified key does not exist.", 404)
        if "IfMatch" in params and params["IfMatch"].strip('"') != found["ETag"].strip('"'):
            raise AwsError("PreconditionFailed", "At least one of the pre-conditions you specified did not hold", 412)
        return found

    def new_file(self, body):
        path = os.path.join(self.folder, secrets.token_hex(16))
        with open(path, "wb") as file:
            file.write(body)
        return path

    def store(self, params, record):
        """Put a new version of an object in its place; the answer's VersionId, or None."""
        bucket = self.bucket(params)
        versions = bucket["objects"].setdefault(params["Key"], [])
        if bucket["versioning"] == "Enabled":
            record["VersionId"] = secrets.token_urlsafe(24)
        else:
            record["VersionId"] = "null"
            for old in [one for one in versions if one["VersionId"] == "null"]:
                versions.remove(old)
                _forget(old)
        versions.append(record)
        return record["VersionId"] if bucket["versioning"] else None

    def present(self, params):
        """{key: newest version} of what is not deleted."""
        return {key: versions[-1] for key, versions in self.bucket(params)["objects"].items() if versions and not versions[-1].get("DeleteMarker")}

    def check(self, operation, params, region):
        """What S3 looks at before the operation: where the bucket is, and who may."""
        with self.lock:
            bucket = self.buckets.get(params.get("Bucket"))
        if bucket and region != bucket["region"]:
            raise AwsError("PermanentRedirect", "The bucket you are attempting to access must be addressed using the specified endpoint.", 301, {"x-amz-bucket-region": bucket["region"]})
        if bucket and f"s3:{operation}" in bucket["denied"]:
            raise AwsError("AccessDenied", "Access Denied", 403)

    def add(self, order):
        check_order(order, "a bucket", ("name", "region", "denied"))
        if order.get("name") not in self.buckets:
            raise ValueError(f"there is no bucket '{order.get('name')}'")
        with self.lock:
            bucket = self.buckets[order["name"]]
            bucket["region"] = order.get("region", bucket["region"])
            bucket["denied"] = order.get("denied", bucket["denied"])
            self.account.regions.add(bucket["region"])

    def waiting(self):
        with self.lock:
            return [{"name": name, "region": bucket["region"], "denied": bucket["denied"]} for name, bucket in self.buckets.items()]

    def clear(self):
        with self.lock:
            for bucket in self.buckets.values():
                bucket["denied"] = []


class S3Service(Service):
    def check(self, operation, params, region):
        self._state.check(operation, params, region)


def _forget(record):
    if "File" in record:
        os.unlink(record["File"])


def _shown(record):
    """A version as GetObject and HeadObject tell it."""
    hidden = ("File", "VersionId") if record["VersionId"] == "null" else ("File",)
    return {name: value for name, value in record.items() if name not in hidden}


def create_bucket(s3, params, key):
    name = params["Bucket"]
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", name):
        raise AwsError("InvalidBucketName", "The specified bucket is not valid.")
    with s3.lock:
        if name in s3.buckets:
            raise AwsError("BucketAlreadyOwnedByYou", "Your previous request to create the named bucket succeeded and you already own it.", 409)
        s3.buckets[name] = {"created": clock.now(), "region": s3.account.region, "denied": [], "versioning": None, "objects": {}}
    return {"Location": f"/{name}"}


def list_buckets(s3, params, key):
    with s3.lock:
        buckets = [{"Name": name, "CreationDate": bucket["created"]} for name, bucket in sorted(s3.buckets.items())]
    return {"Buckets": buckets, "Owner": {"ID": s3.account.account_id}}


def head_bucket(s3, params, key):
    with s3.lock:
        s3.bucket(params)
    return {}


def delete_bucket(s3, params, key):
    with s3.lock:
        if any(s3.bucket(params)["objects"].values()):
            raise AwsError("BucketNotEmpty", "The bucket you tried to delete is not empty", 409)
        del s3.buckets[params["Bucket"]]
    return {}


def put_bucket_versioning(s3, params, key):
    with s3.lock:
        s3.bucket(params)["versioning"] = params["VersioningConfiguration"].get("Status")
    return {}


def get_bucket_versioning(s3, params, key):
    with s3.lock:
        return {"Status": s3.bucket(params)["versioning"]}


def _new_record(params):
    if not params["Key"] or len(params["Key"].encode()) > 1024:
        raise AwsError("KeyTooLongError", "Your key is empty or too long")
    record = {name: params[name] for name in _KEPT if name in params}
    record.setdefault("ContentType", "binary/octet-stream")
    return record


def put_object(s3, params, key):
    body = params.get("Body", b"")
    digest = hashlib.md5(body)
    if "ContentMD5" in params and params["ContentMD5"] != base64.b64encode(digest.digest()).decode():
        raise AwsError("BadDigest", "The Content-MD5 you specified did not match what we received.")
    record = _new_record(params)
    record.update(ETag=f'"{digest.hexdigest()}"', ContentLength=len(body), LastModified=clock.now())
    with s3.lock:
        s3.bucket(params)
        record["File"] = s3.new_file(body)
        version = s3.store(params, record)
    return {"ETag": record["ETag"], "VersionId": version}


def copy_object(s3, params, key):
    source = params["CopySource"]
    bucket, _, name = urllib.parse.unquote(source.partition("?versionId=")[0]).lstrip("/").partition("/")
    version = source.partition("?versionId=")[2]
    with s3.lock:
        if "s3:GetObject" in s3.bucket({"Bucket": bucket})["denied"]:
            raise AwsError("AccessDenied", "Access Denied", 403)
        found = s3.record({"Bucket": bucket, "Key": name, **({"VersionId": version} if version else {})})
        if (bucket, name) == (params["Bucket"], params["Key"]) and params.get("MetadataDirective") != "REPLACE":
            raise AwsError("InvalidRequest", "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.")
        record = _new_record(params) if params.get("MetadataDirective") == "REPLACE" else {name: found[name] for name in _KEPT if name in found}
        record.update({name: params[name] for name in ("ServerSideEncryption", "SSEKMSKeyId") if name in params})
        with open(found["File"], "rb") as file:
            record["File"] = s3.new_file(file.read())
        record.update(ETag=found["ETag"], ContentLength=found["ContentLength"], LastModified=clock.now())
        s3.bucket(params)
        stored = s3.store(params, record)
    return {"CopyObjectResult": {"ETag": record["ETag"], "LastModified": record["LastModified"]}, "VersionId": stored}


def create_multipart_upload(s3, params, key):
    record = _new_record(params)
    with s3.lock:
        s3.bucket(params)
        number = secrets.token_urlsafe(32)
        s3.uploads[number] = {"Bucket": params["Bucket"], "Key": params["Key"], "record": record, "parts": {}}
    return {"Bucket": params["Bucket"], "Key": params["Key"], "UploadId": number}


def _upload(s3, params):
    upload = s3.uploads.get(params["UploadId"])
    if upload is None or (upload["Bucket"], upload["Key"]) != (params["Bucket"], params["Key"]):
        raise AwsError("NoSuchUpload", "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.", 404)
    return upload


def upload_part(s3, params, key):
    if not 1 <= params["PartNumber"] <= 10000:
        raise AwsError("InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive")
    body = params.get("Body", b"")
    etag = f'"{hashlib.md5(body).hexdigest()}"'
    with s3.lock:
        parts = _upload(s3, params)["parts"]
        if params["PartNumber"] in parts:
            os.unlink(parts[params["PartNumber"]][1])
        parts[params["PartNumber"]] = (etag, s3.new_file(body))
    return {"ETag": etag}


def complete_multipart_upload(s3, params, key):
    wanted = params.get("MultipartUpload", {}).get("Parts", [])
    with s3.lock:
        upload = _upload(s3, params)
        numbers = [part["PartNumber"] for part in wanted]
        if not wanted or numbers != sorted(set(numbers)):
            raise AwsError("InvalidPartOrder", "The list of parts was not in ascending order.")
        files = []
        for part in wanted:
            etag, path = upload["parts"].get(part["PartNumber"], (None, None))
            if etag is None or etag.strip('"') != part.get("ETag", "").strip('"'):
                raise AwsError("InvalidPart", "One or more of the specified parts could not be found.")
            files.append(path)
        if any(os.path.getsize(path) < _LEAST_PART_BYTES for path in files[:-1]):
            raise AwsError("EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size")
        record, digest = upload["record"], hashlib.md5()
        record["File"] = s3.new_file(b"")
        with open(record["File"], "wb") as whole:
            for path in files:
                with open(path, "rb") as file:
                    body = file.read()
                whole.write(body)
                digest.update(hashlib.md5(body).digest())
        record.update(ETag=f'"{digest.hexdigest()}-{len(files)}"', ContentLength=os.path.getsize(record["File"]), LastModified=clock.now())
        version = s3.store(params, record)
        _drop(s3, params["UploadId"])
    return {"Location": f"/{params['Bucket']}/{params['Key']}", "Bucket": params["Bucket"], "Key": params["Key"], "ETag": record["ETag"], "VersionId": version}


def _drop(s3, number):
    for _, path in s3.uploads.pop(number)["parts"].values():
        os.unlink(path)


def abort_multipart_upload(s3, params, key):
    with s3.lock:
        _upload(s3, params)
        _drop(s3, params["UploadId"])
    return {}


def list_multipart_uploads(s3, params, key):
    with s3.lock:
        found = [{"Key": upload["Key"], "UploadId": number} for number, upload in s3.uploads.items() if upload["Bucket"] == params["Bucket"]]
    return {"Bucket": params["Bucket"], "IsTruncated": False, "Uploads": found}


def get_object(s3, params, key):
    with s3.lock:
        record = s3.record(params)
        with open(record["File"], "rb") as file:
            size = record["ContentLength"]
            first, last = _read_range(params["Range"], size) if "Range" in params else (0, size - 1)
            file.seek(first)
            body = file.read(last + 1 - first)
    answer = {**_shown(record), "AcceptRanges": "bytes", "Body": body}
    if "Range" in params:
        answer.update(ContentLength=last + 1 - first, ContentRange=f"bytes {first}-{last}/{size}")
    return answer


def _read_range(text, size):
    match = _RANGE.fullmatch(text)
    if match and (match[1] or match[2]):
        first = int(match[1]) if match[1] else max(0, size - int(match[2]))
        last = min(size - 1, int(match[2])) if match[1] and match[2] else size - 1
        if first <= last:
            return first, last
    raise AwsError("InvalidRange", "The requested range is not satisfiable", 416)


def head_object(s3, params, key):
    with s3.lock:
        return {**_shown(s3.record(params)), "AcceptRanges": "bytes"}


def delete_object(s3, params, key):
    with s3.lock:
        bucket = s3.bucket(params)
        versions = bucket["objects"].get(params["Key"], [])
        if "VersionId" in params:
            for old in [one for one in versions if one["VersionId"] == params["VersionId"]]:
                versions.remove(old)
                _forget(old)
            return {"VersionId": params["VersionId"]}
        if bucket["versioning"]:
            marker = {"DeleteMarker": True, "LastModified": clock.now()}
            return {"DeleteMarker": True, "VersionId": s3.store(params, marker)}
        for old in bucket["objects"].pop(params["Key"], []):
            _forget(old)
    return {}


def list_objects(s3, params, key):
    with s3.lock:
        objects = s3.present(params)
    prefix, delimiter = params.get("Prefix", ""), params.get("Delimiter")
    after = params.get("ContinuationToken") or params.get("StartAfter", "")
    most = min(1000, params.get("MaxKeys", 1000))
    encode = urllib.parse.quote if params.get("EncodingType") == "url" else str
    contents, folders, last = [], [], None
    for name in sorted(objects, key=lambda one: one.encode()):
        if not name.startswith(prefix) or name <= after or (folders and name.startswith(folders[-1])):
            continue
        if delimiter and after.endswith(delimiter) and name.startswith(after):
            continue  # the page before ended with this folder
        if len(contents) + len(folders) == most:
            break
        cut = name.find(delimiter, len(prefix)) if delimiter else -1
        if cut >= 0:
            folders.append(name[: cut + len(delimiter)])
        else:
            record = objects[name]
            contents.append({"Key": encode(name), "LastModified": record["LastModified"], "ETag": record["ETag"], "Size": record["ContentLength"], "StorageClass": "STANDARD"})
        last = folders[-1] if cut >= 0 else name
    else:
        last = None
    return {
        "Name": params["Bucket"],
        "Prefix": encode(prefix),
        "Delimiter": encode(delimiter) if delimiter else None,
        "MaxKeys": most,
        "KeyCount": len(contents) + len(folders),
        "EncodingType": params.get("EncodingType"),
        "IsTruncated": last is not None,
        "NextContinuationToken": last,
        "ContinuationToken": params.get("ContinuationToken"),
        "Contents": contents,
        "CommonPrefixes": [{"Prefix": encode(folder)} for folder in folders],
    }


OPERATIONS = {
    "CreateBucket": create_bucket,
    "ListBuckets": list_buckets,
    "HeadBucket": head_bucket,
    "DeleteBucket": delete_bucket,
    "PutObject": put_object,
    "GetObject": get_object,
    "HeadObject": head_object,
    "DeleteObject": delete_object,
    "CopyObject": copy_object,
    "ListObjectsV2": list_objects,
    "PutBucketVersioning": put_bucket_versioning,
    "GetBucketVersioning": get_bucket_versioning,
    "CreateMultipartUpload": create_multipart_upload,
    "UploadPart": upload_part,
    "CompleteMultipartUpload": complete_multipart_upload,
    "AbortMultipartUpload": abort_multipart_upload,
    "ListMultipartUploads": list_multipart_uploads,
}
