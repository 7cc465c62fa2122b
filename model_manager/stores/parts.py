"""What a tool's rule of removal answers with: parts in order, never an act. `library` makes steps of them."""

from __future__ import annotations

from dataclasses import dataclass, field

from model_manager.base.errors import ModelManagerError
from model_manager.base.facts import Role


class CannotRemove(ModelManagerError):
    """This tool's rule forbids it now; the hint says what to do instead."""


@dataclass(frozen=True, slots=True)
class PlacedFile:
    """A file as one place names it."""

    path: str
    role: Role
    name: str = ""


@dataclass(frozen=True, slots=True)
class Placed:
    """One place of a model as the catalogue knows it. `details` is what the adapter found there."""

    name: str
    path: str
    files: tuple[PlacedFile, ...]
    elsewhere: frozenset[str] = frozenset()
    """Paths of its files that places which stay name too: they are not this model's alone."""


@dataclass(frozen=True, slots=True)
class Going:
    """A file, a link (never what it leads to) or a whole folder that goes.

    `fresh`: when it comes back, its time is now until its unit is back (Ollama's blobs).
    """

    path: str
    why: str
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class Writing:
    """An index of the tool gets a new text."""

    path: str
    text: bytes
    why: str


@dataclass(frozen=True, slots=True)
class Asking:
    """The tool's own service does it, for good. `gone` stands in the answer of `probe` until it is done."""

    url: str
    method: str
    body: str
    probe: str
    gone: str
    why: str
    paths: tuple[str, ...] = field(default=())
    """The files that the tool will remove, for the figures."""


Part = Going | Writing | Asking
