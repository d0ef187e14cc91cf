"""The registry's passwords: what GetAuthorizationToken hands out, and whether what comes back is one of them."""

import base64
import secrets
import threading
import time

TOKEN_SECONDS = 12 * 3600
_TICKET_SECONDS = 3600


class Passwords:
    def __init__(self):
        self._lock = threading.Lock()
        self._passwords = {}
        self._tickets = {}  # ticket -> (path, time it ends)

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

    def signed_path(self, path):
        """The path with a ticket that lets anybody read it for an hour, as in GetDownloadUrlForLayer's addresses."""
        ticket = secrets.token_urlsafe(24)
        with self._lock:
            self._tickets[ticket] = (path, time.time() + _TICKET_SECONDS)
        return f"{path}?ticket={ticket}"

    def check_ticket(self, target):
        """Does the request's target, path and query, carry a good ticket?"""
        path, _, query = target.partition("?")
        with self._lock:
            known, ends = self._tickets.get(query.removeprefix("ticket="), (None, 0))
        return known == path and ends > time.time()
