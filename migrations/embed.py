"""Makes a C file of the migrations: embed.py OUT 0001_init.sql 0002_....sql"""
import pathlib
import re
import sys


def text(sql):
    lines = sql.replace("\\", "\\\\").replace('"', '\\"').splitlines()
    return "\n".join(f'        "{line}\\n"' for line in lines)


def main(out, *names):
    rows = []
    for number, path in enumerate(map(pathlib.Path, sorted(names)), 1):
        match = re.fullmatch(r"(\d{4})_[a-z0-9_]+\.sql", path.name)
        if not match or int(match[1]) != number:
            sys.exit(f"{path}: migrations are numbered without gaps: {number:04} comes next")
        rows.append(f'    {{.version = {number}, .name = "{path.stem}", .sql =\n{text(path.read_text())}}},')
    pathlib.Path(out).write_text(
        '/* Made by migrations/embed.py. */\n#include "server/store/migrate.h"\n\n'
        "const struct migration migrations[] = {\n" + "\n".join(rows) + "\n};\n"
        f"const size_t migration_count = {len(rows)};\n")


main(*sys.argv[1:])
