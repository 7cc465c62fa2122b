"""Files made to hurt a reader, each read in a process of its own: `python tests/reliability/hostile.py` prints the table.

Time and memory are those of the reading alone: the interpreter, the program and the file's making are there before.
"""

from __future__ import annotations

import io
import json
import multiprocessing
import os
import pickle
import struct
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]

from factory import gguf_bytes
from formats.torch_files import good_zip, mapping, pickled, tar, text, torch_zip
from headers import payload, varint
from reliability.samples import npy, zipped

from model_manager.base.reading import open_quietly
from model_manager.formats.sniff import facts_of

MS, MB = 200, 64
READ = 45  # MB of one file: the budget of `formats/metered.py` and some for the interpreter
HANGS = 30.0  # seconds: no figure, only where a test gives up
_HEADER = 16 * 1024 * 1024 - 64


@dataclass(frozen=True)
class Reading:
    """What one file cost, and what was said of it. `mb` are of memory, `read` of the file."""

    ms: float
    mb: float
    read: float
    verdict: str
    detail: str
    crashed: str = ""


@dataclass(frozen=True)
class Sparse:
    """A file of `count` equal pieces, `apart` bytes from each other, with holes between: headers spread over weights."""

    head: bytes
    piece: bytes
    apart: int
    count: int
    end: bytes = b""

    def write(self, path: str) -> None:
        with open(path, "wb") as file:
            file.write(self.head)
            for number in range(self.count):
                file.seek(len(self.head) + number * self.apart)
                file.write(self.piece)
            file.truncate(len(self.head) + self.count * self.apart)
            file.seek(0, os.SEEK_END)
            file.write(self.end)


Made = bytes | Sparse


def _spread(head: bytes, key: int, apart: int, count: int) -> Sparse:
    """Protobuf fields whose payloads are holes."""
    length = apart - len(payload(key, b"")) + 1
    while len(varint(key << 3 | 2) + varint(length)) + length > apart:
        length -= 1
    return Sparse(head, varint(key << 3 | 2) + varint(length), apart, count)


def _spread_graph(apart: int, count: int) -> Sparse:
    """An ONNX graph whose tensors' bytes are holes."""
    weights = apart - 16
    tensor = b"\x08\x01\x10\x01\x4a" + varint(weights)  # dims, data_type, raw_data
    piece = b"\x2a" + varint(len(tensor) + weights) + tensor
    return Sparse(b"\x08\x08\x3a" + varint(apart * count), piece, len(piece) + weights, count)


def _safetensors(header: bytes, data: int = 0) -> bytes:
    return struct.pack("<Q", len(header)) + header + bytes(data)


def _table(count: int, name: str = "t{}", spaced: bool = True, escaped: bool = False) -> bytes:
    colon, comma = (": ", ", ") if spaced else (":", ",")
    mark = "\\u0061" if escaped else ""
    entries = (
        f'"{mark}{name.format(n)}"{colon}{{"dtype"{colon}"U8"{comma}"shape"{colon}[1]{comma}"data_offsets"{colon}[{n}{comma}{n + 1}]}}'
        for n in range(count)
    )
    return ("{" + comma.join(entries) + "}").encode()


def _gguf(tensors: int, keys: int, rest: bytes = b"") -> bytes:
    return b"GGUF" + struct.pack("<IQQ", 3, tensors, keys) + rest


def _string(value: bytes, length: int | None = None) -> bytes:
    return struct.pack("<Q", len(value) if length is None else length) + value


def _nested_arrays(depth: int) -> bytes:
    return _string(b"a") + struct.pack("<I", 9) + struct.pack("<IQ", 9, 1) * depth + struct.pack("<IQ", 4, 0)


def _many_tensors(count: int) -> bytes:
    each = b"".join(_string(b"t%d" % n) + struct.pack("<IQIQ", 1, 1, 0, n * 4) for n in range(count))
    return _gguf(count, 0, each)


def _wide_end(count: int) -> bytes:
    """A zip whose 64-bit end claims as many members."""
    data = bytearray(zipped({"a": b"x"}, zipfile.ZIP_STORED))
    end = data.rfind(b"PK\5\6")
    size, start = struct.unpack_from("<II", data, end + 12)
    wide = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, count, count, size, start)
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, end, 1)
    struct.pack_into("<HHII", data, end + 8, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF)
    return bytes(data[:end]) + wide + locator + bytes(data[end:])


