"""Caches: what comes back, under which key, for whom; and that a hostile one stays inside."""

import io
import os
import uuid
import zipfile


def spec(commands, cache, head=""):
    lines = "".join(f"      - {command}\n" for command in commands)
    return f"version: 0.2\n{head}phases:\n  build:\n    commands:\n{lines}cache:\n{cache}"


PATHS = "  paths: ['node_modules/**/*', /opt/store]\n"
LOOK = "echo \"found [$(cat node_modules/a/b 2>/dev/null)] [$(cat /opt/store/c 2>/dev/null)]\""
MAKE = "mkdir -p node_modules/a /opt/store && echo $WHAT > node_modules/a/b && ln -sf a node_modules/link && echo $WHAT > /opt/store/c && chmod 700 node_modules/a/b"


def what(value):
    return f"env: {{variables: {{WHAT: '{value}'}}}}\n"


def test_a_cache_of_the_project_in_s3(cloud):
    bucket, project = cloud.bucket(), f"shop-{uuid.uuid4().hex[:8]}"
    cache = {"type": "S3", "location": f"{bucket}/caches"}

    def build(value, paths=PATHS, **more):
        return cloud.build(spec([LOOK, "ls -l node_modules 2>/dev/null || true", MAKE], paths, what(value)), project=project, cache=cache, **more)

    result, log = build("one")
    assert result["outcome"] == "succeeded" and "found [] []\n" in log and "Unable to download cache: there is none yet" in log, log
    [key] = cloud.keys(bucket, "caches/")
    assert key.startswith(f"caches/project-{project}/") and key.endswith("/default.zip")
    result, log = build("two")
    assert "found [one] [one]\n" in log and "link -> a" in log and "Restored cache default.zip" in log, log
    jobs = [cloud.offer(spec([LOOK, MAKE, "false"], PATHS, what("failed")), project=project, cache=cache),  # a failed build keeps nothing
            cloud.offer(spec([LOOK], "  paths: [other]\n"), project=project, cache=cache),  # other paths are another cache
            cloud.offer(spec([LOOK], PATHS), project=project, cache=cache, cacheGeneration=1)]  # after InvalidateProjectCache
    for job in jobs:
        cloud.finish(job)
    assert "found [two] [two]\n" in jobs[0].text
    assert "found [] []\n" in jobs[1].text and "Unable to upload cache: nothing lies at its paths" in jobs[1].text
    assert "found [] []\n" in jobs[2].text
    _, log = build("three")
    assert "found [two] [two]\n" in log


def test_keys(cloud):
    bucket = cloud.bucket()
    project = f"shop-{uuid.uuid4().hex[:8]}"
    cache = {"type": "S3", "location": bucket, "cacheNamespace": "team"}
    paths = PATHS + "  key: npm-$(codebuild-hash-files package-lock.json '*.none')\n  fallback-keys: ['none-', npm-]\n"

    def offer(lock, value, more="", **options):
        return cloud.offer(spec([LOOK, MAKE], paths + more, what(value)), files={"package-lock.json": lock}, cache=cache, **{"project": project, **options})

    first = offer("lock 1", "one")
    cloud.finish(first)
    [key] = cloud.keys(bucket)
    assert key.startswith("namespace-team/") and "/key-npm-" in key and len(key.rpartition("npm-")[2]) == 64 + 4
    other = offer("lock 1", "never kept", project="another-project")  # of the same namespace: found, and not written again
    second = offer("lock 2", "two")  # by a fallback key, and kept under its own
    cloud.finish(other), cloud.finish(second)
    assert "found [one] [one]\n" in other.text and "stays as it is" in other.text, other.text
    assert "found [one] [one]\n" in second.text and len(cloud.keys(bucket)) == 2, second.text
    jobs = [offer("lock 2", "x"), offer("lock 3", "x", "  action: restore\n"), offer("lock 4", "four", "  action: save\n"),
            cloud.offer(spec([LOOK, MAKE], PATHS + "  fallback-keys: [npm-]\n", what("d")), cache=cache, project=project)]
    for job in jobs:
        assert cloud.finish(job)["outcome"] == "succeeded", job.text
    assert "found [two] [two]\n" in jobs[0].text
    assert "found [two] [two]\n" in jobs[1].text  # the newest that begins so
    assert "found [] []\n" in jobs[2].text
    assert "found [] []\n" in jobs[3].text  # without a key there is nothing to fall back from
    names = [key.rpartition("/")[2] for key in cloud.keys(bucket)]
    assert len(names) == 4 and "default.zip" in names


