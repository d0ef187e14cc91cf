"""Is an input what the service model allows?

botocore's ParamValidator says what is missing, unknown, of the wrong type or below a minimum, as it does in
boto3 before sending.  On top of that come the checks that AWS makes on its side only: maxima, enums, and true
passed for a number.
"""

import botocore.validate

from sandbox.errors import AwsError

_WRONG_INPUT = {"ecs": "InvalidParameterException", "ecr": "InvalidParameterException", "lambda": "InvalidParameterValueException", "logs": "InvalidParameterException", "codedeploy": "ValidationException", "events": "ValidationException", "cloudfront": "InvalidArgument", "ssm": "ValidationException", "secretsmanager": "ValidationException"}


def drop_nulls(value):
    """A JSON null means 'not given' to AWS, at any depth."""
    if isinstance(value, dict):
        return {key: drop_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [drop_nulls(item) for item in value]
    return value


def check_input(service, shape, params):
    """Raise the AwsError that the service would answer with."""
    if shape is None:
        if params:
            raise AwsError(_code(service), f"Unknown parameter in input: \"{next(iter(params))}\"")
        return
    report = botocore.validate.ParamValidator().validate(params, shape)
    if report.has_errors():
        raise AwsError(_code(service), "Parameter validation failed: " + report.generate_report().replace("\n", "; "))
    problem = _first_problem(shape, params, "")
    if problem:
        raise AwsError(_code(service), problem)


def _code(service):
    return _WRONG_INPUT.get(service, "ValidationError")


def _first_problem(shape, value, path):
    kind = shape.type_name
    if getattr(shape, "is_document_type", False):
        return None
    if kind == "structure":
        for name, item in value.items():
            problem = _first_problem(shape.members[name], item, f"{path}.{name}" if path else name)
            if problem:
                return problem
    elif kind == "list":
        if len(value) > shape.metadata.get("max", len(value)):
            return f"Value at '{path}' failed to satisfy constraint: length must be at most {shape.metadata['max']}"
        for index, item in enumerate(value):
            problem = _first_problem(shape.member, item, f"{path}[{index}]")
            if problem:
                return problem
    elif kind == "map":
        for key, item in value.items():
            problem = _first_problem(shape.value, item, f"{path}.{key}")
            if problem:
                return problem
    elif kind in ("integer", "long", "double", "float"):
        if isinstance(value, bool):
            return f"Value at '{path}' must be a number, not true or false"
        if "max" in shape.metadata and value > shape.metadata["max"]:
            return f"Value '{value}' at '{path}' failed to satisfy constraint: must be at most {shape.metadata['max']}"
    elif kind == "string":
        if shape.enum and value not in shape.enum:
            return f"Value '{value}' at '{path}' failed to satisfy constraint: must be one of [{', '.join(shape.enum)}]"
        if "max" in shape.metadata and len(value) > shape.metadata["max"]:
            return f"Value at '{path}' failed to satisfy constraint: length must be at most {shape.metadata['max']}"
    return None
