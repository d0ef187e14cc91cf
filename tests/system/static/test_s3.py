"""Static files: what they are uploaded as, in which order, what stays, what goes, and what a cancel puts back."""

import uuid

import pytest

FIRST = {"index.html": "<script src=/assets/app-1a2b3c4d.js></script>", "assets/app-1a2b3c4d.js": "first()", "logo.svg": "<svg/>"}
SECOND = {"index.html": "<script src=/assets/app-5e6f7a8b.js></script>", "assets/app-5e6f7a8b.js": "second()", "logo.svg": "<svg/>"}


class Site:
    def __init__(self, deploys):
        self.deploys = deploys
        self.s3 = deploys.sandbox.client("s3")
        self.bucket = f"site-{uuid.uuid4().hex[:12]}"
        self.s3.create_bucket(Bucket=self.bucket)
        self.succeeded = []

    def configuration(self, **more):
        return {"BucketName": self.bucket, "Extract": "true", **more}

    def deploy(self, files, goes_live=True, **more):
        self.deploys.sandbox.control("POST", {"advanceMs": 60000}, part="clock")
        before = len(self.deploys.sandbox.ledger())
        result, job = self.deploys.deploy("S3", "Deploy", self.configuration(**more), files, succeededExecutions=self.succeeded)
        if result["outcome"] == "succeeded" and goes_live:
            self.succeeded.insert(0, job.message["executionId"])
        return result, job, [params["Key"] for name, params in self.deploys.calls(before) if name == "s3:PutObject" and not params.get("Key", ".penstock/").startswith(".penstock/")]

    def keys(self, prefix=""):
        return [one["Key"] for one in self.s3.list_objects_v2(Bucket=self.bucket, Prefix=prefix).get("Contents", [])]

    def files(self):
        return [key for key in self.keys() if not key.startswith(".penstock/")]

    def read(self, key):
        return self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read().decode()


@pytest.fixture
def site(deploys):
    return Site(deploys)


def test_files_as_they_are(site):
    files = {**FIRST, "app.js.gz": "zipped", "fonts/a b+ü.woff2": "font"}
    result, job, puts = site.deploy(files, ObjectKey="/web/", CannedACL="public-read", CacheControl="max-age=60",
                                    CacheControlRules='[{"glob": "assets/**", "cacheControl": "max-age=9"}]')
    assert result["outcome"] == "succeeded", (result, job.text)
    assert sorted(site.files()) == sorted(f"web/{name}" for name in files)
    seen = {name: site.s3.head_object(Bucket=site.bucket, Key=f"web/{name}") for name in files}
    assert {name: (one["ContentType"], one.get("ContentEncoding"), one["CacheControl"]) for name, one in seen.items()} == {
        "index.html": ("text/html; charset=utf-8", None, "max-age=60"),
        "assets/app-1a2b3c4d.js": ("text/javascript; charset=utf-8", None, "max-age=9"),
        "logo.svg": ("image/svg+xml", None, "max-age=60"),
        "app.js.gz": ("text/javascript; charset=utf-8", "gzip", "max-age=60"),
        "fonts/a b+ü.woff2": ("font/woff2", None, "max-age=60"),
    }
    # Nothing is kept that nobody asked for.
    assert site.keys(".penstock/") == []


def test_pages_go_up_last_and_unchanged_files_stay(site):
    assert site.deploy(FIRST)[0]["outcome"] == "succeeded"
    result, job, puts = site.deploy(SECOND)
    assert result["outcome"] == "succeeded", (result, job.text)
    assert puts == ["assets/app-5e6f7a8b.js", "index.html"]
    assert site.read("index.html") == SECOND["index.html"]
    assert site.read("assets/app-1a2b3c4d.js") == "first()"  # pages that are open still need it
    assert result["deployment"]["kind"] == "S3"
    assert "1 of them over an earlier version" in job.text
    result, job, puts = site.deploy(SECOND, CacheControl="no-cache")  # the same bytes, said otherwise
    assert len(puts) == 3


