"""The demo's application as its developer has it: a clone that is changed, committed and pushed with git."""

import json
import os
import shutil
import urllib.error
import urllib.request

from stack import processes
from stack.sandbox import ROOT

_SOURCE = os.path.join(ROOT, "examples", "shop")
_HEALTHY = "Status: 200 OK"
_SICK = "Status: 503 Service Unavailable"


class Clone:
    """The folder .demo/shop. People may change it and push by hand as well."""

    def __init__(self, installation):
        self._installation = installation
        self.folder = installation.path("shop")

    def _git(self, *arguments):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        environment |= {"GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null"}
        return processes.run(["git", "-C", self.folder, *arguments], environment, what=f"git {arguments[0]}")

    def make(self):
        """A fresh repository with the application, whose remote is the demo's server."""
        shutil.copytree(_SOURCE, self.folder)
        server = self._installation.server
        token = server.call("CreateGitToken", description="the demo's clone")["token"]
        credentials = self._installation.path("git-credentials")
        with open(credentials, "w", encoding="utf-8", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            file.write(server.url.replace("://", f"://demo:{token}@") + "\n")
        self._git("init", "--quiet", "--initial-branch=main")
        for name, value in (("user.name", "Demo"), ("user.email", "demo@example.com"), ("credential.helper", f"store --file='{credentials}'")):
            self._git("config", name, value)
        self._git("remote", "add", "origin", f"{server.url}/git/shop")

    def commit(self, message, allow_empty=False):
        self._git("add", "--all")
        self._git("commit", "--quiet", "--message", message, *(["--allow-empty"] if allow_empty else []))

    def push(self):
        """Push; the commit's first seven digits, which is the version that will answer."""
        self._git("push", "--quiet", "--set-upstream", "origin", "main")
        return self._git("rev-parse", "--short=7", "HEAD").strip()

    def change(self):
        """A visible change, and good health in case the last version had none."""
        self._set_health(_HEALTHY)
        path = os.path.join(self.folder, "rp", "static", "index.html")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        count = int(self._git("rev-list", "--count", "HEAD"))
        begin, end = text.index("<h1>"), text.index("</h1>")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text[:begin] + f"<h1>hello from shop, change {count}" + text[end:])
        self.commit(f"Greet with change {count}")

    def make_sick(self):
        """A version that the load balancer never finds healthy."""
        self._set_health(_SICK)
        self.commit("Answer the health check with 503", allow_empty=True)

    def _set_health(self, status):
        path = os.path.join(self.folder, "web", "cgi-bin", "health")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace(_HEALTHY, status).replace(_SICK, status))


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
