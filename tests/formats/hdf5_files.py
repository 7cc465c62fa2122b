"""Builds HDF5 files byte by byte, as h5py writes Keras' configuration, without h5py."""

from __future__ import annotations

import json
import struct

NOWHERE = (1 << 64) - 1


def superblock(version: int, end: int, root: int = 120) -> bytes:
    sizes = bytes([version, 0, 0, 0, 0, 8, 8, 0]) if version < 2 else bytes([version, 8, 8, 0])
    middle = struct.pack("<HHI", 4, 16, 0) + (bytes(4) if version == 1 else b"") if version < 2 else b""
    last = struct.pack("<3Q", NOWHERE, 0, root) if version < 2 else struct.pack("<Q", root)
    return b"\x89HDF\r\n\x1a\n" + sizes + middle + struct.pack("<3Q", 0, NOWHERE, end) + last


def attribute(name: str, value: bytes, form: int) -> bytes:
    """One attribute message with a text of fixed length, as h5py writes bytes."""
    kind = struct.pack("<B3xI", 0x13, len(value))
    raw = name.encode() + b"\0"
    if form == 1:
        space = bytes([1, 0, 0, 0, 0, 0, 0, 0])
        parts = (part.ljust(-(-len(part) // 8) * 8, b"\0") for part in (raw, kind, space))
        return struct.pack("<BBHHH", 1, 0, len(raw), 8, 8) + b"".join(parts) + value
    return struct.pack("<BBHHHB", 3, 0, len(raw), 8, 4, 0) + raw + kind + bytes([2, 0, 0, 0]) + value


def header(attributes: dict[str, bytes], form: int, address: int = 120, more: bytes = b"") -> bytes:
    """A root group's header; the attributes in a block behind it, as they are when they came later."""
    width = 8 if form == 1 else 4
    messages = more
    for name, value in attributes.items():
        body = attribute(name, value, form)
        head = struct.pack("<HHB3x", 0x0C, len(body), 0) if form == 1 else struct.pack("<BHB", 0x0C, len(body), 0)
        messages += head + body
    if form == 1:
        messages = messages.ljust(-(-len(messages) // 8) * 8, b"\0")
        first = struct.pack("<HHB3x2Q", 0x10, 16, 0, address + 16 + 24, len(messages))
        return struct.pack("<BxHII4x", 1, len(attributes) + 1, 1, len(first)) + first + messages
    messages = b"OCHK" + messages + bytes(4)
    first = struct.pack("<BHB2Q", 0x10, 16, 0, address + 7 + 20 + 4, len(messages))
    assert width == 4
    return b"OHDR" + bytes([2, 0, len(first)]) + first + bytes(4) + messages


def hdf5(attributes: dict[str, bytes], version: int = 0, more: bytes = b"") -> bytes:
    body = header(attributes, 1 if version < 2 else 2, more=more)
    return (superblock(version, 120 + len(body)).ljust(120, b"\0")) + body


def layer(name: str, **config: object) -> dict[str, object]:
    return {"class_name": name, "config": {"name": "it", **config}}


def sequential(*layers: object) -> bytes:
    return json.dumps({"class_name": "Sequential", "config": {"name": "s", "layers": layers}}).encode()
