"""`python3 -m sandbox --state DIR`: start AWS on this machine, until SIGTERM or SIGINT."""

import argparse
import logging
import signal
import sys
import threading

from sandbox.errors import StartError
from sandbox.sandbox import Sandbox


def _arguments():
    parser = argparse.ArgumentParser(prog="sandbox", description="AWS on this machine, for the demo and the tests.")
    parser.add_argument("--state", required=True, metavar="DIR", help="folder for endpoints.json, the ledger and the registry's storage")
    parser.add_argument("--port", type=int, default=0, help="port of the AWS endpoint on 127.0.0.1 (default: a free one)")
    parser.add_argument("--docker", default="unix:///var/run/docker.sock", metavar="URL", help="the Docker engine (default: %(default)s)")
    parser.add_argument("--region", default="eu-west-1")
    parser.add_argument("--account", default="123456789012", metavar="NUMBER")
    parser.add_argument("--access-key", required=True, metavar="AKID")
    parser.add_argument("--secret-key", required=True, metavar="SECRET")
    parser.add_argument("--health-check-seconds", type=float, default=1.0, metavar="N", help="most seconds between two health checks of a target (default: %(default)s)")
    parser.add_argument("--deregistration-delay", type=int, default=2, metavar="N", help="a new target group's deregistration_delay.timeout_seconds (default: %(default)s; AWS: 300)")
    parser.add_argument("--scripted", action="store_true", help="no Docker engine and no registry: tasks are played by scripts, in simulated time (README.md)")
    return parser.parse_args()


def main():
    arguments = _arguments()
    logging.basicConfig(level=logging.WARNING, format="sandbox: %(message)s")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    sandbox = Sandbox(arguments)
    try:
        sandbox.start()
        print(f"sandbox: AWS answers at {sandbox.endpoint_url}, the registry at {sandbox.registry_address}", flush=True)
        stop.wait()
    except StartError as error:
        print(f"sandbox: {error}", file=sys.stderr)
        return 1
    finally:
        sandbox.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
