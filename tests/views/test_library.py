"""The library's table: what stands in its cells."""

from __future__ import annotations

from model_manager.base.text import use_language
from model_manager.catalog.rows import Row
from model_manager.views.library import _columns

ROW = Row(
    id=1, name="odd \u202e name", category="diffusion/text_encoder", category_from="name", format="gguf", architecture="t5",
    base_model=None, parameters=8_030_000_000, quant=None, quant_label="Q4_K_M", bits=4.5, context_length=131072, size=5_000_000_000,
    bytes=4_000_000_000, verdict="truncated", tools="ollama,lm-studio", places=2, used_at=None, used_from=None, added=0, pinned=1,
    tags="",
)  # fmt: skip


def cells(row: Row) -> dict[str, str]:
    return {column.id: column.text(row) for column in _columns()}


def test_each_cell_is_worded_for_people() -> None:
    assert cells(ROW) == {
        "name": "⚠ ★ odd \\u202e name", "category": "text encoder", "base": "", "quant": "Q4_K_M", "bits": "4.50", "parameters": "8.03B",
        "context": "131,072", "format": "gguf", "size": "5.00 GB", "tools": "Ollama, LM Studio", "bytes": "4.00 GB", "health": "truncated",
        "used": "", "added": "",
    }  # fmt: skip


def test_what_is_not_to_be_had_now_says_so() -> None:
    away = cells(ROW._replace(away="offline"))
    assert away["name"].startswith("⏏ ") and away["tools"].startswith("not there: ") and "unplugged" in away["health"]


def test_titles_and_figures_are_those_of_the_language() -> None:
    use_language("de")
    try:
        titles = [column.title for column in _columns()]
        told = cells(ROW)
    finally:
        use_language("en")
    assert titles[:2] == ["Name", "Art"] and told["bits"] == "4,50" and told["context"] == "131.072"
