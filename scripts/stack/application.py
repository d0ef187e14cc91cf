"""An application as its developer has it: a clone that is changed, committed and pushed with git."""

import json
import os
import shutil
import threading
import urllib.error
import urllib.request

from stack import processes
from stack.sandbox import ROOT

_SOURCE = os.path.join(ROOT, "examples", "shop")
_PAGE = "rp/static/index.html"
_HEALTH = "web/cgi-bin/health"
_HEALTHY = "Status: 200 OK"
_SICK = "Status: 503 Service Unavailable"


class Clone:
    """A folder with a copy of the application at `source`, whose remote is a repository that the server hosts."""

    def __init__(self, folder, server, repository="shop", source=_SOURCE):
        self.folder = folder
        self.server = server
        self.repository = repository
        self._source = source
        self._credentials = folder + ".credentials"

    @property
    def url(self):
        return f"{self.server.url}/git/{self.repository}"

    def git(self, *arguments):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        environment |= {"GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null"}
        return processes.run(["git", "-C", self.folder, *arguments], environment, what=f"git {arguments[0]}")

    def make(self, token=None):
        """A fresh repository with the application in it. `token` is the git token; a new one if not given."""
        shutil.copytree(self._source, self.folder)
        self.git("init", "--quiet", "--initial-branch=main")
        self.use_token(token or self.server.call("CreateGitToken", description="a developer's clone")["token"])
        for name, value in (("user.name", "Demo"), ("user.email", "demo@example.com"), ("credential.helper", f"store --file='{self._credentials}'")):
            self.git("config", name, value)
        self.git("remote", "add", "origin", self.url)

    def use_token(self, token):
        with open(self._credentials, "w", encoding="utf-8", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            file.write(self.server.url.replace("://", f"://demo:{token}@") + "\n")

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def read(self, name):
        with open(os.path.join(self.folder, name), encoding="utf-8") as file:
            return file.read()

    def commit(self, message, allow_empty=False):
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message, *(["--allow-empty"] if allow_empty else []))

    def push(self):
        """Push; the commit's id. The first seven digits of it are the version that will answer."""
        self.git("push", "--quiet", "--set-upstream", "origin", "main")
        return self.git("rev-parse", "HEAD").strip()

    def change(self):
        """A visible change, and good health in case the last version had none."""
        self._set_health(_HEALTHY)
        text = self.read(_PAGE)
        count = int(self.git("rev-list", "--count", "HEAD"))
        begin, end = text.index("<h1>"), text.index("</h1>")
        self.write(_PAGE, text[:begin] + f"<h1>hello from shop, change {count}" + text[end:])
        self.commit(f"Greet with change {count}")

    def make_sick(self):
        """A version that the load balancer never finds healthy."""
        self._set_health(_SICK)
        self.commit("Answer the health check with 503", allow_empty=True)

    def _set_health(self, status):
        self.write(_HEALTH, self.read(_HEALTH).replace(_HEALTHY, status).replace(_SICK, status))


def answer(url):
    """(version of web, version of rp) that the application answers with now; None where it does not answer well."""
    try:
        with urllib.request.urlopen(url + "api/version", timeout=5) as response:
            web = json.load(response)["version"]
        with urllib.request.urlopen(url, timeout=5) as response:
            page = response.read().decode()
    except (OSError, urllib.error.URLError, ValueError, KeyError):
        return None
    _, _, after = page.partition('<meta name="version" content="')
    return web, after.partition('"')[0]


class Visitors(threading.Thread):
    """Ask the application all the time, and remember each answer that was not the first one's. A context manager."""

    def __init__(self, url):
        super().__init__(daemon=True)
        self._url = url
        self._over = threading.Event()
        self._expected = answer(url)
        self.count = 0
        self.wrong = []

    def run(self):
        while not self._over.wait(0.02):
            found = answer(self._url)
            self.count += 1
            if found != self._expected:
                self.wrong.append(found)

    def end(self):
        self._over.set()
        self.join()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.end()
