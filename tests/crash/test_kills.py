"""./check crash: kill -9 of server and runners, 200 times, while executions run. CRASH_KILLS and CRASH_SEED choose."""

import os

import kills


def test_kills(build, folder, docker_host, docker, aws, make_clone):
    count = int(os.environ.get("CRASH_KILLS", "200"))
    kills.run(count, kills.choose_seed(os.environ.get("CRASH_SEED")), build=build, folder=folder, docker_host=docker_host, docker=docker, aws=aws, make_clone=make_clone)
