"""What background work tells whoever listens. Subscribers bind to the class."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ModelsChanged:
    """These models were added, changed or have gone since the last event."""

    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RootsChanged:
    """A root was found, went offline, or was added, moved, ignored or removed."""


@dataclass(frozen=True, slots=True)
class ScanFinished:
    """A scan ended: counts as `scan --json` prints them; `cancelled` when it was stopped."""

    models: int
    files: int
    seconds: float
    problems: int
    cancelled: bool


@dataclass(frozen=True, slots=True)
class OperationChanged:
    """An operation was applied or undone; `id` is empty where another process did something, which one is not known."""

    id: str


@dataclass(frozen=True, slots=True)
class ChangedElsewhere:
    """Another process has changed the catalogue: whatever was read from it may be old."""


Event = ModelsChanged | RootsChanged | ScanFinished | OperationChanged | ChangedElsewhere