def test_a_zip_as_it_is(site):
    result, job = site.deploys.deploy("S3", "Deploy", site.configuration(Extract="false", ObjectKey="builds/{uuid}.zip"), FIRST)
    assert result["outcome"] == "succeeded", (result, job.text)
    [key] = site.keys()
    assert key == f"builds/{job.message['actionExecutionId']}.zip"
    head = site.s3.head_object(Bucket=site.bucket, Key=key)
    assert (head["ContentType"], head["ContentLength"]) == ("application/zip", len(job.inputs["App"]))


def test_old_releases_go_when_later_ones_are_live(site):
    def release(number, **more):
        return site.deploy({"index.html": f"page {number}", f"assets/app-{number}a2b3c4d.js": f"app {number}"}, KeepReleases="2", **more)

    def scripts():
        return [key[11] for key in site.files() if key.startswith("assets/")]

    release(1)
    release(2)
    for number in (3, 4, 5):  # runs that fail later push nothing out
        release(number, goes_live=False)
    assert scripts() == ["1", "2", "3", "4", "5"]
    release(6)
    assert scripts() == ["1", "2", "3", "4", "5", "6"]  # 1 and 2 are the newest live ones as this begins
    _, job, _ = release(7)  # live: 6, 2
    assert scripts() == ["2", "3", "4", "5", "6", "7"]
    assert "removed 1 files of 1 older releases" in job.text
    _, job, _ = release(8)  # live: 7, 6
    assert scripts() == ["6", "7", "8"]
    assert len(site.keys(".penstock/releases/")) == 3
    assert site.keys(".penstock/before/") == []


def test_a_cancel_puts_pages_back(site, deploys, sandbox):
    site.deploy(FIRST)
    # Three files and then the manifest, on which it hangs.
    sandbox.control("POST", [{"operation": "s3:PutObject", "kind": "delay", "ms": 1, "times": 3}, {"operation": "s3:PutObject", "kind": "delay", "ms": 20000}])
    job = deploys.offer("S3", "Deploy", site.configuration(KeepReleases="3"), {**SECOND, "other.html": "new"})
    deploys.server.wait(lambda: site.read("index.html") == SECOND["index.html"] and "other.html" in site.keys())
    deploys.server.cancel(job)
    result = deploys.finish(job)
    assert result["outcome"] == "stopped", (result, job.text)
    assert "are back as they were" in result["summary"]
    assert site.read("index.html") == FIRST["index.html"]
    assert site.keys(".penstock/") == []


def test_cancelled_after_a_crash(site, deploys):
    """The next runner finds the copies that the dead one left, and puts them back."""
    site.deploy(FIRST)
    deploys.fault("s3:PutObject", "kill-after", skip=2)  # two files, then the manifest
    second = deploys.survivor(deploys.offer("S3", "Deploy", site.configuration(KeepReleases="3"), SECOND), cancelled=True)
    result = deploys.finish(second)
    assert result["outcome"] == "stopped", (result, second.text)
    assert "1 files of" in result["summary"]
    assert site.read("index.html") == FIRST["index.html"]
    assert site.keys(".penstock/") == []


def test_cancelled_when_all_was_done(site, deploys):
    """The copies that it would take to go back are being removed: it stays, and that is said."""
    site.deploy(FIRST)
    deploys.fault("s3:DeleteObject", "kill-after")
    second = deploys.survivor(deploys.offer("S3", "Deploy", site.configuration(), SECOND), cancelled=True)
    result = deploys.finish(second)
    assert result["outcome"] == "succeeded" and "before the cancel came" in result["summary"], (result, second.text)
    assert site.read("index.html") == SECOND["index.html"]
    assert site.keys(".penstock/") == []


def died_with_a_new_page(site, deploys):
    """A job whose runner died when the page was written over."""
    site.deploy(FIRST)
    deploys.fault("s3:PutObject", "kill-after", skip=1)  # the script, then the page
    job = deploys.offer("S3", "Deploy", site.configuration(KeepReleases="3"), SECOND)
    deploys.runner.process.wait(60)
    assert site.read("index.html") == SECOND["index.html"]
    return job


