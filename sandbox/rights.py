"""Which right does a request need?  AWS's Service Authorization Reference, for the operations that the sandbox plays.

`needs(account, service, operation, params)` gives (action, resource, context) for each: the action's name is mostly the
operation's, the resource is the ARN that a policy has to cover; "*" where AWS knows no narrower one.
"""

import re

from sandbox import policy
from sandbox.errors import AwsError

# botocore's name -> the one in policies
_PREFIX = {"elbv2": "elasticloadbalancing", "stepfunctions": "states"}

# S3's actions that are not called as their operations are.
_S3_ACTIONS = {
    "HeadObject": "GetObject",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "HeadBucket": "ListBucket",
    "ListBuckets": "ListAllMyBuckets",
    "ListObjectVersions": "ListBucketVersions",
    "CreateMultipartUpload": "PutObject",
    "CopyObject": "PutObject",
    "UploadPart": "PutObject",
    "CompleteMultipartUpload": "PutObject",
    "ListParts": "ListMultipartUploadParts",
    "ListMultipartUploads": "ListBucketMultipartUploads",
}


class Rights:
    """Asked by the endpoint before each operation."""

    def __init__(self, account, iam):
        self._account = account
        self._iam = iam

    def check(self, service, operation, params, key, protocol):
        """Raise the AwsError that AWS answers with where the key's role lacks a right."""
        if key.role_arn is None:
            return
        for action, resource, context in needs(self._account, service, operation, params):
            verdict = self._iam.decide(key.role_arn, action, resource, {"aws:RequestedRegion": self._account.region, **context})
            if verdict != policy.ALLOWED:
                raise refusal(key.arn, action, resource, verdict, protocol)


def refusal(who, action, resource, verdict, protocol):
    """AWS's own sentence, under the name that the protocol has for it."""
    why = f"no identity-based policy allows the {action} action" if verdict == policy.IMPLICIT_DENY else "with an explicit deny in an identity-based policy"
    because = f"because {why}" if verdict == policy.IMPLICIT_DENY else why
    quoted = f'"{resource}"' if protocol == "rest-xml" else resource
    code = "AccessDenied" if protocol in ("query", "rest-xml") else "AccessDeniedException"
    return AwsError(code, f"User: {who} is not authorized to perform: {action} on resource: {quoted} {because}", 400 if protocol == "json" else 403)


def needs(account, service, operation, params):
    """A list of (action, resource, context)."""
    rule = _SERVICES.get(service)
    if rule:
        return rule(account, operation, params)
    return [(f"{_PREFIX.get(service, service)}:{operation}", "*", {})]


def _one(service, operation, resources, context=None):
    return [(f"{service}:{operation}", resource, context or {}) for resource in resources]


# ---- ECS ----

def _last(text):
    return text.rsplit("/", 1)[-1]


def _pass_roles(arns, service):
    return [("iam:PassRole", arn, {"iam:PassedToService": service}) for arn in dict.fromkeys(arns) if arn]


def _role_arn(account, text):
    return text if text.startswith("arn:") else f"arn:aws:iam::{account.account_id}:role/{text}"


