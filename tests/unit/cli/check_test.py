"""`penstock check` of buildspecs and of deployments' files: each of tests/data/bad-buildspec, good-buildspec, bad-deploy and
good-deploy prints exactly the .txt beside it, with --json the same errors. CHECK_TEST_WRITE=1 writes the .txt files anew: to be read before they are kept.

Usage: check_test.py PENSTOCK DATA"""

import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

PENSTOCK = Path(sys.argv[1]).resolve()
DATA = Path(sys.argv[2]).resolve()


def check(*arguments, folder):
    return subprocess.run([PENSTOCK, "check", *arguments], cwd=folder, capture_output=True, check=False, timeout=60)


class Check(unittest.TestCase):
    maxDiff = None

    def compare(self, folder, between, exit_code):
        """All files in one run; one by one where that differs, to say which."""
        files = sorted((DATA / folder).glob("*.yml"))
        expected = {file.name: file.with_name(file.name + ".txt") for file in files}
        if os.environ.get("CHECK_TEST_WRITE"):
            for name, text in expected.items():
                text.write_bytes(check("--buildspec", name, folder=DATA / folder).stdout)
        result = check("--buildspec", *expected, folder=DATA / folder)
        if result.stdout.decode() != between.join(text.read_text() for text in expected.values()):
            for name, text in expected.items():
                with self.subTest(file=f"{folder}/{name}"):
                    self.assertEqual(check("--buildspec", name, folder=DATA / folder).stdout.decode(), text.read_text())
            self.fail("the files together give something else than each")
        self.assertEqual((result.returncode, result.stderr), (exit_code, b""))
        return len(files)

    def test_each_mistake_has_its_sentence(self):
        self.assertGreaterEqual(self.compare("bad-buildspec", "", 1), 110)

    def test_what_would_run_is_printed(self):
        self.assertGreaterEqual(self.compare("good-buildspec", "\n", 0), 25)

    def test_json_says_the_same(self):
        for folder in ("bad-buildspec", "good-buildspec"):
            names = sorted(path.name for path in (DATA / folder).glob("*.yml"))
            result = check("--json", "--buildspec", *names, folder=DATA / folder)
            for name, file in zip(names, json.loads(result.stdout)["files"], strict=True):
                with self.subTest(file=f"{folder}/{name}"):
                    printed = (DATA / folder / (name + ".txt")).read_text().splitlines()
                    errors = [f"{name}:{error['line']}:{error['column']}: {error['message']}" for error in file["errors"]]
                    notices = [f"{name}:{notice['line']}:{notice['column']}: {notice['message']}" for notice in file["notices"]]
                    self.assertEqual(file["valid"], folder == "good-buildspec")
                    self.assertEqual(printed[:len(errors)], errors)
                    self.assertEqual(printed[len(printed) - len(notices):], notices)
                    self.assertEqual([phase["phase"] for phase in file["phases"]], ["install", "pre_build", "build", "post_build"])

    def compare_deploy(self, folder, exit_code):
        """Files of a deployment, known by their names: all in one run, one by one where that differs."""
        names = sorted(path.name for path in (DATA / folder).iterdir() if path.suffix != ".txt")
        expected = {name: DATA / folder / (name + ".txt") for name in names}
        if os.environ.get("CHECK_TEST_WRITE"):
            for name, text in expected.items():
                text.write_bytes(check(name, folder=DATA / folder).stdout)
        result = check(*names, folder=DATA / folder)
        if result.stdout.decode() != "".join(text.read_text() for text in expected.values()):
            for name, text in expected.items():
                with self.subTest(file=f"{folder}/{name}"):
                    self.assertEqual(check(name, folder=DATA / folder).stdout.decode(), text.read_text())
            self.fail("the files together give something else than each")
        self.assertEqual((result.returncode, result.stderr), (exit_code, b""))
        return len(names)

    def test_each_mistake_in_a_deployments_file_has_its_sentence(self):
        self.assertGreaterEqual(self.compare_deploy("bad-deploy", 1), 150)

    def test_what_a_deployments_file_says_is_printed(self):
        self.assertGreaterEqual(self.compare_deploy("good-deploy", 0), 18)

    def test_json_says_the_same_of_a_deployments_file(self):
        for folder in ("bad-deploy", "good-deploy"):
            names = sorted(path.name for path in (DATA / folder).iterdir() if path.suffix != ".txt")
            for name, file in zip(names, json.loads(check("--json", *names, folder=DATA / folder).stdout)["files"], strict=True):
                with self.subTest(file=f"{folder}/{name}"):
                    printed = (DATA / folder / (name + ".txt")).read_text().splitlines()
                    said = [f"{name}:{one['line']}:{one['column']}: {one['message']}" if one["line"] else f"{name}: {one['message']}"
                            for one in file["errors"] + file["notices"]]
                    self.assertEqual(file["valid"], folder == "good-deploy")
                    self.assertEqual(file["kind"], name.partition("-")[0])
                    self.assertEqual(printed[len(printed) - len(said):], said)

    def test_a_deployments_file_is_known_by_its_content_too(self):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            for kind, text in {"imagedefinitions": '[{"name": "web", "imageUri": "shop:1"}]', "imageDetail": '{"ImageURI": "shop:1"}',
                               "taskdef": (DATA / "good-deploy" / "taskdef-fargate.json").read_text(),
                               "appspec": (DATA / "good-deploy" / "appspec-ecs.yaml").read_text()}.items():
                (folder / "release.yml").write_text(text)
                shown = json.loads(check("--json", "release.yml", folder=folder).stdout)["files"][0]
                self.assertEqual((shown["kind"], shown["valid"]), (kind, True))
                self.assertEqual(check("--as", kind, "release.yml", folder=folder).returncode, 0)
            self.assertIn(b"did you mean 'taskdef'", check("--as", "taskdeff", "release.yml", folder=folder).stderr)

    def test_files_of_one_folder_go_together(self):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "taskdef.json").write_text((DATA / "good-deploy" / "taskdef-fargate.json").read_text())
            (folder / "appspec.yaml").write_text((DATA / "good-deploy" / "appspec-ecs.yaml").read_text())
            (folder / "imagedefinitions.json").write_text('[{"name": "web", "imageUri": "shop:1"}]')
            files = ("appspec.yaml", "imagedefinitions.json", "taskdef.json")
            self.assertEqual(check(*files, folder=folder).returncode, 0)
            (folder / "imagedefinitions.json").write_text('[{"name": "app", "imageUri": "shop:1"}]')
            spec = folder / "appspec.yaml"
            spec.write_text(spec.read_text().replace("8080", "80"))
            result = check(*files, folder=folder)
            self.assertEqual(result.returncode, 1)
            self.assertIn("imagedefinitions.json: the AWS ECS container 'app' does not exist: task definition 'shop' has 'web'\n", result.stdout.decode())
            self.assertIn("appspec.yaml: the appspec file sends traffic to port 80 of container 'web', which the task definition does not map; "
                          "add it to 'portMappings', or correct 'ContainerPort'\n", result.stdout.decode())
            shown = json.loads(check("--json", *files, folder=folder).stdout)["files"]
            self.assertEqual([(one["kind"], one["valid"], len(one["errors"])) for one in shown],
                             [("appspec", False, 1), ("imagedefinitions", False, 1), ("taskdef", True, 0)])
            (folder / "taskdef-other.json").write_text((folder / "taskdef.json").read_text())
            self.assertEqual(check(*files, "taskdef-other.json", folder=folder).returncode, 0)

    def test_a_file_is_known_by_its_name_or_its_keys(self):
        spec = (DATA / "good-buildspec" / "version-text.yml").read_bytes()
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            for file in ("buildspec.yml", "buildspec-release.yaml", "ci.yml"):
                (folder / file).write_bytes(spec)
                self.assertEqual(check(file, folder=folder).returncode, 0)
            self.assertTrue(check(".", folder=folder).stdout.startswith(b"./buildspec.yml: version 0.2"))
            (folder / "batch.yml").write_text("version: 0.2\nbatch: {build-list: [{identifier: a, buildspec: a.yml}]}\n")
            self.assertEqual(check("batch.yml", folder=folder).returncode, 0)
            (folder / "empty").mkdir()
            self.assertEqual(check("empty", folder=folder).stdout, b"empty: the folder has no buildspec.yml; name the file that is meant\n")
            (folder / "buildspec.yml").write_text("version 0.2\n")
            self.assertEqual(check("buildspec.yml", folder=folder).stdout, b"buildspec.yml:1:1: a name without ':'; write 'version: 0.2'\n")
            (folder / "other.yml").write_text("a: b\n")
            self.assertIn(b"neither like a pipeline file", check("other.yml", folder=folder).stdout)
            with open(folder / "large.yml", "wb") as large:
                large.truncate(100_000_000)
            self.assertEqual(check("--buildspec", "large.yml", folder=folder).stdout,
                             b"large.yml:1:1: the file has 100000000 bytes; at most 262144 are read\n")
            self.assertEqual(check("--as", "buildspek", "ci.yml", folder=folder).returncode, 2)

    def test_buildspecs_of_projects_are_checked_too(self):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            project = 'projects:\n  shop:\n    environment: {image: "debian:12"}\n    source:\n      type: NO_SOURCE\n      buildspec: |\n        version: 0.2\n        phases:\n          build:\n            %s\n'
            (folder / "good.yml").write_text(project % "commands: [make]")
            (folder / "bad.yml").write_text(project % "commands: make")
            self.assertEqual(check("good.yml", folder=folder).stdout, b"")
            self.assertEqual(check("bad.yml", folder=folder).stdout.decode(),
                             "bad.yml:6:18: projects.shop.source.buildspec: line 4, column 15 of the buildspec: Expected Commands to be a list: "
                             "found a value instead at line 4; write '- ' before it, on a line of its own\n")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
