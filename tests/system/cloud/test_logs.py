"""The log of a build in the project's bucket."""

import gzip


def test_the_log_lies_in_s3(cloud):
    bucket = cloud.bucket()
    spec = "version: 0.2\nenv: {parameter-store: {KEY: /log-key}}\nphases:\n  build:\n    commands:\n      - echo \"the key is $KEY\"\n      - %s\n"
    cloud.sandbox.control("POST", {"name": "/log-key", "value": "a-secret-of-the-log"}, part="parameters")

    def logs(location, **more):
        return {"cloudWatchLogs": {"status": "ENABLED"}, "s3Logs": {"status": "ENABLED", "location": location, **more}}

    good = cloud.offer(spec % "seq 20000", logsConfig=logs(f"{bucket}/logs"))
    failed = cloud.offer(spec % "false", logsConfig=logs(bucket, bucketOwnerAccess="READ_ONLY"))
    stopped = cloud.offer(spec % "echo waits; sleep 60", logsConfig=logs(f"arn:aws:s3:::{bucket}/stopped/"))
    nowhere = cloud.offer(spec % "true", logsConfig=logs("no-such-bucket"))
    cloud.server.wait(lambda: "waits\n" in stopped.text.replace("echo waits", ""), 60)
    cloud.server.cancel(stopped)
    for job in (good, failed, stopped, nowhere):
        cloud.finish(job)
    assert sorted(cloud.keys(bucket)) == sorted([f"logs/{good.uuid}.gz", f"{failed.uuid}.gz", f"stopped/{stopped.uuid}.gz"])
    text = gzip.decompress(cloud.read(bucket, f"logs/{good.uuid}.gz")).decode()
    assert text == good.text and "the key is ***\n" in text and "\n20000\n" in text and "Entering phase BUILD" in text
    text = gzip.decompress(cloud.read(bucket, f"{failed.uuid}.gz")).decode()
    assert "Phase complete: BUILD State: FAILED" in text and failed.text.startswith(text)
    assert "waits\n" in gzip.decompress(cloud.read(bucket, f"stopped/{stopped.uuid}.gz")).decode()
    assert nowhere.result["outcome"] == "succeeded" and "Unable to upload the log to S3: s3://no-such-bucket/" in nowhere.text
