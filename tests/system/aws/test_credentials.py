"""Whose keys the runner signs with: every place that AWS's clients know, roles, and keys that are over.

A function that answers at once stands for all of AWS; the sandbox's ledger says which key it was called with."""

import http.server
import json
import os
import stat
import threading
import time

import pytest
from sandbox_under_test import ACCOUNT, KEY, REGION, SECRET

ROOT_TRUST = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}
NO_KEYS = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}


class Answers:
    """A web server on 127.0.0.1 that a function answers: (method, path, headers, body) -> (status, text[, headers])."""

    def __init__(self, answer):
        self.asked = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
                headers = {name.lower(): value for name, value in self.headers.items()}
                outer.asked.append((self.command, self.path, headers, body))
                status, text, *more = answer(self.command, self.path, headers, body)
                self.send_response_only(status)
                for name, value in (more[0] if more else {}).items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            do_GET = do_PUT = do_POST = handle_any

            def log_message(self, *_):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self.http.shutdown()
        self.http.server_close()


@pytest.fixture
def answers():
    made = []

    def start(answer):
        made.append(Answers(answer))
        return made[-1]

    yield start
    for one in made:
        one.close()


@pytest.fixture
def function(sandbox, name):
    sandbox.control("POST", {"name": name, "returns": True}, part="functions")
    return name


def role(sandbox, name, *statements, trust=ROOT_TRUST):
    iam = sandbox.client("iam")
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}))["Role"]["Arn"]
    if statements:
        iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": list(statements)}))
    return arn


MAY_INVOKE = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": "*"}


def session(sandbox, seconds=3600):
    """Keys as an address gives them out."""
    keys = sandbox.client("sts").assume_role(RoleArn=f"arn:aws:iam::{ACCOUNT}:role/anybody", RoleSessionName="given")["Credentials"]
    ends = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))
    return {"AccessKeyId": keys["AccessKeyId"], "SecretAccessKey": keys["SecretAccessKey"], "Token": keys["SessionToken"], "Expiration": ends}


def calls(sandbox, function):
    """Access keys that the function was called with."""
    return [line["accessKey"] for line in sandbox.ledger() if line["operation"] == "Invoke" and (line["input"] or {}).get("FunctionName") == function]


def assumed(sandbox, arn):
    return [line for line in sandbox.ledger() if line["operation"] == "AssumeRole" and line["input"] and line["input"]["RoleArn"] == arn]


def invoke(place, function, **job):
    return place.act("Lambda", "Invoke", {"FunctionName": function}, **job)


def succeeds(place, function, **job):
    result = invoke(place, function, **job)
    assert result["outcome"] == "succeeded", result


def works(place, sandbox, function, key):
    result = invoke(place, function)
    assert result["outcome"] == "succeeded", result
    assert calls(sandbox, function)[-1] == key


def refused(start_place, function, environment):
    result = invoke(start_place({**NO_KEYS, **environment}), function)
    assert result["outcome"] == "failed" and result["errorCode"] in ("PermissionError", "ConfigurationError")
    return result["errorMessage"]


# ---- files ----

@pytest.fixture
def files(tmp_path):
    """Writes the two shared files and gives the environment that names them."""

    def write(config="", credentials="", profile=None):
        (tmp_path / "config").write_text(config)
        (tmp_path / "credentials").write_text(credentials)
        environment = {**NO_KEYS, "AWS_REGION": REGION, "AWS_CONFIG_FILE": str(tmp_path / "config"), "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials")}
        return {**environment, "AWS_PROFILE": profile} if profile else environment

    return write


KEYS = f"aws_access_key_id = {KEY}\naws_secret_access_key = {SECRET}\n"


@pytest.mark.parametrize("config, credentials, profile", [
    ("", f"[default]\n{KEYS}", None),
    ("[profile shop]\nregion = eu-west-1\n", f"[shop]\n{KEYS}", "shop"),
    (f"[profile shop]\n{KEYS}", "[other]\naws_access_key_id = AKIAWRONG\n", "shop"),
])
def test_keys_in_files(start_place, sandbox, function, files, config, credentials, profile):
    works(start_place(files(config, credentials, profile)), sandbox, function, KEY)


def test_a_profiles_role(start_place, sandbox, function, files, name):
    arn = role(sandbox, name, MAY_INVOKE, trust={**ROOT_TRUST, "Condition": {"StringEquals": {"sts:ExternalId": "42"}}})
    config = f"[profile deploy]\nrole_arn = {arn}\nsource_profile = base\nexternal_id = 42\nrole_session_name = by-profile\nduration_seconds = 900\n"
    place = start_place(files(config, f"[base]\n{KEYS}", "deploy"))
    succeeds(place, function)
    succeeds(place, function)
    (taken,) = assumed(sandbox, arn)
    assert (taken["input"]["RoleSessionName"], taken["input"]["DurationSeconds"], taken["accessKey"]) == ("by-profile", 900, KEY)
    assert calls(sandbox, function)[0].startswith("ASIA")


