"""Roles of the sandbox: what their policies say is what their keys may do."""

import json

import boto3
import botocore.exceptions
import pytest
from sandbox_under_test import ACCOUNT, REGION

TRUST = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}]}


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action, resource="*", **more):
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


class AsRole:
    """Clients that hold a role's keys; `may` replaces the role's only policy."""

    def __init__(self, sandbox, name):
        self.sandbox, self.name = sandbox, name
        self.iam = sandbox.client("iam")
        self.arn = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
        keys = sandbox.client("sts").assume_role(RoleArn=self.arn, RoleSessionName="test")["Credentials"]
        self.session = boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"], region_name=REGION)

    def may(self, *statements):
        self.iam.put_role_policy(RoleName=self.name, PolicyName="p", PolicyDocument=document(*statements))

    def client(self, service):
        return self.session.client(service, endpoint_url=self.sandbox.endpoint)


def refused(call, **arguments):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**arguments)
    return caught.value.response["Error"]


def test_keys_of_a_role_may_do_what_its_policies_say(sandbox):
    role = AsRole(sandbox, "reader")
    error = refused(role.client("ecs").list_clusters)
    assert error["Code"] == "AccessDeniedException"
    assert error["Message"] == (
        f"User: arn:aws:sts::{ACCOUNT}:assumed-role/reader/test is not authorized to perform: ecs:ListClusters "
        "on resource: * because no identity-based policy allows the ecs:ListClusters action")
    role.may(allow("ecs:List*"))
    role.client("ecs").list_clusters()
    role.may(allow("*"), {"Effect": "Deny", "Action": "ecs:ListClusters", "Resource": "*"})
    assert "explicit deny" in refused(role.client("ecs").list_clusters)["Message"]
    assert role.client("sts").get_caller_identity()["Arn"].endswith("assumed-role/reader/test")


def test_resources_and_conditions_count(sandbox):
    role = AsRole(sandbox, "narrow")
    role.may(allow("s3:PutObject", "arn:aws:s3:::iam-bucket/in/*"), allow("s3:ListBucket", "arn:aws:s3:::iam-bucket", Condition={"StringEquals": {"s3:prefix": "in/"}}))
    sandbox.client("s3").create_bucket(Bucket="iam-bucket", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3 = role.client("s3")
    s3.put_object(Bucket="iam-bucket", Key="in/a", Body=b"1")
    assert refused(s3.put_object, Bucket="iam-bucket", Key="out/a", Body=b"1")["Code"] == "AccessDenied"
    assert "s3:GetObject" in refused(s3.get_object, Bucket="iam-bucket", Key="in/a")["Message"]
    assert s3.list_objects_v2(Bucket="iam-bucket", Prefix="in/")["KeyCount"] == 1
    assert refused(s3.list_objects_v2, Bucket="iam-bucket")["Code"] == "AccessDenied"


def test_a_role_is_passed_only_with_the_right(sandbox):
    role = AsRole(sandbox, "passing")
    passed = f"arn:aws:iam::{ACCOUNT}:role/shop-task"
    definition = {"family": "iam-passed", "executionRoleArn": passed, "networkMode": "awsvpc", "cpu": "256", "memory": "512", "requiresCompatibilities": ["FARGATE"], "containerDefinitions": [{"name": "app", "image": "example.com/app:1"}]}
    role.may(allow("ecs:RegisterTaskDefinition"))
    assert f"iam:PassRole on resource: {passed}" in refused(role.client("ecs").register_task_definition, **definition)["Message"]
    role.may(allow("ecs:RegisterTaskDefinition"), allow("iam:PassRole", passed, Condition={"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}))
    role.client("ecs").register_task_definition(**definition)
    role.may(allow("ecs:RegisterTaskDefinition"), allow("iam:PassRole", passed, Condition={"StringEquals": {"iam:PassedToService": "events.amazonaws.com"}}))
    assert "iam:PassRole" in refused(role.client("ecs").register_task_definition, **definition)["Message"]


def test_who_may_assume_a_role(sandbox):
    iam, sts = sandbox.client("iam"), sandbox.client("sts")
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole", "Condition": {"StringEquals": {"sts:ExternalId": "42"}}}]}
    arn = iam.create_role(RoleName="guarded", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    assert refused(sts.assume_role, RoleArn=arn, RoleSessionName="me")["Code"] == "AccessDenied"
    sts.assume_role(RoleArn=arn, RoleSessionName="me", ExternalId="42")
    iam.update_assume_role_policy(RoleName="guarded", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}]}))
    assert refused(sts.assume_role, RoleArn=arn, RoleSessionName="me", ExternalId="42")["Code"] == "AccessDenied"
    sts.assume_role(RoleArn=f"arn:aws:iam::{ACCOUNT}:role/nobody-made-me", RoleSessionName="me")


def test_roles_are_kept_and_listed(sandbox):
    iam = sandbox.client("iam")
    for number in range(3):
        iam.create_role(RoleName=f"listed-{number}", Path="/listed/", AssumeRolePolicyDocument=json.dumps(TRUST))
    pages = list(iam.get_paginator("list_roles").paginate(PathPrefix="/listed/", PaginationConfig={"PageSize": 2}))
    assert len(pages) == 2 and sum(len(page["Roles"]) for page in pages) == 3
    role = iam.get_role(RoleName="listed-0")["Role"]
    assert role["Arn"] == f"arn:aws:iam::{ACCOUNT}:role/listed/listed-0" and role["AssumeRolePolicyDocument"] == TRUST
    assert refused(iam.get_role, RoleName="missing")["Code"] == "NoSuchEntity"
    assert refused(iam.create_role, RoleName="listed-0", AssumeRolePolicyDocument=json.dumps(TRUST))["Code"] == "EntityAlreadyExists"
    policy = iam.create_policy(PolicyName="kept", PolicyDocument=document(allow("ecs:*")))["Policy"]["Arn"]
    iam.attach_role_policy(RoleName="listed-0", PolicyArn=policy)
    assert iam.list_attached_role_policies(RoleName="listed-0")["AttachedPolicies"] == [{"PolicyName": "kept", "PolicyArn": policy}]
    assert refused(iam.delete_role, RoleName="listed-0")["Code"] == "DeleteConflict"
    for wrong in ("{", json.dumps({"Version": "2012-10-17", "Statement": [allow("everything")]}), document(allow("ecs:*", Condition={"DateLessThan": {"aws:CurrentTime": "2026"}}))):
        assert refused(iam.put_role_policy, RoleName="listed-0", PolicyName="p", PolicyDocument=wrong)["Code"] == "MalformedPolicyDocument"
