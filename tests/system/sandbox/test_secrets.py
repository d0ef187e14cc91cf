"""Parameters of SSM and secrets of Secrets Manager: what boto3 and the sandbox's door put, boto3 gets."""

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def ssm(sandbox):
    return sandbox.client("ssm")


@pytest.fixture
def secrets(sandbox):
    return sandbox.client("secretsmanager")


def test_parameters(sandbox, ssm):
    ssm.put_parameter(Name="/one/plain", Value="p", Type="String")
    ssm.put_parameter(Name="/one/secret", Value="hidden", Type="SecureString")
    answer = ssm.get_parameters(Names=["/one/plain", "/one/secret", "/one/none"], WithDecryption=True)
    assert {one["Name"]: one["Value"] for one in answer["Parameters"]} == {"/one/plain": "p", "/one/secret": "hidden"}
    assert answer["InvalidParameters"] == ["/one/none"]
    assert ssm.get_parameter(Name="/one/secret")["Parameter"]["Value"] != "hidden"
    with pytest.raises(ClientError, match="ParameterAlreadyExists"):
        ssm.put_parameter(Name="/one/plain", Value="q", Type="String")
    ssm.put_parameter(Name="/one/plain", Value="q", Type="String", Overwrite=True)
    assert ssm.get_parameter(Name="/one/plain:1")["Parameter"]["Value"] == "p"
    arn = ssm.get_parameter(Name="/one/plain")["Parameter"]["ARN"]
    assert ssm.get_parameters(Names=[arn])["Parameters"][0]["Value"] == "q"
    with pytest.raises(ClientError, match="ValidationException"):
        ssm.get_parameters(Names=[f"/one/{i}" for i in range(11)])
    assert "hidden" not in str(sandbox.ledger())
    sandbox.control("POST", [{"name": "/one/door", "value": "d"}, {"name": "/one/shut", "value": "s", "denied": True}], part="parameters")
    assert ssm.get_parameter(Name="/one/door", WithDecryption=True)["Parameter"]["Value"] == "d"
    with pytest.raises(ClientError, match="AccessDeniedException.*is not authorized to perform: ssm:GetParameters on resource: arn:aws:ssm:.*:parameter/one/shut"):
        ssm.get_parameters(Names=["/one/shut"])


def test_secrets(sandbox, secrets):
    made = secrets.create_secret(Name="two/db", SecretString='{"user": "u"}')
    second = secrets.put_secret_value(SecretId="two/db", SecretString="new")["VersionId"]
    for wanted, text in (({}, "new"), ({"VersionStage": "AWSPREVIOUS"}, '{"user": "u"}'), ({"VersionId": made["VersionId"]}, '{"user": "u"}'), ({"VersionId": second, "VersionStage": "AWSCURRENT"}, "new")):
        assert secrets.get_secret_value(SecretId=made["ARN"], **wanted)["SecretString"] == text
    for wanted in ({"SecretId": "none"}, {"SecretId": "two/db", "VersionStage": "none"}, {"SecretId": "two/db", "VersionId": "0" * 36}):
        with pytest.raises(secrets.exceptions.ResourceNotFoundException):
            secrets.get_secret_value(**wanted)
    sandbox.control("POST", [{"name": "two/door", "value": {"a": 1}}, {"name": "two/shut", "value": "x", "denied": True}], part="secrets")
    assert secrets.get_secret_value(SecretId="two/door")["SecretString"] == '{"a": 1}'
    with pytest.raises(ClientError, match="AccessDeniedException.*secretsmanager:GetSecretValue"):
        secrets.get_secret_value(SecretId="two/shut")
    secrets.delete_secret(SecretId="two/db")
    with pytest.raises(secrets.exceptions.ResourceNotFoundException):
        secrets.get_secret_value(SecretId="two/db")
