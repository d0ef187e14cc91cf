"""A project that lives with S3 altogether: source, secret, cache, artifacts and log there; boto3, a real server, a real
runner, a real container."""

import gzip
import io
import uuid
import zipfile

import boto3
import pytest
from stack import processes

SPEC = """\
version: 0.2
env:
  parameter-store: {KEY: %(key)s}
  exported-variables: [KEY, SEEN]
phases:
  build:
    commands:
      - SEEN=$(cat kept/n 2>/dev/null || echo nothing)
      - echo "key $KEY, seen $SEEN, token $TOKEN"
      - mkdir -p kept; echo 1 > kept/n; echo "built from $(cat a.txt)" > app.txt
artifacts: {files: [app.txt], name: app-$(echo 7).zip}
cache: {paths: ['kept/**/*']}
"""


@pytest.fixture
def clients(aws):
    def make(name):
        environment = aws.environment
        return boto3.client(name, region_name="eu-west-1", endpoint_url=environment["AWS_ENDPOINT_URL"], aws_access_key_id=environment["AWS_ACCESS_KEY_ID"], aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"])

    return make


def build(server, codebuild, project, **overrides):
    started = codebuild.start_build(projectName=project, **overrides)["build"]["id"]

    def look():
        found = codebuild.batch_get_builds(ids=[started])["builds"][0]
        return found if found["buildComplete"] else None

    return processes.wait_until(look, 120, "the build", log=server.log)


def test_everything_in_s3(server, runner, clients):
    s3, name = clients("s3"), f"p{uuid.uuid4().hex[:12]}"
    s3.create_bucket(Bucket=name)
    clients("ssm").put_parameter(Name=f"/{name}/key", Value="the-key-of-the-build", Type="SecureString")
    clients("secretsmanager").create_secret(Name=name, SecretString='{"token": "the-token-of-the-build"}')
    source = io.BytesIO()
    with zipfile.ZipFile(source, "w") as archive:
        archive.writestr("buildspec.yml", SPEC % {"key": f"/{name}/key"})
        archive.writestr("a.txt", "the source\n")
    s3.put_object(Bucket=name, Key="in/source.zip", Body=source.getvalue())
    codebuild = server.client("codebuild")
    codebuild.create_project(
        name=name, serviceRole="arn:aws:iam::123456789012:role/build",
        source={"type": "S3", "location": f"{name}/in/source.zip"},
        artifacts={"type": "S3", "location": name, "path": "out", "name": "app", "packaging": "ZIP", "namespaceType": "BUILD_ID", "overrideArtifactName": True},
        cache={"type": "S3", "location": f"{name}/cache"},
        logsConfig={"s3Logs": {"status": "ENABLED", "location": f"{name}/logs"}},
        environment={"type": "LINUX_CONTAINER", "image": "penstock/build", "computeType": "BUILD_GENERAL1_SMALL",
                     "environmentVariables": [{"name": "TOKEN", "value": f"{name}:token", "type": "SECRETS_MANAGER"}]})
    first = build(server, codebuild, name)
    assert first["buildStatus"] == "SUCCEEDED", first
    number = first["id"].partition(":")[2]
    assert first["artifacts"]["location"] == f"arn:aws:s3:::{name}/out/{number}/app-7.zip" and len(first["artifacts"]["sha256sum"]) == 64
    body = s3.get_object(Bucket=name, Key=f"out/{number}/app-7.zip")["Body"].read()
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert archive.read("app.txt") == b"built from the source\n"
    assert first["exportedEnvironmentVariables"] == [{"name": "SEEN", "value": "nothing"}]
    assert first["logs"]["s3LogsArn"] == f"arn:aws:s3:::{name}/logs/{number}.gz"
    log = gzip.decompress(s3.get_object(Bucket=name, Key=f"logs/{number}.gz")["Body"].read()).decode()
    assert "key ***, seen nothing, token ***\n" in log
    second = build(server, codebuild, name)
    assert second["exportedEnvironmentVariables"] == [{"name": "SEEN", "value": "1"}]
    codebuild.invalidate_project_cache(projectName=name)
    third = build(server, codebuild, name, environmentVariablesOverride=[{"name": "TOKEN", "value": "plain", "type": "PLAINTEXT"}])
    assert third["exportedEnvironmentVariables"] == [{"name": "SEEN", "value": "nothing"}]
