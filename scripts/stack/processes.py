"""Starting programs that outlive us, and ending exactly those again.

A process is remembered by its id and the moment it began, since ids are given out again.
"""

import contextlib
import os
import select
import signal
import subprocess
import time


class Failure(Exception):
    """One sentence for the person at the terminal."""


def began(pid):
    """When the process began, in clock ticks since the machine did; None where there is none (or only its remains)."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else int(fields[19])


class Running:
    """A process that was started by us, now or in an earlier run."""

    def __init__(self, pid, began_at, popen=None):
        self.pid = pid
        self.began_at = began_at
        self._popen = popen

    def is_alive(self):
        if self._popen:
            self._popen.poll()
        return self.began_at is not None and began(self.pid) == self.began_at

    def signal(self, number):
        """Send a signal, unless it is gone."""
        if self.is_alive():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def wait(self, seconds):
        """True when it has ended within that time."""
        if self._popen:
            try:
                self._popen.wait(seconds)
                return True
            except subprocess.TimeoutExpired:
                return False
        try:
            descriptor = os.pidfd_open(self.pid)
        except ProcessLookupError:
            return True
        try:
            if not self.is_alive():
                return True
            return bool(select.select([descriptor], [], [], seconds)[0])
        finally:
            os.close(descriptor)

    def end(self, seconds=15):
        """SIGTERM, and SIGKILL where that does not help in time."""
        self.signal(signal.SIGTERM)
        if not self.wait(seconds):
            self.kill()

    def kill(self):
        self.signal(signal.SIGKILL)
        self.wait(10)

    @property
    def exit_code(self):
        return self._popen.poll() if self._popen else None


def start(arguments, log, environment=None, folder=None):
    """Start a program in a session of its own (Ctrl-C is not meant for it), its output appended to the file `log`."""
    with open(log, "ab") as output:
        try:
            process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment, cwd=folder, start_new_session=True)
        except OSError as error:
            raise Failure(f"cannot start '{arguments[0]}': {error.strerror}") from None
    return Running(process.pid, began(process.pid), process)


def last_line(path):
    """What a log ends with: usually the reason."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            lines = file.read().strip().splitlines()
    except OSError:
        return ""
    return lines[-1] if lines else ""


def wait_until(condition, seconds, what, process=None, log=None):
    """Look until `condition()` gives something true, and return that; Failure names `what` was waited for.

    For things that have no way to tell of themselves, such as a file that another program writes.
    """
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if process and not process.is_alive():
            raise Failure(f"{what}: the program ended: {last_line(log) or 'without a word'} (log: '{log}')")
        if time.monotonic() > deadline:
            raise Failure(f"{what}: not within {seconds} seconds" + (f" (log: '{log}')" if log else ""))
        time.sleep(0.03)


def run(arguments, environment=None, folder=None, text=None, what=None):
    """Run a program to its end and return its output; Failure carries the last line of what it said."""
    result = subprocess.run(arguments, input=text, stdin=None if text is not None else subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, cwd=folder, text=True, check=False)
    if result.returncode != 0:
        said = (result.stderr.strip() or result.stdout.strip() or "no output").splitlines()[-1]
        raise Failure(f"{what or os.path.basename(arguments[0])}: {said}")
    return result.stdout
