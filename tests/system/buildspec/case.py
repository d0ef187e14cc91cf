"""One case of tests/data/buildspec: read, run by `penstock-runner build`, and compared. README.md there says the form."""

import io
import json
import os
import pathlib
import re
import subprocess
import tempfile
import threading
import uuid
import zipfile

import yaml

TABLE = pathlib.Path(__file__).resolve().parents[2] / "data" / "buildspec"
MEMBERS = {"shows", "files", "buildspec", "arguments", "image", "project", "settings", "when", "then", "again", "expect"}
EXPECTED = {"status", "phases", "contexts", "exit", "environment", "artifacts", "contents", "log", "not_log", "message",
            "retries", "reports"}
ALL_PHASES = ("PROVISIONING DOWNLOAD_SOURCE INSTALL PRE_BUILD BUILD POST_BUILD UPLOAD_ARTIFACTS FINALIZING COMPLETED")
STAMP = re.compile(r"^\[Container\] \d{4}/\d\d/\d\d \d\d:\d\d:\d\d\.\d{6} ", re.MULTILINE)
LONGEST = 120  # seconds; a case that takes longer hangs


def all_cases():
    """Those of single builds; batch_case.py has the others."""
    names = sorted(str(path.relative_to(TABLE))[:-4] for path in TABLE.glob("**/*.yml"))
    return [name for name in names if not name.startswith("batch/")]


class Case:
    def __init__(self, name):
        self.name = name
        self.data = yaml.safe_load((TABLE / f"{name}.yml").read_text())
        self.expect = self.data.get("expect", {})
        unknown = (set(self.data) - MEMBERS) | (set(self.expect) - EXPECTED)
        assert not unknown, f"{name}: no member is called {unknown}"

    def write_source(self, folder):
        files = dict(self.data.get("files", {}))
        if "buildspec" in self.data:
            files["buildspec.yml"] = self.data["buildspec"]
        for path, content in files.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            if path.endswith("/"):
                target.mkdir()
            elif isinstance(content, dict) and "link" in content:
                target.symlink_to(content["link"])
            elif isinstance(content, dict):
                target.write_bytes(content.get("text", "").encode())
                target.chmod(int(str(content["mode"]), 8))
            elif isinstance(content, bytes):
                target.write_bytes(content)
            else:
                target.write_bytes(content.encode())

    def run(self, program, images, docker):
        """Runs it and returns a Run. `docker(*arguments)` asks the engine."""
        with tempfile.TemporaryDirectory(prefix="penstock-case-") as name:
            folder = pathlib.Path(name)
            (folder / "source").mkdir()
            self.write_source(folder / "source")
            environment = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "PENSTOCK_"))}
            environment.update({"AWS_EC2_METADATA_DISABLED": "true", "XDG_CACHE_HOME": str(folder / "cache"), "HOME": name,
                                "USER": "tester", "ASAN_OPTIONS": "abort_on_error=0:exitcode=99"})
            environment.update({key: str(value) for key, value in self.data.get("settings", {}).items()})
            environment.setdefault("PENSTOCK_BUILD_NETWORK", "none")
            arguments = [program, "build", "source", "--json", "--artifacts", "out"]
            if "project" in self.data:
                (folder / "project.json").write_text(json.dumps(self.data["project"]))
                arguments += ["--project", "project.json"]
            if not any(str(argument) == "--image" for argument in self.data.get("arguments", [])):
                arguments += ["--image", images[self.data.get("image", "build")]()]
            arguments += [str(argument) for argument in self.data.get("arguments", [])]
            mark = f"CASE={uuid.uuid4()}"
            if self.data.get("then") == "kill":
                arguments += ["--env", mark]
            if self.data.get("again"):
                Run(arguments, environment, folder, docker, mark).go(None, None)
            run = Run(arguments, environment, folder, docker, mark)
            run.go(self.data.get("when"), self.data.get("then"))
            return run

    def compare(self, run):
        expect, told = self.expect, run.told
        status = expect.get("status", "SUCCEEDED")
        shown = f"{self.name}: {self.data.get('shows', '')}\n{run.log}\n{json.dumps(told, indent=1)}"
        assert told, shown
        phases = " ".join(phase["phaseType"] + ("" if phase.get("phaseStatus", "SUCCEEDED") == "SUCCEEDED"
                                                else "=" + phase["phaseStatus"]) for phase in told.get("phases", []))
        contexts = {phase["phaseType"]: [[context.get("statusCode"), context.get("message")]
                                         for context in phase["contexts"]][0]
                    for phase in told.get("phases", []) if phase.get("contexts")}
        assert told["buildStatus"] == status, shown
        assert phases == " ".join(expect.get("phases", ALL_PHASES).split()), shown
        assert set(contexts) == set(expect.get("contexts", {})), shown
        for phase, (code, message) in expect.get("contexts", {}).items():
            assert contexts[phase][0] == code, shown
            assert same(message, contexts[phase][1]), (message, contexts[phase][1], shown)
        assert run.exit == expect.get("exit", 0 if status == "SUCCEEDED" else 1), shown
        variables = {item["name"]: item["value"] for item in told["exportedEnvironmentVariables"]}
        wanted = expect.get("environment", {})
        assert set(variables) == set(wanted), shown
        for name, value in wanted.items():
            assert same(str(value), variables[name]), (name, value, variables[name], shown)
        artifacts = {item["name"]: sorted(item["files"]) for item in told["artifacts"]}
        assert artifacts == {name: sorted(files) for name, files in expect.get("artifacts", {}).items()}, shown
        for path, content in expect.get("contents", {}).items():
            assert run.content(path) == content.encode(), (path, shown)
        if "message" in expect:
            assert same(expect["message"], told["message"]), shown
        if "reports" in expect:
            assert [part(report, wanted) for report, wanted in zip(told["reports"], expect["reports"])] == expect["reports"], shown
            assert len(told["reports"]) == len(expect["reports"]), shown
        assert run.log.count("is tried again") == expect.get("retries", 0), shown
        self.compare_log(run, shown)

    def compare_log(self, run, shown):
        """The lines come in that order; others may stand between them."""
        lines = iter(STAMP.sub("[Container] ", run.log).split("\n"))
        for wanted in self.expect.get("log", []):
            assert any(same(str(wanted), line) for line in lines), f"no line {wanted!r} from there on\n{shown}"
        for text in self.expect.get("not_log", []):
            assert text not in run.log, (text, shown)
        assert "Sanitizer" not in run.log and "runtime error" not in run.log, shown


