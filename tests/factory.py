"""Builds small real inputs: model files of a few kilobytes and whole tools' folders."""

from __future__ import annotations

import hashlib
import io
import json
import os
import random
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path

_GGML = {"F32": (0, 1, 4), "F16": (1, 1, 2), "Q4_0": (2, 32, 18), "Q8_0": (8, 32, 34), "Q4_K": (12, 256, 144),
         "Q6_K": (14, 256, 210), "BF16": (30, 1, 2)}  # fmt: skip
_BITS = {"F32": 32, "F16": 16, "BF16": 16, "I64": 64, "I32": 32, "U8": 8, "I8": 8, "F8_E4M3": 8, "U32": 32}
LLAMA = {"token_embd.weight": ("F16", (256, 8)), "blk.0.attn_q.weight": ("Q4_K", (256, 16)),
         "blk.0.ffn_down.weight": ("Q4_K", (256, 16)), "output_norm.weight": ("F32", (256,))}  # fmt: skip


def _text(value: str, wide: str, order: str) -> bytes:
    raw = value.encode()
    return struct.pack(order + wide, len(raw)) + raw


def _value(value: object, wide: str, order: str) -> bytes:
    if isinstance(value, bool):
        return struct.pack(order + "I?", 7, value)
    if isinstance(value, int):
        return struct.pack(order + "IQ", 10, value) if value >= 1 << 32 else struct.pack(order + "II", 4, value)
    if isinstance(value, float):
        return struct.pack(order + "If", 6, value)
    if isinstance(value, str):
        return struct.pack(order + "I", 8) + _text(value, wide, order)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        head = struct.pack(order + "II" + wide, 9, 8, len(value))
        return head + b"".join(_text(item, wide, order) for item in value)
    if isinstance(value, list):
        return struct.pack(order + "II" + wide, 9, 4, len(value)) + struct.pack(f"{order}{len(value)}I", *value)
    raise TypeError(value)


def gguf_bytes(
    keys: Mapping[str, object] | None = None, tensors: Mapping[str, tuple[str, tuple[int, ...]]] | None = None,
    version: int = 3, order: str = "<", seed: int = 1, header_only: bool = False,
) -> bytes:  # fmt: skip
    """A whole GGUF file. Tensor shapes in GGUF's own order (fastest dimension first); the data is noise.

    `header_only`: up to where the data begins, for who writes gigabytes of it.
    """
    keys = {"general.architecture": "llama", "general.file_type": 15, "llama.block_count": 1, **(keys or {})}
    tensors = LLAMA if tensors is None else tensors
    wide = "I" if version == 1 else "Q"
    head = b"GGUF" + struct.pack(f"{order}I{wide}{wide}", version, len(tensors), len(keys))
    body = b"".join(_text(key, wide, order) + _value(value, wide, order) for key, value in keys.items())
    table, offset = b"", 0
    for name, (kind, shape) in tensors.items():
        number, block, size = _GGML[kind]
        count = 1
        for side in shape:
            count *= side
        table += _text(name, wide, order) + struct.pack(f"{order}I{len(shape)}{wide}", len(shape), *shape)
        table += struct.pack(order + "IQ", number, offset)
        offset += -(-(-(-count // block) * size) // 32) * 32
    whole = head + body + table
    whole += bytes(-len(whole) % 32)
    return whole + random.Random(seed).randbytes(offset) if tensors and not header_only else whole


def safetensors_bytes(
    tensors: Mapping[str, tuple[str, tuple[int, ...]]], metadata: Mapping[str, str] | None = None, seed: int = 1
) -> bytes:
    """A whole safetensors file; shapes as PyTorch prints them, the data is noise."""
    table: dict[str, object] = {"__metadata__": dict(metadata)} if metadata else {}
    at = 0
    for name, (dtype, shape) in tensors.items():
        count = 1
        for side in shape:
            count *= side
        size = count * _BITS[dtype] // 8
        table[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(table).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + random.Random(seed).randbytes(at)


def write(path: Path, data: bytes | str = b"") -> Path:
    """A file with its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def tree(root: Path, files: Mapping[str, bytes | str]) -> Path:
    for name, data in files.items():
        write(root / name, data)
    return root


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def ollama_model(
    models: Path, name: str, layers: Mapping[str, bytes], config: Mapping[str, object] | None = None
) -> Path:
    """A manifest and its blobs. `name` is host/namespace/model/tag; layers by the last word of their media type."""

    def blob(data: bytes) -> dict[str, object]:
        write(models / "blobs" / f"sha256-{sha256(data)}", data)
        return {"digest": f"sha256:{sha256(data)}", "size": len(data)}

    record = {
        "schemaVersion": 2,
        "config": {"mediaType": "application/vnd.docker.container.image.v1+json",
                   **blob(json.dumps(config or {"model_format": "gguf"}).encode())},
        "layers": [{"mediaType": f"application/vnd.ollama.image.{kind}", **blob(data)} for kind, data in layers.items()],
    }  # fmt: skip
    return write(models / "manifests" / name, json.dumps(record))


def zipped(files: Mapping[str, bytes | str]) -> bytes:
    """A packed archive with these files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def hub_repo(
    cache: Path, repo: str, files: Mapping[str, bytes], commit: str = "a" * 40, ref: str | None = "main",
    shared: bool = False, kind: str = "models",
) -> Path:  # fmt: skip
    """One revision of a repository in the Hugging Face cache, with relative links as the hub writes them.

    `shared`: blobs lead on to the cache-wide store, whose names are Xet hashes and not sha256.
    """
    base = cache / f"{kind}--{repo.replace('/', '--')}"
    if ref:
        write(base / "refs" / ref, commit)
    for name, data in files.items():
        blob = base / "blobs" / sha256(data)
        if shared and not blob.is_symlink():
            xet = sha256(b"xet" + data)
            payload = write(cache / "blobs" / xet[:2] / xet, data)
            write(cache / "blobs" / ".huggingface-shared-blobs", "1\n")
            blob.parent.mkdir(parents=True, exist_ok=True)
            blob.symlink_to(os.path.relpath(payload, blob.parent))
            with (payload.parent / f"{xet}.refs").open("a") as refs:
                refs.write(f"{os.path.relpath(blob, cache)}\n")
        elif not shared:
            write(blob, data)
        link = base / "snapshots" / commit / name
        link.parent.mkdir(parents=True, exist_ok=True)
        if not link.is_symlink():
            link.symlink_to(os.path.relpath(blob, link.parent))
    return base
