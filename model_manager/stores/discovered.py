"""What an adapter tells of a tool's folders. Plain data: nothing here touches disk."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, NamedTuple

from model_manager.base.facts import Claim, Health, Role
from model_manager.base.messages import counted

FoundBy = Literal["default", "environment", "config", "process", "user"]
Sha256Source = Literal["read", "blob-name", "index", "sidecar"]
LeftoverKind = Literal["orphan", "partial", "archive", "training-leftover", "detached-revision", "empty-folder"]


@dataclass(frozen=True, slots=True)
class FoundRoot:
    """A folder that a tool keeps models in, and how it was found."""

    tool: str
    path: str
    found_by: FoundBy = "default"
    details: Mapping[str, str] = field(default_factory=dict)
    """What the adapter wants back when it describes this root (a layout, a category of its own)."""


class FoundFile(NamedTuple):
    """One file of a model. `name` is its path within the model, with `/`. A walk makes 100,000 of these."""

    path: str
    stat: os.stat_result
    role: Role
    name: str = ""
    sha256: str | None = None
    sha256_source: Sha256Source | None = None


class Source(NamedTuple):
    """Where a model came from, as the tool recorded it."""

    hub: str
    repo: str
    revision: str = ""
    file: str = ""


class FoundModel(NamedTuple):
    """A model as one tool sees it: `name` is the tool's name for it, `path` what a person would open."""

    name: str
    path: str
    files: tuple[FoundFile, ...]
    title: str = ""
    """A name for people where the tool's own is a path or a key; empty: `name`."""
    claims: tuple[Claim, ...] = ()
    source: Source | None = None
    health: Health | None = None
    """What the layout itself shows to be wrong (a blob that a manifest names is missing)."""
    details: Mapping[str, str] = MappingProxyType({})
    """What belongs to this name alone: an Ollama tag's template and parameters."""
    is_folder: bool = False
    """Whether a folder format may be asked about these files together."""


@dataclass(frozen=True, slots=True)
class Leftover:
    """Something no tool lists: an orphan, a partial download, an archive already unpacked."""

    kind: LeftoverKind
    path: str
    size: int
    bytes: int
    of: str = ""
    """What it is a part or a rest of, in words."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that could not be read: shown as a row, never a reason to stop. `path` is empty where none was known."""

    path: str
    kind: str
    why: str


def without_blobs(missing: Sequence[str]) -> Health:
    """Of a model whose manifest names blobs that are not there."""
    names, count = ", ".join(missing[:3]), len(missing)
    why = counted("{0} of its blobs is missing: {1}", "{0} of its blobs are missing: {1}", count, count, names)
    return Health("incomplete", why)


def on_disk(stat: os.stat_result) -> int:
    """Bytes really on disk: min(st_size, 512 × st_blocks); the size where the system counts no blocks."""
    blocks = getattr(stat, "st_blocks", None)
    return stat.st_size if blocks is None else min(stat.st_size, 512 * int(blocks))
