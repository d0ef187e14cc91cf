"""What the two programs cost while nothing happens: resident memory, and how often they wake up.

The floor for memory is what their libraries alone take: `sleep` with the same libraries loaded.
"""

import glob
import os
import re
import statistics
import subprocess
import time

from figures import verdict
from penstock_under_test import load_pipeline, push, wait_for_end
from test_push_to_build import PIPELINE

SECONDS = 10
SAMPLES = 3


def resident(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return int(re.search(r"^VmRSS:\s+(\d+) kB", file.read(), re.MULTILINE).group(1)) / 1024


def switches(pid):
    """How often any thread of the process has run."""
    total = 0
    for path in glob.glob(f"/proc/{pid}/task/*/status"):
        with open(path, encoding="utf-8") as file:
            total += sum(int(count) for count in re.findall(r"ctxt_switches:\s+(\d+)", file.read()))
    return total


def libraries_alone(program):
    listed = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    libraries = ":".join(re.findall(r"=> (/\S+)", listed))
    process = subprocess.Popen(["sleep", "60"], env={**os.environ, "LD_PRELOAD": libraries, "LD_BIND_NOW": "1"})
    try:
        before = -1
        while before != resident(process.pid):  # the loader is done when the memory grows no more
            before = resident(process.pid)
            time.sleep(0.2)
        return before
    finally:
        process.kill()
        process.wait()


def observe(program):
    """(resident MB, switches in each of some samples); the sleep is the measurement."""
    counts = []
    for _ in range(SAMPLES):
        before = switches(program.process.pid)
        time.sleep(SECONDS)
        counts.append(switches(program.process.pid) - before)
    return resident(program.process.pid), counts


def report(name, program, floor):
    memory, counts = observe(program)
    print(f"  {name}: {memory:.1f} MB resident ({memory / floor:.2f} times its libraries alone, {floor:.1f} MB); context switches in {SECONDS} s: min {min(counts)}, median {statistics.median(counts)}, max {max(counts)}")
    return memory, counts


def test_idle(server, make_runner, make_clone, tmp_path):
    floor = libraries_alone(server.program)
    print("\nidle, nobody connected")
    _, counts = report("penstock-server", server, floor)
    verdict("penstock-server wake-ups", statistics.median(counts), 0)

    # After work, as both are most of their lives.
    runner = make_runner(server)
    load_pipeline(server, "quick.yml", PIPELINE)
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "README").write_text("small\n")
    clone = make_clone(server, "quick", str(tmp_path / "source"))
    for _ in range(3):
        _, execution_id = push(clone, "quick")
        assert wait_for_end(server, "quick", execution_id)["execution"]["status"] == "Succeeded"
    print("idle, after three executions; the runner asks for work anew each 25 seconds for each job it could take")
    for name, program in (("penstock-server", server), ("penstock-runner", runner)):
        memory, _ = report(name, program, libraries_alone(program.program))
        verdict(f"{name} resident", memory, 12, " MB")
