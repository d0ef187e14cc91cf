"""The operations on service deployments and revisions."""

from sandbox.ecs import hooks, service_deployments
from sandbox.ecs.task_definitions import page
from sandbox.errors import AwsError
from sandbox.wire.shapes import to_epoch


def _all(ecs):
    return [record for service in ecs.services.values() for record in service.history]


def _find(ecs, arn):
    record = next((one for one in _all(ecs) if one.arn == arn), None)
    if record is None:
        raise AwsError("ServiceDeploymentNotFoundException", "The service deployment ARN that you specified in the StopServiceDeployment doesn't exist. You can use ListServiceDeployments to retrieve the service deployment ARNs.")
    return record


def list_service_deployments(ecs, params, key):
    with ecs.changed:
        service = ecs.service(ecs.cluster(params.get("cluster")), params["service"])
        wanted = params.get("status")
        times = {name: _seconds(value) for name, value in params.get("createdAt", {}).items()}
        found = [
            one for one in service.history
            if (not wanted or one.status in wanted) and times.get("after", 0) <= one.created_at <= times.get("before", one.created_at)
        ]
        return page([service_deployments.brief(one) for one in found], {"maxResults": 20, **params}, "serviceDeployments")


def _seconds(value):
    return to_epoch(value) if not isinstance(value, str) else float(value)


def describe_service_deployments(ecs, params, key):
    if len(params["serviceDeploymentArns"]) > 20:
        raise AwsError("InvalidParameterException", "Cannot describe more than 20 service deployments at once.")
    with ecs.changed:
        known = {record.arn: record for record in _all(ecs)}
        arns = params["serviceDeploymentArns"]
        found = [service_deployments.view(ecs, known[arn]) for arn in arns if arn in known]
        return {"serviceDeployments": found, "failures": [{"arn": arn, "reason": "MISSING"} for arn in arns if arn not in known]}


def describe_service_revisions(ecs, params, key):
    with ecs.changed:
        known = {record.target.arn: record for record in _all(ecs)}
        arns = params["serviceRevisionArns"]
        found = [service_deployments.view_revision(ecs, known[arn].target, known[arn].service) for arn in arns if arn in known]
        return {"serviceRevisions": found, "failures": [{"arn": arn, "reason": "MISSING"} for arn in arns if arn not in known]}


def stop_service_deployment(ecs, params, key):
    with ecs.changed:
        record = _find(ecs, params["serviceDeploymentArn"])
        if not record.going_on:
            raise AwsError("ConflictException", f"The service deployment {record.arn} is in the status {record.status} and cannot be stopped.")
        if record.status in ("PENDING", "IN_PROGRESS"):
            record.turn("STOP_REQUESTED" if params.get("stopType") == "ABORT" else "ROLLBACK_REQUESTED")
            ecs.changed.notify_all()
        return {"serviceDeploymentArn": record.arn}


def continue_service_deployment(ecs, params, key):
    with ecs.changed:
        record = _find(ecs, params["serviceDeploymentArn"])
        run = next((one for one in record.hooks if one.id == params["hookId"]), None)
        if run is None:
            raise AwsError("InvalidParameterException", f"The hook {params['hookId']} was not found in the service deployment {record.arn}.")
        if record.status != "IN_PROGRESS" or run.status != hooks.AWAITING:
            raise AwsError("ConflictException", f"The hook {run.id} of the service deployment {record.arn} is not awaiting an action.")
        run.answer(params.get("action", "CONTINUE"))
        ecs.changed.notify_all()
        return {"serviceDeploymentArn": record.arn}
