"""PyTorch's zip (since 1.6), TorchScript, and any other zip under a checkpoint's name.

Source: torch/serialization.py and caffe2/serialize/inline_container.cc: `NAME/data.pkl` is the table,
`NAME/data/KEY` a storage; TorchScript adds `NAME/code/` and `NAME/constants.pkl`.
"""

from __future__ import annotations

import io
import zlib
from collections import Counter
from collections.abc import Iterator
from typing import BinaryIO, cast

from model_manager.base.facts import Health
from model_manager.base.messages import counted, figure, said
from model_manager.formats import nested, torchscript
from model_manager.formats.pickle_facts import Contents
from model_manager.formats.pickle_head import looks_like_pickle
from model_manager.formats.pickle_reader import Budget
from model_manager.formats.pickle_values import Storage
from model_manager.formats.pickle_walk import Pickle, walk
from model_manager.formats.problem import FormatProblem, Limits
from model_manager.formats.region import Region
from model_manager.formats.torch_rebuild import itemsize
from model_manager.formats.trailing import walk_all
from model_manager.formats.zip_members import LOCAL, STORED, Member, data_start, members, unpacked

_SNIFFED = 512
_MACHINE = (b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"MZ\x90\0")
_PICKLES = (".pkl", ".pickle", ".joblib", ".dill")
_MORE = Health("unknown", said("its pickles are more than this program reads: not all looked into"))
_OTHERS = 2_000
"""Members that are looked into beside the storages: TorchScript has some hundred source files."""


def contents_of(file: BinaryIO, size: int, limits: Limits, budget: Budget) -> Contents:
    """Walks every pickle of the zip. Raises FormatProblem."""
    contents = _contents(file, size, limits, budget)
    if not contents.pickles and not contents.healths and contents.kind == "zip":
        raise FormatProblem("unknown", said("a zip without a PyTorch table"))
    return contents


def _contents(file: BinaryIO, size: int, limits: Limits, budget: Budget) -> Contents:
    try:
        listed = members(file, size, limits)
    except FormatProblem as problem:
        return _without_directory(file, size, problem, budget)
    contents = Contents(_kind(listed))
    if contents.kind == "torchscript":
        contents.own_code = "torchscript: code/"
    tables: list[tuple[str, Pickle]] = []
    names = {member.name: member for member in listed}
    if len(names) < len(listed):
        twice, count = Counter(member.name for member in listed).most_common(1)[0]
        contents.healths.append(Health("unsafe", said("{0} members are named {1}", figure(count), repr(twice[:80]))))
    for member in [member for member in listed if member.name.endswith("data.pkl")]:
        found = _look(file, member, contents, budget, limits, True)
        if found and (member.name == "data.pkl" or member.name.endswith("/data.pkl")):
            tables.append((member.name[: -len("data.pkl")], found))
    claimed = {f"{root}data/{key}" for root, table in tables for key in table.storages}
    rest = [member for member in listed if member.name not in claimed and not member.name.endswith("data.pkl")]
    for member in rest[:_OTHERS]:
        _look(file, member, contents, budget, limits, False)
    if len(rest) > _OTHERS:
        contents.healths.append(
            Health("unknown", said("{0} members besides its tensors: not all looked into", figure(len(rest))))
        )
    if tables:
        contents.value = tables[0][1].value
        for root, table in tables:
            contents.healths += _storages(root, table, names)
    return contents


def _kind(listed: list[Member]) -> str:
    names = [member.name for member in listed[:10_000]]
    if any("/code/" in name or name.endswith("/constants.pkl") for name in names):
        return "torchscript"
    if any(name.endswith("/archive_format") for name in names):
        return "torch export"
    return "torch zip" if any(name.endswith("data.pkl") for name in names) else "zip"


def _look(
    file: BinaryIO, member: Member, contents: Contents, budget: Budget, limits: Limits, table: bool
) -> Pickle | None:
    """Walks a member that is a pickle by its content, whatever its name; returns the first pickle in it."""
    if budget.steps <= 0:
        if _MORE not in contents.healths[:100]:
            contents.healths.append(_MORE)
        return None
    try:
        start = data_start(file, member)
        head = unpacked(file, member, start, _SNIFFED)
        if _is_program(member.name):
            _program(file, member, start, contents, budget)
        if not table and not looks_like_pickle(head) and not member.name.lower().endswith(_PICKLES):
            _no_pickle(file, member, start, head, contents, budget, limits)
            return None
        found = _walked(file, member, start, contents, budget, limits)
    except FormatProblem as problem:
        contents.healths.append(Health(problem.kind, problem.why))
        return None
    contents.pickles += found
    contents.healths += torchscript.classes(_classes(found))
    return found[0]


def _no_pickle(
    file: BinaryIO, member: Member, start: int, head: bytes, contents: Contents, budget: Budget, limits: Limits
) -> None:
    """A member of another kind: an archive within the archive, machine code, or a format that may hold code too."""
    if head[:4] == LOCAL:
        _inside(file, member, start, contents, budget, limits)
    elif head[:4] in _MACHINE or member.name.lower().endswith((".so", ".dll", ".dylib", ".pyd")):
        contents.healths.append(
            Health("unknown", said("member {0} is machine code, which loading it may run", repr(member.name[:80])))
        )
    elif contents.own_code and _is_program(member.name):
        pass  # what TorchScript is made of
    elif inner := nested.health_of(member.name, head, file, start, member.size if member.method == STORED else 0):
        contents.healths.append(inner)


