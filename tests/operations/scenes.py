"""Small trees and a plan for each verb, in every form it has: what the kill, error and mutant suites run over."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from model_manager.base.mounted_as import mounted_as
from model_manager.base.paths import OwnPaths
from model_manager.base.volumes import Volumes
from model_manager.operations import Plan, Step, identity_of, new_id
from model_manager.operations.identity import identity_to_record
from model_manager.operations.journal import Journal
from model_manager.operations.plan import Proof
from model_manager.operations.plan_builder import PlanBuilder

Snapshot = dict[str, tuple[object, ...]]
LONG_AGO = 1_600_000_000_123_456_789
VOLUMES = Volumes()
OTHER_VOLUME = "/dev/shm"


@dataclass(frozen=True)
class Scene:
    """`base` holds the models and the trash, `far` is on another volume (the same as `base` where there is none)."""

    base: Path
    far: Path
    own: OwnPaths

    def snapshot(self) -> Snapshot:
        return {f"{where}/{name}": value for where in ("base", "far") for name, value in _tree(getattr(self, where))}


def _tree(top: Path) -> Iterator[tuple[str, tuple[object, ...]]]:
    """Everything below: kind, content, mode, time, link and extended attributes; inodes only as 'shared with'."""
    first: dict[int, str] = {}
    for folder, folders, names in os.walk(top):
        for name in sorted(folders + names):
            path = os.path.join(folder, name)
            short = os.path.relpath(path, top)
            found = os.lstat(path)
            if stat.S_ISDIR(found.st_mode):
                if not short.startswith("Trash") and "/Trash" not in short:
                    yield short, ("folder", stat.S_IMODE(found.st_mode))
            elif stat.S_ISLNK(found.st_mode):
                yield short, ("link", os.readlink(path).replace(str(top), ""))
            elif short.endswith(".trashinfo"):
                yield short, ("note",)
            else:
                data = hashlib.sha256(Path(path).read_bytes()).hexdigest()
                twin = first.setdefault(found.st_ino, short)
                when = found.st_mtime_ns if found.st_mtime_ns < LONG_AGO + 10**9 else "now"
                yield short, ("file", data, stat.S_IMODE(found.st_mode), when, twin, _attributes(path))


def _attributes(path: str) -> tuple[tuple[str, bytes], ...]:
    if not hasattr(os, "listxattr"):
        return ()
    try:
        return tuple((name, os.getxattr(path, name)) for name in sorted(os.listxattr(path)))
    except OSError:
        return ()


def plain_tree(s: Scene) -> Snapshot:
    """The snapshot without what only says that a trash exists."""
    return {name: value for name, value in s.snapshot().items() if not name.endswith(("/Trash", "/files", "/info"))}


def put(path: Path, data: bytes, mode: int = 0o644) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    path.chmod(mode)
    try:
        os.setxattr(path, "user.note", b"mine \xff")
    except (OSError, AttributeError):
        pass
    os.utime(path, ns=(LONG_AGO, LONG_AGO + len(data)))
    return path


@contextmanager
def scene(where: Path) -> Iterator[Scene]:
    base = where / "models"
    far = Path(tempfile.mkdtemp(prefix="mm-far-", dir=OTHER_VOLUME if os.path.isdir(OTHER_VOLUME) else where))
    base.mkdir(parents=True)
    try:
        yield Scene(base, far, OwnPaths(where / "own"))
    finally:
        # Each holds a reserve of 4 MiB: kept until the run ends, the thousands of the long forms take 60 GB.
        for folder in (far, where):
            shutil.rmtree(folder, ignore_errors=True)


def seen(path: Path) -> object:
    return identity_of(str(path), os.lstat(path), VOLUMES)


def one(verb: str, path: Path, target: Path | None, n: int = 1, unit: int = 1, **how: str) -> Step:
    """A step planned by hand, where Draft plans none."""
    size = os.lstat(path).st_size if os.path.lexists(path) else 0
    identity = seen(path) if os.path.lexists(path) else None
    return Step(n, unit, verb, str(path), target and str(target), size, 0, "test", verb != "delete", identity, how)


def plan_of(*steps: Step) -> Plan:
    return Plan(new_id(), "Test", steps, 0, 0, (), time.time())


def _model(s: Scene, name: str = "m", size: int = 70_000) -> Path:
    put(s.base / f"{name}.gguf", bytes(range(256)) * (size // 256), 0o640)
    put(s.base / f"{name}.json", b"{}")
    put(s.base / name / "sub" / "part.bin", b"part" * 99)
    os.symlink("sub/part.bin", s.base / name / "link")
    return s.base / f"{name}.gguf"


def trash(s: Scene) -> Plan:
    os.environ["XDG_DATA_HOME"] = str(s.base)
    _model(s)
    draft = PlanBuilder(VOLUMES, [str(s.base)])
    draft.begin_unit()
    for name in ("m.json", "m.gguf", "m"):
        draft.take(str(s.base / name), "test", {"fresh": "yes"} if name == "m.gguf" else None)
    return draft.plan("Trash")


def delete(s: Scene) -> Plan:
    _model(s)
    draft = PlanBuilder(VOLUMES, [str(s.base)], "delete")
    draft.begin_unit()
    for name in ("m.json", "m.gguf", "m"):
        draft.take(str(s.base / name), "test")
    return draft.plan("Delete")


def move(s: Scene) -> Plan:
    path = _model(s)
    (s.base / "new").mkdir()
    return plan_of(one("move", path, s.base / "new/m.gguf"), one("move", s.base / "m", s.base / "new/m", 2))


def move_far(s: Scene) -> Plan:
    path = _model(s)
    return plan_of(one("move", path, s.far / "m.gguf"), one("move", s.base / "m.json", s.far / "m.json", 2))


def copy(s: Scene) -> Plan:
    path = _model(s)
    return plan_of(one("copy", path, s.base / "m/again.gguf"), one("copy", s.base / "m.json", s.base / "n.json", 2))


def copy_far(s: Scene) -> Plan:
    return plan_of(one("copy", _model(s), s.far / "m.gguf"))


def proof_now(copy: Path, keeper: Path) -> Proof:
    """That both were read just now."""
    ctimes = os.lstat(copy).st_ctime_ns, os.lstat(keeper).st_ctime_ns
    sha256 = hashlib.sha256(keeper.read_bytes()).hexdigest()
    return Proof(str(copy), *ctimes, mounted_as(str(copy)), mounted_as(str(keeper)), sha256=sha256)


def linked(s: Scene, kind: str, proved: bool = True) -> Plan:
    """Two copies with looks of their own become links to a keeper."""
    keeper = _model(s)
    draft = PlanBuilder(VOLUMES, [str(s.base)])
    draft.begin_unit()
    for name in ("twin.gguf", "m/third.gguf"):
        twin = put(s.base / name, keeper.read_bytes(), 0o600)
        os.utime(twin, ns=(LONG_AGO, LONG_AGO - 5))
        draft.link(str(twin), str(keeper), kind, "test", proof_now(twin, keeper) if proved else None, 70_000)
    return draft.plan("Link")


def link_hard(s: Scene) -> Plan:
    return linked(s, "hard")


def link_symbolic(s: Scene) -> Plan:
    return linked(s, "symbolic", proved=False)


def link_new(s: Scene) -> Plan:
    keeper = _model(s)
    how = {"kind": "hard", "keeper": json.dumps(identity_to_record(seen(keeper)))}  # type: ignore[arg-type]
    return plan_of(one("link", s.base / "m/here.gguf", keeper, **how))


def write(s: Scene) -> Plan:
    _model(s)
    draft = PlanBuilder(VOLUMES, [str(s.base)])
    draft.begin_unit()
    draft.write(str(s.base / "m.json"), b'{"new": true}', "test")
    draft.write(str(s.base / "m/fresh.yaml"), b"a: 1\n", "test")
    return draft.plan("Write")


def mixed(s: Scene) -> Plan:
    """What later work does to a model: a folder, a move, a link in the old place, a new setting, an old file gone."""
    path = _model(s)
    parent = identity_of(str(s.base), os.lstat(s.base), VOLUMES)
    twin = put(s.base / "twin.gguf", path.read_bytes(), 0o640)
    how = {"kind": "hard", "keeper": json.dumps(identity_to_record(seen(path)))}  # type: ignore[arg-type]
    os.environ["XDG_DATA_HOME"] = str(s.base)
    draft = PlanBuilder(VOLUMES, [str(s.base)])
    draft.begin_unit()
    draft.write(str(s.base / "m.json"), b"[]", "test")
    draft.take(str(s.base / "m"), "test")
    written, gone = draft.plan("part").steps
    return plan_of(
        Step(1, 1, "make_folder", str(s.base / "store"), None, 0, 0, "test", True, parent),
        one("link", twin, path, 2, **how),
        Step(3, 1, "write", written.path, None, written.bytes, 0, "test", True, written.identity, written.how),
        Step(4, 1, "trash", gone.path, gone.target, gone.bytes, 0, "test", True, gone.identity),
    )


SCENES: dict[str, Callable[[Scene], Plan]] = {
    "trash": trash, "delete": delete, "move": move, "move_far": move_far, "copy": copy, "copy_far": copy_far,
    "link_hard": link_hard, "link_symbolic": link_symbolic, "link_new": link_new, "write": write, "mixed": mixed,
}  # fmt: skip
FINAL = frozenset({"delete"})
"""Scenes that cannot be undone."""


def left_by_a_kill(own: OwnPaths, plan: Plan, *records: dict[str, object]) -> Path:
    """The journal of a plan that was ended after these records; its path."""
    Journal(str(own.journal)).create(plan)
    path = own.journal / f"{plan.id}.jsonl"
    with open(path, "ab") as file:
        for record in ({"record": "apply", "at": 1.5}, *records):
            file.write(json.dumps(record).encode() + b"\n")
    return path


def asides(*folders: Path) -> list[Path]:
    """What lies under a name of ours: nothing, once an operation is settled."""
    return [path for folder in folders for path in sorted(folder.glob(".model-manager-*"))]


def clear_asides(*folders: Path) -> None:
    for path in asides(*folders):
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
