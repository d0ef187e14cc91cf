"""Each wall around a build, and a build that tries it."""

import http.server
import io
import os
import re
import socket
import subprocess
import threading
import zipfile

import pytest

from runner_steps import docker
from wall_steps import context, host_addresses, left_of

TOKEN = "runner-token"  # how the fake server's begins


def verdicts(job):
    """What the commands printed as `name=verdict`."""
    return dict(re.findall(r"^([a-z0-9-]+)=(.*)$", job.text, re.M))


@pytest.fixture
def service():
    """A web server of this machine, on every address: its port."""
    server = http.server.ThreadingHTTPServer(("0.0.0.0", 0), http.server.SimpleHTTPRequestHandler)
    server.RequestHandlerClass.log_message = lambda *_: None
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def knock(name, address, port):
    return f"if nc -w 3 {address} {port} </dev/null 2>/tmp/said; then echo {name}=open; else echo {name}=$(cat /tmp/said); fi"


def test_no_build_reaches_another_or_the_machine(walled, service):
    victim = walled.offer("ip -4 -o addr show eth0 | sed 's/.*inet /address=/; s/[/].*//'", "(while :; do echo secret | nc -l -p 7000; done) & echo listening=yes; wait")
    walled.wait(lambda: "\nlistening=yes\n" in victim.text)
    here = host_addresses()[:3]
    commands = [knock("other", verdicts(victim)["address"], 7000), "gateway=$(ip route | sed -n 's/^default via \\([0-9.]*\\).*/\\1/p')",
                knock("gateway", "$gateway", service), knock("metadata", "169.254.169.254", 80), knock("credentials", "169.254.170.2", 80)]
    commands += [knock(f"host-{number}", address, service) for number, address in enumerate(here)]
    commands += [knock("opened", *walled.opened)]
    commands += ["echo six=$(ip -6 addr | grep -c inet6)", "nslookup penstock.example.com >/tmp/said 2>&1; echo dns=$(grep -c -i 'timed out\\|refused' /tmp/said)"]
    attacker = walled.offer(*commands)
    walled.wait(lambda: attacker.result)
    found = verdicts(attacker)
    assert attacker.result["outcome"] == "succeeded", attacker.text
    for name in ["gateway", "metadata", "credentials"] + [f"host-{number}" for number in range(len(here))]:
        assert found[name].endswith("Connection refused"), (name, found)
    assert found["other"] != "open" and "secret" not in attacker.text
    assert found["opened"] == "open" and found["six"] == "0"
    # A machine without a resolver of its own cannot show that a build has one.
    if "timed out" not in subprocess.run(["busybox", "nslookup", "penstock.example.com"], capture_output=True, text=True).stdout:
        assert found["dns"] == "0", attacker.text
    for address in here:
        socket.create_connection((address, service), 3).close()  # it was there all the time
    walled.server.cancel(victim)
    walled.wait(lambda: victim.result)
    assert victim.result["outcome"] == "stopped"


def test_nothing_of_the_machine_lies_in_a_build(walled):
    job = walled.offer(
        f"echo state=$(ls -d {walled.runners[0].state} 2>/dev/null)",
        f"echo token=$(grep -r -l -s '{TOKEN[:-3]}''{TOKEN[-3:]}' /proc/1/environ /proc/self/environ /codebuild /etc /tmp /run 2>/dev/null)",
        "echo sockets=$(find / -xdev -type s 2>/dev/null)",
        "echo processes=$(ps | grep -c -v -e PID -e ' ps' -e grep -e sh)",
        "echo mounts=$(grep -c ' ext4 \\| xfs \\| btrfs ' /proc/mounts)",
        "echo disks=$(ls /dev | grep -c -e '^sd' -e '^vd' -e '^nvme' -e '^loop')",
        "mkdir -p /mnt; mount -t tmpfs none /mnt 2>/dev/null && echo mount=open || echo mount=refused",
        "mknod /tmp/disk b 254 0 2>/dev/null && echo mknod=open || echo mknod=refused",
        "mknod /tmp/memory c 1 1 2>/dev/null && echo memory=open || echo memory=refused",
        "ip link set eth0 down 2>/dev/null && echo link=open || echo link=refused",
        "ip route add 169.254.169.254 dev eth0 2>/dev/null && echo route=open || echo route=refused",
        "arping -c 1 -w 1 -I eth0 $(hostname -i) 2>&1 | grep -q 'not permitted' && echo raw=refused || echo raw=open",
        "echo x 2>/dev/null >/proc/sys/kernel/core_pattern && echo core=open || echo core=refused",
        "echo x 2>/dev/null >/proc/sysrq-trigger && echo sysrq=open || echo sysrq=refused",
        "unshare -r true 2>/dev/null && echo namespace=open || echo namespace=refused",
        "chroot /proc/1/root true && ls /proc/1/root/codebuild >/dev/null && echo root=own",
        "kill -9 1 2>/dev/null; echo alive=yes",
        "echo core-size=$(ulimit -c)")
    walled.wait(lambda: job.result)
    assert job.result["outcome"] == "succeeded", job.text
    found = verdicts(job)
    assert [found[name] for name in ("state", "token", "sockets", "processes", "disks")] == ["", "", "", "0", "0"], found
    refused = ("mount", "mknod", "memory", "link", "route", "raw", "core", "sysrq", "namespace")
    assert {name: found[name] for name in refused} == dict.fromkeys(refused, "refused")
    assert int(found["mounts"]) <= 3, "resolv.conf, hostname and hosts"
    assert found["root"] == "own" and found["alive"] == "yes" and found["core-size"] == "0"


