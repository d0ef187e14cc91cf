"""Sources out of S3: zips, folders, versions; and what a zip may not do to us."""

import io
import struct
import zipfile
import zlib

from cloud_steps import phase

SPEC = "version: 0.2\nphases:\n  build:\n    commands:\n      - echo \"main [$(cat file.txt)] [$(cat sub/x 2>/dev/null)]\"\n      - test -z \"$CODEBUILD_SRC_DIR_more\" || echo \"more [$(cat $CODEBUILD_SRC_DIR_more/file.txt)]\"\n"


def zipped(files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return out.getvalue()


def zeros(mebibytes):
    """That many zeros, deflated: a stretch of 16 MiB again and again."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    stretch = packer.compress(bytes(16 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return stretch * (mebibytes // 16) + b"\x03\x00"


def bomb(entries):
    """A zip of {name: (deflated bytes, the size that it states, its checksum)}."""
    out, directory = b"", b""
    for name, (body, size, checksum) in entries.items():
        sizes = struct.pack("<IIIHH", checksum, len(body), size, len(name), 0)
        directory += struct.pack("<IHHHHHH", 0x02014B50, 20, 20, 0, 8, 0, 0x21) + sizes + struct.pack("<HHHII", 0, 0, 0, 0o100644 << 16, len(out)) + name.encode()
        out += struct.pack("<IHHHHH", 0x04034B50, 20, 0, 8, 0, 0x21) + sizes + name.encode() + body
    return out + directory + struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, len(entries), len(entries), len(directory), len(out), 0)


def offer(cloud, location, version=None, **job):
    return cloud.offer(None, source=False, job={"source": {"s3": location, **({"version": version} if version else {})}, **job})


def test_zips_folders_and_versions(cloud):
    bucket = cloud.bucket()
    cloud.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    first = cloud.s3.put_object(Bucket=bucket, Key="app.zip", Body=zipped({"buildspec.yml": SPEC, "file.txt": "first", "sub/x": "deep"}))["VersionId"]
    cloud.s3.put_object(Bucket=bucket, Key="app.zip", Body=zipped({"buildspec.yml": SPEC, "file.txt": "second"}))
    for name, text in {"": "", "buildspec.yml": SPEC, "file.txt": "folder", "sub/x": "below", "sub/": ""}.items():
        cloud.s3.put_object(Bucket=bucket, Key=f"folder/{name}", Body=text.encode())
    rows = [(offer(cloud, f"{bucket}/app.zip"), "main [second] []\n"), (offer(cloud, f"{bucket}/app.zip", first), "main [first] [deep]\n"),
            (offer(cloud, f"{bucket}/folder/", secondarySources=[{"identifier": "more", "s3": f"arn:aws:s3:::{bucket}/app.zip", "version": first}]), "main [folder] [below]\nmore")]
    for job, words in rows:
        assert cloud.finish(job)["outcome"] == "succeeded", job.text
        assert words.partition("\n")[0] + "\n" in job.text
    assert "more [first]\n" in rows[2][0].text


def test_what_is_refused(cloud):
    bucket = cloud.bucket()
    spec = zlib.compress(SPEC.encode())[2:-4]
    two_gibibytes = zeros(2048)
    bodies = {
        "bomb.zip": (bomb({f"part-{i}": (two_gibibytes, 2 << 30, 0) for i in range(5)}), "the zip unpacks to more than 8589934592 bytes"),
        "liar.zip": (bomb({"buildspec.yml": (spec, len(SPEC), zlib.crc32(SPEC.encode())), "zeros": (zeros(64), 10, 0)}), "the artifact is no sound zip file"),
        "climb.zip": (zipped({"buildspec.yml": SPEC, "../../escaped": "x"}), "the archive's entry '../../escaped' climbs out of it"),
        "text.zip": (b"no zip at all", "it is no"),
    }
    for key, (body, _) in bodies.items():
        cloud.s3.put_object(Bucket=bucket, Key=key, Body=body)
    rows = [(offer(cloud, f"{bucket}/{key}"), words) for key, (_, words) in bodies.items()]
    rows += [(offer(cloud, f"{bucket}/none.zip"), "NoSuchKey")]
    for job, words in rows:
        result = cloud.finish(job)
        status, _, message = phase(result, "DOWNLOAD_SOURCE")
        assert status == "FAILED" and words in message, (words, job.text)