def _ecs(account, operation, params):
    cluster = _last(params.get("cluster", "default"))
    in_cluster = {"ecs:cluster": account.arn("ecs", f"cluster/{cluster}")}
    roles = [_role_arn(account, params[name]) for name in ("taskRoleArn", "executionRoleArn") if params.get(name)]
    if operation == "RegisterTaskDefinition":
        asked = _one("ecs", operation, ["*"]) + _pass_roles(roles, "ecs-tasks.amazonaws.com")
        if params.get("tags"):
            asked += _one("ecs", "TagResource", [account.arn("ecs", f"task-definition/{params['family']}:*")], {"ecs:CreateAction": operation})
        return asked
    if operation in ("RunTask", "StartTask"):
        asked = _one("ecs", operation, [_task_definition(account, params["taskDefinition"])], in_cluster)
        overrides = params.get("overrides", {})
        return asked + _pass_roles([overrides.get(name) for name in ("taskRoleArn", "executionRoleArn")], "ecs-tasks.amazonaws.com")
    if operation == "DescribeServices":
        return _one("ecs", operation, [account.arn("ecs", f"service/{cluster}/{_last(name)}") for name in params["services"]], in_cluster)
    if operation in ("DescribeTasks", "StopTask"):
        tasks = params["tasks"] if operation == "DescribeTasks" else [params["task"]]
        return _one("ecs", operation, [account.arn("ecs", f"task/{cluster}/{_last(task)}") for task in tasks], in_cluster)
    if operation == "DescribeClusters":
        return _one("ecs", operation, [account.arn("ecs", f"cluster/{_last(name)}") for name in params.get("clusters", ["default"])])
    if operation == "CreateService":
        return _one("ecs", operation, [account.arn("ecs", f"service/{cluster}/{params['serviceName']}")], in_cluster)
    if operation in ("UpdateService", "DeleteService", "ListServiceDeployments"):
        return _one("ecs", operation, [account.arn("ecs", f"service/{cluster}/{_last(params['service'])}")], in_cluster)
    for name in ("serviceDeploymentArns", "serviceRevisionArns"):
        if name in params:
            return _one("ecs", operation, params[name])
    if "serviceDeploymentArn" in params:
        return _one("ecs", operation, [params["serviceDeploymentArn"]])
    if "service" in params:  # task sets
        return _one("ecs", operation, [account.arn("ecs", f"task-set/{cluster}/{_last(params['service'])}/*")], in_cluster)
    if "resourceArn" in params:
        return _one("ecs", operation, [params["resourceArn"]])
    return _one("ecs", operation, ["*"], in_cluster if "cluster" in params else {})


def _task_definition(account, text):
    name = text.rpartition("task-definition/")[2]
    return account.arn("ecs", "task-definition/" + (name if ":" in name else name + ":*"))


# ---- storage ----

def _s3(account, operation, params):
    action = _S3_ACTIONS.get(operation, operation)
    bucket = f"arn:aws:s3:::{params['Bucket']}" if "Bucket" in params else "*"
    if operation == "DeleteObjects":
        return _one("s3", "DeleteObject", [f"{bucket}/{item['Key']}" for item in params["Delete"]["Objects"]])
    if "Key" not in params:
        return _one("s3", action, [bucket], {"s3:prefix": params.get("Prefix", "")} if action == "ListBucket" else {})
    if params.get("VersionId"):
        action = {"GetObject": "GetObjectVersion", "DeleteObject": "DeleteObjectVersion"}.get(action, action)
    asked = _one("s3", "PutObject" if operation == "CopyObject" else action, [f"{bucket}/{params['Key']}"])
    if operation == "CopyObject":
        source = params["CopySource"]
        text = source if isinstance(source, str) else f"{source['Bucket']}/{source['Key']}"
        asked += _one("s3", "GetObject", ["arn:aws:s3:::" + text.lstrip("/").partition("?")[0]])
    if params.get("ACL") and action == "PutObject":
        asked += _one("s3", "PutObjectAcl", [f"{bucket}/{params['Key']}"])
    return asked


def _ecr(account, operation, params):
    if "repositoryName" in params:
        return _one("ecr", operation, [account.arn("ecr", f"repository/{params['repositoryName']}")])
    if params.get("repositoryNames"):
        return _one("ecr", operation, [account.arn("ecr", f"repository/{name}") for name in params["repositoryNames"]])
    return _one("ecr", operation, ["*"])


# ---- what stands around a deployment ----

def _logs(account, operation, params):
    group = params.get("logGroupName")
    if group is None:
        return _one("logs", operation, [account.arn("logs", f"log-group:{params.get('logGroupNamePrefix', '')}*")])
    if operation in ("GetLogEvents", "PutLogEvents"):
        return _one("logs", operation, [account.arn("logs", f"log-group:{group}:log-stream:{params['logStreamName']}")])
    return _one("logs", operation, [account.arn("logs", f"log-group:{group}:*")])


def _lambda(account, operation, params):
    action = "InvokeFunction" if operation == "Invoke" else operation
    text = params.get("FunctionName")
    if text is None:
        return _one("lambda", action, ["*"])
    name = text.rpartition("function:")[2]
    return _one("lambda", action, [account.arn("lambda", f"function:{name}")])


def _states(account, operation, params):
    for name in ("stateMachineArn", "executionArn"):
        if name in params:
            return _one("states", operation, [params[name]])
    return _one("states", operation, ["*"])


