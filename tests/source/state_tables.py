"""Keeps the tables of states in docs/engine.md as the code has them: state_tables.py PROGRAM DOCUMENT [--write]

Without --write it fails where they differ, and says how to mend that.
"""
import pathlib
import subprocess
import sys

BEGIN = "<!-- state tables: made by tests/source/state_tables.py -->\n"
END = "<!-- end of the state tables -->\n"


def main(program, document, *flags):
    made = subprocess.run([program], capture_output=True, text=True, check=True).stdout
    path = pathlib.Path(document)
    text = path.read_text()
    before, found, rest = text.partition(BEGIN)
    _, found_end, after = rest.partition(END)
    if not found or not found_end:
        sys.exit(f"{document}: the marks around the state tables are gone; bring back\n{BEGIN}{END}")
    wanted = before + BEGIN + made + "\n" + END + after
    if wanted == text:
        return
    if "--write" not in flags:
        sys.exit(f"{document}: the tables of states are not those of the code; "
                 f"run: python3 tests/source/state_tables.py {program} {document} --write")
    path.write_text(wanted)


main(*sys.argv[1:])
