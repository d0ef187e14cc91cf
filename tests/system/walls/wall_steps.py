"""What several tests of the walls ask."""

import re
import subprocess

from runner_steps import docker

LABELLED = {"container": ("ps", "-aq"), "network": ("network", "ls", "-q"), "volume": ("volume", "ls", "-q")}


def left_of(runner_id):
    """What lies on the engine with that runner's label: [(kind, id)]."""
    return [(kind, name) for kind, question in LABELLED.items()
            for name in docker(*question, "--filter", f"label=penstock.runner={runner_id}").decode().split()]


def host_addresses():
    """Those of this machine but loopback's; where the engine is elsewhere they are as good as any."""
    lines = subprocess.run(["busybox", "ip", "-4", "-o", "addr"], check=True, capture_output=True, text=True).stdout
    return [address for address in re.findall(r"inet ([0-9.]+)", lines) if not address.startswith("127.")]


def context(job, phase):
    """(statusCode, message) of that phase's first context."""
    entry = next(entry for entry in job.result["build"]["phases"] if entry["phaseType"] == phase)
    return entry["contexts"][0]["statusCode"], entry["contexts"][0]["message"]
