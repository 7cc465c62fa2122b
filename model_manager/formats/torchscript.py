"""The program of a TorchScript archive: what it does beside its arithmetic, by its text alone.

Source: torch/csrc/jit/serialization/python_print.cpp (what is written) and torch/csrc/jit/frontend/ir_emitter.cpp (what
is read: operators are attributes of `torch` and of `ops.NAMESPACE`, both may be given other names, and `getattr` names
an attribute by a text). Loading an archive runs its `__setstate__`, so what that calls, opening the file calls.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from model_manager.base.facts import Health
from model_manager.base.messages import said
from model_manager.base.text import shown

_GAP = r"[\s\\]*+(?:#[^\n]*+\n[\s\\]*+)*+"
"""What may stand between a dot and a name: the compiler reads on over lines and remarks."""
_WORDS = ("save", "from_file", "load_library", "load_tensor", "write_file", "read_file", "rpc_async", "rpc_sync", "rpc_remote",
          "PythonOp", "IgnoredPythonOp")  # fmt: skip
_ATTRIBUTE = re.compile(rf"\.{_GAP}({'|'.join(_WORDS)})\b")
_OPERATOR = re.compile(r"ops\b(?<![\w.]ops)(?:\.(\w{1,80})\.(\w{1,80}))?+")
_DOES = re.compile(r"(?:\A|_)(?:save|load|read|write|file|open|exec|download|url)(?:_|\Z)")
_OWN = frozenset(
    ["aten", "prim", "prims", "quantized", "_quantized", "sparse", "cuda", "mkl", "mkldnn", "mkldnn_prepacked", "onednn",
     "prepacked", "xnnpack", "profiler", "torchvision", "torchaudio", "torch_scatter", "torch_sparse", "torch_cluster",
     "torch_spline_conv", "torchao", "metal_prepack", "vulkan_prepack", "rnn"]
)  # fmt: skip
"""Namespaces of operators that calculate."""
_TYPE = re.compile(rf"__torch__((?:{_GAP}\.{_GAP}\w+)*+)")
_ADDED = ["torch", "classes"]
_OWN_CLASSES = frozenset(["quantized", "_quantized", "sparse", "xnnpack", "metal", "vulkan", "mkldnn", "rnn"])
_PART = re.compile(r'getattr\((?<![\w.]getattr\()[\w.]{1,400}, "([^"\\\n]{0,400})"\)')
_NESTED = 8
_BYTECODE = re.compile(rb"(?:aten|prim|debugprims|image)::(?:save|from_file|load_tensor|rpc_\w+|write_file|read_file)")


def judge(content: bytes) -> list[Health]:
    """What one of the source files does beside arithmetic; nothing for what PyTorch's own modules are made of."""
    text = content.decode("utf-8", "replace")
    found: list[Health] = []
    called = [hit[1] for hit in _ATTRIBUTE.finditer(text)] if any(word in text for word in _WORDS) else []
    for _ in range(_NESTED):
        parts = _PART.findall(text) if "getattr" in text else []
        called += [part for part in parts if part in _WORDS]
        if not parts:
            break
        text = _PART.sub("part", text)
    if called:
        found.append(_files(called[0]))
    for hit in _OPERATOR.finditer(text):
        if hit[1] not in _OWN or _DOES.search(hit[2]):
            found.append(_strange(f"ops.{hit[1]}.{hit[2]}" if hit[1] else "ops"))
            break
    found += classes(_namespaces(text))
    if re.search(r"\bgetattr\b", text):
        found.append(
            Health(
                "unknown", said("its TorchScript program reaches its parts in a way that this program does not follow")
            )
        )
    return found


def _namespaces(text: str) -> Iterator[str]:
    """Where the classes come from that the program uses; empty where it gives such a place another name."""
    for hit in _TYPE.finditer(text):
        parts = re.findall(r"\w+", re.sub(r"#[^\n]*", "", hit[1])[:400])
        if parts[:2] == _ADDED[: len(parts)]:
            yield parts[2] if len(parts) > 2 else ""


def classes(namespaces: Iterable[str]) -> list[Health]:
    """Classes that other libraries add to PyTorch: making one runs their code."""
    strange = sorted(set(namespaces) - _OWN_CLASSES)
    return [_strange(f"torch.classes.{strange[0]}")] if strange else []


def bytecode(content: bytes) -> list[Health]:
    """The same for the compiled program that phones run, which names operators as texts."""
    hit = _BYTECODE.search(content)
    return [_files(hit[0].decode())] if hit else []


def _files(name: str) -> Health:
    return Health("unknown", said("its TorchScript program calls {0}, which reads or writes files", shown(name)[:80]))


def _strange(name: str) -> Health:
    return Health(
        "unknown", said("its TorchScript program calls {0}, which this program does not know", shown(name)[:80])
    )
