"""The registry's passwords: what GetAuthorizationToken hands out, and whether what comes back is one of them."""

import base64
import secrets
import threading
import time

TOKEN_SECONDS = 12 * 3600


class Passwords:
    def __init__(self):
        self._lock = threading.Lock()
        self._passwords = {}

    def new_password(self):
        """(password, time it ends) for the user AWS."""
        password, ends = secrets.token_urlsafe(48), time.time() + TOKEN_SECONDS
        with self._lock:
            self._passwords = {known: end for known, end in self._passwords.items() if end > time.time()}
            self._passwords[password] = ends
        return password, ends

    def check_authorization(self, header):
        """None if the header is good, else the text of the refusal."""
        kind, _, text = (header or "").partition(" ")
        try:
            user, _, password = base64.b64decode(text, validate=True).decode().partition(":")
        except ValueError:
            user, password = "", ""
        if kind.lower() != "basic" or user != "AWS":
            return "no basic auth credentials"
        with self._lock:
            ends = self._passwords.get(password)
        if ends is None:
            return "Not Authorized"
        return None if ends > time.time() else "Your authorization token has expired. Reauthenticate and try again."