def test_local_caches(cloud):
    project = f"shop-{uuid.uuid4().hex[:8]}"
    cache = {"type": "LOCAL", "modes": ["LOCAL_CUSTOM_CACHE", "LOCAL_SOURCE_CACHE"]}
    jobs = [cloud.offer(spec([LOOK, MAKE], PATHS, what(f"v{i}")), project=project, cache=cache) for i in range(3)]  # side by side
    for job in jobs:
        assert cloud.finish(job)["outcome"] == "succeeded", job.text
    found = cloud.offer(spec([LOOK], PATHS), project=project, cache=cache)
    none = cloud.offer(spec([LOOK], PATHS), project=project, cache={"type": "LOCAL", "modes": ["LOCAL_SOURCE_CACHE"]})
    cloud.finish(found), cloud.finish(none)
    assert any(f"found [v{i}] [v{i}]\n" in found.text for i in range(3)), found.text
    assert "found [] []\n" in none.text and "cache..." not in none.text
    [kept] = [os.path.join(folder, name) for folder, _, names in os.walk(cloud.state / "cache") for name in names if project in folder]
    with open(kept, "wb") as file:
        file.write(b"PK\3\4 broken")
    result, log = cloud.build(spec([LOOK], PATHS), project=project, cache=cache)
    assert result["outcome"] == "succeeded" and "Unable to download cache: it is no" in log, log


def test_nothing_of_a_cache_is_an_error(cloud):
    bucket, shut = cloud.bucket(), cloud.bucket()
    cloud.sandbox.control("POST", {"name": shut, "denied": ["s3:GetObject", "s3:PutObject", "s3:HeadObject"]}, part="buckets")
    rows = [
        ({"type": "S3", "location": shut}, PATHS, ["Unable to download cache: s3://", "Unable to upload cache: s3://", "AccessDenied"]),
        ({"type": "S3", "location": "no-such-bucket"}, PATHS, ["NoSuchBucket"]),
        ({"type": "S3", "location": bucket}, PATHS + "  key: $(true)\n", ["The cache is not used: its key came to nothing"]),
    ]
    jobs = [cloud.offer(spec([MAKE], paths, what("x")), cache=cache) for cache, paths, _ in rows]
    none = cloud.offer("version: 0.2\nphases: {build: {commands: [true]}}\n", cache={"type": "S3", "location": bucket})
    for job, (_, _, words) in zip(jobs, rows):
        assert cloud.finish(job)["outcome"] == "succeeded", job.text
        assert all(word in job.text for word in words), job.text
    cloud.finish(none)
    assert "Unable to initialize cache download: no paths specified to be cached" in none.text


def test_a_hostile_cache_stays_at_its_paths(cloud):
    bucket, project = cloud.bucket(), f"shop-{uuid.uuid4().hex[:8]}"
    cache = {"type": "S3", "location": bucket}
    probe = ["for f in /escaped /codebuild/output/tmp/evil /tmp/evil; do test -e $f && echo there is $f; done; grep -c ^version buildspec.yml", LOOK, "cat node_modules/inside", "ls -l node_modules/door"]
    cloud.build(spec([MAKE], PATHS, what("x")), project=project, cache=cache)
    [key] = cloud.keys(bucket)
    entries = {"root/escaped": "x", "root/tmp/evil": "x", "root/codebuild/output/tmp/evil": "x", "source/buildspec.yml": "x", "other": "x", "source/node_modules/inside": "inside\n"}

    def put(**more):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, text in {**entries, **more}.items():
                archive.writestr(name, text)
            link = zipfile.ZipInfo("source/node_modules/door")
            link.external_attr = 0o120777 << 16
            archive.writestr(link, "/tmp")
            archive.writestr("source/node_modules/door/evil", "x")
        cloud.s3.put_object(Bucket=bucket, Key=key, Body=out.getvalue())

    put()
    result, log = cloud.build(spec(probe, PATHS), project=project, cache=cache)
    assert result["outcome"] == "succeeded" and "\ninside\n" in log and "door -> /tmp" in log, log
    assert "there is /" not in log and "\n1\n" in log, log
    put(**{"../../escaped": "x"})
    result, log = cloud.build(spec([LOOK], PATHS), project=project, cache=cache)
    assert result["outcome"] == "succeeded" and "Unable to download cache: the archive's entry '../../escaped' climbs out of it" in log, log
