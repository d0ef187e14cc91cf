"""Elastic Beanstalk: applications, their versions, and environments as records that take a while to be updated.

The control door's `beanstalk`: {"environment": "shop-prod", "seconds": n, "fail": "text", "late": n} says how the
environment's next update goes: how long it takes, whether it ends with that error, and for how long after the order the
environment is still shown as it was.
"""

import datetime
import secrets
import threading
import uuid

from sandbox import clock
from sandbox.control import check_order
from sandbox.errors import AwsError

_UPDATE_SECONDS = 30


def _refuse(text):
    raise AwsError("InvalidParameterValue", text)


class Environment:
    def __init__(self, application, name, version):
        self.application, self.name, self.version = application, name, version
        self.id = "e-" + secrets.token_hex(5)
        self.status, self.health = "Launching", "Grey"
        self.created_at = self.updated_at = clock.now()
        self.before = None  # the version that an update that is under way began with
        self.timer = None

    @property
    def ready(self):
        return self.status == "Ready"


class BeanstalkState:
    """`add`, `waiting` and `clear` are the control door's."""

    def __init__(self, account, buckets):
        self.account, self.buckets = account, buckets
        self.lock = threading.RLock()
        self.applications = {}  # name -> {version label: {…}}
        self.environments = {}
        self.events = []  # newest first
        self.orders = {}

    def say(self, environment, severity, text):
        self.events.insert(0, {"EventDate": clock.now(), "Message": text, "Severity": severity, "ApplicationName": environment.application,
                               "EnvironmentName": environment.name, "VersionLabel": environment.version, "RequestId": str(uuid.uuid4())})

    def environment(self, name):
        if name not in self.environments:
            _refuse(f"No Environment found for EnvironmentName = '{name}'.")
        return self.environments[name]

    def later(self, environment, seconds, function):
        def run():
            with self.lock:
                function(environment)

        environment.timer = clock.call_later(seconds, run)

    def finish(self, environment):
        environment.status, environment.health, environment.before, environment.updated_at = "Ready", "Green", None, clock.now()
        self.say(environment, "INFO", "Environment update completed successfully.")

    def fail(self, environment, text):
        environment.version = environment.before
        environment.status, environment.health, environment.before, environment.updated_at = "Ready", "Red", None, clock.now()
        self.say(environment, "ERROR", text)
        self.say(environment, "ERROR", "Failed to deploy application.")

    def finish_abort(self, environment):
        environment.version = environment.before
        environment.status, environment.health, environment.before, environment.updated_at = "Ready", "Green", None, clock.now()
        self.say(environment, "INFO", "The environment was reverted to the previous configuration setting.")

    def add(self, order):
        check_order(order, "an environment", ("environment", "seconds", "fail", "late"))
        with self.lock:
            self.orders[order.get("environment")] = order

    def waiting(self):
        with self.lock:
            return list(self.orders.values())

    def clear(self):
        with self.lock:
            self.orders.clear()


def create_application(beanstalk, params, key):
    with beanstalk.lock:
        if params["ApplicationName"] in beanstalk.applications:
            _refuse(f"Application {params['ApplicationName']} already exists.")
        beanstalk.applications[params["ApplicationName"]] = {}
    return {"Application": {"ApplicationName": params["ApplicationName"]}}


def create_application_version(beanstalk, params, key):
    label, place = params["VersionLabel"], params.get("SourceBundle", {})
    with beanstalk.lock:
        if params["ApplicationName"] not in beanstalk.applications:
            _refuse(f"No Application named '{params['ApplicationName']}' found.")
        versions = beanstalk.applications[params["ApplicationName"]]
        if label in versions:
            _refuse(f"Application Version {label} already exists.")
        if place:
            with beanstalk.buckets.lock:
                try:
                    beanstalk.buckets.record({"Bucket": place.get("S3Bucket"), "Key": place.get("S3Key")})
                except AwsError:
                    _refuse(f"Unable to download from S3 location (Bucket: {place.get('S3Bucket')}  Key: {place.get('S3Key')}). Reason: Not Found")
        versions[label] = {"ApplicationName": params["ApplicationName"], "VersionLabel": label, "Description": params.get("Description"), "SourceBundle": place or None, "DateCreated": clock.now(), "Status": "UNPROCESSED"}
        return {"ApplicationVersion": versions[label]}


