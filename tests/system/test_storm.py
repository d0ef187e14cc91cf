"""A restart with 500 waiting runners is no storm: each comes back after a time of its own and asks a few times at most.

The runners are 500 real connections that speak the jobs protocol with the real runner's rule (runner/link.c): Retry-After
and up to a second more where the server said so, else pauses from a quarter of a second, doubled each time, half chance.
"""

import asyncio
import json
import random
import signal
import urllib.parse
import uuid

import pytest

RUNNERS = 500
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 15.0
ATTEMPTS_MOST = 8  # of one runner after kill -9; what a second or two without a server take
ATTEMPTS_TOLD = 3  # after SIGTERM, when the server says when to come again


class Waiting:
    """One runner that waits for work. `attempts` counts its questions and connections since `attempts` was set to 0."""

    def __init__(self, address, token):
        self.host, _, self.port = address.rpartition(":")
        self.token = token
        self.attempts = 0
        self.asking = False  # its question has been sent, and no answer has come
        self.refused = 0
        self.told = []  # each Retry-After

    async def live(self):
        tries = 0
        while True:
            pause = None
            try:
                self.attempts += 1
                pause = await self.ask()
                if pause is None:
                    tries = 0
                    continue
            except (OSError, asyncio.IncompleteReadError):
                self.refused += 1
            finally:
                self.asking = False
            if pause is None:
                ceiling = min(LONGEST_PAUSE, FIRST_PAUSE * 2**tries)
                pause = ceiling / 2 + random.random() * ceiling / 2
                tries += 1
            await asyncio.sleep(pause)

    async def ask(self):
        """One question; the seconds to wait where the server said so, None where it gave no work."""
        reader, writer = await asyncio.open_connection(self.host, int(self.port))
        try:
            body = json.dumps({"claimId": str(uuid.uuid4()), "providers": ["ECS"], "waitSeconds": 25}).encode()
            writer.write(b"POST /runner/lease HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nAuthorization: Bearer " + self.token.encode() + b"\r\nContent-Length: " + str(len(body)).encode() + b"\r\n\r\n" + body)
            await writer.drain()
            self.asking = True
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            status = int(head.split()[1])
            if status == 503:
                seconds = int(head.split("retry-after:")[1].split()[0])
                self.told.append(seconds)
                return seconds + random.random()
            assert status == 204, head
            return None
        finally:
            writer.close()


async def until(condition, seconds, what):
    deadline = asyncio.get_running_loop().time() + seconds
    while not condition():
        assert asyncio.get_running_loop().time() < deadline, f"{what}: not within {seconds} seconds"
        await asyncio.sleep(0.02)


def join(server, count):
    tokens = []
    for number in range(count):
        body = {"joinToken": server.call("CreateJoinToken")["token"], "name": f"waiting-{number}", "version": "0"}
        status, _, answer = server.send("POST", "/runner/join", json.dumps(body).encode(), {"Content-Type": "application/json"})
        assert status == 200, answer
        tokens.append(json.loads(answer)["token"])
    return tokens


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=["told", "killed"])
def test_500_runners_come_back(server, how):
    address = urllib.parse.urlsplit(server.url).netloc
    runners = [Waiting(address, token) for token in join(server, RUNNERS)]

    def restart():
        server.process.signal(how)
        assert server.process.wait(60)
        server.start()

    async def run():
        tasks = [asyncio.create_task(runner.live()) for runner in runners]
        await until(lambda: all(runner.asking for runner in runners), 60, "all to wait")
        for _ in range(3):  # the server takes one after the other: with these the questions before them have been read
            await asyncio.to_thread(server.call, "GetOverview")
        for runner in runners:
            runner.attempts = runner.refused = 0
            runner.told.clear()
        # On a thread: the runners go on meanwhile.
        await asyncio.to_thread(restart)
        await until(lambda: all(runner.asking and runner.attempts for runner in runners), 60, "all to be back")
        status, _, _ = await asyncio.to_thread(server.send, "GET", "/readyz")
        await asyncio.to_thread(server.call, "GetOverview")
        counts = [(runner.attempts, runner.refused, list(runner.told)) for runner in runners]
        for task in tasks:
            task.cancel()
        done = await asyncio.gather(*tasks, return_exceptions=True)
        return status, counts, [one for one in done if not isinstance(one, asyncio.CancelledError)]

    status, counts, failures = asyncio.run(run())
    assert failures == []
    assert status == 200
    most = ATTEMPTS_TOLD if how == signal.SIGTERM else ATTEMPTS_MOST
    assert max(attempts for attempts, _, _ in counts) <= most
    # What reached the server, and so the database: refused connections did not.
    assert sum(attempts - refused for attempts, refused, _ in counts) <= 2 * RUNNERS
    if how == signal.SIGTERM:
        told = [seconds for _, _, times in counts for seconds in times]
        # One whose question was still on its way is cut off, and comes back by its own rule.
        assert len(told) >= RUNNERS / 2
        assert max(told.count(seconds) for seconds in set(told)) <= len(told) / 2, "nobody's second is everybody's"
