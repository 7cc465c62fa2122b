"""What asked for a unit of a plan, kept with it as text, so that the tool's own rule can be asked once more."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass

from model_manager.stores.discovered import Leftover


@dataclass(frozen=True, slots=True)
class OfPlaces:
    """Places of models in one root. `along`: the ids of all places that go in the same plan and name files of these."""

    tool: str
    root: str
    places: tuple[tuple[str, str, tuple[tuple[str, str, str], ...]], ...]
    """(name, path, files as (path, role, name))"""
    along: tuple[int, ...]
    pinned: tuple[int, ...]
    """Models that the person pinned, and saw to be so."""
    links: tuple[str, ...] = ()
    """Links that were there and may have led to a file of these, when it was decided what becomes of them."""


@dataclass(frozen=True, slots=True)
class OfLeftover:
    """Something in a root that no tool lists."""

    tool: str
    root: str
    leftover: Leftover


@dataclass(frozen=True, slots=True)
class OfCopies:
    """Copies of a file that are replaced by links to it."""


Origin = OfPlaces | OfLeftover | OfCopies
_KINDS: dict[str, type[Origin]] = {"places": OfPlaces, "leftover": OfLeftover, "copies": OfCopies}


def as_text(origin: Origin) -> str:
    kind = next(name for name, kind in _KINDS.items() if isinstance(origin, kind))
    fields = {field.name: getattr(origin, field.name) for field in dataclasses.fields(origin)}
    return json.dumps({"kind": kind} | fields, default=dataclasses.asdict)


def from_text(text: str) -> Origin | None:
    """The reverse; None for anything else, such as a plan of an earlier version."""
    try:
        record = json.loads(text)
        kind = record.pop("kind")
        if kind == "places":
            return OfPlaces(
                str(record["tool"]), str(record["root"]),
                tuple(
                    (str(name), str(path), tuple((str(p), str(role), str(title)) for p, role, title in files))
                    for name, path, files in record["places"]
                ),
                tuple(int(id_) for id_ in record["along"]), tuple(int(id_) for id_ in record["pinned"]),
                tuple(str(link) for link in record["links"]),
            )  # fmt: skip
        if kind == "leftover":
            return OfLeftover(str(record["tool"]), str(record["root"]), Leftover(**record["leftover"]))
        return OfCopies() if kind == "copies" else None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
