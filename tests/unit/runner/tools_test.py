"""The scripts that every build finds on its PATH, run by the shells that build images have."""
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

TOOLS = Path(__file__).resolve().parents[3] / "runner/buildspec/tools"
BUSYBOX = shutil.which("busybox")
SHELLS = [["/bin/sh"], ["/bin/bash", "--posix"]] + ([[BUSYBOX, "sh"]] if BUSYBOX else [])
FILES = ["a.js", "src/b.js", "src/b.jsx", "src/deep/er/c.js", "src/with space.js", "test/[id].js", "test/x+y.js",
         ".hidden/d.js", "test/fourth_test.py", "test/second_test.py", "test/third_test.py", "first_test.py",
         "fifth_test.py"]


class Tools(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        for name in FILES:
            (self.folder / "work" / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / "work" / name).write_text("")
        (self.folder / "bin").mkdir()

    def run_tool(self, shell, tool, *arguments, **variables):
        """As in a container: the tools on the PATH, and with BusyBox nothing but its own commands."""
        for script in TOOLS.glob("*.sh"):
            target = self.folder / "bin" / script.stem
            target.write_text("#!" + " ".join(shell) + "\n" + script.read_text())
            target.chmod(0o755)
        path = f"{self.folder}/bin"
        if shell[0] == BUSYBOX:
            applets = self.folder / "applets"
            if not applets.exists():
                applets.mkdir()
                subprocess.run([BUSYBOX, "--install", "-s", applets], check=True)
            path += f":{applets}"
        else:
            path += ":/usr/bin:/bin"
        done = subprocess.run([self.folder / "bin" / tool, *arguments], cwd=self.folder / "work", text=True,
                              capture_output=True, env={"PATH": path, **variables}, check=False)
        return done

    def lines(self, shell, tool, *arguments, **variables):
        done = self.run_tool(shell, tool, *arguments, **variables)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done)
        return done.stdout.splitlines()

    def test_glob_search(self):
        cases = [
            (["*.js"], ["a.js"]),
            (["**/*.js"], [".hidden/d.js", "a.js", "src/b.js", "src/deep/er/c.js", "src/with space.js",
                           "test/[id].js", "test/x+y.js"]),
            (["./src/*.js"], ["src/b.js", "src/with space.js"]),
            (["src/**"], ["src/b.js", "src/b.jsx", "src/deep/er/c.js", "src/with space.js"]),
            (["test/[id].js"], ["test/[id].js"]),
            (["test/x+y.js", "a.js", "*.js"], ["a.js", "test/x+y.js"]),
            (["src/b.js?"], ["src/b.jsx"]),
            (["nowhere/**/*.js"], []),
        ]
        for shell in SHELLS:
            for patterns, expected in cases:
                with self.subTest(shell=shell, patterns=patterns):
                    self.assertEqual(self.lines(shell, "codebuild-glob-search", *patterns), expected)
            self.assertEqual(self.run_tool(shell, "codebuild-glob-search").returncode, 2)

    def shares(self, shell, count, strategy, search="codebuild-glob-search '**/*.js' '**/*.py'"):
        out = []
        for index in range(count):
            lines = self.lines(shell, "codebuild-tests-run", "--test-command", "printf '%s\\n'", "--files-search",
                               search, f"--sharding-strategy={strategy}", CODEBUILD_SHARD_INDEX=str(index),
                               CODEBUILD_SHARD_COUNT=str(count))
            self.assertIn(f"share {index + 1} of {count}", lines[0])
            out.append(lines[1:])
        return out

    def test_each_file_is_in_one_share(self):
        everything = sorted((name for name in FILES if not name.endswith("x")), key=str.encode)
        for shell in SHELLS:
            for count in (1, 5, 11, 14) if shell == SHELLS[0] else (3,):
                equal = self.shares(shell, count, "equal-distribution")
                self.assertEqual([name for share in equal for name in share], everything)
                self.assertLessEqual(max(map(len, equal)) - min(map(len, equal)), 1)
            stable = self.shares(shell, 2, "stability")
            self.assertEqual(sorted((n for share in stable for n in share), key=str.encode), everything)

    def test_stability_moves_no_other_file(self):
        before = self.shares(["/bin/sh"], 3, "stability")
        (self.folder / "work/aaa_new.py").write_text("")
        after = self.shares(["/bin/sh"], 3, "stability")
        self.assertEqual([[n for n in share if n != "aaa_new.py"] for share in after], before)
        # One share more takes files away from the others and gives them none.
        for old, new in zip(after, self.shares(["/bin/sh"], 4, "stability")):
            self.assertLessEqual(set(new), set(old))

    def test_the_command_gets_its_files(self):
        for shell in SHELLS:
            search = "printf 'b two\\n\\na\\nb two\\n'"
            self.assertEqual(self.lines(shell, "codebuild-tests-run", "--test-command", "printf '<%s>'",
                                        "--files-search", search)[1:], ["<a><b two>"])
            self.assertEqual(self.lines(shell, "codebuild-tests-run", "--files-search", search, "--test-command",
                                        'printf "%s" "$CODEBUILD_CURRENT_SHARD_FILES" | tr "\\n" ,')[1:], ["a,b two"])

    def test_endings(self):
        for shell in SHELLS:
            run = lambda *a, **v: self.run_tool(shell, "codebuild-tests-run", *a, **v)  # noqa: E731
            self.assertEqual(run("--test-command", "exit 7 #", "--files-search", "echo a").returncode, 7)
            done = run("--test-command", "false", "--files-search", "echo a", CODEBUILD_SHARD_INDEX="1",
                       CODEBUILD_SHARD_COUNT="2")
            self.assertEqual((done.returncode, done.stdout),
                             (0, "codebuild-tests-run: no test files for this build (share 2 of 2)\n"))
            for arguments, words in (
                    (["--files-search", "echo a"], "--test-command is missing"),
                    (["--test-command", "true"], "--files-search is missing"),
                    (["--test-command"], "--test-command lacks its value"),
                    (["x"], "'x' is not known"),
                    (["--test-command", "t", "--files-search", "exit 3"], "the files search failed: exit 3"),
                    (["--test-command", "t", "--files-search", "f", "--sharding-strategy", "luck"],
                     "the sharding strategy 'luck' is not known")):
                done = run(*arguments)
                self.assertEqual(done.returncode, 2)
                self.assertIn(words, done.stderr)


if __name__ == "__main__":
    os.environ.clear()
    sys.exit(unittest.main())
