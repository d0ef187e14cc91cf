"""CloudFront: invalidations of distributions that the control door makes: {"id": "E123ABC", "seconds": 20}, where an
invalidation takes so long ("seconds": null: for ever).  Nothing is cached, nothing is served."""

import re
import secrets
import string
import threading

from sandbox import clock
from sandbox.control import check_order
from sandbox.errors import AwsError

_MOST_WILDCARDS = 15
_MOST_PATHS = 3000
_ID = re.compile(r"[A-Z0-9]{3,32}")


class CloudFrontState:
    """`add`, `waiting` and `clear` are the control door's."""

    def __init__(self, account):
        self.account = account
        self.lock = threading.RLock()
        self.distributions = {}  # id -> {"seconds", "invalidations": {id: record}}

    def distribution(self, params):
        if params["DistributionId"] not in self.distributions:
            raise AwsError("NoSuchDistribution", "The specified distribution does not exist.", 404)
        return self.distributions[params["DistributionId"]]

    def add(self, order):
        check_order(order, "a distribution", ("id", "seconds"))
        if not isinstance(order.get("id"), str) or not _ID.fullmatch(order["id"]):
            raise ValueError("'id' must be 3 to 32 capital letters and digits")
        seconds = order.get("seconds", 20)
        if seconds is not None and (not isinstance(seconds, (int, float)) or seconds < 0):
            raise ValueError("'seconds' must be a number from 0, or null")
        with self.lock:
            self.distributions.setdefault(order["id"], {"invalidations": {}})["seconds"] = seconds

    def waiting(self):
        with self.lock:
            return [{"id": name, "seconds": one["seconds"], "invalidations": len(one["invalidations"])} for name, one in sorted(self.distributions.items())]

    def clear(self):
        with self.lock:
            self.distributions.clear()


def _is_done(distribution, record):
    return distribution["seconds"] is not None and clock.now() >= record["created"] + distribution["seconds"]


def _view(distribution, record):
    return {"Id": record["id"], "Status": "Completed" if _is_done(distribution, record) else "InProgress", "CreateTime": record["created"], "InvalidationBatch": record["batch"]}


def create_invalidation(cloudfront, params, key):
    batch = params["InvalidationBatch"]
    paths = batch["Paths"].get("Items", [])
    if batch["Paths"]["Quantity"] != len(paths) or not paths:
        raise AwsError("InconsistentQuantities", "The value of Quantity and the size of Items don't match.")
    for path in paths:
        if not path.startswith("/") or "*" in path[:-1]:
            raise AwsError("InvalidArgument", "Your request contains one or more invalid invalidation paths.")
    with cloudfront.lock:
        distribution = cloudfront.distribution(params)
        for record in distribution["invalidations"].values():
            if record["batch"]["CallerReference"] == batch["CallerReference"]:
                if record["batch"] != batch:
                    raise AwsError("InvalidArgument", "Your request contains a caller reference that was used for a previous invalidation batch with different content.")
                return _answer(params, distribution, record)
        busy = [path for record in distribution["invalidations"].values() if not _is_done(distribution, record) for path in record["batch"]["Paths"]["Items"]]
        if sum(path.endswith("*") for path in busy + paths) > _MOST_WILDCARDS or len(busy + paths) > _MOST_PATHS:
            raise AwsError("TooManyInvalidationsInProgress", "Processing your request would cause you to exceed the maximum number of in-progress invalidations.")
        number = "I" + "".join(secrets.choice(string.ascii_uppercase + string.digits) for _ in range(25))
        record = {"id": number, "created": clock.now(), "batch": batch}
        distribution["invalidations"][number] = record
        return _answer(params, distribution, record)


def _answer(params, distribution, record):
    location = f"https://cloudfront.amazonaws.com/2020-05-31/distribution/{params['DistributionId']}/invalidation/{record['id']}"
    return {"Location": location, "Invalidation": _view(distribution, record)}


def get_invalidation(cloudfront, params, key):
    with cloudfront.lock:
        distribution = cloudfront.distribution(params)
        if params["Id"] not in distribution["invalidations"]:
            raise AwsError("NoSuchInvalidation", "The specified invalidation does not exist.", 404)
        return {"Invalidation": _view(distribution, distribution["invalidations"][params["Id"]])}


OPERATIONS = {"CreateInvalidation": create_invalidation, "GetInvalidation": get_invalidation}
