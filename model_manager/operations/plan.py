"""What would be done, as it is shown: frozen steps in units. The very object that was shown is applied.

Two JSON forms: the journal's, which gives back the same object, and the command line's.
"""

from __future__ import annotations

import datetime
import json
import re
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, TypeVar

from model_manager.base.messages import said
from model_manager.operations.identity import Identity, identity_from_record, identity_to_record
from model_manager.operations.sentences import all_with_parts, parts_of, with_parts

if TYPE_CHECKING:
    from model_manager.operations.operation import State, StepState

_ID = re.compile(r"[0-9]{8}T[0-9]{9}Z-[0-9a-f]{8}")
_T = TypeVar("_T", str, int, float, bool)


@dataclass(frozen=True, slots=True)
class Proof:
    """That the file at `path`, which goes, holds what a file that stays holds, and as what both were when that was read.

    `mounted`: how the drive was mounted then (`base/mounted_as.py`), empty where that is not known. `bytewise`: byte for
    byte, else tensor for tensor in another wrapping.
    """

    path: str
    ctime_ns: int
    kept_ctime_ns: int
    mounted: str = ""
    kept_mounted: str = ""
    bytewise: bool = True
    sha256: str = ""
    """Of all bytes of both, where it is known."""


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file that stays, because of which a step may take another: asked on the disk before the step and after it.

    `ctime_ns`: its change time, which nobody can set back as they can the others; None where it tells nothing. `same`:
    the copy of it that goes; without one it is only to stay.
    """

    path: str
    identity: Identity
    ctime_ns: int | None = None
    same: Proof | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One change. `n` counts from 1 over the plan; the steps of one `unit` go whole or not at all.

    `bytes` is what lies at `path`, `frees` what really comes back; `undo`: it can be put back.
    `identity` is what was seen when planned. What it is the identity *of* is the verb's to say:
    the thing itself, or for `make_folder` the parent folder (None: an earlier step makes it). `how`
    is what else the verb needs to know, in its own words.
    """

    n: int
    unit: int
    verb: str
    path: str
    target: str | None
    bytes: int
    frees: int
    why: str
    undo: bool
    identity: Identity | None
    how: Mapping[str, str] = field(default_factory=dict)
    of: str = ""
    """What it is a part of, as a person calls it: the model's name."""
    keeps: tuple[KeptFile, ...] = ()
    """What must stay for this step to be right: another file each, there as it was seen when planned."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps under a title. Sizes in bytes; `created_at` in seconds since 1970.

    `id` sorts by time and becomes the id of the operation. `frees_now` is what comes back without
    emptying a trash.
    """

    id: str
    title: str
    steps: tuple[Step, ...]
    frees: int
    frees_now: int
    warnings: tuple[str, ...]
    created_at: float
    origins: Mapping[int, str] = field(default_factory=dict)
    left: tuple[str, ...] = ()
    """What was asked for and could not be planned, each as `path: reason`: doing all steps does only a part of it."""
    weighs: int | None = None
    """Bytes that lie at all steps together, a file of several names once; None where only the steps tell."""

    @property
    def bytes(self) -> int:
        """What the steps are about, in bytes."""
        return sum(step.bytes for step in self.steps) if self.weighs is None else self.weighs

    def __post_init__(self) -> None:
        if [step.n for step in self.steps] != list(range(1, len(self.steps) + 1)):
            raise ValueError(said("the steps of a plan are counted from 1"))

    def units(self) -> Iterator[tuple[Step, ...]]:
        """The steps by unit, in the order in which the units begin."""
        by_unit: dict[int, list[Step]] = {}
        for step in self.steps:
            by_unit.setdefault(step.unit, []).append(step)
        for steps in by_unit.values():
            yield tuple(steps)


