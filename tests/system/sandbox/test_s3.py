"""S3 over a folder: what boto3 puts it gets."""

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def s3(sandbox):
    return sandbox.client("s3")


def test_put_get_head_delete(s3):
    s3.create_bucket(Bucket="round-trip", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    key = "a folder/ü+&?.txt"
    put = s3.put_object(Bucket="round-trip", Key=key, Body=b"0123456789", ContentType="text/plain", Metadata={"commit": "abc"}, CacheControl="no-cache")
    got = s3.get_object(Bucket="round-trip", Key=key)
    assert got["Body"].read() == b"0123456789"
    assert (got["ContentType"], got["CacheControl"], got["Metadata"], got["ETag"]) == ("text/plain", "no-cache", {"commit": "abc"}, put["ETag"])
    assert s3.get_object(Bucket="round-trip", Key=key, Range="bytes=2-4")["Body"].read() == b"234"
    assert s3.head_object(Bucket="round-trip", Key=key)["ContentLength"] == 10
    with pytest.raises(ClientError, match="BucketNotEmpty"):
        s3.delete_bucket(Bucket="round-trip")
    s3.delete_object(Bucket="round-trip", Key=key)
    with pytest.raises(s3.exceptions.NoSuchKey):
        s3.get_object(Bucket="round-trip", Key=key)
    with pytest.raises(ClientError, match="404"):
        s3.head_object(Bucket="round-trip", Key=key)
    s3.delete_bucket(Bucket="round-trip")
    with pytest.raises(s3.exceptions.NoSuchBucket):
        s3.list_objects_v2(Bucket="round-trip")


def test_big_object(s3):
    s3.create_bucket(Bucket="big-object")
    body = bytes(range(256)) * 100_000
    s3.put_object(Bucket="big-object", Key="k", Body=body)
    assert s3.get_object(Bucket="big-object", Key="k")["Body"].read() == body


def test_list(s3):
    s3.create_bucket(Bucket="listing")
    for key in ("a/1", "a/2", "b", "c/1", "d e"):
        s3.put_object(Bucket="listing", Key=key, Body=b"x")
    pages = list(s3.get_paginator("list_objects_v2").paginate(Bucket="listing", PaginationConfig={"PageSize": 2}))
    assert [entry["Key"] for page in pages for entry in page["Contents"]] == ["a/1", "a/2", "b", "c/1", "d e"]
    assert len(pages) == 3
    assert [entry["Key"] for entry in s3.list_objects_v2(Bucket="listing", Prefix="a/")["Contents"]] == ["a/1", "a/2"]
    found = list(s3.get_paginator("list_objects_v2").paginate(Bucket="listing", Delimiter="/", PaginationConfig={"PageSize": 1}))
    assert [entry["Prefix"] for page in found for entry in page.get("CommonPrefixes", [])] == ["a/", "c/"]
    assert [entry["Key"] for page in found for entry in page.get("Contents", [])] == ["b", "d e"]


def test_what_is_not_played_is_refused(s3):
    s3.create_bucket(Bucket="multipart")
    with pytest.raises(ClientError, match="NotImplemented"):
        s3.create_multipart_upload(Bucket="multipart", Key="k")
