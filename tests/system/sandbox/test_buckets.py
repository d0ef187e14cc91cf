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


def test_versions(s3):
    s3.create_bucket(Bucket="versions")
    s3.put_object(Bucket="versions", Key="k", Body=b"before")
    s3.put_bucket_versioning(Bucket="versions", VersioningConfiguration={"Status": "Enabled"})
    assert s3.get_bucket_versioning(Bucket="versions")["Status"] == "Enabled"
    first = s3.put_object(Bucket="versions", Key="k", Body=b"one")["VersionId"]
    second = s3.put_object(Bucket="versions", Key="k", Body=b"two")["VersionId"]
    assert s3.get_object(Bucket="versions", Key="k")["Body"].read() == b"two"
    got = s3.get_object(Bucket="versions", Key="k", VersionId=first)
    assert (got["Body"].read(), got["VersionId"]) == (b"one", first)
    assert s3.get_object(Bucket="versions", Key="k", VersionId="null")["Body"].read() == b"before"
    s3.delete_object(Bucket="versions", Key="k")
    with pytest.raises(s3.exceptions.NoSuchKey):
        s3.get_object(Bucket="versions", Key="k")
    assert "Contents" not in s3.list_objects_v2(Bucket="versions")
    assert s3.get_object(Bucket="versions", Key="k", VersionId=second)["Body"].read() == b"two"
    with pytest.raises(ClientError, match="NoSuchVersion"):
        s3.get_object(Bucket="versions", Key="k", VersionId="none")


def test_multipart(s3):
    s3.create_bucket(Bucket="multipart")
    place = {"Bucket": "multipart", "Key": "big"}
    upload = {**place, "UploadId": s3.create_multipart_upload(**place, Metadata={"a": "b"})["UploadId"]}
    bodies = [b"1" * 5 * 1024 * 1024, b"2" * 10]
    parts = [{"PartNumber": number, "ETag": s3.upload_part(**upload, PartNumber=number, Body=body)["ETag"]} for number, body in enumerate(bodies, 1)]
    for wrong, code in ((list(reversed(parts)), "InvalidPartOrder"), ([{**parts[0], "ETag": "no"}], "InvalidPart")):
        with pytest.raises(ClientError, match=code):
            s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": wrong})
    assert s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})["ETag"].endswith('-2"')
    got = s3.get_object(**place)
    assert (got["Body"].read(), got["Metadata"]) == (b"".join(bodies), {"a": "b"})
    with pytest.raises(ClientError, match="NoSuchUpload"):
        s3.upload_part(**upload, PartNumber=1, Body=b"x")
    small = {**place, "UploadId": s3.create_multipart_upload(**place)["UploadId"]}
    parts = [{"PartNumber": number, "ETag": s3.upload_part(**small, PartNumber=number, Body=b"x")["ETag"]} for number in (1, 2)]
    with pytest.raises(ClientError, match="EntityTooSmall"):
        s3.complete_multipart_upload(**small, MultipartUpload={"Parts": parts})
    assert len(s3.list_multipart_uploads(Bucket="multipart")["Uploads"]) == 1
    s3.abort_multipart_upload(**small)
    assert "Uploads" not in s3.list_multipart_uploads(Bucket="multipart")


def test_conditions_rights_and_regions(sandbox, s3):
    s3.create_bucket(Bucket="far-away")
    etag = s3.put_object(Bucket="far-away", Key="k", Body=b"x")["ETag"]
    assert s3.get_object(Bucket="far-away", Key="k", IfMatch=etag)["Body"].read() == b"x"
    with pytest.raises(ClientError, match="PreconditionFailed"):
        s3.get_object(Bucket="far-away", Key="k", IfMatch='"other"')
    sandbox.control("POST", {"name": "far-away", "denied": ["s3:PutObject"]}, part="buckets")
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.put_object(Bucket="far-away", Key="k", Body=b"y")
    sandbox.control("POST", {"name": "far-away", "region": "us-east-2", "denied": []}, part="buckets")
    assert s3.get_object(Bucket="far-away", Key="k")["Body"].read() == b"x"
    assert any(line["outcome"].get("error") == "PermanentRedirect" for line in sandbox.ledger()[-3:])  # boto3 went where S3 said


def test_what_is_not_played_is_refused(s3):
    s3.create_bucket(Bucket="not-played")
    with pytest.raises(ClientError, match="NotImplemented"):
        s3.get_bucket_acl(Bucket="not-played")
