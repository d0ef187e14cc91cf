"""Makes a C file of the scripts that each build finds on its PATH: embed.py OUT NAME.sh..."""
import pathlib
import sys


def text(script):
    lines = script.replace("\\", "\\\\").replace('"', '\\"').splitlines()
    return "\n".join(f'        "{line}\\n"' for line in lines)


def main(out, *names):
    rows = [f'    {{.name = "{path.stem}", .script =\n{text(path.read_text())}}},'
            for path in map(pathlib.Path, sorted(names))]
    pathlib.Path(out).write_text(
        '/* Made by runner/buildspec/tools/embed.py. */\n#include "runner/buildspec/tools.h"\n\n'
        "const struct build_tool build_tools[] = {\n" + "\n".join(rows) + "\n};\n"
        f"const size_t build_tool_count = {len(rows)};\n")


main(*sys.argv[1:])