def _walked(
    file: BinaryIO, member: Member, start: int, contents: Contents, budget: Budget, limits: Limits
) -> list[Pickle]:
    """The pickles of a member: a small one is unpacked and compared with its checksum, a large one read where it lies.

    Loaders differ in whether they look at sizes and checksums, so one that does not agree may show each another pickle.
    """
    if member.size > limits.header:
        if member.method != STORED:
            raise FormatProblem(
                "unknown",
                said("member {0} unpacks to {1} bytes: not read", repr(member.name[:80]), figure(member.size)),
            )
        return walk_all(file, start, start + member.size, budget)[0]
    budget.unpacked -= member.size
    if budget.unpacked < 0:
        raise FormatProblem("unknown", said("its pickles unpack to more than this program reads"))
    whole = unpacked(file, member, start, limits.header)
    if len(whole) != member.size or zlib.crc32(whole) != member.crc:
        contents.healths.append(
            Health("unsafe", said("member {0} does not agree with its size or checksum", repr(member.name[:80])))
        )
    return walk_all(cast(BinaryIO, io.BytesIO(whole)), 0, len(whole), budget)[0]


def _is_program(name: str) -> bool:
    return f"/{name}".find("/code/") >= 0 or name.endswith("bytecode.pkl")


def _program(file: BinaryIO, member: Member, start: int, contents: Contents, budget: Budget) -> None:
    """A source file of TorchScript's, or its compiled form."""
    if member.name.endswith(".debug_pkl"):
        return
    budget.program -= member.size
    if budget.program < 0:
        raise FormatProblem("unknown", said("its TorchScript program is longer than this program reads"))
    whole = unpacked(file, member, start, member.size)
    judged = torchscript.bytecode if member.name.endswith("bytecode.pkl") else torchscript.judge
    contents.healths += judged(whole)


def _classes(pickles: list[Pickle]) -> Iterator[str]:
    for pickle in pickles:
        for module, _ in pickle.names:
            if module.startswith("__torch__.torch.classes."):
                yield module.split(".")[3]


def _inside(file: BinaryIO, member: Member, start: int, contents: Contents, budget: Budget, limits: Limits) -> None:
    """A zip in the zip (torch.export keeps its examples so), one level deep."""
    budget.archives -= 1
    if budget.archives < 0:
        budget.steps = 0
    if member.method != STORED or isinstance(file, Region) or budget.archives < 0:
        contents.healths.append(Health("unknown", said("member {0} is a zip: not looked into", repr(member.name[:80]))))
        return
    inner = Region(file, start, start + member.size)
    found = _contents(cast(BinaryIO, inner), member.size, limits, budget)
    contents.pickles += found.pickles
    contents.healths += found.healths


def _storages(root: str, table: Pickle, names: dict[str, Member]) -> list[Health]:
    missing, wrong = [], []
    for key, storage in table.storages.items():
        member = names.get(f"{root}data/{key}")
        if member is None:
            missing.append(key)
        elif member.size != bytes_of(storage):
            wrong.append((key, member.size, bytes_of(storage)))
    found = []
    if wrong:
        key, have, need = wrong[0]
        found.append(
            Health(
                "corrupt", said("storage {0} has {1} bytes, its tensors need {2}", key[:40], figure(have), figure(need))
            )
        )
    if missing:
        found.append(
            Health(
                "corrupt",
                counted(
                    "{0} of {1} storages is not in the zip",
                    "{0} of {1} storages are not in the zip",
                    len(missing),
                    figure(len(missing)),
                    figure(len(table.storages)),
                ),
            )
        )
    return found


def bytes_of(storage: Storage) -> int:
    return storage.count * itemsize(storage.dtype)


def _without_directory(file: BinaryIO, size: int, problem: FormatProblem, budget: Budget) -> Contents:
    """A download that stopped has its table in front: it still tells what the file was to become."""
    contents = Contents("torch zip", healths=[Health(problem.kind, problem.why)])
    file.seek(0)
    head = file.read(30)
    if len(head) < 30 or head[:4] != LOCAL or head[8:10] != b"\0\0":
        return contents
    start = 30 + int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little")
    file.seek(start)
    if not looks_like_pickle(file.read(_SNIFFED)):
        return contents
    table = walk(file, start, size, budget)
    if problem.kind == "truncated" and not table.broken:
        need = table.end + sum(bytes_of(storage) for storage in table.storages.values())
        if need > size:
            contents.healths[0] = Health(
                "truncated", said("its tensors need over {0} bytes, the file has {1}", figure(need), figure(size))
            )
    if problem.kind == "truncated" and table.cut:
        table.broken = ""  # the zip has no directory: nothing loads it, and the cut explains the end
    contents.value = table.value
    contents.pickles.append(table)
    return contents
