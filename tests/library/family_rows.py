"""Rows of the library and the lines of their family, as a test names them."""

from __future__ import annotations

import itertools

from model_manager.catalog.rows import Row
from model_manager.library.clean.families import QuantLine, lines_of
from model_manager.library.clean.memory import Machine, fit

_IDS = itertools.count(1)
GIB = 1 << 30


def row(name: str, quant: str = "Q4_K_M", bits: float = 4.8, category: str = "llm", **values: object) -> Row:
    fields: dict[str, object] = dict(
        id=next(_IDS), name=name, category=category, category_from="tensors", format="gguf", architecture="llama",
        base_model=None, parameters=7_000_000_000, quant=quant, quant_label=quant, bits=bits, context_length=8192,
        size=int(7e9 * bits / 8), bytes=int(7e9 * bits / 8), verdict="good", tools="ollama", places=1, used_at=None,
        used_from=None, added=0, pinned=0, tags="", copies=1, text=name.lower(),
    )  # fmt: skip
    return Row(**{**fields, **values})  # type: ignore[arg-type]


def lines(*rows: Row, ram: int = 64 * GIB) -> list[QuantLine]:
    return lines_of(rows, {one.id: fit(Machine(ram), one.bytes) for one in rows})
