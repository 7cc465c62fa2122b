"""PyTorch 0.1: a tar of `sys_info`, `pickle`, `storages` and `tensors`.

Source: torch/serialization.py `legacy_load`. The tables in `storages` and `tensors` mix pickles and bytes.
"""

from __future__ import annotations

from typing import BinaryIO

from model_manager.base.facts import Health
from model_manager.base.messages import said
from model_manager.formats.pickle_facts import Contents
from model_manager.formats.pickle_head import looks_like_pickle
from model_manager.formats.pickle_reader import Budget
from model_manager.formats.problem import FormatProblem, Limits
from model_manager.formats.tar_members import is_tar, members, name_of
from model_manager.formats.trailing import walk_all

NAMES = frozenset({"sys_info", "pickle", "storages", "tensors"})


def is_torch_tar(head: bytes) -> bool:
    return name_of(head) in NAMES and is_tar(head)


def contents_of(file: BinaryIO, size: int, limits: Limits, budget: Budget) -> Contents:
    """Walks the pickles of each member; the tensors' shapes lie between them and are not read."""
    contents = Contents("torch tar")
    links: list[tuple[str, str]] = []
    names: set[str] = set()
    try:
        for member in members(file, size, limits, links):
            if member.name in NAMES & names:
                contents.healths.append(Health("unsafe", said("two members are named {0}", repr(member.name))))
            names.add(member.name)
            file.seek(member.start)
            if member.name not in NAMES and not looks_like_pickle(file.read(64)):
                continue
            found, _ = walk_all(file, member.start, member.start + member.size, budget)
            for pickle in found:
                pickle.foreign = False  # this oldest loader's own numbers of tensors and storages
            contents.pickles += found
            if member.name == "pickle":
                contents.value = found[0].value
    except FormatProblem as problem:
        contents.healths.append(Health(problem.kind, problem.why))
    if links:
        contents.healths.append(
            Health("unknown", said("member {0} is a link: not looked into", repr(links[0][0][:80])))
        )
    return contents
