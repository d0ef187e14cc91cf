"""CodeDeploy's operations, one function each; the table is at the end."""

import uuid

from sandbox import clock
from sandbox.codedeploy.on_ecs import EcsDeployment
from sandbox.codedeploy.on_servers import ServerDeployment
from sandbox.codedeploy.state import Group
from sandbox.errors import AwsError

_KEPT = ("deploymentConfigName", "serviceRoleArn", "alarmConfiguration", "autoRollbackConfiguration", "deploymentStyle", "blueGreenDeploymentConfiguration",
         "loadBalancerInfo", "ecsServices", "ec2TagFilters", "onPremisesInstanceTagFilters", "autoScalingGroups", "ec2TagSet", "outdatedInstancesStrategy")
_PLATFORMS = {"ECS": EcsDeployment, "Server": ServerDeployment}


def create_application(codedeploy, params, key):
    name = params["applicationName"]
    platform = params.get("computePlatform", "Server")
    if platform not in _PLATFORMS:
        raise AwsError("InvalidComputePlatformException", f"the sandbox deploys to ECS and Server, not to {platform}")
    with codedeploy.lock:
        if name in codedeploy.applications:
            raise AwsError("ApplicationAlreadyExistsException", f"Application already exists with name: {name}")
        codedeploy.applications[name] = {"id": str(uuid.uuid4()), "platform": platform, "created": clock.now()}
        return {"applicationId": codedeploy.applications[name]["id"]}


def get_application(codedeploy, params, key):
    with codedeploy.lock:
        found = codedeploy.application(params["applicationName"])
        return {"application": {"applicationId": found["id"], "applicationName": params["applicationName"], "createTime": found["created"], "linkedToGitHub": False, "computePlatform": found["platform"]}}


def list_applications(codedeploy, params, key):
    with codedeploy.lock:
        return {"applications": sorted(codedeploy.applications)}


def delete_application(codedeploy, params, key):
    with codedeploy.lock:
        codedeploy.applications.pop(params["applicationName"], None)
        for name in [name for name in codedeploy.groups if name[0] == params["applicationName"]]:
            del codedeploy.groups[name]
    return {}


def create_deployment_group(codedeploy, params, key):
    application, name = params["applicationName"], params["deploymentGroupName"]
    with codedeploy.lock:
        platform = codedeploy.application(application)["platform"]
        if (application, name) in codedeploy.groups:
            raise AwsError("DeploymentGroupAlreadyExistsException", f"Deployment group already exists for name: {name}")
        settings = {kept: params[kept] for kept in _KEPT if kept in params}
        settings.setdefault("deploymentConfigName", "CodeDeployDefault.ECSAllAtOnce" if platform == "ECS" else "CodeDeployDefault.OneAtATime")
        if codedeploy.config(settings["deploymentConfigName"])["computePlatform"] != platform:
            raise AwsError("InvalidDeploymentConfigNameException", f"The deployment configuration {settings['deploymentConfigName']} is not for the compute platform {platform}")
        if platform == "ECS":
            _check_service(codedeploy, settings)
        group = codedeploy.groups[(application, name)] = Group(str(uuid.uuid4()), application, name, settings)
        return {"deploymentGroupId": group.id}


def _check_service(codedeploy, settings):
    pairs = settings.get("loadBalancerInfo", {}).get("targetGroupPairInfoList", [])
    if not settings.get("ecsServices") or not pairs or len(pairs[0].get("targetGroups", [])) != 2 or not pairs[0].get("prodTrafficRoute"):
        raise AwsError("InvalidLoadBalancerInfoException", "For ECS deployment group, ecsServices and a pair of target groups with its production listener are needed")
    place = settings["ecsServices"][0]
    with codedeploy.ecs.changed:
        service = codedeploy.ecs.service(codedeploy.ecs.cluster(place.get("clusterName")), place["serviceName"])
        if service.controller != "CODE_DEPLOY":
            raise AwsError("InvalidECSServiceException", f"Deployment group's ECS service must be configured for a CODE_DEPLOY deployment controller: {service.name}")


def get_deployment_group(codedeploy, params, key):
    with codedeploy.lock:
        group = codedeploy.group(params["applicationName"], params["deploymentGroupName"])
        return {"deploymentGroupInfo": {
            "applicationName": group.application, "deploymentGroupId": group.id, "deploymentGroupName": group.name,
            "computePlatform": codedeploy.application(group.application)["platform"], **group.settings,
            "targetRevision": group.last_attempted.revision if group.last_attempted else None,
            "lastSuccessfulDeployment": _last(group.last_successful), "lastAttemptedDeployment": _last(group.last_attempted)}}


def _last(deployment):
    if deployment is None:
        return None
    return {"deploymentId": deployment.id, "status": deployment.status, "endTime": deployment.completed_at, "createTime": deployment.created_at}


def list_deployment_groups(codedeploy, params, key):
    with codedeploy.lock:
        codedeploy.application(params["applicationName"])
        return {"applicationName": params["applicationName"], "deploymentGroups": [name for application, name in codedeploy.groups if application == params["applicationName"]]}


def delete_deployment_group(codedeploy, params, key):
    with codedeploy.lock:
        codedeploy.groups.pop((params["applicationName"], params["deploymentGroupName"]), None)
    return {}


