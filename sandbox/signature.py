"""SigV4: is a request signed with a key that we know?

The signature is computed again by botocore's own signer over the headers that the client says it signed, as they
arrived.  The names of the refusals differ by protocol; `_CODES` has them.
"""

import calendar
import hashlib
import hmac
import re
import time

import botocore.auth
import botocore.awsrequest
import botocore.credentials

from sandbox.errors import AwsError

_AUTHORIZATION = re.compile(
    r"^AWS4-HMAC-SHA256\s+Credential=(?P<credential>[^,\s]+),\s*SignedHeaders=(?P<signed>[^,\s]+),\s*Signature=(?P<signature>[0-9a-f]{64})$"
)

# What happened -> (code in JSON protocols, in query protocols, in S3)
_CODES = {
    "missing": ("MissingAuthenticationTokenException", "MissingAuthenticationToken", "AccessDenied"),
    "incomplete": ("IncompleteSignatureException", "IncompleteSignature", "AuthorizationHeaderMalformed"),
    "unknown": ("UnrecognizedClientException", "InvalidClientTokenId", "InvalidAccessKeyId"),
    "token": ("UnrecognizedClientException", "InvalidClientTokenId", "InvalidToken"),
    "expired": ("ExpiredTokenException", "ExpiredToken", "ExpiredToken"),
    "mismatch": ("InvalidSignatureException", "SignatureDoesNotMatch", "SignatureDoesNotMatch"),
    "skew": ("InvalidSignatureException", "SignatureDoesNotMatch", "RequestTimeTooSkewed"),
    "scope": ("InvalidSignatureException", "SignatureDoesNotMatch", "AuthorizationHeaderMalformed"),
    "body": ("InvalidSignatureException", "SignatureDoesNotMatch", "XAmzContentSHA256Mismatch"),
}
_PROTOCOL_COLUMN = {"json": 0, "rest-json": 0, "query": 1, "rest-xml": 2}
_UNSIGNED = "UNSIGNED-PAYLOAD"
# Services with one endpoint for all regions sign with this one; with an endpoint_url, boto3 signs with its own region.
_GLOBAL = {"iam": "us-east-1", "cloudfront": "us-east-1"}


class _Signer:
    """Mixed into botocore's signers: sign exactly the headers that the client named."""

    def headers_to_sign(self, request):
        headers = botocore.awsrequest.HTTPHeaders()
        for name, value in request.headers.items():
            headers[name.lower()] = value
        return headers


class _V4(_Signer, botocore.auth.SigV4Auth):
    pass


class _S3V4(_Signer, botocore.auth.S3SigV4Auth):
    pass


def _scope(request):
    match = _AUTHORIZATION.match(request.header("authorization") or "")
    parts = match["credential"].rsplit("/", 4) if match else []
    return parts if len(parts) == 5 else [None] * 5


def scope_service(request):
    """The service name in the signature's scope, or None where there is no readable signature."""
    return _scope(request)[3]


def scope_region(request):
    """The region in the signature's scope, or None."""
    return _scope(request)[2]


def verify(account, request, protocol, scope_name):
    """Return the AccessKey that signed `request`, or raise the AwsError that AWS would answer with."""
    refuse = _refuser(protocol)
    header = request.header("authorization")
    if not header:
        raise refuse("missing", "Missing Authentication Token")
    match = _AUTHORIZATION.match(header.strip())
    parts = match["credential"].rsplit("/", 4) if match else []
    if len(parts) != 5 or parts[4] != "aws4_request":
        raise refuse("incomplete", "Authorization header requires 'Credential', 'SignedHeaders' and 'Signature' parameters of AWS4-HMAC-SHA256")
    access_key, date, region, service, _ = parts
    key = account.find_key(access_key)
    if key is None:
        raise refuse("unknown", "The security token included in the request is invalid.")
    expected = _GLOBAL.get(service, account.region)
    if region not in (account.regions if service == "s3" else {expected, account.region}) or service != scope_name:
        raise refuse("scope", f"Credential should be scoped to region '{expected}' and service '{scope_name}'.")
    timestamp = _check_time(request, date, protocol, refuse)
    signed = _check_signed_headers(request, match["signed"], refuse)
    _check_body_hash(request, protocol, refuse)
    if not hmac.compare_digest(_signature(request, key, signed, timestamp, region, service), match["signature"]):
        raise refuse(
            "mismatch",
            "The request signature we calculated does not match the signature you provided. "
            "Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
        )
    _check_token(request, key, refuse)
    return key


