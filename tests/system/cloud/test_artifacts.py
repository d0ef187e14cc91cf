"""Artifacts in S3: CodeBuild's places and rules, what is told of them, and what is refused."""

import hashlib
import io
import zipfile

from cloud_steps import phase

MAKE = """\
      - mkdir -p dist/sub dist/.hidden dist-two
      - echo one > dist/a.txt; echo two > dist/sub/b.txt; echo three > dist/sub/a.txt; echo four > dist/.hidden/c; echo five > dist-two/d.txt
      - chmod 755 dist/a.txt; ln -s a.txt dist/link; ln -s /etc/passwd dist/passwd; ln -s ../../../../../../../../../../../etc/hostname dist/up
"""


def spec(artifacts, commands=MAKE, head=""):
    return f"version: 0.2\n{head}phases:\n  build:\n    commands:\n{commands}artifacts:\n{artifacts}"


def s3_place(bucket, **more):
    return {"type": "S3", "location": bucket, **more}


def unzipped(body):
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        return {entry.filename: (archive.read(entry), entry.external_attr >> 16) for entry in archive.infolist()}


def test_places_in_s3(cloud):
    bucket = cloud.bucket()
    everything = "  files: ['**/*']\n  base-directory: dist\n  exclude-paths: ['**/link', passwd, up]\n"
    folder = cloud.offer(spec(everything), artifacts=s3_place(bucket, path="out", name="app", bucketOwnerAccess="FULL"))
    zipped = cloud.offer(spec("  name: v-$(echo 1.2)/$PART.zip\n  s3-prefix: $PART\n" + everything, head="env: {variables: {PART: part}}\n"), encryptionKey="arn:aws:kms:eu-west-1:123456789012:key/k",
                         artifacts=s3_place(bucket, path="zips", packaging="ZIP", namespaceType="BUILD_ID", overrideArtifactName=True))
    root = cloud.offer(spec("  files: [dist/a.txt, none.txt, '/etc/group']\n  discard-paths: yes\n"), artifacts=s3_place(bucket, path="root", name="/"))
    result = cloud.finish(folder)
    assert result["outcome"] == "succeeded", folder.text
    assert cloud.keys(bucket, "out/") == ["out/app/.hidden/c", "out/app/a.txt", "out/app/sub/a.txt", "out/app/sub/b.txt"]
    head = cloud.s3.head_object(Bucket=bucket, Key="out/app/a.txt")
    assert head["Metadata"]["codebuild-buildarn"] == folder.arn
    puts = [line["input"] for line in cloud.sandbox.ledger() if line["operation"] == "PutObject" and line["input"]["Key"].startswith("out/")]
    assert {put["ACL"] for put in puts} == {"bucket-owner-full-control"}
    told = result["build"]["artifacts"]
    assert told["location"] == f"arn:aws:s3:::{bucket}/out/app/" and "sha256sum" not in told

    result = cloud.finish(zipped)
    assert result["outcome"] == "succeeded", zipped.text
    key = f"part/{zipped.uuid}/v-1.2/part.zip"
    body = cloud.read(bucket, key)
    told = result["build"]["artifacts"]
    assert told["location"] == f"arn:aws:s3:::{bucket}/{key}" and told["overrideArtifactName"] is True
    assert (told["sha256sum"], told["md5sum"]) == (hashlib.sha256(body).hexdigest(), hashlib.md5(body).hexdigest())
    assert sorted(unzipped(body)) == [".hidden/c", "a.txt", "sub/a.txt", "sub/b.txt"]
    assert unzipped(body)["a.txt"] == (b"one\n", 0o100755)
    head = cloud.s3.head_object(Bucket=bucket, Key=key)
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"], head["ContentType"]) == ("aws:kms", "arn:aws:kms:eu-west-1:123456789012:key/k", "application/zip")

    result = cloud.finish(root)
    assert result["outcome"] == "succeeded", root.text
    assert cloud.keys(bucket, "root/") == ["root/a.txt", "root/group"]
    assert "Skipping invalid file path none.txt" in root.text


