"""The rules about our sources that no compiler knows, as cheap greps. Each check is a function that yields findings
"file:line: what is wrong; what to do instead". tests/source/check_test.py shows that each can fail."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = "tests/source"

# A library's header, and the only places that may know it: everybody else uses what they offer.
LIBRARY_ROOMS = {
    "cjson/": ["common/json.c"],
    "cJSON.h": ["common/json.c"],
    "pcre2.h": ["common/pattern.c"],
    "md5.h": ["server/api/s3/", "runner/actions/"],
    "yaml.h": ["common/doc.c", "common/doc_message.c"],
    "curl/": ["common/http_client.c"],
    "expat.h": ["runner/xml/xml_read.c"],
    "sodium.h": ["common/hash.c", "server/auth/", "tests/sim/"],
    "sqlite3.h": ["server/store/", "tests/sim/", "tests/bench/"],
    "microhttpd.h": ["server/http/"],
    "git2.h": ["runner/"],
    "git2/": ["runner/"],
    "archive.h": ["runner/", "server/git/"],
    "archive_entry.h": ["runner/", "server/git/"],
    "cmocka.h": ["tests/"],
}

BANNED = {
    "strcpy": "arena_strdup or str_append", "strcat": "str_append", "strncpy": "arena_strndup or memcpy",
    "strncat": "str_append", "sprintf": "arena_printf, str_printf or snprintf", "vsprintf": "arena_vprintf",
    "strtok": "strsep or strcspn", "gets": "read", "atoi": "str_to_int64", "atol": "str_to_int64",
    "atoll": "str_to_int64", "system": "spawn_run", "popen": "spawn_run_collect",
    "sleep": "poll on what is awaited", "usleep": "poll on what is awaited", "gmtime": "common/clock.h or gmtime_r",
    "localtime": "common/clock.h", "ctime": "common/clock.h", "asctime": "common/clock.h", "alloca": "an arena",
    "rand": "hash_random", "srand": "hash_random", "tmpnam": "O_TMPFILE or mkstemp", "mktemp": "mkstemp",
}

SQL = re.compile(r"\bSELECT |\bINSERT INTO|\bUPDATE .* SET\b|\bDELETE FROM")
METHODS = "GET|POST|PUT|DELETE|PATCH|HEAD"


def list_files(root):
    """What is or is about to be in the repository; in an unpacked archive, what lies there."""
    if (root / ".git").exists():
        names = subprocess.run(["git", "-C", str(root), "ls-files", "-co", "--exclude-standard", "-z"],
                               check=True, capture_output=True).stdout.decode().split("\0")
        return sorted(name for name in names if name and (root / name).is_file())
    skipped = {"node_modules", "__pycache__", "dist"}
    found = []
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders
                      if name not in skipped and not name.startswith((".", "build"))]
        found += [str(Path(folder, name).relative_to(root)) for name in names]
    return sorted(found)


def read(root, name):
    return (root / name).read_text(encoding="utf-8", errors="replace")


def is_c(name):
    return name.endswith((".c", ".h"))


def without_comments(text, keep_texts):
    """C without comments, and without what stands in quotes unless that is wanted; lines stay where they are."""
    def blank(match):
        token = match.group(0)
        if token.startswith("/") or not keep_texts:
            return re.sub(r"[^\n]", " ", token)
        return token
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text, flags=re.S)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def is_in(name, places):
    return any(name == place or (place.endswith("/") and name.startswith(place)) for place in places)


def tested_room(name):
    """tests/unit/server/store/db_test.c is judged as a file of server/store."""
    return name[len("tests/unit/"):] if name.startswith("tests/unit/") else name


def read_table(root):
    table = {}
    for line in read(root, f"{HERE}/allowed-includes.txt").splitlines():
        line = line.split("#")[0].strip()
        if line:
            folder, _, allowed = line.partition(":")
            table[folder.strip()] = allowed.split()
    return table


def line_for(folder, table):
    while folder and folder not in table:
        folder = os.path.dirname(folder)
    return table.get(folder), folder


def may_include(header, room, allowed):
    folder = os.path.dirname(header)
    for name in allowed:
        if name == header or name == folder:
            return True
        if name.endswith("/...") and (folder + "/").startswith(name[:-3]):
            return True
    return folder == room


def is_shared_by(name, header, room, allowed):
    """What tests share lies beside them, or beside the tests of a room that theirs stands on."""
    if os.path.dirname(header) == os.path.dirname(name):
        return True
    return header.startswith("tests/") and may_include(tested_room(header), room, allowed)


def check_includes(root, files):
    table = read_table(root)
    for name in filter(is_c, files):
        text = without_comments(read(root, name), keep_texts=True)
        folder = os.path.dirname(name)
        allowed, line = line_for(folder, table)
        room = folder if line else os.path.dirname(tested_room(name))
        if not line:
            allowed, line = line_for(room, table)
        for match in re.finditer(r'^\s*#\s*include\s+"([^"]+)"', text, flags=re.M):
            header = match.group(1)
            where = f"{name}:{line_of(text, match.start(1))}"
            if not (root / header).is_file():
                yield f'{where}: there is no "{header}" below the root; write the whole path from there'
            elif name.startswith("tests/") and is_shared_by(name, header, room, allowed or []):
                continue
            elif allowed is None:
                yield f"{where}: folder {room} has no line in {HERE}/allowed-includes.txt; add one"
            elif not may_include(header, room, allowed) and os.path.dirname(header) != line:
                yield (f'{where}: {room} must not include "{header}"; pass the data in, or move the code to a room '
                       f"above (the table is {HERE}/allowed-includes.txt)")


def check_libraries(root, files):
    for name in filter(is_c, files):
        text = without_comments(read(root, name), keep_texts=True)
        for match in re.finditer(r"^\s*#\s*include\s+<([^>]+)>", text, flags=re.M):
            for header, places in LIBRARY_ROOMS.items():
                known = match.group(1) == header or (header.endswith("/") and match.group(1).startswith(header))
                if known and not is_in(tested_room(name), places) and not is_in(name, places):
                    yield (f"{name}:{line_of(text, match.start(1))}: <{match.group(1)}> is only for "
                           f"{', '.join(places)}; use what that room offers")


def check_sql(root, files):
    for name in filter(is_c, files):
        if not name.startswith(("server/", "runner/", "cli/", "common/")) or name.startswith("server/store/"):
            continue
        text = without_comments(read(root, name), keep_texts=True)
        for match in re.finditer(r'"(?:\\.|[^"\\\n])*"', text):
            if SQL.search(match.group(0)):
                yield (f"{name}:{line_of(text, match.start())}: SQL outside of server/store; "
                       "write a function there that says what is wanted")


def check_banned(root, files):
    pattern = re.compile(r"(?<![\w.>])(" + "|".join(BANNED) + r")\s*\(")
    for name in filter(is_c, files):
        text = without_comments(read(root, name), keep_texts=False)
        for match in pattern.finditer(text):
            yield (f"{name}:{line_of(text, match.start())}: {match.group(1)}() is banned; "
                   f"use {BANNED[match.group(1)]}")


def check_migrations(root, files):
    """Databases out there have run them: what is listed must never change."""
    listed = root / HERE / "migrations.sha256"
    if not listed.exists():
        return
    for line in listed.read_text().splitlines():
        digest, name = line.split()
        if not (root / name).exists():
            yield f"{name}: a merged migration is gone; bring it back"
        elif hashlib.sha256((root / name).read_bytes()).hexdigest() != digest:
            yield f"{name}: a merged migration has changed; undo that and write a new one"


def check_format(root, files):
    if not shutil.which("clang-format"):
        print("source: clang-format is not installed, so the format was not checked")
        return
    names = [name for name in files if is_c(name)]
    for start in range(0, len(names), 50):
        result = subprocess.run(["clang-format", "--dry-run", "-Werror"] + names[start:start + 50], cwd=root,
                                capture_output=True, text=True, check=False)
        for name in sorted(set(re.findall(r"^(\S+?):\d+:\d+: error: code should be clang-formatted", result.stderr,
                                          flags=re.M))):
            yield f"{name}: not formatted; run {HERE}/format.sh {name}"


def check_machine_paths(root, files):
    # In pieces, so that this file does not hold what it looks for.
    homes = "|".join(["work", "root", "home" + r"/\w+", "Users" + r"/\w+"])
    pattern = re.compile(r"(?<![\w}/.*%$~-])/(?:" + homes + r")/|[A-Z]:\\\\?Users")
    for name in files:
        if name == f"{HERE}/check_test.py" or b"\0" in (root / name).read_bytes()[:8000]:
            continue
        text = read(root, name)
        for match in pattern.finditer(text):
            yield (f"{name}:{line_of(text, match.start())}: '{match.group(0)}' is a path of somebody's machine; "
                   "write it relative to the project or take it from the environment")
        if re.search(r"lock\.(json|yaml)$|\.lock$|\.npmrc$", name):
            for match in re.finditer(r'"resolved": *"https?://|^ *(?:\S+:)?registry *=', text, flags=re.M):
                yield (f"{name}:{line_of(text, match.start())}: the address of a registry, which may be one of this "
                       "machine's; make the file with npm's omit-lockfile-registry-resolved=true")


def normalise(path):
    """Placeholders of the page (LOGID, NAME) become the `*` of the table, its `…` the final `**`."""
    path = path.split("?")[0].replace("…", "**")
    return "/".join("*" if re.fullmatch(r"[A-Z][A-Z0-9]+", part) else part for part in path.split("/"))


def is_covered(path, patterns):
    return any(path == pattern or (pattern.endswith("/**") and path.startswith(pattern[:-2])) for pattern in patterns)


def check_doors(root, files):
    if "server/routes.c" not in files:
        return
    page = read(root, "docs/doors.md")
    text = without_comments(read(root, "server/routes.c"), keep_texts=True)
    documented = {(method, normalise(path)) for method, path in re.findall(rf"`({METHODS}) (/[^`\s]*)`", page)}
    any_method = {normalise(path) for path in re.findall(r"`(/[^`\s]*)`", page)}
    routes = {}
    for match in re.finditer(rf'"?\b({METHODS})\b"?\s*,\s*(?:\.path\s*=\s*)?"(/[^"]*)"', text):
        routes.setdefault((match.group(1), match.group(2)), line_of(text, match.start()))
    for method, path in sorted(documented - set(routes)):
        if not (path == "/" and (method, "/**") in routes):
            yield f"docs/doors.md: {method} {path} is not in server/routes.c; add the route or correct the page"
    for (method, path), line in sorted(routes.items()):
        if (method, path) not in documented and not is_covered(path, any_method) and path != "/**":
            yield f"server/routes.c:{line}: {method} {path} is not in docs/doors.md; describe it there"


CHECKS = [check_includes, check_libraries, check_sql, check_banned, check_migrations, check_machine_paths, check_doors,
          check_format]


def findings(root):
    files = list_files(root)
    return [finding for check in CHECKS for finding in check(root, files)]


def main():
    found = findings(Path(sys.argv[1]).resolve())
    for finding in found:
        print(finding)
    print(f"source: {len(found)} findings" if found else "source: all rules are kept")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