def _members(count: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for n in range(count):
            archive.writestr(f"archive/data/{n}", b"")
        archive.writestr("archive/data.pkl", pickled(b"}"))
    return out.getvalue()


class _Runs:
    def __reduce__(self) -> tuple[object, ...]:
        return os.system, ("true",)


def _laughing() -> bytes:
    """Lists of lists that share: 10 to the 30th when followed."""
    body = b"]" + b"q\0"
    for level in range(1, 31):
        body += b"](" + b"h" + bytes([level - 1]) + (b"h" + bytes([level - 1])) * 9 + b"eq" + bytes([level])
    return b"\x80\2" + body + b"."


def kinds() -> Iterator[tuple[str, str, Callable[[], Made]]]:
    """(What it is, the name it has, how it is made)."""
    st, gg, pt = "a.safetensors", "a.gguf", "a.pt"
    yield "safetensors: a length of 2⁶²", st, lambda: struct.pack("<Q", 1 << 62) + b'{"a":1}'
    yield "safetensors: 100 MB of header promised", st, lambda: struct.pack("<Q", 10**8) + b"{" + bytes(10**6)
    yield "safetensors: header over 16 MiB", st, lambda: _safetensors(b'{"' + b"a" * (17 << 20) + b'":1}')
    yield "safetensors: lists 100,000 deep", st, lambda: _safetensors(b'{"a":' + b"[" * 100_000)
    yield "safetensors: objects 1,000,000 deep", st, lambda: _safetensors(b'{"a":' * 10**6)
    yield "safetensors: 16 MiB of [", st, lambda: _safetensors(b"{" + b"[" * _HEADER)
    yield "safetensors: 5 million empty lists", st, lambda: _safetensors(b'{"a":[' + b"[]," * 5_000_000 + b"[]]}")
    yield "safetensors: 8 million numbers", st, lambda: _safetensors(b'{"a":[' + b"1," * 8_000_000 + b"1]}")
    yield (
        "safetensors: 500,000 numbers of 20 digits",
        st,
        lambda: _safetensors(b'{"a":[' + (b"9" * 20 + b",") * 500_000 + b"1]}"),
    )
    yield (
        "safetensors: 1 million keys",
        st,
        lambda: _safetensors(b'{"__metadata__":{' + b",".join(b'"%x":""' % n for n in range(10**6)) + b"}}"),
    )
    yield (
        "safetensors: 190,000 keys in the metadata",
        st,
        lambda: _safetensors(
            b'{"__metadata__":{' + b",".join(b'"%x":"' % n + b"x" * 60 + b'"' for n in range(190_000)) + b"}}"
        ),
    )
    yield (
        "safetensors: 15 MiB of metadata",
        st,
        lambda: _safetensors(json.dumps({"__metadata__": {"a": "x" * (15 << 20)}}).encode()),
    )
    yield (
        "safetensors: 15 MiB of metadata with one emoji",
        st,
        lambda: _safetensors(json.dumps({"__metadata__": {"a": "😀" + "x" * (15 << 20)}}, ensure_ascii=False).encode()),
    )
    yield "safetensors: a name of 15 MiB", st, lambda: _safetensors(_table(1, "x" * (15 << 20)), 1)
    yield "safetensors: 600,000 tensors", st, lambda: _safetensors(_table(600_000)[:_HEADER], 0)
    yield "safetensors: 200,000 tensors", st, lambda: _safetensors(_table(200_000), 200_000)
    yield "safetensors: 100,000 tensors", st, lambda: _safetensors(_table(100_000), 100_000)
    yield (
        "safetensors: 100,000 tensors, names escaped",
        st,
        lambda: _safetensors(_table(100_000, escaped=True), 100_000),
    )
    yield (
        "safetensors: 100,000 tensors, long names",
        st,
        lambda: _safetensors(_table(100_000, "model.layers.{}." + "x" * 60)[:_HEADER]),
    )
    yield (
        "safetensors: overlapping tensors",
        st,
        lambda: _safetensors(
            b'{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}',
            3,
        ),
    )
    yield (
        "safetensors: 90,000 overlapping tensors",
        st,
        lambda: _safetensors(
            b"{" + b",".join(b'"%d":{"dtype":"U8","shape":[9],"data_offsets":[0,9]}' % n for n in range(90_000)) + b"}",
            9,
        ),
    )
    yield "safetensors: a name twice", st, lambda: _safetensors(_table(2, "a"), 2)
    yield "safetensors: one name 90,000 times", st, lambda: _safetensors(_table(90_000, "a"), 90_000)
    yield (
        "safetensors: an integer of 5,000 digits",
        st,
        lambda: _safetensors(b'{"a":{"dtype":"F32","shape":[' + b"9" * 5000 + b'],"data_offsets":[0,4]}}', 4),
    )
    yield (
        "safetensors: 3,000 integers of 4,300 digits",
        st,
        lambda: _safetensors(
            b'{"a":{"dtype":"X","shape":[' + b",".join([b"9" * 4300] * 3000) + b'],"data_offsets":[0,4]}}', 4
        ),
    )
    yield "safetensors: NaN", st, lambda: _safetensors(b'{"a":{"dtype":"F32","shape":[NaN],"data_offsets":[0,4]}}', 4)
    yield (
        "safetensors: 1e999",
        st,
        lambda: _safetensors(b'{"a":{"dtype":"F32","shape":[1e999],"data_offsets":[0,4]}}', 4),
    )
    yield "GGUF: 2⁶⁴-1 tensors", gg, lambda: _gguf((1 << 64) - 1, 0, bytes(4096))
    yield "GGUF: 2⁶³ keys", gg, lambda: _gguf(1, 1 << 63, bytes(4096))
    yield (
        "GGUF: a text of 2⁶³ bytes",
        gg,
        lambda: _gguf(1, 1, _string(b"k") + struct.pack("<I", 8) + _string(b"x", 1 << 63)),
    )
    yield (
        "GGUF: an array of 2⁶⁰",
        gg,
        lambda: _gguf(1, 1, _string(b"k") + struct.pack("<IIQ", 9, 4, 1 << 60) + bytes(999)),
    )
    yield "GGUF: arrays 1,000 deep", gg, lambda: _gguf(0, 1, _nested_arrays(1000))
    yield "GGUF: 4 million texts", gg, lambda: gguf_bytes({"tokenizer.ggml.tokens": [""] * 4_000_000})
    yield "GGUF: 600,000 tensors", gg, lambda: _many_tensors(600_000)
    yield "GGUF: 100,000 tensors", gg, lambda: _many_tensors(100_000)
    yield (
        "GGUF: one name 100,000 times",
        gg,
        lambda: _gguf(100_000, 0, (_string(b"a") + struct.pack("<IQIQ", 1, 1, 0, 0)) * 100_000),
    )
    yield (
        "GGUF: 1 million keys",
        gg,
        lambda: _gguf(0, 10**6, b"".join(_string(b"%d" % n) + struct.pack("<IB", 0, 1) for n in range(10**6))),
    )
    yield "zip bomb in data.pkl: 1 GiB from 1 MiB", pt, lambda: zipped({"archive/data.pkl": b"\x80\2" + bytes(1 << 30)})
    yield "zip bomb in an array", "a.npz", lambda: zipped({"a.npy": npy("(268435456,)")[:80] + bytes(1 << 30)})
    yield "zip: 64-bit end that lies: 2⁶³ members", pt, lambda: _wide_end(1 << 63)
    yield "zip: 64-bit end that lies: 0 members", pt, lambda: _wide_end(0)
    yield "zip: 99,000 members", pt, lambda: _members(99_000)
    yield "pickle: runs os.system", "a.bin", lambda: pickle.dumps(_Runs(), 2)
    yield "pickle: runs os.system in a torch zip", pt, lambda: torch_zip(pickle.dumps(_Runs(), 2), {})
    yield "pickle: lists of lists that share (10³⁰)", "a.bin", _laughing
    yield "pickle: 5 million opcodes", "a.bin", lambda: b"\x80\2" + b"N0" * 2_400_000 + b"N."
    yield "pickle: 16 MiB of marks", "a.bin", lambda: b"\x80\2" + b"(" * (16 << 20)
    yield "pickle: 4 million entries of a dict", "a.bin", lambda: b"\x80\2}(" + b"K\1K\1" * 1_200_000 + b"u."
    yield "pickle: a text of 2⁶³ bytes", "a.bin", lambda: b"\x80\4\x8d" + struct.pack("<Q", 1 << 63) + b"x."
    yield "pickle: 2,000,000 deep", "a.bin", lambda: b"\x80\2" + b"]" * 2_000_000 + b"a" * 1_999_999 + b"."
    yield (
        "pickle: integer of 1 MB",
        "a.bin",
        lambda: b"\x80\2\x8b" + struct.pack("<I", 1 << 20) + b"\1" * (1 << 20) + b".",
    )
    yield "pickle: decimal of 1 MB", "a.bin", lambda: b"\x80\2I" + b"9" * (1 << 20) + b"\n."
    yield (
        "pickle: 100,000 keys",
        pt,
        lambda: torch_zip(pickled(mapping({f"k{n}": text("v") for n in range(100_000)})), {}),
    )
    yield (
        "tar: a member of 2⁶² bytes",
        "a.nemo",
        lambda: tar({"model_config.yaml": b"x"})[:124] + b"\x80" + struct.pack(">QI", 0, 1 << 31)[:11] + bytes(9000),
    )
    yield (
        "tar: bomb of gzip",
        "a.nemo",
        lambda: tar({"model_config.yaml": b"target: a\n", "b": bytes(300 << 20)}, "w:gz"),
    )
    yield (
        "nemo: weights that run code",
        "a.nemo",
        lambda: tar({"model_config.yaml": b"target: x\n", "model_weights.ckpt": good_zip()}),
    )
    yield "numpy: a shape of 2⁹⁹", "a.npy", lambda: npy(f"({1 << 99},)")
    yield "numpy: a shape 60,000 deep", "a.npy", lambda: npy("(" * 60_000)
    yield "ONNX: groups 100,000 deep", "a.onnx", lambda: payload(7, b"\x0a\x7f" * 100_000)
    yield "ONNX: 2 million empty tensors", "a.onnx", lambda: b"\x08\x08" + payload(7, b"\x2a\x00" * 2_000_000)
    yield "ONNX: 2 million empty nodes", "a.onnx", lambda: b"\x08\x08" + payload(7, b"\x0a\x00" * 2_000_000)
    yield "ONNX: a length of 2⁶³", "a.onnx", lambda: b"\x08\x08\x3a" + varint((1 << 63) - 1) + bytes(999)
    yield (
        "OpenVINO: entities that grow",
        "a.xml",
        lambda: (
            b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "aaaaaaaaaa">'
            + b"".join(b'<!ENTITY a%d "%s">' % (n, (b"&a%d;" % (n - 1) if n else b"&a;") * 10) for n in range(30))
            + b"]><net>&a29;</net>"
        ),
    )
    yield (
        "OpenVINO: 400,000 layers",
        "a.xml",
        lambda: b'<?xml version="1.0"?><net name="a" version="11"><layers>' + b"<layer/>" * 1_500_000,
    )
    yield (
        "OpenVINO: tags 500,000 deep",
        "a.xml",
        lambda: b'<?xml version="1.0"?><net name="a" version="11">' + b"<a>" * 500_000,
    )
    yield (
        "ggml: a vocabulary of 2³¹-1",
        "ggml.bin",
        lambda: b"lmgg" + struct.pack("<11i", *([2**31 - 1] * 11)) + bytes(9000),
    )
    yield (
        "CTranslate2: 2³² variables",
        "model.bin",
        lambda: struct.pack("<IH", 6, 8) + b"Whisper\0" + struct.pack("<2I", 3, 2**32 - 1) + bytes(9000),
    )
    yield "TFLite: offsets that lead round", "a.tflite", lambda: b"\4\0\0\0TFL3" + b"\xfc\xff\xff\xff" * 4000
    yield "Core ML: 2 million fields", "a.mlmodel", lambda: b"\x08\x04" + b"\x0a\x00" * 2_000_000
    yield (
        "ncnn: 2³¹ layers",
        "a.param",
        lambda: b"7767517\n2147483647 2147483647\n" + b"Input data 0 1 data\n" * 400_000,
    )
    yield "flax: maps 1,000,000 deep", "a.msgpack", lambda: b"\x81\xa1a" * 10**6
    yield (
        "Core ML: 13,000 fields spread over 215 MB",
        "a.mlmodel",
        lambda: _spread(b"\x08\x04\x12\x08\x0a\x06\x0a\x04abcd", 900, 16_500, 13_000),
    )
    yield "ONNX: 13,000 tensors spread over 215 MB", "a.onnx", lambda: _spread_graph(16_500, 13_000)
    yield (
        "ONNX: 13,000 fields spread over 215 MB",
        "a.onnx",
        lambda: _spread(b"\x08\x08\x3a\x02\x12\x00", 900, 16_500, 13_000),
    )
    yield (
        "pickle: 13,000 texts spread over 3.5 GB",
        "a.pkl",
        lambda: Sparse(b"\x80\4", b"B" + struct.pack("<I", 270_000 - 6) + b"", 270_000 - 1, 13_000, b"."),
    )
    yield "text saved as a model", st, lambda: b"<!DOCTYPE html><html>" + b"x" * 10**6
    yield "an error message saved as a model", gg, lambda: b'{"error":"Repository not found"}'
    yield "a Git LFS pointer", st, lambda: b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 4\n"
    yield "zeros", st, lambda: bytes(1 << 20)


def measure(name: str, make: Callable[[], Made], folder: str) -> Reading:
    """Writes the file in one child process and reads it in another, so that neither finds the memory of the other."""
    path = os.path.join(folder, name)
    context = multiprocessing.get_context("fork")
    maker = context.Process(target=_make, args=(path, make))
    maker.start()
    maker.join()
    ours, theirs = context.Pipe(duplex=False)
    child = context.Process(target=_child, args=(path, theirs))
    child.start()
    theirs.close()
    try:
        if not ours.poll(HANGS):
            return Reading(HANGS * 1000, 0, 0, "", "", "did not come to an end")
        return Reading(**ours.recv())
    except EOFError:
        child.join()
        return Reading(0, 0, 0, "", "", f"ended with {child.exitcode}")
    finally:
        child.kill()
        child.join()
        os.unlink(path)


def _make(path: str, make: Callable[[], Made]) -> None:
    made = make()
    if isinstance(made, Sparse):
        made.write(path)
        return
    with open(path, "wb") as file:
        file.write(made)


def _child(path: str, answer: object) -> None:
    before, started = _peak(reset=True), time.process_time()
    read_before = _read()
    crashed = verdict = detail = ""
    try:
        with open_quietly(path) as file:
            health = facts_of(file, os.path.getsize(path), os.path.basename(path)).health
        verdict, detail = health.verdict, health.detail[:200]
    except Exception as error:
        crashed = f"{type(error).__name__}: {error}"[:200]
    spent = time.process_time() - started
    used, read = (_peak() - before) / 1e6, (_read() - read_before) / 1e6
    answer.send(
        {"ms": spent * 1000, "mb": used, "read": read, "verdict": verdict, "detail": detail, "crashed": crashed}
    )  # type: ignore[attr-defined]


def _peak(reset: bool = False) -> int:
    """The most memory held at once, in bytes; `reset` begins to count anew (Linux)."""
    if reset:
        with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
            file.write("5")
    with open("/proc/self/status", encoding="ascii") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM:"))


def _read() -> int:
    """The bytes that this process has read by the kernel's count (Linux); its own reading of these figures is little."""
    with open("/proc/self/io", encoding="ascii") as file:
        return int(file.readline().split()[1])


def main() -> int:
    over = 0
    print("| file | ms | MB held | MB read | verdict | why |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="model-manager-hostile-") as folder:
        for title, name, make in kinds():
            one = measure(name, make, folder)
            bad = (
                one.crashed
                or one.ms > MS
                or one.mb > MB
                or one.read > READ
                or "beyond this program's limits (" in one.detail
            )
            over += bool(bad)
            why = one.crashed or one.detail[:90]
            print(
                f"| {title} | {one.ms:.0f} | {one.mb:.0f} | {one.read:.1f} | {one.verdict} | {why} |{' **over**' if bad else ''}",
                flush=True,
            )
    print(f"\n{over} over {MS} ms or {MB} MB, or not as they should be")
    return int(over > 0)


if __name__ == "__main__":
    sys.exit(main())