def test_secondary_artifacts_and_rules(cloud):
    bucket = cloud.bucket()
    both = spec("  files: [dist/a.txt]\n  secondary-artifacts:\n    more:\n      base-directory: 'dist*'\n      files: ['**/*.txt']\n      discard-paths: yes\n"
                "    links:\n      base-directory: $CODEBUILD_SRC_DIR/dist\n      files: ['**/*']\n      enable-symlinks: yes\n")
    jobs = {
        "both": cloud.offer(both, artifacts=s3_place(bucket, name="first"), secondaryArtifacts=[s3_place(bucket, artifactIdentifier="more", packaging="ZIP", name="more.zip"), s3_place(bucket, artifactIdentifier="links", packaging="ZIP", name="links.zip")]),
        "unknown": cloud.offer(both, artifacts={"type": "NO_ARTIFACTS"}, secondaryArtifacts=[s3_place(bucket, artifactIdentifier="more")]),
        "none": cloud.offer(both, artifacts={"type": "NO_ARTIFACTS"}),
        "nothing": cloud.offer(spec("  files: [nothing/**/*]\n"), artifacts=s3_place(bucket, name="never")),
    }
    result = cloud.finish(jobs["both"])
    assert result["outcome"] == "succeeded", jobs["both"].text
    assert cloud.keys(bucket) == ["first/dist/a.txt", "links.zip", "more.zip"]
    more = unzipped(cloud.read(bucket, "more.zip"))
    assert sorted(more) == ["a.txt", "b.txt", "d.txt"] and more["a.txt"][0] == b"three\n"  # the last one of a name
    links = unzipped(cloud.read(bucket, "links.zip"))
    assert links["link"] == (b"a.txt", 0o120777)
    assert [one["artifactIdentifier"] for one in result["build"]["secondaryArtifacts"]] == ["more", "links"]
    result = cloud.finish(jobs["unknown"])
    assert phase(result, "UPLOAD_ARTIFACTS") == ("FAILED", "CLIENT_ERROR", "the buildspec has the secondary artifact 'links', which the project's secondaryArtifacts do not name")
    assert cloud.finish(jobs["none"])["outcome"] == "succeeded"
    result = cloud.finish(jobs["nothing"])
    assert phase(result, "UPLOAD_ARTIFACTS") == ("FAILED", "CLIENT_ERROR", "no matching artifact paths found")


def test_hostile_artifacts(cloud):
    """Nothing of this machine leaves it, and what is too large is refused at once."""
    bucket = cloud.bucket()
    out = cloud.offer(spec("  files: ['dist/**/*', '../../../../../etc/hostname']\n"), artifacts=s3_place(bucket, packaging="ZIP", name="out.zip"))
    huge = cloud.offer(spec("  files: ['big/**/*']\n", commands="      - mkdir big; truncate -s 1099511627776 big/sparse\n"), artifacts=s3_place(bucket, name="huge"))
    odd = cloud.offer(spec("  files: ['dist/**/*', dist/pipe, 'dist/new\n      line']\n", commands="      - mkdir -p dist/a; mkfifo dist/pipe; mknod dist/zero c 1 5; echo x > dist/a/x; ln -s a dist/turn; ln -s turn dist/a/back; ln dist/a/x dist/hard\n"),
                      artifacts=s3_place(bucket, packaging="ZIP", name="odd.zip"))
    denied = cloud.bucket()
    cloud.sandbox.control("POST", {"name": denied, "denied": ["s3:PutObject"]}, part="buckets")
    shut = cloud.offer(spec("  files: ['dist/a.txt']\n"), artifacts=s3_place(denied, name="x"))
    assert cloud.finish(out)["outcome"] == "succeeded", out.text
    found = unzipped(cloud.read(bucket, "out.zip"))
    assert "dist/up" not in found and found["dist/link"][0] == b"one\n"
    assert all(b"root:" not in body or b"builder:" in body for body, _ in found.values())  # the container's passwd, not ours
    result = cloud.finish(huge)
    status, code, message = phase(result, "UPLOAD_ARTIFACTS")
    assert (status, code) == ("FAILED", "CLIENT_ERROR") and "'sparse' is one file too many" in message, huge.text
    assert cloud.finish(odd)["outcome"] == "succeeded", odd.text
    assert sorted(unzipped(cloud.read(bucket, "odd.zip"))) == ["dist/a/x", "dist/hard"]
    result = cloud.finish(shut)
    status, code, message = phase(result, "UPLOAD_ARTIFACTS")
    assert (status, code) == ("FAILED", "CLIENT_ERROR") and message.endswith(f"allow the runner's credentials s3:PutObject on arn:aws:s3:::{denied}")
    assert cloud.keys(bucket, "huge") == []


def test_a_large_artifact_moves_in_parts_into_a_far_region(cloud):
    bucket = cloud.bucket()
    cloud.sandbox.control("POST", {"name": bucket, "region": "us-east-2"}, part="buckets")
    far = cloud.sandbox.client("s3", region_name="us-east-2")
    cloud.sandbox.control("POST", [{"operation": "s3:UploadPart", "kind": "drop-reply"}, {"operation": "s3:CompleteMultipartUpload", "kind": "drop-reply"}])
    job = cloud.offer(spec("  files: [big]\n", commands="      - head -c 40000000 /dev/urandom > big\n"), artifacts=s3_place(bucket, name="x"))
    assert cloud.finish(job)["outcome"] == "succeeded", job.text
    head = far.head_object(Bucket=bucket, Key="x/big")
    assert head["ContentLength"] == 40000000 and head["ETag"].endswith('-3"')
    assert "Uploads" not in far.list_multipart_uploads(Bucket=bucket)