def create_deployment_config(codedeploy, params, key):
    with codedeploy.lock:
        if params["deploymentConfigName"] in codedeploy.configs:
            raise AwsError("DeploymentConfigAlreadyExistsException", f"Deployment configuration already exists with name: {params['deploymentConfigName']}")
        codedeploy.configs[params["deploymentConfigName"]] = {"computePlatform": "Server", **params}
        return {"deploymentConfigId": str(uuid.uuid4())}


def get_deployment_config(codedeploy, params, key):
    with codedeploy.lock:
        found = codedeploy.config(params["deploymentConfigName"])
        return {"deploymentConfigInfo": {"deploymentConfigName": params["deploymentConfigName"], **found}}


def create_deployment(codedeploy, params, key):
    with codedeploy.lock:
        group = codedeploy.group(params["applicationName"], params.get("deploymentGroupName", ""))
        if "revision" not in params:
            raise AwsError("RevisionRequiredException", "The revision is required")
        active = codedeploy.active(group)
        if active:
            raise AwsError("DeploymentLimitExceededException", f"The Deployment Group '{group.name}' already has an active Deployment '{active.id}'")
        make = _PLATFORMS[codedeploy.application(group.application)["platform"]]
        deployment = make(codedeploy, group, params["revision"], params.get("description"))
        codedeploy.begin(deployment)
        return {"deploymentId": deployment.id}


def get_deployment(codedeploy, params, key):
    with codedeploy.lock:
        return {"deploymentInfo": codedeploy.deployment(params["deploymentId"]).info()}


def batch_get_deployments(codedeploy, params, key):
    if len(params["deploymentIds"]) > 25:
        raise AwsError("BatchLimitExceededException", "The maximum number of deployments is 25")
    with codedeploy.lock:
        return {"deploymentsInfo": [codedeploy.deployments[name].info() for name in params["deploymentIds"] if name in codedeploy.deployments]}


def list_deployments(codedeploy, params, key):
    moments = params.get("createTimeRange", {})
    begin, end = (_moment(moments.get(name)) for name in ("start", "end"))
    with codedeploy.lock:
        if "applicationName" in params:
            codedeploy.group(params["applicationName"], params.get("deploymentGroupName", ""))
        found = [one for one in reversed(codedeploy.deployments.values())
                 if params.get("applicationName", one.group.application) == one.group.application
                 and params.get("deploymentGroupName", one.group.name) == one.group.name
                 and one.status in params.get("includeOnlyStatuses", [one.status])
                 and (begin is None or one.created_at >= begin) and (end is None or one.created_at <= end)]
        return {"deployments": [one.id for one in found]}


def _moment(value):
    return value.timestamp() if hasattr(value, "timestamp") else value


def list_deployment_targets(codedeploy, params, key):
    with codedeploy.lock:
        return {"targetIds": codedeploy.deployment(params["deploymentId"]).targets()}


def batch_get_deployment_targets(codedeploy, params, key):
    if len(params["targetIds"]) > 25:
        raise AwsError("DeploymentTargetListSizeExceededException", "The maximum number of targets is 25")
    with codedeploy.lock:
        deployment = codedeploy.deployment(params["deploymentId"])
        for target in params["targetIds"]:
            if target not in deployment.targets():
                raise AwsError("DeploymentTargetDoesNotExistException", f"The target {target} does not belong to the deployment")
        return {"deploymentTargets": [deployment.target_view(target) for target in params["targetIds"]]}


def continue_deployment(codedeploy, params, key):
    with codedeploy.lock:
        deployment = codedeploy.deployment(params["deploymentId"])
        if deployment.ended:
            raise AwsError("DeploymentAlreadyCompletedException", f"The deployment {deployment.id} is already completed")
        if not deployment.continue_now(params.get("deploymentWaitType", "READY_WAIT")):
            raise AwsError("DeploymentIsNotInReadyStateException", f"The deployment {deployment.id} is not in a ready state")
    return {}


def stop_deployment(codedeploy, params, key):
    with codedeploy.lock:
        deployment = codedeploy.deployment(params["deploymentId"])
        if deployment.ended:
            raise AwsError("DeploymentAlreadyCompletedException", f"The deployment {deployment.id} is already completed")
        deployment.end("Stopped", "MANUAL_STOP", "The deployment was stopped on behalf of a user.", rollback=params.get("autoRollbackEnabled", False))
        return {"status": "Succeeded", "statusMessage": "The deployment was stopped."}


OPERATIONS = {
    "CreateApplication": create_application,
    "GetApplication": get_application,
    "ListApplications": list_applications,
    "DeleteApplication": delete_application,
    "CreateDeploymentGroup": create_deployment_group,
    "GetDeploymentGroup": get_deployment_group,
    "ListDeploymentGroups": list_deployment_groups,
    "DeleteDeploymentGroup": delete_deployment_group,
    "CreateDeploymentConfig": create_deployment_config,
    "GetDeploymentConfig": get_deployment_config,
    "CreateDeployment": create_deployment,
    "GetDeployment": get_deployment,
    "BatchGetDeployments": batch_get_deployments,
    "ListDeployments": list_deployments,
    "ListDeploymentTargets": list_deployment_targets,
    "BatchGetDeploymentTargets": batch_get_deployment_targets,
    "ContinueDeployment": continue_deployment,
    "StopDeployment": stop_deployment,
}
