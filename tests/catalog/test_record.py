"""The model record: what every place that shows a field relies on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from model_manager.base import figures
from model_manager.catalog import record
from model_manager.catalog.record import COLUMNS, CSV, FIELDS, LINES, LISTED, Row

OBJECTS = Path(__file__).resolve().parents[2] / "notes" / "json" / "objects.json"


def test_what_is_stored_comes_first_in_a_row() -> None:
    """Rows are filled from left to right: a stored field behind a computed one would take its value."""
    assert Row._fields[: len(LISTED)] == tuple(LISTED)


def test_the_columns_that_people_have_chosen_are_known_again() -> None:
    """Settings and sheets of earlier versions name or count them."""
    before = ["name", "category", "base", "quant", "bits", "parameters", "context", "format", "size", "tools", "bytes",
                             "health", "used", "added"]  # fmt: skip
    assert [id_ for id_ in COLUMNS if id_ in before] == before
    assert [id_ for id_, field in COLUMNS.items() if field.cells and field.cells.shown] == [
        "name", "category", "base", "quant", "size", "tools", "health"
    ]  # fmt: skip
    assert CSV[:17] == ("id", "name", "category", "category_evidence", "format", "architecture", "base_model", "parameters", "quant",
                        "bits_per_weight", "context_length", "size", "bytes", "licence", "added", "pinned", "note")  # fmt: skip


def test_each_column_of_the_csv_has_a_number_of_its_own() -> None:
    taken = sorted(field.csv for field in FIELDS.values() if field.csv)
    assert taken == [number for number in range(1, taken[-1] + 1) if not 18 <= number <= 21]


def test_each_line_has_a_height_of_its_own_and_a_title() -> None:
    heights = [field.line for field in LINES]
    assert heights == sorted(set(heights))
    assert all(field.title for field in LINES)
    assert all(field.line for field in COLUMNS.values()), "a column without a height would stand before the name"


def test_what_is_printed_is_described() -> None:
    described = json.loads(OBJECTS.read_text())["$defs"]["model"]["properties"]
    assert {field.key for field in FIELDS.values() if field.key} <= described.keys()


@pytest.mark.parametrize(
    ("values", "columns"),
    [
        ({}, {"bits": None, "context_length": None}),
        ({"bits_per_weight": 4.5, "context_length": 8192, "publisher": "x"}, {"bits": 4.5, "context_length": 8192}),
    ],
)
def test_columns_are_what_holds_of_the_claims(values: dict[str, object], columns: dict[str, object]) -> None:
    found = record.claimed(values)
    assert found.keys() >= columns.keys() and "publisher" not in found
    assert {name: found[name] for name in columns} == columns


def test_a_catalogue_without_a_column_is_told_which() -> None:
    there = set(FIELDS) - {"context_length", "bits", "licence", "note"}
    assert record.missing_columns(there) == [("bits", "REAL"), ("context_length", "INTEGER"), ("licence", "TEXT")]


def test_bits_are_told_to_two_places() -> None:
    text = FIELDS["bits"].text
    assert text is not None and text(4.5) == "4.50"
    assert FIELDS["context_length"].text is figures.count
