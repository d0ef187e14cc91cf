"""S3 over a folder: buckets and whole objects, path style.  No multipart uploads, no versions, no rights.

What an object is called and what it is like stands in memory; its bytes are in DIR/s3, in a file named by the hash of
bucket and key.
"""

import base64
import hashlib
import os
import re
import shutil
import threading
import time
import urllib.parse

from sandbox.errors import AwsError

# Headers of PutObject that GetObject gives back.
_KEPT = ("ContentType", "ContentEncoding", "ContentDisposition", "ContentLanguage", "CacheControl", "Metadata")
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


class S3State:
    def __init__(self, account, folder):
        self.account = account
        self.folder = os.path.join(folder, "s3")
        self.lock = threading.RLock()
        self.buckets = {}  # name -> {"created": time, "objects": {key: record}}
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder, 0o700)

    def bucket(self, params):
        name = params["Bucket"]
        if name not in self.buckets:
            raise AwsError("NoSuchBucket", "The specified bucket does not exist", 404)
        return self.buckets[name]

    def record(self, params):
        found = self.bucket(params)["objects"].get(params["Key"])
        if found is None:
            raise AwsError("NoSuchKey", "The specified key does not exist.", 404)
        return found

    def path(self, params):
        name = hashlib.sha256(f"{params['Bucket']}/{params['Key']}".encode()).hexdigest()
        return os.path.join(self.folder, name)


def create_bucket(s3, params, key):
    name = params["Bucket"]
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", name):
        raise AwsError("InvalidBucketName", "The specified bucket is not valid.")
    with s3.lock:
        if name in s3.buckets:
            raise AwsError("BucketAlreadyOwnedByYou", "Your previous request to create the named bucket succeeded and you already own it.", 409)
        s3.buckets[name] = {"created": time.time(), "objects": {}}
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
        if s3.bucket(params)["objects"]:
            raise AwsError("BucketNotEmpty", "The bucket you tried to delete is not empty", 409)
        del s3.buckets[params["Bucket"]]
    return {}


def put_object(s3, params, key):
    body = params.get("Body", b"")
    digest = hashlib.md5(body)
    if "ContentMD5" in params and params["ContentMD5"] != base64.b64encode(digest.digest()).decode():
        raise AwsError("BadDigest", "The Content-MD5 you specified did not match what we received.")
    if not params["Key"] or len(params["Key"].encode()) > 1024:
        raise AwsError("KeyTooLongError", "Your key is empty or too long")
    record = {name: params[name] for name in _KEPT if name in params}
    record.setdefault("ContentType", "binary/octet-stream")
    record.update(ETag=f'"{digest.hexdigest()}"', ContentLength=len(body), LastModified=time.time())
    with s3.lock:
        bucket = s3.bucket(params)
        with open(s3.path(params) + ".new", "wb") as file:
            file.write(body)
        os.replace(s3.path(params) + ".new", s3.path(params))
        bucket["objects"][params["Key"]] = record
    return {"ETag": record["ETag"]}


def get_object(s3, params, key):
    with s3.lock:
        record = s3.record(params)
        with open(s3.path(params), "rb") as file:
            body = file.read()
    answer = {**record, "AcceptRanges": "bytes", "Body": body}
    if "Range" in params:
        first, last = _read_range(params["Range"], len(body))
        answer.update(Body=body[first : last + 1], ContentLength=last + 1 - first, ContentRange=f"bytes {first}-{last}/{len(body)}")
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
        return {**s3.record(params), "AcceptRanges": "bytes"}


def delete_object(s3, params, key):
    with s3.lock:
        if s3.bucket(params)["objects"].pop(params["Key"], None):
            os.unlink(s3.path(params))
    return {}


def list_objects(s3, params, key):
    with s3.lock:
        objects = dict(s3.bucket(params)["objects"])
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
    "ListObjectsV2": list_objects,
}
