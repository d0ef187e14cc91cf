#!/usr/bin/python3
"""Writes vectors.json beside this file: requests, and what AWS's own signer (botocore's) signs them with.

The first group has the requests of AWS's published test suite for Signature Version 4 (example.amazonaws.com, service
"service"), made up here from its description; the others are of the kinds that Penstock sends and gets.  Kept with its
result, so that the tests need no botocore.
"""

import json
import os

import botocore.auth
import botocore.awsrequest
import botocore.credentials

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
UNRESERVED = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
FORM = ("Content-Type", "application/x-www-form-urlencoded")
JSON = ("Content-Type", "application/x-amz-json-1.1")

SUITE = [
    ("get-vanilla", "GET", "/", "", [], ""),
    ("get-vanilla-empty-query-key", "GET", "/", "Param1=value1", [], ""),
    ("get-vanilla-query-order-key", "GET", "/", "Param1=value2&Param1=Value1", [], ""),
    ("get-vanilla-query-order-key-case", "GET", "/", "Param2=value2&Param1=value1", [], ""),
    ("get-vanilla-query-order-value", "GET", "/", "Param1=value2&Param1=value1", [], ""),
    ("get-vanilla-query-unreserved", "GET", "/", f"{UNRESERVED}={UNRESERVED}", [], ""),
    ("get-vanilla-utf8-query", "GET", "/", "%E1%88%B4=bar", [], ""),
    ("get-unreserved", "GET", "/" + UNRESERVED, "", [], ""),
    ("get-utf8", "GET", "/\u1234", "", [], ""),
    ("get-space", "GET", "/example space/", "", [], ""),
    ("get-relative", "GET", "/example/..", "", [], ""),
    ("get-relative-relative", "GET", "/example1/example2/../..", "", [], ""),
    ("get-slash", "GET", "//", "", [], ""),
    ("get-slash-dot-slash", "GET", "/./", "", [], ""),
    ("get-slash-pointless-dot", "GET", "/./example", "", [], ""),
    ("get-slashes", "GET", "//example//", "", [], ""),
    ("get-header-key-duplicate", "GET", "/", "", [("My-Header1", "value2"), ("My-Header1", "value2"), ("My-Header1", "value1")], ""),
    ("get-header-value-order", "GET", "/", "", [("My-Header1", "value4"), ("My-Header1", "value1"), ("My-Header1", "value3"), ("My-Header1", "value2")], ""),
    ("get-header-value-trim", "GET", "/", "", [("My-Header1", " value1"), ("My-Header2", ' "a   b   c"')], ""),
    ("post-vanilla", "POST", "/", "", [], ""),
    ("post-vanilla-query", "POST", "/", "Param1=value1", [], ""),
    ("post-header-key-sort", "POST", "/", "", [("My-Header1", "value1")], ""),
    ("post-header-value-case", "POST", "/", "", [("My-Header1", "VALUE1")], ""),
    ("post-x-www-form-urlencoded", "POST", "/", "", [FORM], "Param1=value1"),
    ("post-x-www-form-urlencoded-parameters", "POST", "/", "", [("Content-Type", FORM[1] + "; charset=utf-8")], "Param1=value1"),
]
TOKEN = "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI="
OTHERS = [
    ("ecs", "json", "POST", "/", "", [JSON, ("X-Amz-Target", "AmazonEC2ContainerServiceV20141113.UpdateService")], '{"cluster":"prod","service":"sh\u00f6p"}'),
    ("sts", "form", "POST", "/", "", [("Content-Type", FORM[1] + "; charset=utf-8")], "Action=AssumeRole&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr&Version=2011-06-15"),
    ("lambda", "an ARN in the path, encoded once more", "POST", "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aeu-west-1%3A1%3Afunction%3Af/invocations", "Qualifier=%24LATEST", [JSON], "{}"),
    ("lambda", "dots and slashes in a path", "GET", "/a/./b//c/../d%20e/", "", [], ""),
    ("cloudfront", "xml", "POST", "/2020-05-31/distribution/E1/invalidation", "", [("Content-Type", "application/xml")], "<InvalidationBatch/>"),
    ("ecs", "white space inside values", "POST", "/", "", [("X-Spaces", "  a   b \t c  "), ("X-Empty", "")], ""),
    ("ecs", "names before others that begin with them", "GET", "/", "a=1&a-b=2&a.b=3&A=4&ab=5&a%20b=6", [], ""),
    ("ecs", "the same name, values in any order", "GET", "/", "k=b&k=a&k=&k=%2F&k=a%20b", [], ""),
    ("ecs", "letters beyond ASCII in a query", "GET", "/", "name=%C3%BCber%20%E2%82%AC&%C3%A9=1", [], ""),
    ("s3", "dots and slashes stay", "GET", "/bucket/a/./b//c/../d", "", [], ""),
    ("s3", "encoded once", "PUT", "/bucket/a%20b%2Bc%3D%40/%C3%BC.zip", "partNumber=1&uploadId=a%2Fb", [("Content-Type", "application/zip")], "zip bytes"),
    ("s3", "a query without a value", "GET", "/bucket", "versioning=", [], ""),
    ("s3", "versions", "GET", "/bucket/key", "versionId=3sL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY", [], ""),
    ("s3", "a list", "GET", "/bucket", "list-type=2&prefix=a%2Fb&continuation-token=1%2F%2B%3D&max-keys=1000", [], ""),
]


def sign(service, region, moment, token, method, path, query, headers, body):
    credentials = botocore.credentials.Credentials("AKIDEXAMPLE", SECRET, token)
    signer = (botocore.auth.S3SigV4Auth if service == "s3" else botocore.auth.SigV4Auth)(credentials, service, region)
    host = "example.amazonaws.com"
    request = botocore.awsrequest.AWSRequest(method=method, url=f"https://{host}{path}" + (f"?{query}" if query else ""), data=body.encode())
    for name, value in [("Host", host)] + headers + [("X-Amz-Date", moment)] + ([("X-Amz-Security-Token", token)] if token else []):
        request.headers.add_header(name, value)
    if service == "s3":
        request.headers["X-Amz-Content-SHA256"] = signer.payload(request)
    request.context["timestamp"] = moment
    names = signer.signed_headers(signer.headers_to_sign(request))
    signature = signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)
    return {"signedHeaders": names, "signature": signature}


def vector(name, service, region, moment, token, method, path, query, headers, body):
    given = {"name": name, "service": service, "region": region, "moment": moment, "method": method, "path": path, "query": query,
             "headers": [{"name": key, "value": value} for key, value in headers], "body": body}
    if token:
        given["sessionToken"] = token
    return {**given, **sign(service, region, moment, token, method, path, query, headers, body)}


def vectors():
    for name, *request in SUITE:
        yield vector(name, "service", "us-east-1", "20150830T123600Z", None, *request)
        yield vector(name + ", with a session's token", "service", "us-east-1", "20150830T123600Z", TOKEN, *request)
    for service, what, *request in OTHERS:
        yield vector(f"{service}: {what}", service, "eu-west-1", "20261123T034901Z", None, *request)
        yield vector(f"{service}: {what}, with a session's token", service, "cn-north-1", "20240229T235959Z", TOKEN, *request)


if __name__ == "__main__":
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "vectors.json"), "w", encoding="utf-8") as file:
        json.dump(list(vectors()), file, indent=1, ensure_ascii=False)
        file.write("\n")
