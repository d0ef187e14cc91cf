"""What every service looks like to the endpoint: a table of operations."""


class Service:
    """`operations` maps AWS's operation name to a function (state, params, key) -> result."""

    def __init__(self, operations, state):
        self.operations = operations
        self._state = state

    def call(self, name, params, key):
        return self.operations[name](self._state, params, key)

    def call_stale(self, name, params, key, seconds):
        """As `call`, but a read that may be stale answers as things were `seconds` ago.  Most never are."""
        return self.call(name, params, key)

    def check(self, name, params, region):
        """What the service asks before the operation; `region` is the one that the request was signed for."""