def test_what_cannot_be_put_back_is_said(site, deploys):
    job = died_with_a_new_page(site, deploys)
    deploys.fault("s3:PutObject", "denied", times=0)
    second = deploys.survivor(job, cancelled=True)
    result = deploys.finish(second)
    assert (result["outcome"], result["errorCode"]) == ("failed", "PermissionError"), (result, second.text)
    assert "what was written over could not be put back" in result["errorMessage"]
    assert site.read("index.html") == SECOND["index.html"]


def test_somebody_elses_page_is_left_alone(site, deploys):
    job = died_with_a_new_page(site, deploys)
    site.s3.put_object(Bucket=site.bucket, Key="index.html", Body=b"by hand")
    second = deploys.survivor(job, cancelled=True)
    result = deploys.finish(second)
    assert result["outcome"] == "stopped", (result, second.text)
    assert "0 files of" in result["summary"] and "1 that somebody else has written since are left" in result["summary"]
    assert site.read("index.html") == "by hand"
    assert site.keys(".penstock/") == []


def test_a_failure_after_a_crash_puts_pages_back(site, deploys):
    """Those are unchanged to who fails."""
    job = died_with_a_new_page(site, deploys)
    deploys.fault("s3:PutObject", "error500", times=0)  # the manifest
    second = deploys.survivor(job)
    result = deploys.finish(second)
    assert result["outcome"] == "failed" and "InternalError" in result["errorMessage"], (result, second.text)
    assert site.read("index.html") == FIRST["index.html"]


def test_what_cannot_be_read_is_not_written_over(site, deploys):
    site.deploy(FIRST)
    deploys.fault("s3:GetObject", "denied", times=0)
    result, job, puts = site.deploy(SECOND)
    assert result["outcome"] == "failed" and "keeping what is written over" in result["errorMessage"], (result, job.text)
    assert "s3:GetObject" in result["errorMessage"]
    deploys.sandbox.control("DELETE")
    assert site.read("index.html") == FIRST["index.html"]


def test_who_may_only_write_writes(site, deploys):
    """As with AWS's own action; that nothing can be put back is said."""
    for right in ("s3:GetObject", "s3:ListBucket"):
        deploys.fault(right, "denied", times=0)
    result, job, puts = site.deploy(FIRST)
    assert result["outcome"] == "succeeded", (result, job.text)
    assert job.text.count("a cancel cannot put back what is written over here") == 1


def test_a_failure_leaves_no_half_site(site, sandbox):
    site.deploy({**FIRST, "z.html": "old z"})
    sandbox.control("POST", {"operation": "s3:CreateMultipartUpload", "kind": "error500", "times": 20})
    result, job, puts = site.deploy({"index.html": "new", "z.html": "z" * (17 * 1024 * 1024)})
    assert result["outcome"] == "failed", (result, job.text)
    assert "InternalError" in result["errorMessage"]
    assert (site.read("index.html"), site.read("z.html")) == (FIRST["index.html"], "old z")
    assert site.keys(".penstock/") == []


def test_wrong_settings_change_nothing(site):
    for settings, sentence in (
        ({"Extract": "yes"}, "Extract must be 'true' or 'false', not 'yes'"),
        ({"Extract": "false"}, "set ObjectKey"),
        ({"CannedACL": "world"}, "CannedACL must be one of S3's"),
        ({"KeepReleases": "0"}, "KeepReleases must be a number from 1 to 50"),
        ({"ContentTypes": "[]"}, "ContentTypes must be a JSON object"),
        ({"CacheControlRules": "HASH"}, "CacheControlRules is no JSON"),
        ({"BucketName": "no-such-bucket-here"}, "NoSuchBucket"),
    ):
        result, job, _ = site.deploy(FIRST, **settings)
        assert result["outcome"] == "failed", settings
        assert sentence in result["errorMessage"], result
    assert site.keys() == []
