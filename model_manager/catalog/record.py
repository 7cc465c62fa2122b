"""The model record: what is kept of a model, each field named once, in the annotation of `Row` or `Unlisted`.

From there follow its column in the catalogue, the claim that it is settled from, its JSON, its column in the table with the
order by it, its search term, its column in the CSV, and its line on the card and in `show`. What is worded of several
fields together (a quant with its label) is worded where it is shown.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Annotated, Any, NamedTuple, get_args, get_type_hints

from model_manager.base import figures, units
from model_manager.base.text import later, number, shown

READER = 4
"""Raise this when readers learn something new: headers are then read again."""
DERIVED = 1
"""Raise this when a field is added that headers have stated all along, or when `understand` learns something new: every
model is then derived again from what the catalogue holds. No model's file is opened for it."""


@dataclass(frozen=True, slots=True)
class Cells:
    """A field's column in the library's table. `width` in pixels at 96 dpi; numbers go to the right."""

    width: int
    numeric: bool = False
    shown: bool = False
    """Whether people see it before they have chosen their columns."""
    rank: int = 0
    """Columns with a rank leave a narrow window, the highest first; 0 stays."""
    id: str = ""
    """By what the settings remember it, where that is not the field's name."""
    heading: str = ""
    """In English, where the field's title is too long for a column."""
    of: Callable[[Row], Any] | None = None
    """What it shows and sorts by, where that is more than the field's own value."""


@dataclass(frozen=True, slots=True)
class Field:
    """How one field is printed and shown. Titles are English here and translated where they are shown."""

    title: str = ""
    line: int = 0
    """Its height on the card, in `show` and in the table, the least on top; new ones fit between two others."""
    text: Callable[[Any], str] | None = None
    """Its value for people. With it, and where the JSON has the value as it is, its line on the card and in `show` comes
    by itself."""
    json: str | None = None
    """Its key in the JSON of a model, where that is not its name; empty: it is no value of its own there."""
    out: Callable[[Any], Any] | None = None
    """From the stored value to that of the JSON."""
    csv: int = 0
    """Its column in the CSV, from 1. Sheets count columns, so new ones come last, after 21 (see `cli/export.py`)."""
    claimed: bool = False
    """Whether it is what holds of the claims with its key's name."""
    searched: bool = False
    """Whether `key:value` finds it: a text as a whole, a tick by yes and no."""
    cells: Cells | None = None
    sql: str = ""
    """What a row reads, where that is not the column of its name."""
    name: str = ""
    """The column in the catalogue: the name that it is declared by, filled in from there."""
    type: type = str
    optional: bool = False
    """Whether it may not be known."""

    @property
    def key(self) -> str:
        return self.name if self.json is None else self.json

    @property
    def value(self) -> Callable[[Row], Any]:
        """What the table shows and sorts of a row."""
        return self.cells.of if self.cells and self.cells.of else attrgetter(self.name)


def _bits(value: float) -> str:
    return number(f"{value:.2f}")


