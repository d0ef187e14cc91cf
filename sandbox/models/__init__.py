"""botocore's service models: which operations exist and what their inputs and outputs look like.

Debian's botocore is of 2022.  The few members that AWS has added since and that our callers send stand
in the `*.sdk-extras.json` files beside this one, in botocore's own format for such additions.
"""

import os

import botocore.loaders
import botocore.model

# Name in botocore's data folder -> (name in a signature's scope)
SERVICES = {
    "iam": "iam",
    "stepfunctions": "states",
    "cloudformation": "cloudformation",
    "codedeploy": "codedeploy",
    "elasticbeanstalk": "elasticbeanstalk",
    "sts": "sts",
    "ecr": "ecr",
    "ecs": "ecs",
    "elbv2": "elasticloadbalancing",
    "s3": "s3",
    "cloudwatch": "monitoring",
    "lambda": "lambda",
    "logs": "logs",
    "events": "events",
    "cloudfront": "cloudfront",
    "ssm": "ssm",
    "secretsmanager": "secretsmanager",
}


class Models:
    """All service models, loaded once."""

    def __init__(self):
        here = os.path.dirname(os.path.abspath(__file__))
        loader = botocore.loaders.Loader(extra_search_paths=[here])
        self._models = {}
        for name in SERVICES:
            data = loader.load_service_model(name, "service-2")
            self._models[name] = botocore.model.ServiceModel(data, name)
        self._by_target = {}
        for name, model in self._models.items():
            if "targetPrefix" in model.metadata:
                self._by_target[model.metadata["targetPrefix"]] = name
        self._by_scope = {scope: name for name, scope in SERVICES.items()}

    def service(self, name):
        return self._models[name]

    def name_by_target_prefix(self, prefix):
        """The service whose X-Amz-Target starts so, or None."""
        return self._by_target.get(prefix)

    def name_by_scope(self, scope):
        """The service that signs with that name, or None."""
        return self._by_scope.get(scope)

    def operation(self, service, name):
        """The OperationModel, or None where the service has no such operation."""
        model = self._models[service]
        return model.operation_model(name) if name in model.operation_names else None
