"""Test and coverage reports from a real build in a container to AWS's own command line, ours, and S3."""

import json
import os
import subprocess

import boto3
import pytest
from stack.sandbox import REGION

AWS = "/usr/bin/aws"
SECRET = "hunter2-and-a-half"

BUILDSPEC = """
version: 0.2
env:
  shell: /bin/sh
phases:
  build:
    commands:
      - mkdir -p out/deep
      - |
        cat > out/units.xml <<END
        <testsuite name="cart"><testcase classname="shop.Cart" name="adds" time="0.5"/>
        <testcase classname="shop.Cart" name="total" time="0.25"><failure message="3 is not 4">password was $PASSWORD</failure></testcase>
        </testsuite>
        END
      - cp out/units.xml out/deep/more.xml
      - echo '<testsuite><testcase' > out/broken.xml
      - printf 'SF:cart.c\\nDA:1,1\\nDA:2,0\\nend_of_record\\n' > cover.info
      - export KIND=units
      - "false"
reports:
  $KIND:
    files: ['**/*.xml']
    base-directory: out
  GROUP:
    files: [cover.info]
    file-format: lcov
  gone:
    files: [nothing.json]
    file-format: CucumberJson
"""


@pytest.fixture
def command(server):
    """command("batch-get-reports", ...) is what `aws codebuild` prints."""
    access_key, secret_key = server.keys
    environment = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
    environment.update(AWS_ACCESS_KEY_ID=access_key, AWS_SECRET_ACCESS_KEY=secret_key, AWS_DEFAULT_REGION=REGION, AWS_EC2_METADATA_DISABLED="true", AWS_PAGER="")

    def run(*arguments):
        done = subprocess.run([AWS, "--endpoint-url", server.url, "--output", "json", "codebuild", *arguments], capture_output=True, text=True, timeout=120, check=False, env=environment)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


@pytest.fixture
def bucket(aws):
    """A client of the sandbox's S3, and a bucket in it."""
    values = aws.environment
    s3 = boto3.client("s3", endpoint_url=values["AWS_ENDPOINT_URL"], aws_access_key_id=values["AWS_ACCESS_KEY_ID"], aws_secret_access_key=values["AWS_SECRET_ACCESS_KEY"], region_name=REGION)
    s3.create_bucket(Bucket="test-results")
    return s3


def test_reports_of_a_failed_build(server, make_runner, bucket, command, penstock):
    codebuild = server.client("codebuild")
    group = codebuild.create_report_group(name="coverage", type="CODE_COVERAGE", exportConfig={"exportConfigType": "S3", "s3Destination": {"bucket": "test-results", "path": "ci/"}})["reportGroup"]["arn"]
    codebuild.create_project(
        name="shop",
        source={"type": "NO_SOURCE", "buildspec": BUILDSPEC.replace("GROUP", group)},
        artifacts={"type": "NO_ARTIFACTS"},
        environment={"type": "LINUX_CONTAINER", "image": "penstock/busybox", "computeType": "BUILD_GENERAL1_SMALL", "environmentVariables": [{"name": "PASSWORD", "value": SECRET}]},
        serviceRole="arn:aws:iam::123456789012:role/builds",
    )
    build = codebuild.start_build(projectName="shop")["build"]
    make_runner(server)
    log = penstock("log", build["id"], "--follow").stdout  # until it is closed, which is after the build's end
    build = codebuild.batch_get_builds(ids=[build["id"]])["builds"][0]
    assert build["buildStatus"] == "FAILED" and len(build["reportArns"]) == 3, log
    phases = {phase["phaseType"]: phase.get("phaseStatus") for phase in build["phases"]}
    assert (phases["BUILD"], phases["POST_BUILD"], phases["UPLOAD_ARTIFACTS"]) == ("FAILED", "SUCCEEDED", "SUCCEEDED")
    for line in ("Preparing to copy TEST report units", "Expanding base directory path: out", "Found 3 file(s)", "Error processing report: broken.xml:1:12: ", "Preparing to copy CODE_COVERAGE report arn:aws:codebuild:", "Error processing report: no report files found"):
        assert line in log, log

    units, coverage, gone = command("batch-get-reports", "--report-arns", *build["reportArns"])["reports"]
    assert (units["name"], units["status"], units["testSummary"]["total"]) == ("shop-units", "INCOMPLETE", 4), log
    assert units["testSummary"]["durationInNanoSeconds"] == 1500000000 and units["executionId"] == build["arn"]
    assert (gone["name"], gone["status"], gone["testSummary"]["total"]) == ("shop-gone", "INCOMPLETE", 0)
    assert (coverage["name"], coverage["status"], coverage["codeCoverageSummary"]["lineCoveragePercentage"]) == ("coverage", "SUCCEEDED", 50.0)
    cases = command("describe-test-cases", "--report-arn", units["arn"], "--filter", "status=FAILED")["testCases"]
    assert [(case["name"], case["prefix"], case["testRawDataPath"]) for case in cases] == [("total", "shop.Cart", "deep/more.xml"), ("total", "shop.Cart", "units.xml")]
    assert cases[0]["message"] == f"3 is not 4\npassword was {SECRET}", "a plain variable is no secret"

    uuid = coverage["arn"].rpartition(":")[2]
    stored = bucket.get_object(Bucket="test-results", Key=f"ci/coverage/{uuid}/cover.info")["Body"].read()
    assert stored.startswith(b"SF:cart.c\n"), log

    printed = penstock("reports", build["id"])
    assert printed.returncode == 0, printed.stderr
    for text in ("shop-units  4 tests, 2 failed, 1.5 s", "shop.Cart  total  0.2 s", "3 is not 4", "coverage  lines 50.0 % (1 of 2)", "incomplete: broken.xml:1:12: "):
        assert text in printed.stdout, printed.stdout
    assert "adds" not in printed.stdout and "adds" in penstock("reports", build["id"], "--all").stdout
    assert penstock("reports", "shop:none").returncode == 3