class Row(NamedTuple):
    """One line of the library: what tables, filters and totals need, and no more (memory: 100,000 of these)."""

    id: Annotated[int, Field(json="id", out=lambda id_: f"m{id_}", csv=1)]
    name: Annotated[str, Field(later("Name"), 5, out=shown, csv=2, cells=Cells(240, shown=True))]
    category: Annotated[str, Field(
        later("Kind"), 10, str, csv=3, cells=Cells(116, shown=True, rank=3), sql="COALESCE(user_category, category)",
    )]  # fmt: skip
    category_from: Annotated[str, Field(
        json="category_evidence", csv=4, sql="CASE WHEN user_category IS NULL THEN category_from ELSE 'user' END",
    )]  # fmt: skip
    format: Annotated[str, Field(later("Format"), 80, str, csv=5, searched=True, cells=Cells(90))]
    architecture: Annotated[str | None, Field(later("Architecture"), 70, str, csv=6, claimed=True)]
    base_model: Annotated[str | None, Field(
        later("Base model"), 20, str, csv=7, claimed=True, cells=Cells(104, shown=True, rank=4, id="base"),
    )]  # fmt: skip
    parameters: Annotated[int | None, Field(
        later("Parameters"), 50, figures.parameters, csv=8, claimed=True, cells=Cells(90, numeric=True),
    )]  # fmt: skip
    quant: Annotated[str | None, Field(
        later("Quant"), 30, str, csv=9, claimed=True,
        cells=Cells(72, shown=True, rank=1, of=lambda row: row.quant or row.quant_label),
    )]  # fmt: skip
    quant_label: Annotated[str | None, Field(claimed=True)]
    bits: Annotated[float | None, Field(
        later("Bits per weight"), 40, _bits, json="bits_per_weight", csv=10, claimed=True,
        cells=Cells(60, numeric=True, heading=later("Bits")),
    )]  # fmt: skip
    context_length: Annotated[int | None, Field(
        later("Context"), 60, figures.count, csv=11, claimed=True, cells=Cells(80, numeric=True, id="context"),
    )]  # fmt: skip
    size: Annotated[int, Field(later("Size"), 90, figures.size, csv=12, cells=Cells(72, numeric=True, shown=True))]
    bytes: Annotated[int, Field(later("On disk"), 100, figures.size, csv=13, cells=Cells(80, numeric=True))]
    verdict: Annotated[str, Field(
        later("Health"), 140, json="", cells=Cells(92, shown=True, rank=5, id="health"),
    )]  # fmt: skip
    tools: Annotated[str, Field(later("Where"), 95, json="", cells=Cells(116, shown=True, rank=2))]
    places: Annotated[int, Field(json="")]
    used_at: Annotated[int | None, Field(later("Last used"), 160, figures.day, json="", cells=Cells(100, id="used"))]
    used_from: Annotated[str | None, Field(json="")]
    added: Annotated[int, Field(later("First seen"), 165, figures.day, out=units.iso, csv=15, cells=Cells(100))]
    pinned: Annotated[int, Field(later("Pinned"), 190, out=bool, csv=16, searched=True)]
    tags: Annotated[str, Field(later("Tags"), 170, json="")]
    copies: int = 0
    text: str = ""
    away: str = ""
    """Why it is not to be had now, the state of its folders' root; empty where one of its places is there."""
    shared: tuple[tuple[int, int, int], ...] = ()
    """(file, size, bytes on disk) of each file that another model has too: see `catalog/disk_use`."""


class Unlisted:
    """What is kept of a model for its card, `show` and JSON alone: tables and filters do without it."""

    licence: Annotated[str | None, Field(later("Licence"), 110, str, csv=14, claimed=True)]
    source: Annotated[str | None, Field(later("Source"), 120, json="")]
    health_detail: Annotated[str, Field(json="")]
    code: Annotated[str, Field(later("Names code"), 150, out=json.loads)]
    note: Annotated[str, Field(later("Note"), 180, csv=17)]


def _declared(owner: type) -> dict[str, Field]:
    found: dict[str, Field] = {}
    for name, hint in get_type_hints(owner, include_extras=True).items():
        for field in getattr(hint, "__metadata__", ()):
            kinds = get_args(hint.__origin__) or (hint.__origin__,)
            found[name] = replace(field, name=name, type=kinds[0], optional=len(kinds) > 1)
    return found


LISTED = _declared(Row)
"""The stored fields of a row, by name, in its order."""
FIELDS = {**LISTED, **_declared(Unlisted)}
CLAIMED = tuple(field for field in FIELDS.values() if field.claimed)
_FROM_ABOVE = sorted(FIELDS.values(), key=lambda field: field.line)
LINES = tuple(field for field in _FROM_ABOVE if field.line)
"""What the card and `show` have lines for, from top to bottom."""
COLUMNS = {field.cells.id or field.name: field for field in _FROM_ABOVE if field.cells}
"""The columns of the library's table, from left to right, by what the settings remember them by."""
PRINTED = tuple(field for field in FIELDS.values() if field.key)
SEARCHED = {field.key: field for field in LISTED.values() if field.searched}
CSV = tuple(field.key for field in sorted(FIELDS.values(), key=lambda field: field.csv) if field.csv)


def claimed(values: Mapping[str, object]) -> dict[str, object]:
    """The columns of a model that are what holds of the claims about it."""
    return {field.name: values.get(field.key) for field in CLAIMED}


def printed(record: Mapping[str, Any]) -> dict[str, Any]:
    """What the JSON of a model has of its record, each field by itself."""
    return {field.key: field.out(record[field.name]) if field.out else record[field.name] for field in PRINTED}


def missing_columns(there: set[str]) -> list[tuple[str, str]]:
    """(name, SQL type) of the claimed fields that a table with these columns has no column for yet."""
    kinds = {int: "INTEGER", float: "REAL"}
    return [(field.name, kinds.get(field.type, "TEXT")) for field in CLAIMED if field.name not in there]