def test_who_eats_the_machine_is_ended_and_nobody_else(walled):
    memory = walled.offer("dd if=/dev/zero of=/dev/null bs=1900M count=1", environment={"computeType": "ATTRIBUTE_BASED_COMPUTE", "computeConfiguration": {"vCpu": 1, "memory": 1, "disk": 10}})
    disk = walled.offer("fallocate -l 1200M /big; sleep 600")
    walled.wait(lambda: memory.result and disk.result)
    assert memory.result["outcome"] == disk.result["outcome"] == "failed"
    assert context(memory, "BUILD")[0] == "COMMAND_EXECUTION_ERROR" and "exit status 137" in context(memory, "BUILD")[1]
    assert "it has written 1.2 GiB, and the runner's --build-disk lets it write 1.0 GiB" in context(disk, "BUILD")[1]


def test_a_fork_bomb_is_held_down_and_stopped(walled):
    bomb = walled.offer("echo begun=yes", "bomb() { bomb | bomb & }; bomb; while :; do sleep 1; done",
                        environment={"computeType": "ATTRIBUTE_BASED_COMPUTE", "computeConfiguration": {"vCpu": 1, "memory": 2, "disk": 10}})
    walled.wait(lambda: "\nbegun=yes\n" in bomb.text)
    number = docker("ps", "-q", "--filter", f"label=penstock.job={bomb.id}").decode().strip()
    settings = docker("inspect", "--format", "{{json .HostConfig}}", number).decode()
    for limit in ('"PidsLimit":2048,', '"Memory":2147483648,', '"MemorySwap":2147483648,', '"NanoCpus":1000000000,', '"OomScoreAdj":500,'):
        assert limit in settings
    walled.server.cancel(bomb)
    walled.wait(lambda: bomb.result)
    assert bomb.result["outcome"] == "stopped"
    assert docker("ps", "-q", "--filter", f"id={number}", "--filter", "status=running") == b""


def test_what_a_build_leaves_behind_is_harmless(walled):
    spec = "artifacts:\n  files: ['**/*']\n"
    job = walled.offer("cp /bin/busybox shell; chmod 6755 shell; mkdir deep; ln -s ../../../../../../../../etc/shadow deep/link; mkfifo pipe || true", spec=spec)
    large = walled.offer("true", variables={"HUGE": "x" * 200000})
    after = walled.offer("echo after=yes")
    walled.wait(lambda: job.result and large.result and after.result)
    if job.result["outcome"] == "succeeded":
        archive = zipfile.ZipFile(io.BytesIO(job.outputs["Built"]))
        modes = {entry.filename: entry.external_attr >> 16 for entry in archive.infolist()}
        assert modes["shell"] & 0o7000 == 0 and not any("root:" in archive.read(name).decode("latin-1") for name in modes)
    else:
        assert context(job, "UPLOAD_ARTIFACTS")[1], job.text
    assert large.result["outcome"] == "failed" and large.result["errorMessage"]
    assert after.result["outcome"] == "succeeded"


def test_a_builds_engine_is_its_own_and_a_killed_runner_leaves_nothing(lone):
    settings = {"PENSTOCK_PRIVILEGED_BUILDS": "engine", "PENSTOCK_JOBS": "1"}
    runner = lone.start_runner(**settings)
    job = lone.offer(
        "echo others=$(docker ps -aq | wc -l)",
        "mkdir own && cp /bin/busybox own && tar -C own -c . | docker import - own >/dev/null",
        "docker run own /busybox nc -w 2 169.254.169.254 80; docker run -d own /busybox sleep 600 >/dev/null && echo inner=runs",
        "sleep 600", environment={"privilegedMode": True})
    lone.wait(lambda: "\ninner=runs\n" in job.text or job.result)
    assert not job.result, job.text
    assert verdicts(job)["others"] == "0" and "Connection refused" in job.text
    kinds = [kind for kind, _ in left_of(lone.server.runner_id)]
    assert kinds.count("volume") == 1 and kinds.count("network") >= 1 and kinds.count("container") >= 3
    mine = docker("ps", "-q", "--filter", f"label=penstock.job={job.id}").decode().split()
    inner = docker("top", mine[-1], "-o", "pid,args").decode() + docker("top", mine[0], "-o", "pid,args").decode()
    runner.process.kill()
    runner.process.wait()
    lone.server.jobs.pop(job.id)
    runner.start()
    lone.wait(lambda: len(lone.server.hellos) == 2)
    assert runner.stop() == 0
    assert left_of(lone.server.runner_id) == []
    for pid in re.findall(r"^ *([0-9]+) .*sleep 600$", inner, re.M):
        assert not os.path.exists(f"/proc/{pid}"), "a container of the build's own engine lives on"