def _refuser(protocol):
    column = _PROTOCOL_COLUMN[protocol]

    def refuse(what, message):
        # The services that speak JSON without REST answer 400, the others 403.
        return AwsError(_CODES[what][column], message, 400 if protocol == "json" else 403)

    return refuse


def _check_time(request, date, protocol, refuse):
    timestamp = request.header("x-amz-date") or ""
    if not re.fullmatch(r"\d{8}T\d{6}Z", timestamp):
        raise refuse("incomplete", "Authorization header requires existence of an 'X-Amz-Date' header of the form 20260131T235959Z.")
    if not timestamp.startswith(date):
        raise refuse("mismatch", f"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{date}' != '{timestamp[:8]}'.")
    try:
        sent_at = calendar.timegm(time.strptime(timestamp, "%Y%m%dT%H%M%SZ"))
    except ValueError:
        raise refuse("incomplete", f"'{timestamp}' is no date.") from None
    allowed_seconds = 900 if protocol == "rest-xml" else 300
    now = time.time()
    if abs(now - sent_at) > allowed_seconds:
        server_time = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
        what = "expired: {} is now earlier than {}" if sent_at < now else "not yet current: {} is still later than {}"
        raise refuse("skew", f"Signature {what.format(timestamp, server_time)} ({allowed_seconds // 60} min. allowed)")
    return timestamp


def _check_signed_headers(request, text, refuse):
    signed = text.split(";")
    needed = ["host", "x-amz-date"] + [name for name in ("x-amz-target", "x-amz-security-token") if request.header(name)]
    for name in needed:
        if name not in signed:
            raise refuse("incomplete", f"'{name}' must be a 'SignedHeader' in the AWS Authorization.")
    for name in signed:
        if request.header(name) is None:
            raise refuse("mismatch", f"the signed header '{name}' is not in the request")
    return signed


def _check_body_hash(request, protocol, refuse):
    sent = request.header("x-amz-content-sha256")
    if sent is None:
        if protocol == "rest-xml":
            raise refuse("incomplete", "Missing required header for this request: x-amz-content-sha256")
        return
    if sent == _UNSIGNED and protocol == "rest-xml":
        return
    if sent != hashlib.sha256(request.body).hexdigest():
        raise refuse("body", "The provided 'x-amz-content-sha256' header does not match what was computed.")


def _check_token(request, key, refuse):
    sent = request.header("x-amz-security-token")
    if key.token is None and sent is None:
        return
    if key.token is None or sent is None or not hmac.compare_digest(key.token, sent):
        raise refuse("token", "The security token included in the request is invalid.")
    if key.expired():
        raise refuse("expired", "The security token included in the request is expired")


def _signature(request, key, signed, timestamp, region, service):
    credentials = botocore.credentials.Credentials(key.access_key, key.secret_key)
    signer = (_S3V4 if service == "s3" else _V4)(credentials, service, region)
    copy = botocore.awsrequest.AWSRequest(method=request.method, url=f"http://{request.header('host')}{request.target}", data=request.body)
    for name in signed:
        for value in request.header_values(name):
            copy.headers.add_header(name, value)
    copy.context["timestamp"] = timestamp
    text = signer.string_to_sign(copy, signer.canonical_request(copy))
    return signer.signature(text, copy)