def describe_application_versions(beanstalk, params, key):
    with beanstalk.lock:
        versions = beanstalk.applications.get(params.get("ApplicationName"), {})
        return {"ApplicationVersions": [one for label, one in versions.items() if label in params.get("VersionLabels", [label])]}


def create_environment(beanstalk, params, key):
    name = params["EnvironmentName"]
    with beanstalk.lock:
        if params["ApplicationName"] not in beanstalk.applications:
            _refuse(f"No Application named '{params['ApplicationName']}' found.")
        if name in beanstalk.environments:
            _refuse(f"Environment {name} already exists.")
        environment = beanstalk.environments[name] = Environment(params["ApplicationName"], name, params.get("VersionLabel", "Sample Application"))
        beanstalk.later(environment, 10, beanstalk.finish)
        return _view(environment)


def update_environment(beanstalk, params, key):
    with beanstalk.lock:
        environment = beanstalk.environment(params["EnvironmentName"])
        label = params.get("VersionLabel", environment.version)
        if not environment.ready:
            _refuse(f"Environment named {environment.name} is in an invalid state for this operation. Must be Ready.")
        if label not in beanstalk.applications[environment.application] and label != "Sample Application":
            _refuse(f"No Application Version named '{label}' found.")
        order = beanstalk.orders.pop(environment.name, {})
        if order.get("late"):
            beanstalk.later(environment, order["late"], lambda one: begin_update(beanstalk, one, label, order))
        else:
            begin_update(beanstalk, environment, label, order)
        return _view(environment)


def begin_update(beanstalk, environment, label, order):
    beanstalk.say(environment, "INFO", "Environment update is starting.")
    environment.before, environment.version = environment.version, label
    environment.status, environment.health, environment.updated_at = "Updating", "Grey", clock.now()
    end = (lambda one: beanstalk.fail(one, order["fail"])) if "fail" in order else beanstalk.finish
    beanstalk.later(environment, order.get("seconds", _UPDATE_SECONDS), end)


def abort_environment_update(beanstalk, params, key):
    with beanstalk.lock:
        environment = beanstalk.environment(params["EnvironmentName"])
        if environment.status != "Updating":
            _refuse(f"Environment named {environment.name} is in an invalid state for this operation. Must be pending deployment.")
        environment.timer.cancel()
        environment.status = "Aborting"
        beanstalk.say(environment, "INFO", "The environment's update is being aborted.")
        beanstalk.later(environment, 10, beanstalk.finish_abort)
    return {}


def describe_environments(beanstalk, params, key):
    with beanstalk.lock:
        found = [one for one in beanstalk.environments.values()
                 if one.application == params.get("ApplicationName", one.application) and one.name in params.get("EnvironmentNames", [one.name])]
        return {"Environments": [_view(one) for one in found]}


def _view(environment):
    return {"EnvironmentName": environment.name, "EnvironmentId": environment.id, "ApplicationName": environment.application, "VersionLabel": environment.version,
            "Status": environment.status, "Health": environment.health, "DateCreated": environment.created_at, "DateUpdated": environment.updated_at,
            "AbortableOperationInProgress": environment.status == "Updating"}


def describe_events(beanstalk, params, key):
    since = params.get("StartTime")
    since = since.timestamp() if hasattr(since, "timestamp") else _seconds(since)
    with beanstalk.lock:
        found = [one for one in beanstalk.events if one["EnvironmentName"] == params.get("EnvironmentName", one["EnvironmentName"]) and (since is None or one["EventDate"] >= since)]
        return {"Events": found[:params.get("MaxRecords", 100)]}


def _seconds(text):
    """Query sends moments as text."""
    if text is None or isinstance(text, (int, float)):
        return text
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


OPERATIONS = {
    "CreateApplication": create_application,
    "CreateApplicationVersion": create_application_version,
    "DescribeApplicationVersions": describe_application_versions,
    "CreateEnvironment": create_environment,
    "UpdateEnvironment": update_environment,
    "AbortEnvironmentUpdate": abort_environment_update,
    "DescribeEnvironments": describe_environments,
    "DescribeEvents": describe_events,
}
