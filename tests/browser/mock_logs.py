"""Logs of the mock server: lists of lines, or a million lines made when asked for."""
import threading

BUILD = """\x1b[1m== fetch ==\x1b[0m
checked out \x1b[36m8bc1d22\x1b[0m of shop
\x1b[1m== build ==\x1b[0m
$ docker build -t registry.example.com/shop/rp:8bc1d22 rp
Step 1/6 : FROM debian:12
 ---> 5d4a7b2c8e1f
Step 2/6 : COPY static /srv/static
 ---> Using cache
\x1b[33mwarning: 3 pictures are larger than 1 MB\x1b[0m
Downloading layers  12 %\rDownloading layers  57 %\rDownloading layers 100 %
\x1b[32m✔\x1b[0m built \x1b[1mrp\x1b[0m in 11.2 s
$ npm test

> shop@4.2.0 test
> node --test

\x1b[32m✔ basket adds up (1.2ms)\x1b[0m
\x1b[32m✔ delivery date is never on a Sunday (0.8ms)\x1b[0m
\x1b[34mℹ tests 214\x1b[0m
\x1b[34mℹ pass 214\x1b[0m
\x1b[34mℹ fail 0\x1b[0m
\x1b[1m== push ==\x1b[0m
The push refers to repository [registry.example.com/shop/rp]
8bc1d22: digest: sha256:9f2c0e6f7a1b3c5d7e9f1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d7e8f9a0b1c2d size: 1163
\x1b[48;5;22m\x1b[97m DONE \x1b[0m \x1b[38;2;120;160;255mtwo images pushed\x1b[0m""".split('\n')

FAILED = BUILD[:14] + [f'\x1b[32m✔ case {n}\x1b[0m' for n in range(300)] + [
    '\x1b[31m✖ prices round half up (3.1ms)\x1b[0m',
    '\x1b[31m  AssertionError [ERR_ASSERTION]: expected 2.35, got 2.34\x1b[0m',
    '      at test/price.test.js:17:10',
    *[f'\x1b[32m✔ later case {n}\x1b[0m' for n in range(40)],
    'npm ERR! Test failed.  See above for more details.',
]

HOSTILE = [
    '<img src=x onerror="window.pwned=1">',
    '<script>window.pwned=1</script>',
    '\x1b[31m</span><script>window.pwned=1</script>\x1b[0m',
    '\x1b]8;;javascript:window.pwned=1\x07click\x1b]8;;\x07',
    '\x1b]0;title\x07\x1b[2J\x1b[10;10Hmoved',
    '日本語 🎉 مرحبا שלום ' + 'é' * 40,
    'x' * 60000,
    '\x1b[7minverse\x1b[27m \x1b[2mdim\x1b[0m \x1b[9mstruck\x1b[0m \x1b[4munder\x1b[0m',
    ''.join(f'\x1b[{n}m{n} \x1b[0m' for n in [*range(30, 38), *range(90, 98)]),
    ''.join(f'\x1b[{n}m{n} \x1b[0m' for n in [*range(40, 48), *range(100, 108)]),
    ''.join(f'\x1b[38;5;{n}m{n} ' for n in range(16, 256)) + '\x1b[0m',
    '\x1b[38;2;10;10;10mnearly black\x1b[0m \x1b[38;2;250;250;250mnearly white\x1b[0m',
]


class Log:
    """Lines that were written, and maybe more to come."""

    def __init__(self, lines=(), closed=True):
        self.lines = list(lines)
        self.closed = closed
        self.changed = threading.Condition()

    def __len__(self):
        return len(self.lines)

    def text(self, n):
        return self.lines[n]

    def append(self, *lines):
        with self.changed:
            self.lines.extend(lines)
            self.changed.notify_all()

    def close(self):
        with self.changed:
            self.closed = True
            self.changed.notify_all()

    def wait_for(self, line, seconds):
        with self.changed:
            self.changed.wait_for(lambda: len(self) > line or self.closed, seconds)


class MillionLines(Log):
    """Line n says its number; one line near the end is an error."""

    def __init__(self, count=1_000_000, error_at=876_543):
        super().__init__()
        self.count, self.error_at = count, error_at

    def __len__(self):
        return self.count

    def text(self, n):
        if n == self.error_at:
            return '\x1b[31merror: needle in the haystack\x1b[0m'
        return f'line {n + 1} \x1b[3{n % 7 + 1}mcompiled module-{n * 7919 % 99991}.c\x1b[0m'


def standard_logs():
    return {'log-shop-12': Log(BUILD), 'log-shop-11': Log(BUILD), 'log-shop-9': Log(FAILED), 'log-live': Log(BUILD[:12], closed=False),
            'log-nightly': Log(['pulling registry.example.com/browsers:12', '\x1b[31mError: manifest unknown\x1b[0m']),
            'log-hostile': Log(HOSTILE), 'log-million': MillionLines()}
