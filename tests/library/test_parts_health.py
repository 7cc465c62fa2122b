"""The verdict on a model of several parts, where only some were read to their end."""

from __future__ import annotations

import pytest

from model_manager.base.facts import Facts, Health, Verdict
from model_manager.library.understand import WeighedFile, understand


@pytest.mark.parametrize(
    ("format_", "verdict", "code", "whole"),
    [
        ("pickle", "unknown", ("mine.run",), "unknown"),
        ("pickle", "unknown", (), "unknown"),
        ("hdf5", "unknown", (), "unknown"),
        ("gguf", "unknown", (), "good"),
        ("unknown", "unknown", (), "good"),
        ("pickle", "unsafe", ("os.system",), "unsafe"),
        ("pickle", "good", ("mine.Model",), "good"),
    ],
)
def test_a_good_part_says_nothing_of_code_in_another(
    format_: str, verdict: Verdict, code: tuple[str, ...], whole: str
) -> None:
    parts = [
        WeighedFile(1, "weights", 100, 100, Facts("safetensors")),
        WeighedFile(2, "weights", 50, 50, Facts(format_, health=Health(verdict, "why"), code=code)),
    ]
    for files in (parts, parts[::-1]):
        found = understand(files, [])
        assert (found.health.verdict, found.code) == (whole, code)
