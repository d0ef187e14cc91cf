"""A request as it arrived and a reply as it will leave, free of any protocol."""

import urllib.parse
from dataclasses import dataclass, field


@dataclass
class Request:
    """An HTTP request, read whole.  `target` is the request line's target as sent; header names are lower case."""

    method: str
    target: str
    headers: list
    body: bytes
    request_id: str

    def header(self, name):
        """The header's value, repeated ones joined by a comma; None where absent."""
        values = self.header_values(name)
        return ",".join(values) if values else None

    def header_values(self, name):
        return [value for key, value in self.headers if key == name]

    @property
    def path(self):
        return self.target.partition("?")[0]

    @property
    def query(self):
        return urllib.parse.parse_qs(self.target.partition("?")[2], keep_blank_values=True)


@dataclass
class Reply:
    """An HTTP answer."""

    status: int
    body: bytes = b""
    headers: dict = field(default_factory=dict)
