"""Variables whose values lie with AWS: which one wins, that the log shows none, and what a missing one says."""

import uuid

from cloud_steps import phase

PARAMETER = "parameter-value-0123456789"
JSON_MEMBER = "it's a $SECRET with `quotes`"
SPEC = """\
version: 0.2
env:
  variables: {PLAIN: spec, BOTH: spec}
  parameter-store: {FROM_SPEC: %(name)s, BOTH: %(name)s, WINS: %(name)s}
  secrets-manager:
    MEMBER: "%(name)s:member"
    NUMBER: "%(name)s:number"
    WHOLE: %(arn)s
    BEFORE: "%(name)s::AWSPREVIOUS"
  exported-variables: [PLAIN, MEMBER, PROJECT, COPY]
phases:
  build:
    commands:
      - echo "param [$FROM_SPEC] [$PROJECT] [$ACTION]"
      - printf '%%s' "$MEMBER" | sed 's/^/</;s/$/>/' | tr 'a-z' 'A-Z'
      - echo "lengths ${#FROM_SPEC} ${#MEMBER} ${#PROJECT} $NUMBER"
      - echo "$WHOLE" | tr 'a-z' 'A-Z'; echo "$BEFORE" | tr 'a-z' 'A-Z'
      - echo "wins $WINS both ${#BOTH} $PLAIN"
      - COPY="x${FROM_SPEC}x"
"""


def fetched(cloud):
    return [line for line in cloud.sandbox.ledger() if line["operation"] == "GetSecretValue"]


def test_all_kinds(cloud):
    name = f"shop/{uuid.uuid4().hex}"
    cloud.sandbox.control("POST", {"name": name, "value": PARAMETER}, part="parameters")
    cloud.sandbox.control("POST", [{"name": name, "value": "the former"}, {"name": name, "value": {"member": JSON_MEMBER, "number": 42}}], part="secrets")
    arn = cloud.sandbox.client("secretsmanager").get_secret_value(SecretId=name)["ARN"]
    before = len(fetched(cloud))
    job = cloud.offer(SPEC % {"name": name, "arn": arn},
                      variables=[{"name": "PROJECT", "value": f"{name}:member", "type": "SECRETS_MANAGER"},
                                 {"name": "WINS", "value": "project", "type": "PLAINTEXT"},
                                 {"name": "ACTION", "value": name, "type": "SECRETS_MANAGER"}],
                      job={"environment": [{"name": "ACTION", "value": name, "type": "PARAMETER_STORE"}]})
    result = cloud.finish(job)
    assert result["outcome"] == "succeeded", job.text
    assert "param [***] [***] [***]\n" in job.text
    assert f"<{JSON_MEMBER.upper()}>" in job.text  # what a build makes of a secret is not found
    assert f"lengths {len(PARAMETER)} {len(JSON_MEMBER)} {len(JSON_MEMBER)} 42\n" in job.text
    assert '"NUMBER": 42' in job.text and "THE FORMER\n" in job.text
    assert f"wins project both {len(PARAMETER)} spec\n" in job.text
    assert "Decrypting parameter store environment variables" in job.text
    assert PARAMETER not in job.text and JSON_MEMBER not in job.text
    exported = {one["name"]: one["value"] for one in result["build"]["exportedEnvironmentVariables"]}
    assert exported == {"PLAIN": "spec", "COPY": "x***x"}
    assert PARAMETER not in str(result) and PARAMETER not in cloud.runner.log()
    assert len(fetched(cloud)) - before == 3  # by name for three keys, by ARN, and the former one


def test_more_than_ten_parameters_are_asked_in_tens(cloud):
    name = f"many-{uuid.uuid4().hex}"
    cloud.sandbox.control("POST", [{"name": f"/{name}/{i}", "value": f"value-of-{i}"} for i in range(12)], part="parameters")
    lines = "".join(f"    V{i}: /{name}/{i}\n" for i in range(12)) + f"    AGAIN: /{name}/0\n"
    result, log = cloud.build(f"version: 0.2\nenv:\n  parameter-store:\n{lines}phases:\n  build:\n    commands: ['test $V11 = value-of-11', 'test $AGAIN = value-of-0']\n")
    assert result["outcome"] == "succeeded", log
    asked = [len(line["input"]["Names"]) for line in cloud.sandbox.ledger() if line["operation"] == "GetParameters" and name in str(line["input"])]
    assert asked == [10, 2] or asked == [10, 3]


def spec_of(env):
    return f"version: 0.2\nenv:\n{env}phases:\n  build:\n    commands: [echo never]\n"


REFUSED = [
    ("  parameter-store: {KEY: /none/of/this}\n", "Decrypted Variables Error", "parameter does not exist: /none/of/this (for variable 'KEY'; region 'eu-west-1')"),
    ("  parameter-store: {KEY: /shut}\n", "Decrypted Variables Error", "allow the runner's credentials ssm:GetParameters on 'arn:aws:ssm:eu-west-1:123456789012:parameter/shut'"),
    ("  secrets-manager: {KEY: none}\n", "Secrets Manager Error", "ResourceNotFoundException: Secrets Manager can't find the specified secret. (secret 'none' for variable 'KEY'"),
    ("  secrets-manager: {KEY: 'open:a', OTHER: 'open:absent'}\n", "Secrets Manager Error", "the secret 'open' has no key 'absent' (secret 'open' for variable 'OTHER'"),
    ("  secrets-manager: {KEY: shut}\n", "Secrets Manager Error", "allow the runner's credentials secretsmanager:GetSecretValue on 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:shut-*'"),
]


def test_what_cannot_be_had(cloud):
    cloud.sandbox.control("POST", {"name": "/shut", "value": "x", "denied": True}, part="parameters")
    cloud.sandbox.control("POST", [{"name": "open", "value": {"a": "b"}}, {"name": "shut", "value": "x", "denied": True}], part="secrets")
    jobs = [cloud.offer(spec_of(env)) for env, _, _ in REFUSED]
    jobs.append(cloud.offer(spec_of("  variables: {A: b}\n"), variables=[{"name": "TOKEN", "value": "a:b:c:d:e", "type": "SECRETS_MANAGER"}]))
    expected = [row[1:] for row in REFUSED] + [("Secrets Manager Error", "variable 'TOKEN': 'a:b:c:d:e' has too many parts")]
    for job, (code, words) in zip(jobs, expected):
        result = cloud.finish(job)
        assert result["outcome"] == "failed"
        status, found, message = phase(result, "DOWNLOAD_SOURCE")
        assert (status, found) == ("FAILED", code)
        assert words in message
        assert "echo never" not in job.text
