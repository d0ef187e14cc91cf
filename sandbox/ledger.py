"""DIR/ledger.jsonl: one line for each request, so that a test can count effects.

{"time", "nowMs"? (simulated), "requestId", "service", "operation", "accessKey", "input", "outcome": {"status", "error"?, "message"?, "result"?},
 "fault"?}.  No secret is written: members that AWS's models call sensitive, and values whose name sounds like a
secret, read "***".
"""

import functools
import json
import os
import re
import threading
import time

from sandbox import clock

_SECRET_NAME = re.compile(r"secret|password|passwd|token$|private.?key|credential", re.IGNORECASE)
_HARMLESS_NAME = {"nextToken", "clientToken"}
_KEY_RESULT = re.compile(r"(arn|id|digest|status|revision|uri|rolloutState|desiredCount)$", re.IGNORECASE)
_MOST_TEXT = 2000


class Ledger:
    """Append-only; safe for many threads."""

    def __init__(self, folder):
        self._lock = threading.Lock()
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self._file = os.fdopen(os.open(os.path.join(folder, "ledger.jsonl"), flags, 0o600), "a", encoding="utf-8")

    def write(self, **entry):
        simulated = {"nowMs": round(clock.now() * 1000)} if clock.simulated() else {}
        line = json.dumps({"time": round(time.time(), 3), **simulated, **entry}, default=str)
        with self._lock:
            self._file.write(line + "\n")
            self._file.flush()


def without_secrets(shape, value, name=""):
    """A copy of an input fit for the ledger.  `shape` may be None."""
    if (shape is not None and shape.metadata.get("sensitive")) or _is_secret_name(name):
        return "***"
    if isinstance(value, dict):
        members = getattr(shape, "members", {}) if shape is not None and shape.type_name == "structure" else {}
        result = {key: without_secrets(members.get(key), item, key) for key, item in value.items()}
        if _is_secret_name(str(value.get("name", ""))) and "value" in result:
            result["value"] = "***"
        return result
    if isinstance(value, list):
        member = shape.member if shape is not None and shape.type_name == "list" else None
        return [without_secrets(member, item) for item in value]
    if isinstance(value, (bytes, bytearray)) or hasattr(value, "read"):
        return "<bytes>"
    return value[:_MOST_TEXT] if isinstance(value, str) else value


@functools.lru_cache(maxsize=4096)
def _is_secret_name(name):
    return name not in _HARMLESS_NAME and _SECRET_NAME.search(name) is not None


def key_results(result, depth=3):
    """The ids, ARNs, digests and states in a result, in its own shape, lists cut at five."""
    if isinstance(result, dict):
        kept = {}
        for key, item in result.items():
            if _is_secret_name(key):
                continue
            if isinstance(item, (dict, list)) and depth > 0:
                inner = key_results(item, depth - 1)
                if inner:
                    kept[key] = inner
            elif isinstance(item, (str, int)) and _KEY_RESULT.search(key):
                kept[key] = item
        return kept
    if isinstance(result, list):
        items = (item if isinstance(item, str) else key_results(item, depth) for item in result[:5])
        return [item for item in items if item]
    return None
