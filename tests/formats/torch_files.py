"""Builds PyTorch files byte by byte, as torch.save does, without torch."""

from __future__ import annotations

import io
import struct
import tarfile
import zipfile
from collections.abc import Mapping

MAGIC = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
KINDS = {"FloatStorage": 4, "HalfStorage": 2, "BFloat16Storage": 2, "LongStorage": 8, "ByteStorage": 1}


def text(value: str) -> bytes:
    raw = value.encode()
    return b"X" + struct.pack("<I", len(raw)) + raw


def number(value: int) -> bytes:
    return b"J" + struct.pack("<i", value)


def numbers(values: tuple[int, ...]) -> bytes:
    return b"(" + b"".join(number(value) for value in values) + b"t"


def tensor(key: str, shape: tuple[int, ...], kind: str = "FloatStorage", legacy: bool = False) -> bytes:
    """The opcodes of one tensor that fills its storage."""
    count = 1
    for side in shape:
        count *= side
    stride, step = [], 1
    for side in reversed(shape):
        stride.insert(0, step)
        step *= side
    storage = b"(" + text("storage") + b"ctorch\n" + kind.encode() + b"\n" + text(key) + text("cpu") + number(count)
    storage += (b"N" if legacy else b"") + b"tQ"
    rest = number(0) + numbers(shape) + numbers(tuple(stride)) + b"\x89ccollections\nOrderedDict\n)R"
    return b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + rest + b"tR"


def mapping(entries: Mapping[str, bytes]) -> bytes:
    return b"}(" + b"".join(text(key) + value for key, value in entries.items()) + b"u"


def pickled(body: bytes, protocol: int = 2) -> bytes:
    return b"\x80" + bytes([protocol]) + body + b"."


def torch_zip(table: bytes, storages: Mapping[str, bytes], extra: Mapping[str, bytes] | None = None) -> bytes:
    """A torch zip whose data.pkl is `table`."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("archive/data.pkl", table)
        for key, content in storages.items():
            archive.writestr(f"archive/data/{key}", content)
        archive.writestr("archive/version", b"3\n")
        for name, content in (extra or {}).items():
            archive.writestr(name, content)
    return out.getvalue()


def torch_legacy(body: bytes, storages: Mapping[str, tuple[int, bytes]]) -> bytes:
    """The five pickles and the storages, each (count, bytes)."""
    keys = b"](" + b"".join(text(key) for key in storages) + b"e"
    info = mapping({"little_endian": b"\x88", "protocol_version": number(1001)})
    out = MAGIC + pickled(number(1001)) + pickled(info) + pickled(body) + pickled(keys)
    return out + b"".join(struct.pack("<q", count) + content for count, content in storages.values())


def tar(entries: Mapping[str, bytes], mode: str = "w") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:  # type: ignore[call-overload]
        for name, content in entries.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return out.getvalue()


def good_zip() -> bytes:
    """Two tensors under state_dict, beside an epoch."""
    inner = mapping({"a.weight": tensor("0", (2, 3)), "b.weight": tensor("1", (4,), "HalfStorage")})
    table = pickled(mapping({"state_dict": inner, "epoch": number(7)}))
    return torch_zip(table, {"0": b"\1" * 24, "1": b"\1" * 8})


def good_legacy() -> bytes:
    return torch_legacy(mapping({"w": tensor("94", (2, 3), legacy=True)}), {"94": (6, b"\1" * 24)})
