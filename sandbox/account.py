"""The account that the sandbox plays: its number, its region, its keys.

Keys are the one given at start, and those handed out by AssumeRole, which carry a session token
and expire.
"""

import secrets
import string
import threading
import time
from dataclasses import dataclass

from sandbox import clock


@dataclass
class AccessKey:
    """One access key, and the ARN and id of who it stands for."""

    access_key: str
    secret_key: str
    arn: str
    user_id: str
    token: str = None
    expires_at: float = None
    role_arn: str = None  # of a role whose policies say what the key may do; None: everything

    def expired(self):
        return self.expires_at is not None and time.time() >= self.expires_at


class Account:
    """Who we are, and which keys are known."""

    def __init__(self, account_id, region, access_key, secret_key):
        self.account_id = account_id
        self.region = region
        self.clock = clock
        self.regions = {region}  # where buckets are
        self.rights = None  # sandbox/rights.py, set once by the sandbox, as is:
        self.deployment_group = lambda deployment_id: None  # CodeDeploy's "APPLICATION/GROUP" of a deployment
        self._lock = threading.Lock()
        self._keys = {}
        self._add(AccessKey(access_key, secret_key, f"arn:aws:iam::{account_id}:user/sandbox", "AIDASANDBOXSANDBOX01"))

    def _add(self, key):
        with self._lock:
            self._keys[key.access_key] = key

    def find_key(self, access_key):
        """The AccessKey of that id, or None."""
        with self._lock:
            return self._keys.get(access_key)

    def add_session(self, role_arn, session_name, seconds, bound=False):
        """Make session credentials for a role; they work at once and stop after `seconds`.  `bound`: to its policies."""
        role_name = role_arn.rsplit("/", 1)[-1]
        key = AccessKey(
            access_key="ASIA" + _random_text(16, string.ascii_uppercase + "234567"),
            secret_key=_random_text(40, string.ascii_letters + string.digits + "+/"),
            arn=f"arn:aws:sts::{self.account_id}:assumed-role/{role_name}/{session_name}",
            user_id=f"AROASANDBOXSANDBOX01:{session_name}",
            token=secrets.token_urlsafe(180),
            expires_at=time.time() + seconds,
            role_arn=role_arn if bound else None,
        )
        self._add(key)
        return key

    def arn(self, service, resource):
        """`arn:aws:SERVICE:REGION:ACCOUNT:RESOURCE`"""
        return f"arn:aws:{service}:{self.region}:{self.account_id}:{resource}"


def _random_text(length, alphabet):
    return "".join(secrets.choice(alphabet) for _ in range(length))
