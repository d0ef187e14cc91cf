"""What several tests of the runner do: ask the engine, make a source zip."""

import io
import subprocess
import zipfile


def docker(*arguments, **options):
    return subprocess.run(["docker", *arguments], check=True, capture_output=True, **options).stdout


def zip_of(files):
    """A zip of {name: text or (text, mode)}."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            text, mode = content if isinstance(content, tuple) else (content, 0o644)
            entry = zipfile.ZipInfo(name)
            entry.external_attr = (0o100000 | mode) << 16
            archive.writestr(entry, text)
    return out.getvalue()


def unzipped(data):
    """{name: text} of a zip."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}
