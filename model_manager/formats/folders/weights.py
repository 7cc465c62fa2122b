"""Whether a folder's weights are all there, by its own indexes and file names. Nothing is expected by tensor name."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from model_manager.base.facts import GOOD, Health
from model_manager.base.messages import counted, figure, said
from model_manager.formats.folders.contract import ModelFolder
from model_manager.formats.folders.documents import weight_files_of

_INDEX = re.compile(r"^(?P<stem>.+)\.(?P<suffix>safetensors|bin)\.index(?:\.(?P<variant>\w+))?\.json$")
_SHARD = re.compile(r"-\d{5}-of-\d{5}\.\w+$")
_SUFFIXES = (".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".gguf", ".npz", ".h5", ".msgpack", ".onnx", ".nemo",
             ".ot", ".tflite")  # fmt: skip
_OTHERS = frozenset({"training_args.bin", "optimizer.bin", "scheduler.bin", "optimizer.pt", "scheduler.pt"})
_NAMED = 5


def weights_in(folder: ModelFolder, place: str = "") -> list[str]:
    """Weight files directly in a folder, as names within it. `place` ends in `/` or is empty."""
    names = (name[len(place) :] for name in folder.sizes if name.startswith(place))
    return [
        name
        for name in names
        if "/" not in name
        and name.lower().endswith(_SUFFIXES)
        and name not in _OTHERS
        and not name.startswith(("rng_state", "tokenizer"))
    ]


def health_of(folder: ModelFolder, place: str = "") -> Health:
    """`incomplete` when an index names files that are missing, or no weights lie here at all.

    Indexes of several sets lie side by side (safetensors, PyTorch, fp16) and often only one set was fetched:
    one complete set, or one whole file of a set's name, is enough.
    """
    present = set(weights_in(folder, place))
    found: list[tuple[str, list[str], int]] = []
    for name in sorted(folder.sizes):
        match = _INDEX.match(name[len(place) :]) if name.startswith(place) else None
        if not match or "/" in match["stem"]:
            continue
        named = weight_files_of(folder, name)
        if not named:
            continue
        missing = sorted(one for one in named if one not in present)
        if not missing:
            return GOOD
        found.append((name[len(place) :], missing, len(named)))
    begun = [one for one in found if len(one[1]) < one[2]]
    if not _whole(present) and (begun or (found and not present)):
        index, missing, count = min(begun or found, key=lambda one: len(one[1]))
        return Health(
            "incomplete",
            counted(
                "{0} names {1} file; {2}",
                "{0} names {1} files; {2}",
                count,
                index,
                figure(count),
                said_missing(missing),
            ),
        )
    if not present and not found:
        return Health("incomplete", said("no weights lie beside the configuration"), "no-weights")
    return GOOD


def _whole(present: Collection[str]) -> bool:
    """Whether a set lies here in one file."""
    return any(
        name.startswith(("model.", "pytorch_model.", "diffusion_pytorch_model.")) and not _SHARD.search(name)
        for name in present
    )


def said_missing(names: Sequence[str]) -> str:
    """`a, b are missing`; at most five are named."""
    shown = ", ".join(name[:120] for name in names[:_NAMED])
    if len(names) > _NAMED:
        return said("{0} and {1} more are missing", shown, figure(len(names) - _NAMED))
    return counted("{0} is missing", "{0} are missing", len(names), shown)
