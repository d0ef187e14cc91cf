"""Writes the dashboard's files as a C table: embed.py OUTPUT.c WEB_DIST. Where the dashboard was not built, its page
says how. The output is touched only where it changes, so that a build with nothing new stays short."""

import sys
from pathlib import Path

TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
         ".svg": "image/svg+xml", ".png": "image/png", ".ico": "image/x-icon", ".woff2": "font/woff2",
         ".webmanifest": "application/manifest+json", ".txt": "text/plain; charset=utf-8"}
MISSING = b"<!doctype html><title>Penstock</title><p>This server was built without its dashboard. In the folder web run " \
          b"<code>npm ci &amp;&amp; npm run build</code>, then build the server again.</p>\n"


def list_files(folder):
    page = folder / "index.html"
    if not page.is_file():
        return [("/index.html", MISSING)]
    rest = sorted(path for path in folder.rglob("*") if path.is_file() and path != page)
    return [("/" + path.relative_to(folder).as_posix(), path.read_bytes()) for path in [page] + rest]


def make_source(files):
    lines = ["/* Made by server/http/embed.py. */", '#include "server/http/files.h"', ""]
    for number, (_, data) in enumerate(files):
        lines.append(f"static const unsigned char file_{number}[] = {{")
        lines += ["    " + ", ".join(str(byte) for byte in data[at:at + 32]) + "," for at in range(0, len(data), 32)]
        lines.append("};")
    lines.append("const struct http_file dashboard_files[] = {")
    for number, (name, data) in enumerate(files):
        kind = TYPES.get(Path(name).suffix, "application/octet-stream")
        lines.append(f'    {{"{name}", "{kind}", file_{number}, {len(data)}}},')
    lines += ["};", f"const size_t dashboard_file_count = {len(files)};", ""]
    return "\n".join(lines)


def main():
    output, folder = Path(sys.argv[1]), Path(sys.argv[2])
    source = make_source(list_files(folder))
    if not output.exists() or output.read_text() != source:
        output.write_text(source)


main()
