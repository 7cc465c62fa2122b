"""The order of the rows by each column."""

from __future__ import annotations

import pytest

from model_manager.catalog.record import COLUMNS
from model_manager.catalog.rows import Row
from model_manager.controllers.row_order import ordered

PLAIN = dict(
    category="llm", category_from="name", format="gguf", architecture=None, base_model=None, parameters=None, quant=None,
    quant_label=None, bits=None, context_length=None, size=1, bytes=1, verdict="good", tools="folder", places=1, used_at=None,
    used_from=None, added=1, pinned=0, tags="", copies=0, text="",
)  # fmt: skip


def row(name: str, **values: object) -> Row:
    return Row(**{**PLAIN, "id": 1, "name": name, **values})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("name", {}), ("category", {"category": ["llm", "multimodal", "vae"]}),
        ("base", {"base_model": [None, "flux.1", "SDXL 1.0"]}), ("bits", {"bits": [None, 4.5, 16.0]}),
        ("parameters", {"parameters": [None, 9, 10]}), ("context", {"context_length": [None, 4096, 131072]}),
        ("format", {"format": ["gguf", "onnx", "safetensors"]}), ("size", {"size": [2, 3, 10]}),
        ("tools", {"tools": ["folder", "jan", "ollama"]}), ("bytes", {"bytes": [2, 3, 10]}),
        ("health", {"verdict": ["corrupt", "good", "truncated"]}), ("used", {"used_at": [None, 5, 60]}), ("added", {"added": [1, 5, 60]}),
        ("quant", {"quant": ["F16", None, "Q8_0"], "quant_label": [None, "q4_k_m", None]}),
    ],
)  # fmt: skip
def test_by_each_column_both_ways(column: str, values: dict[str, list[object]]) -> None:
    rows = [row(name, **{field: some[at] for field, some in values.items()}) for at, name in enumerate(("a", "B", "c"))]
    mixed = [rows[1], rows[2], rows[0]]
    assert ordered(mixed, (column, False)) == rows
    assert ordered(mixed, (column, True)) == rows[::-1]


def test_every_column_of_the_table_sorts_and_names_stand_from_a_to_z_within_it() -> None:
    rows = [row("a"), row("B"), row("c")]
    for column in COLUMNS:
        if column != "name":
            assert ordered([rows[2], rows[0], rows[1]], (column, False)) == rows, column
            assert ordered([rows[2], rows[0], rows[1]], (column, True)) == rows, column
