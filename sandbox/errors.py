"""The one error that services raise: a code and a message as AWS would send them."""


class AwsError(Exception):
    """An answer other than success.  `code` is AWS's name for it, `status` the HTTP status."""

    def __init__(self, code, message, status=400, headers=None):
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.headers = headers or {}


class StartError(Exception):
    """The sandbox cannot start; the text is one sentence for the person at the terminal."""
