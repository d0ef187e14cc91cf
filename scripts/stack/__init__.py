"""The whole of Penstock on one machine: what the demo and the tests start, talk to and wait for.

`processes` starts programs and ends them by their id, `sandbox`, `server` and `runner` know the three programs, `cloud`
creates on the sandbox's AWS what a user would have there, and `events` waits on the server's event stream.
"""
