"""Invalidations: asked for once, waited for, and told of as they are."""

import re
import uuid

import pytest


@pytest.fixture
def distribution(sandbox):
    """Makes a distribution whose invalidations take so many simulated seconds."""
    def make(seconds=12):
        name = f"E{uuid.uuid4().hex[:12].upper()}"
        assert sandbox.control("POST", {"id": name, "seconds": seconds}, part="distributions")[0] == 200
        return name
    return make


def made(deploys, name):
    return [params for operation, params in deploys.calls() if operation == "cloudfront:CreateInvalidation" and params.get("DistributionId") == name]


def test_it_is_waited_for(deploys, distribution):
    name = distribution(40)
    result, job = deploys.deploy("CloudFront", "Invoke", {"DistributionId": name, "Paths": "/index.html /a/*"})
    assert result["outcome"] == "succeeded", (result, job.text)
    [asked] = made(deploys, name)
    assert asked["InvalidationBatch"] == {"Paths": {"Quantity": 2, "Items": ["/index.html", "/a/*"]}, "CallerReference": job.message["actionExecutionId"]}
    assert result["externalId"] in job.text
    assert result["deployment"]["targets"][0]["name"] == f"cloudfront/{name}"


def test_a_lost_answer_makes_no_second_one(deploys, distribution, sandbox):
    name = distribution()
    sandbox.control("POST", {"operation": "cloudfront:CreateInvalidation", "kind": "drop-reply"})
    result, job = deploys.deploy("CloudFront", "Invoke", {"DistributionId": name})
    assert result["outcome"] == "succeeded", (result, job.text)
    assert len(made(deploys, name)) == 2
    assert [one["invalidations"] for one in sandbox.control("GET", part="distributions")[1]["distributions"] if one["id"] == name] == [1]


def test_a_cancel_says_what_goes_on(deploys, distribution):
    name = distribution(None)
    job = deploys.offer("CloudFront", "Invoke", {"DistributionId": name})
    deploys.server.wait(lambda: made(deploys, name) and "invalidation I" in job.text)
    deploys.server.cancel(job)
    result = deploys.finish(job)
    assert result["outcome"] == "stopped" and re.search(r"invalidation I\w+ goes on", result["summary"]), result


def test_what_is_wrong_is_said(deploys, distribution):
    for configuration, sentence in (
        ({"DistributionId": "ENONE"}, "no distribution 'ENONE'"),
        ({"DistributionId": distribution(), "Paths": "index.html"}, "must begin with '/'"),
    ):
        result, job = deploys.deploy("CloudFront", "Invoke", configuration)
        assert result["outcome"] == "failed" and sentence in result["errorMessage"], result
