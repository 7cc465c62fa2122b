"""HDF5 (Keras `.h5`): its length against its superblock, and what Keras' configuration in it would run.

Source: HDF5 file format specification, superblocks 0 to 3: the end-of-file address is relative to the base address.
"""

from __future__ import annotations

import io
from typing import BinaryIO, cast

from model_manager.base.facts import GOOD, Facts, Health, worst
from model_manager.base.messages import figure, said
from model_manager.base.text import later
from model_manager.formats import keras_config
from model_manager.formats.byte_window import ByteWindow
from model_manager.formats.hdf5_attributes import Root
from model_manager.formats.pickle_facts import code_of
from model_manager.formats.pickle_head import may_be_pickle
from model_manager.formats.pickle_reader import Budget
from model_manager.formats.pickle_walk import Pickle
from model_manager.formats.problem import LIMITS, FormatProblem, Limits
from model_manager.formats.trailing import walk_all

NAME = "hdf5"
SUFFIXES = (".h5", ".hdf5")
_CONFIGURATIONS = frozenset({"model_config", "training_config"})
_PYTABLES = "PYTABLES_FORMAT_VERSION"
_MAGIC = b"\x89HDF\r\n\x1a\n"


def matches(head: bytes) -> bool:
    return head[:8] == _MAGIC


def read(file: BinaryIO, size: int, limits: Limits) -> Facts:
    """The facts of one HDF5 file: complete or not."""
    window = ByteWindow(file, size)
    if window.take(8) != _MAGIC:
        raise FormatProblem("corrupt", said("does not begin as HDF5"))
    version = window.number("B")
    if version > 3:
        return Facts(NAME, health=Health("unknown", said("HDF5 superblock {0} is not known to this program", version)))
    window.seek(13 if version < 2 else 9)
    width = window.number("B")
    if width not in (2, 4, 8):
        raise FormatProblem("corrupt", said("addresses of {0} bytes", width))
    # Version 0: four 2- and 4-byte fields follow the sizes; version 1 has four bytes more.
    start = {0: 24, 1: 28}.get(version, 12)
    window.seek(start)
    base, _, end = (int.from_bytes(window.take(width), "little") for _ in range(3))
    metadata = {"hdf5.superblock": version}
    if base + end > size:
        needed = Health("truncated", said("needs {0} bytes, the file has {1}", figure(base + end), figure(size)))
        return Facts(NAME, health=needed, metadata=metadata)
    code, healths = _configured(window, version, width, base)
    wrong = [one for one in healths if one.verdict != "good"]
    return Facts(NAME, health=worst(wrong) if wrong else GOOD, code=code, metadata=metadata)


def _configured(window: ByteWindow, version: int, width: int, base: int) -> tuple[tuple[str, ...], list[Health]]:
    """What the configuration in the root group's attributes says; nothing where there is none."""
    if version < 2:
        window.take(width)  # the driver's block
        window.take(width)  # the root's name
    root = int.from_bytes(window.take(width), "little")
    code: set[str] = set()
    healths: list[Health] = []
    try:
        found = Root(window, width, base).attributes(root, _CONFIGURATIONS)
    except FormatProblem as problem:
        return (), [Health("unknown", said("its attributes cannot be read: {0}", problem.why))]
    for text in found.texts.values():
        named, told = keras_config.judged(text.rstrip(b"\0"))
        code |= set(named)
        healths += told
    named, told = _pickled(found.others)
    code |= set(named)
    healths += told
    if found.dense:
        healths.append(Health("unknown", said("its attributes are kept in a way that this program does not read")))
    return tuple(sorted(code)), healths


def _pickled(attributes: dict[str, bytes]) -> tuple[tuple[str, ...], list[Health]]:
    """What PyTables runs where it reads an attribute: a text that ends as a pickle does is loaded as one."""
    pickles: list[Pickle] = []
    budget = Budget.of(LIMITS)
    for text in attributes.values():
        text = text.rstrip(b"\0")
        if text.endswith(b".") and may_be_pickle(text):
            found = walk_all(cast(BinaryIO, io.BytesIO(text)), 0, len(text), budget)[0]
            pickles += [pickle for pickle in found if pickle.names or not pickle.broken]
    code, healths = code_of(pickles)
    if _PYTABLES in attributes:
        why = later("a file of PyTables, which runs the pickles that it reads: not all of it was looked into")
        healths.append(Health("unknown", why))
    return code, healths


__all__ = ["NAME", "SUFFIXES", "matches", "read"]