def test_roles_that_lead_to_roles(start_place, sandbox, function, files, name):
    first = role(sandbox, name + "-1", {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"})
    second = role(sandbox, name + "-2", MAY_INVOKE, trust={**ROOT_TRUST, "Principal": {"AWS": first}})
    config = (f"[profile second]\nrole_arn = {second}\nsource_profile = first\n"
              f"[profile first]\nrole_arn = {first}\ncredential_source = Environment\n")
    works_environment = {**files(config, "", "second"), "AWS_ACCESS_KEY_ID": None}
    result = invoke(start_place(works_environment), function)
    assert "credential_source Environment has no credentials" in result["errorMessage"]
    config = config.replace("credential_source = Environment", "source_profile = base")
    succeeds(start_place(files(config, f"[base]\n{KEYS}", "second")), function)
    assert len(assumed(sandbox, first)) == len(assumed(sandbox, second)) == 1


@pytest.mark.parametrize("config, sentence", [
    ("[profile x]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = x\nmfa_serial = arn:aws:iam::1:mfa/me\n", "nobody sits at a runner to type one"),
    ("[profile x]\nsso_session = s\nsso_account_id = 1\n", "signs in by SSO, which needs a person"),
    ("[profile x]\nrole_arn = arn:aws:iam::1:role/r\n", "needs one of source_profile and credential_source"),
    ("[profile x]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = y\n[profile y]\nrole_arn = arn:aws:iam::1:role/s\nsource_profile = x\n", "goes round in a circle"),
    ("[profile x]\naws_access_key_id = AKIA\n", "profile 'x' lacks one of its two keys"),
    ("[profile y]\n", "there is no profile 'x'"),
])
def test_profiles_that_cannot_be_used(start_place, function, files, config, sentence):
    assert sentence in refused(start_place, function, files(config, "", "x"))


def test_a_program_that_prints_keys(start_place, sandbox, function, files, tmp_path):
    program = tmp_path / "my keys"
    printed = {"Version": 1, "AccessKeyId": KEY, "SecretAccessKey": SECRET}
    program.write_text(f"#!/bin/sh\n[ \"$1\" = 'a b;' ] || exit 3\necho '{json.dumps(printed)}'\n")
    os.chmod(program, stat.S_IRWXU)
    works(start_place(files(f"[default]\ncredential_process = \"{program}\" 'a b;'\n")), sandbox, function, KEY)
    assert "ended with 3" in refused(start_place, function, files(f"[default]\ncredential_process = \"{program}\" $HOME\n"))


# ---- addresses ----

def test_a_containers_address(start_place, sandbox, function, answers, tmp_path):
    keys = session(sandbox)
    (tmp_path / "token").write_text("the-token\n")
    given = answers(lambda method, path, headers, body: (200, json.dumps(keys)) if headers.get("authorization") == "the-token" else (403, "{}"))
    environment = {**NO_KEYS, "AWS_CONTAINER_CREDENTIALS_FULL_URI": given.url + "/v1/credentials", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(tmp_path / "token")}
    works(start_place(environment), sandbox, function, keys["AccessKeyId"])
    assert len(given.asked) == 1
    unsafe = refused(start_place, function, {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://example.com/keys"})
    assert "must be https, on this machine" in unsafe


def test_an_instances_address(start_place, sandbox, function, answers):
    keys = {"Code": "Success", **session(sandbox)}

    def answer(method, path, headers, body):
        if method == "PUT" and path == "/latest/api/token" and headers["x-aws-ec2-metadata-token-ttl-seconds"] == "21600":
            return 200, "session-token"
        if headers.get("x-aws-ec2-metadata-token") != "session-token":
            return 401, ""
        pages = {"": "runner-role\n", "runner-role": json.dumps(keys)}
        return 200, pages[path.removeprefix("/latest/meta-data/iam/security-credentials/")]

    given = answers(answer)
    environment = {**NO_KEYS, "AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": given.url}
    works(start_place(environment), sandbox, function, keys["AccessKeyId"])


def test_web_identity(start_place, sandbox, function, answers, tmp_path):
    """The token is read again each time, and the question to STS carries no signature."""
    token = tmp_path / "token"
    token.write_text("first\n")
    given_out = []

    def answer(method, path, headers, body):
        keys = session(sandbox)
        given_out.append(keys["AccessKeyId"])
        ends = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 2))  # over in two seconds
        return 200, (f"<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>{keys['AccessKeyId']}</AccessKeyId>"
                     f"<SecretAccessKey>{keys['SecretAccessKey']}</SecretAccessKey><SessionToken>{keys['Token']}</SessionToken><Expiration>{ends}</Expiration>"
                     "</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>")

    sts = answers(answer)
    place = start_place({**NO_KEYS, "AWS_WEB_IDENTITY_TOKEN_FILE": str(token), "AWS_ROLE_ARN": "arn:aws:iam::1:role/pod", "AWS_ROLE_SESSION_NAME": "pod", "AWS_ENDPOINT_URL_STS": sts.url})
    succeeds(place, function)
    token.write_text("second\n")
    deadline = time.monotonic() + 60
    while "WebIdentityToken=second" not in sts.asked[-1][3]:
        assert time.monotonic() < deadline, "the token is not read again"
        succeeds(place, function)
    assert "WebIdentityToken=first" in sts.asked[0][3] and "RoleSessionName=pod" in sts.asked[0][3]
    assert all("authorization" not in headers for _, _, headers, _ in sts.asked)
    assert set(calls(sandbox, function)) <= set(given_out)
    assert "AWS_ROLE_ARN is not" in refused(start_place, function, {"AWS_WEB_IDENTITY_TOKEN_FILE": str(token)})


def test_nobody_has_keys(start_place, function, files):
    assert "the runner has no AWS credentials; set AWS_ACCESS_KEY_ID" in refused(start_place, function, files())


# ---- roles of actions ----

def test_an_action_has_a_role_of_its_own(place, sandbox, function, name):
    arn = role(sandbox, name, MAY_INVOKE)
    for _ in range(2):
        succeeds(place, function, roleArn=arn)
    (taken,) = assumed(sandbox, arn)
    assert taken["input"]["RoleSessionName"] == "penstock-shop-Do"
    assert all(key.startswith("ASIA") for key in calls(sandbox, function))


def test_the_right_that_a_role_lacks_is_named(place, sandbox, function, name):
    arn = role(sandbox, name)
    result = invoke(place, function, roleArn=arn)
    assert result["errorCode"] == "PermissionError"
    assert result["errorMessage"] == (
        f"lambda Invoke: AccessDeniedException: User: arn:aws:sts::{ACCOUNT}:assumed-role/{name}/penstock-shop-Do is not authorized to perform: "
        f"lambda:InvokeFunction on resource: arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function} because no identity-based policy allows the "
        f"lambda:InvokeFunction action; it takes the right lambda:InvokeFunction on arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function}")
    closed = role(sandbox, name + "-closed", MAY_INVOKE, trust={**ROOT_TRUST, "Principal": {"Service": "ecs-tasks.amazonaws.com"}})
    result = invoke(place, function, roleArn=closed)
    assert result["errorMessage"].startswith(f"taking on the role '{closed}': sts AssumeRole: AccessDenied: ")
    assert result["errorMessage"].endswith(f"it takes the right sts:AssumeRole on {closed}")


# ---- keys that are over, and a clock that is off ----

def test_keys_that_are_over_are_renewed_once(start_place, sandbox, function, answers):
    good, gone = session(sandbox), {**session(sandbox), "AccessKeyId": "ASIAGONE"}
    given = answers(lambda method, path, headers, body: (200, json.dumps(gone if len(given.asked) == 1 else good)))
    place = start_place({**NO_KEYS, "AWS_CONTAINER_CREDENTIALS_FULL_URI": given.url})
    works(place, sandbox, function, good["AccessKeyId"])
    assert len(given.asked) == 2


def test_the_clock_is_taken_from_aws(start_place, answers, function):
    later = time.time() + 3600

    def answer(method, path, headers, body):
        date = {"Date": time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(later))}
        sent = time.mktime(time.strptime(headers["x-amz-date"], "%Y%m%dT%H%M%SZ")) - time.timezone
        if abs(sent - later) > 300:
            return 400, '{"__type": "InvalidSignatureException", "message": "Signature expired"}', {**date, "x-amzn-errortype": "InvalidSignatureException"}
        return 200, "true", date

    cloud = answers(answer)
    place = start_place({"AWS_ENDPOINT_URL": cloud.url})
    assert invoke(place, function)["outcome"] == "succeeded" and len(cloud.asked) == 2
    assert invoke(place, function)["outcome"] == "succeeded" and len(cloud.asked) == 3


def test_throttled_calls_are_repeated(place, sandbox, function):
    sandbox.control("POST", {"operation": "lambda:Invoke", "kind": "throttle", "times": 2})
    succeeds(place, function)
    sandbox.control("POST", {"operation": "lambda:Invoke", "kind": "throttle", "times": 3})
    result = invoke(place, function)
    assert result["outcome"] == "failed" and result["errorMessage"] == "lambda Invoke: TooManyRequestsException: Rate exceeded"