def _iam(account, operation, params):
    if "RoleName" in params:
        return _one("iam", operation, [f"arn:aws:iam::{account.account_id}:role/{params['RoleName']}"])
    return _one("iam", operation, [params.get("PolicyArn", "*")])


def _sts(account, operation, params):
    if operation == "AssumeRole":
        return _one("sts", operation, [params["RoleArn"]])
    return []  # GetCallerIdentity is everybody's


def _ssm(account, operation, params):
    names = params.get("Names") or [params[name] for name in ("Name",) if name in params]
    return _one("ssm", operation, [account.arn("ssm", "parameter/" + name.rpartition(":parameter/")[2].lstrip("/")) for name in names] or ["*"])


def _secrets(account, operation, params):
    text = params.get("SecretId", params.get("Name"))
    if text is None:
        return _one("secretsmanager", operation, ["*"])
    name = re.sub(r"^arn:aws:secretsmanager:[^:]*:\d*:secret:", "", text)
    return _one("secretsmanager", operation, [account.arn("secretsmanager", "secret:" + (name if name != text else name + "-*"))])


def _balancer(account, operation, params):
    for name in ("ListenerArn", "RuleArn", "TargetGroupArn", "LoadBalancerArn"):
        if name in params and not operation.startswith("Describe"):
            return _one("elasticloadbalancing", operation, [params[name]])
    return _one("elasticloadbalancing", operation, ["*"])


def _stack(account, operation, params):
    name = params.get("StackName")
    if name is None:
        return _one("cloudformation", operation, ["*"])
    asked = _one("cloudformation", operation, [name if name.startswith("arn:") else account.arn("cloudformation", f"stack/{name}/*")])
    return asked + _pass_roles([params.get("RoleARN")], "cloudformation.amazonaws.com")


def _codedeploy(account, operation, params):
    application = params.get("applicationName")
    if application and "deploymentGroupName" in params:
        return _one("codedeploy", operation, [account.arn("codedeploy", f"deploymentgroup:{application}/{params['deploymentGroupName']}")])
    if application:
        return _one("codedeploy", operation, [account.arn("codedeploy", f"application:{application}")])
    if "deploymentConfigName" in params:
        return _one("codedeploy", operation, [account.arn("codedeploy", f"deploymentconfig:{params['deploymentConfigName']}")])
    group = account.deployment_group(params.get("deploymentId")) or "*"
    return _one("codedeploy", operation, [account.arn("codedeploy", f"deploymentgroup:{group}")])


def _beanstalk(account, operation, params):
    application, environment, label = (params.get(name) for name in ("ApplicationName", "EnvironmentName", "VersionLabel"))
    if application and environment:
        return _one("elasticbeanstalk", operation, [account.arn("elasticbeanstalk", f"environment/{application}/{environment}")])
    if application and label:
        return _one("elasticbeanstalk", operation, [account.arn("elasticbeanstalk", f"applicationversion/{application}/{label}")])
    return _one("elasticbeanstalk", operation, ["*"])


def _cloudfront(account, operation, params):
    number = params.get("DistributionId", params.get("Id"))
    return _one("cloudfront", operation, [f"arn:aws:cloudfront::{account.account_id}:distribution/{number}" if number else "*"])


def _events(account, operation, params):
    rule = params.get("Rule", params.get("Name"))
    bus = params.get("EventBusName", "default")
    if rule is None:
        return _one("events", operation, ["*"])
    asked = _one("events", operation, [account.arn("events", f"rule/{rule}" if bus == "default" else f"rule/{bus}/{rule}")])
    return asked + _pass_roles([target.get("RoleArn") for target in params.get("Targets", [])], "events.amazonaws.com")


_SERVICES = {
    "ecs": _ecs,
    "s3": _s3,
    "ecr": _ecr,
    "logs": _logs,
    "lambda": _lambda,
    "stepfunctions": _states,
    "iam": _iam,
    "sts": _sts,
    "ssm": _ssm,
    "secretsmanager": _secrets,
    "elbv2": _balancer,
    "cloudformation": _stack,
    "codedeploy": _codedeploy,
    "elasticbeanstalk": _beanstalk,
    "cloudfront": _cloudfront,
    "events": _events,
}
