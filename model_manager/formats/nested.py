"""Archives and programs within an archive: what a member is that would need a reader of its own."""

from __future__ import annotations

from typing import BinaryIO

from model_manager.base.facts import Health
from model_manager.base.messages import said
from model_manager.formats import npy_header
from model_manager.formats.problem import FormatProblem
from model_manager.formats.tar_members import is_tar
from model_manager.formats.zip_members import LOCAL

_PACKED = (b"\x1f\x8b\x08", b"BZh", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd", b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07")
_PROGRAMS = (".py", ".pyc", ".pyo", ".pyw", ".pyd", ".so", ".dll", ".dylib", ".exe", ".com", ".bat", ".cmd", ".ps1", ".vbs",
             ".sh", ".bash", ".js", ".jar", ".class", ".app", ".ipynb", ".lua", ".rb", ".pl", ".php")  # fmt: skip
_MACHINE = (b"\x7fELF", b"MZ\x90\0", b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"#!")
_END, _END_SIZE = b"PK\x05\x06", 22
_COMMENT = 65_535


def health_of(name: str, head: bytes, file: BinaryIO, start: int, size: int) -> Health | None:
    """What is not looked into, by a member's first 512 bytes and its end; `size` 0 for one that lies packed.

    A zip is one by its end: Python and PyTorch read it whatever stands before it.
    """
    if head[:4] == LOCAL or head.startswith(_PACKED) or is_tar(head[:512]) or _ends_as_zip(file, start, size):
        return Health("unknown", said("member {0} is an archive: not looked into", repr(name[:80])))
    if head[:6] == npy_header.MAGIC and _holds_objects(head, file, start, size):
        return Health("unknown", said("member {0} is an array of pickled objects: not looked into", repr(name[:80])))
    return program_of(name, head)


def program_of(name: str, head: bytes) -> Health | None:
    """A program by its name or its first bytes: who unpacks a model's archive may have it imported or run."""
    if name.lower().endswith(_PROGRAMS) or head.startswith(_MACHINE):
        return Health("unknown", said("member {0} is a program: not looked into", repr(name[:80])))
    return None


def _ends_as_zip(file: BinaryIO, start: int, size: int) -> bool:
    if size < _END_SIZE:
        return False
    look = min(size, _END_SIZE + _COMMENT)
    file.seek(start + size - look)
    tail = file.read(look)
    at = tail.rfind(_END)
    return (
        0 <= at <= len(tail) - _END_SIZE and at + _END_SIZE + int.from_bytes(tail[at + 20 : at + 22], "little") <= look
    )


def _holds_objects(head: bytes, file: BinaryIO, start: int, size: int) -> bool:
    if size:
        file.seek(start)
        head = file.read(min(size, npy_header.LONGEST))
    try:
        return npy_header.parse(head).pickled
    except FormatProblem:
        return True
