"""What time it is on the sandbox's AWS: this machine's time, or in scripted mode a simulated one.

A simulated clock stands still but for `advance`, which runs every call that is due on the way, one after the other,
in order of time and then of asking: so a rollout of an hour takes a second and goes the same way each time.
Signatures, session credentials and the ledger keep to the machine's time: clients sign with it.

    from sandbox import clock
    clock.now()                       seconds since 1970
    clock.monotonic()                 seconds that never go back
    clock.call_at(when, function)     `when` in now()'s seconds; returns a Call, whose cancel() takes it back
    clock.call_later(seconds, function)
"""

import heapq
import itertools
import logging
import threading
import time

log = logging.getLogger("sandbox")


class Call:
    """One call to come."""

    def __init__(self, function):
        self._function = function

    def cancel(self):
        self._function = None

    def make(self):
        if self._function is None:
            return
        try:
            self._function()
        except Exception:
            log.exception("a call of the clock failed")


class RealClock:
    """The machine's time.  Calls are made one after the other in a thread of their own, so they may not block for long."""

    simulated = False

    def __init__(self):
        self._wake = threading.Condition()
        self._calls = []
        self._numbers = itertools.count()
        self._thread = None

    def now(self):
        return time.time()

    def monotonic(self):
        return time.monotonic()

    def call_at(self, when, function):
        call = Call(function)
        with self._wake:
            heapq.heappush(self._calls, (when, next(self._numbers), call))
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="clock", daemon=True)
                self._thread.start()
            self._wake.notify_all()
        return call

    def _run(self):
        while True:
            with self._wake:
                while not self._calls or self._calls[0][0] > time.time():
                    # A day at most: Python refuses waits of many years.
                    self._wake.wait(min(86400, self._calls[0][0] - time.time()) if self._calls else None)
                call = heapq.heappop(self._calls)[2]
            call.make()


class SimulatedClock:
    """Time by order.  Kept in whole milliseconds, so that no sum of fractions drifts."""

    simulated = True

    def __init__(self, begin=None):
        self._now_ms = int(time.time() if begin is None else begin) * 1000
        self._lock = threading.Lock()
        self._advancing = threading.RLock()
        self._calls = []
        self._numbers = itertools.count()

    @property
    def now_ms(self):
        return self._now_ms

    def now(self):
        return self._now_ms / 1000

    monotonic = now

    def call_at(self, when, function):
        call = Call(function)
        with self._lock:
            heapq.heappush(self._calls, (max(round(when * 1000), self._now_ms), next(self._numbers), call))
        return call

    def advance(self, milliseconds):
        """Let that much time pass; returns when all that was due is done."""
        with self._advancing:
            end = self._now_ms + milliseconds
            while True:
                with self._lock:
                    if not self._calls or self._calls[0][0] > end:
                        self._now_ms = max(self._now_ms, end)
                        return
                    when, _, call = heapq.heappop(self._calls)
                    self._now_ms = max(self._now_ms, when)
                call.make()


class ClockDoor:
    """The control door's `clock`: POST {"advanceMs": n}, GET; both answer {"nowMs": n}."""

    whole_answer = True

    def add(self, order):
        if not isinstance(order, dict) or set(order) != {"advanceMs"}:
            raise ValueError('the clock takes {"advanceMs": n}')
        milliseconds = order["advanceMs"]
        if not isinstance(milliseconds, int) or isinstance(milliseconds, bool) or not 0 <= milliseconds <= 400 * 86400 * 1000:
            raise ValueError("'advanceMs' must be a number from 0 to that of 400 days")
        if not _clock.simulated:
            raise ValueError("time goes by itself here: start the sandbox with --scripted")
        _clock.advance(milliseconds)

    def waiting(self):
        return {"nowMs": round(now() * 1000), "simulated": _clock.simulated}

    def clear(self):
        raise ValueError("a clock cannot be cleared")


_clock = RealClock()


def use(other):
    """Take another clock, before anything has asked for the time."""
    global _clock
    _clock = other


def simulated():
    return _clock.simulated


def now():
    return _clock.now()


def monotonic():
    return _clock.monotonic()


def call_at(when, function):
    return _clock.call_at(when, function)


def call_later(seconds, function):
    return _clock.call_at(_clock.now() + seconds, function)
