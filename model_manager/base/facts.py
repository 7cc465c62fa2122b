"""What is known of a file or a model, and why it is believed. Plain frozen data, no disk.

Every statement is a `Claim`: a field, a value, where it comes from and the detail that a
person may want to see. Claims of one field are settled by the strength of their source
(`design`: the user, tensors, hash, sidecar, metadata, name, folder); what loses becomes a
disagreement.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Source = Literal["user", "tensors", "hash", "sidecar", "metadata", "name", "folder"]
SOURCES: tuple[Source, ...] = ("user", "tensors", "hash", "sidecar", "metadata", "name", "folder")
"""Strongest first."""

Verdict = Literal["not-a-model", "unsafe", "corrupt", "truncated", "incomplete", "suspicious", "good", "unknown"]
VERDICTS: tuple[Verdict, ...] = (
    "not-a-model", "unsafe", "corrupt", "truncated", "incomplete", "suspicious", "good", "unknown",
)  # fmt: skip
"""The first that applies is shown, in this order."""

Role = Literal["weights", "projector", "adapter", "config", "tokenizer", "sidecar", "manifest", "other"]

Value = str | int | float | bool

MANY = frozenset({"tag", "trigger_words"})
"""Fields that may be claimed several times."""


class Claim(NamedTuple):
    """One statement. `field` says what it is about: a field of the model record (`catalog/record.py`, those that are
    `claimed`, by the key of their JSON), or what understanding alone makes use of: name, category, tag, vision, audio,
    tool_use, source_repo. `show` prints all, these and others. `detail` says in words why it is believed."""

    field: str
    value: Value
    source: Source
    detail: str = ""


HealthKind = Literal["", "raw-parts", "no-weights"]
"""What the program itself goes by, where a verdict does not tell enough: its words are for people alone."""


@dataclass(frozen=True, slots=True)
class Health:
    """A verdict and, in words, the figures behind it."""

    verdict: Verdict = "good"
    detail: str = ""
    kind: HealthKind = ""


GOOD = Health()


@dataclass(frozen=True, slots=True)
class Share:
    """How much of a file's tensors has one data type: `elements` numbers in `bytes` bytes."""

    dtype: str
    elements: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Companion:
    """A file that this one needs beside it (ONNX external data): path relative to its folder."""

    name: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Split:
    """One part of a set: `number` counts from 0, `count` is how many there are."""

    number: int
    count: int


@dataclass(frozen=True, slots=True)
class Facts:
    """What one file's header says.

    `format` is the short name shown to people (`gguf`, `safetensors`, `pickle`, `onnx` …).
    `shares` is the tensor histogram, largest first. `code` lists what a pickle names outside
    the allow-list. `metadata` is a bounded copy of the header's own keys, for `show`.
    """

    format: str
    claims: tuple[Claim, ...] = ()
    shares: tuple[Share, ...] = ()
    health: Health = GOOD
    code: tuple[str, ...] = ()
    companions: tuple[Companion, ...] = ()
    split: Split | None = None
    metadata: Mapping[str, object] = field(default_factory=dict)


def worst(healths: Iterable[Health]) -> Health:
    """The health that is shown for several files: the first verdict of VERDICTS that any has.

    `unknown` says nothing against a model and loses against `good` only when all are unknown.
    """
    found = sorted(healths, key=lambda health: VERDICTS.index(health.verdict))
    return found[0] if found else Health("unknown")


def settle(claims: Iterable[Claim]) -> dict[str, Claim]:
    """The claim that holds for each single-valued field: strongest source, then the earliest."""
    held: dict[str, Claim] = {}
    for claim in claims:
        if claim.field in MANY:
            continue
        other = held.get(claim.field)
        if other is None or SOURCES.index(claim.source) < SOURCES.index(other.source):
            held[claim.field] = claim
    return held
