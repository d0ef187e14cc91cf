"""The image that holds a task's network: one program that sleeps for ever, made here, byte by byte.

As on real ECS, a task's containers join the network namespace of a pause container, so that they reach each other on
localhost and the address outlives each of them.  A registry need not be reachable, so the image is not pulled: it is a
static ELF file of some 130 bytes whose only work is the system call pause (ppoll on arm64).
"""

import io
import struct
import tarfile

from sandbox.errors import StartError

_LOAD_ADDRESS = 0x400000
_HEAD_BYTES = 64 + 56
_ARM64_WORDS = (0xD2800928, 0xD2800000, 0xD2800001, 0xD2800002, 0xD2800003, 0xD2800004, 0xD4000001, 0x17FFFFF9)
# architecture -> (ELF machine number, program)
_PROGRAMS = {
    # mov eax, 34 (pause); syscall; jmp to the start
    "amd64": (62, bytes.fromhex("b822000000" "0f05" "ebf7")),
    # x8 = 73 (ppoll), x0 to x4 = 0; svc 0; branch to the start
    "arm64": (183, struct.pack("<8I", *_ARM64_WORDS)),
}


def program(architecture):
    """The ELF file's bytes."""
    if architecture not in _PROGRAMS:
        raise StartError(f"the Docker engine runs on '{architecture}', the sandbox knows {' and '.join(_PROGRAMS)}")
    machine, code = _PROGRAMS[architecture]
    size = _HEAD_BYTES + len(code)
    ident = b"\x7fELF" + bytes([2, 1, 1]) + bytes(9)
    head = struct.pack("<16sHHIQQQIHHHHHH", ident, 2, machine, 1, _LOAD_ADDRESS + _HEAD_BYTES, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, _LOAD_ADDRESS, _LOAD_ADDRESS, size, size, 0x1000)
    return head + segment + code


def archive(architecture):
    """A tar archive that holds /pause and nothing else."""
    data = program(architecture)
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        entry = tarfile.TarInfo("pause")
        entry.size = len(data)
        entry.mode = 0o755
        tar.addfile(entry, io.BytesIO(data))
    return out.getvalue()