def same(wanted, found):
    """A text, or a regular expression between slashes."""
    if len(wanted) > 2 and wanted[0] == wanted[-1] == "/":
        return re.fullmatch(wanted[1:-1], found or "") is not None
    return wanted == (found or "")


def part(found, wanted):
    """What of `found` is to be compared with `wanted`."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        return {key: part(found.get(key), value) for key, value in wanted.items()}
    if isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        return [part(one, other) for one, other in zip(found, wanted)]
    return found


class Run:
    def __init__(self, arguments, environment, folder, docker, mark):
        self.arguments, self.environment, self.folder, self.docker = arguments, environment, folder, docker
        self.mark = mark
        self.log, self.told, self.exit, self.zips = "", None, None, {}

    def go(self, when, then):
        process = subprocess.Popen(self.arguments, cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        watchdog = threading.Timer(LONGEST, process.kill)
        watchdog.start()
        out = []
        reader = threading.Thread(target=lambda: out.append(process.stdout.read()))
        reader.start()
        pieces = []
        for line in process.stderr:
            pieces.append(line)
            if when and when in line.decode(errors="replace") and not line.startswith(b"[Container]"):
                when = None
                self.interfere(process, then)
        reader.join()
        self.exit = process.wait()
        watchdog.cancel()
        self.log = b"".join(pieces).decode(errors="replace")
        text = out[0].decode(errors="replace")
        self.told = json.loads(text) if text.startswith("{") else None
        for path in (self.folder / "out").glob("*.zip"):
            self.zips[path.stem] = path.read_bytes()

    def interfere(self, process, then):
        if then == "interrupt":
            process.send_signal(2)
        elif then == "kill":
            self.docker("kill", self.find_container())
        else:
            raise AssertionError(f"nothing is called {then!r}")

    def find_container(self):
        """The build's, told from others by a variable."""
        for identity in self.docker("ps", "-q", "--filter", "label=penstock.job").split():
            try:
                if self.mark in self.docker("inspect", "-f", "{{json .Config.Env}}", identity):
                    return identity
            except subprocess.CalledProcessError:
                continue  # somebody else's, gone meanwhile
        raise AssertionError("the build has no container")

    def content(self, path):
        name, _, inside = path.partition("/")
        return zipfile.ZipFile(io.BytesIO(self.zips[name])).read(inside)