def new_id() -> str:
    """An id that sorts by time and that nobody else has: `20261121T020100123Z-9f3a2c41`."""
    now = time.time_ns()
    moment = datetime.datetime.fromtimestamp(now // 10**9, datetime.UTC)
    return f"{moment:%Y%m%dT%H%M%S}{now // 10**6 % 1000:03d}Z-{secrets.token_hex(4)}"


def is_id(text: str) -> bool:
    """Whether this can be the id of a plan; an id names a file, so nothing else may pass for one."""
    return _ID.fullmatch(text) is not None


def to_record(plan: Plan) -> dict[str, object]:
    """The plan for the journal. Paths stay as they are: JSON in ASCII keeps undecodable bytes as `\\udcXX`."""
    return {
        "id": plan.id,
        "title": plan.title,
        "steps": [_step_record(step) for step in plan.steps],
        "frees": plan.frees,
        "frees_now": plan.frees_now,
        "warnings": list(plan.warnings),
        "created_at": plan.created_at,
        "origins": {str(unit): origin for unit, origin in plan.origins.items()},
        "left": list(plan.left),
        "weighs": plan.weighs,
    } | parts_of({"title": plan.title, "warnings": plan.warnings, "left": plan.left})


def from_record(record: object) -> Plan:
    """The plan that `to_record` made. Raises ValueError for anything else."""
    if not isinstance(record, dict):
        raise ValueError(said("no plan"))
    steps, warnings, left = record.get("steps"), record.get("warnings"), record.get("left", [])
    weighs = record.get("weighs")
    if not isinstance(weighs, int | None):
        raise ValueError(said("a plan says strangely how much it is about"))
    if not isinstance(steps, list) or not isinstance(warnings, list) or not isinstance(left, list):
        raise ValueError(said("no plan"))
    return Plan(
        id=_get(record, "id", str),
        title=with_parts(record, "title", _get(record, "title", str)),
        steps=tuple(_step_from(step) for step in steps),
        frees=_get(record, "frees", int),
        frees_now=_get(record, "frees_now", int),
        warnings=all_with_parts(record, "warnings", warnings),
        created_at=_get(record, "created_at", float),
        origins=_origins_from(record.get("origins", {})),
        left=all_with_parts(record, "left", left),
        weighs=weighs,
    )


def as_json(plan: Plan, state: State, states: Sequence[StepState]) -> dict[str, object]:
    """The PLAN of the command line. `states` go with the steps; undecodable bytes of paths as `\\xNN`."""
    return {
        "id": plan.id,
        "title": printable(plan.title),
        "state": state,
        "frees": plan.frees,
        "frees_now": plan.frees_now,
        "warnings": [printable(warning) for warning in plan.warnings],
        "steps": [
            {
                "n": step.n,
                "unit": step.unit,
                "verb": step.verb,
                "path": printable(step.path),
                "target": None if step.target is None else printable(step.target),
                "bytes": step.bytes,
                "frees": step.frees,
                "why": printable(step.why),
                "undo": step.undo,
                "state": now.state,
                "problem": printable(now.problem) or None,
            }
            for step, now in zip(plan.steps, states, strict=True)
        ],
    }


def printable(text: str) -> str:
    """Text with undecodable bytes as `\\xNN`: what a strict UTF-8 reader of our JSON can take."""
    try:
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:  # half a UTF-16 pair, which Windows allows in names
        return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _step_record(step: Step) -> dict[str, object]:
    identity = None if step.identity is None else identity_to_record(step.identity)
    return {
        "n": step.n,
        "unit": step.unit,
        "verb": step.verb,
        "path": step.path,
        "target": step.target,
        "bytes": step.bytes,
        "frees": step.frees,
        "why": step.why,
        "undo": step.undo,
        "identity": identity,
        "how": dict(step.how),
        "of": step.of,
        "keeps": [
            {
                "path": kept.path,
                "identity": identity_to_record(kept.identity),
                "ctime_ns": kept.ctime_ns,
                "same": None if kept.same is None else asdict(kept.same),
            }
            for kept in step.keeps
        ],
    } | parts_of({"why": step.why})


def _step_from(record: object) -> Step:
    if not isinstance(record, dict):
        raise ValueError(said("no step"))
    target, identity, how = record.get("target"), record.get("identity"), record.get("how", {})
    keeps = record.get("keeps", [])
    if not isinstance(keeps, list):
        raise ValueError(said("a step says strangely what stays"))
    if not isinstance(target, str | None):
        raise ValueError(said("a step's target is no path"))
    if not isinstance(how, dict) or not all(isinstance(value, str) for value in how.values()):
        raise ValueError(said("a step says strangely how"))
    return Step(
        n=_get(record, "n", int),
        unit=_get(record, "unit", int),
        verb=_get(record, "verb", str),
        path=_get(record, "path", str),
        target=target,
        bytes=_get(record, "bytes", int),
        frees=_get(record, "frees", int),
        why=with_parts(record, "why", _get(record, "why", str)),
        undo=_get(record, "undo", bool),
        identity=None if identity is None else identity_from_record(identity),
        how=how,
        of=_get(record, "of", str),
        keeps=tuple(_kept_from(kept) for kept in keeps),
    )


def _kept_from(record: object) -> KeptFile:
    if not isinstance(record, dict):
        raise ValueError(said("a step says strangely what stays"))
    ctime_ns = record.get("ctime_ns")
    if not isinstance(ctime_ns, int | None):
        raise ValueError(said("a step says strangely what stays"))
    same = record.get("same")
    return KeptFile(
        _get(record, "path", str),
        identity_from_record(record.get("identity")),
        ctime_ns,
        None if same is None else _proof_from(same),
    )


def proof_as_text(proof: Proof) -> str:
    """For `Step.how`, which holds texts."""
    return json.dumps(asdict(proof))


def proof_from_text(text: str) -> Proof | None:
    """The reverse; None for anything else: then nothing is proven."""
    try:
        return _proof_from(json.loads(text))
    except ValueError:
        return None


def _proof_from(record: object) -> Proof:
    if not isinstance(record, dict):
        raise ValueError(said("a step says strangely what is the same"))
    return Proof(
        _get(record, "path", str),
        _get(record, "ctime_ns", int),
        _get(record, "kept_ctime_ns", int),
        _get(record, "mounted", str),
        _get(record, "kept_mounted", str),
        _get(record, "bytewise", bool),
        _get(record, "sha256", str),
    )


def _origins_from(record: object) -> dict[int, str]:
    if not isinstance(record, dict) or not all(
        isinstance(unit, str) and unit.isdecimal() and len(unit) < 10 and isinstance(origin, str)
        for unit, origin in record.items()
    ):
        raise ValueError(said("a plan says strangely what asked for it"))
    return {int(unit): origin for unit, origin in record.items()}


def _get(record: Mapping[str, object], name: str, kind: type[_T]) -> _T:
    value = record.get(name)
    if not isinstance(value, kind):
        raise ValueError(said("{0} is missing or of another kind", name))
    return value
