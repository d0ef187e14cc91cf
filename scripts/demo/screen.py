"""What the demo prints: steps with a symbol and a time; colours only where a terminal shows them."""

import os
import sys
import time

_GREEN, _RED, _DIM = "32", "31", "2"


def _colour(code, text):
    shown = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM", "dumb") != "dumb"
    return f"\033[{code}m{text}\033[0m" if shown else text


def say(text=""):
    print(text, flush=True)


def done(text, seconds=None):
    took = "" if seconds is None else _colour(_DIM, f"  {seconds:.1f} s")
    say(f" {_colour(_GREEN, '✔')} {text}{took}")


def failed(text):
    say(f" {_colour(_RED, '✘')} {text}")


class step:
    """`with step("building")`: a line while it lasts at a terminal, and one with the time when it is done."""

    def __init__(self, text):
        self._text = text
        self._live = sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"

    def __enter__(self):
        self._began = time.monotonic()
        if self._live:
            print(f" … {self._text}", end="", flush=True)

    def __exit__(self, kind, *_):
        if self._live:
            print("\r\033[K", end="")
        if kind is None:
            done(self._text, time.monotonic() - self._began)
        else:
            failed(self._text)
