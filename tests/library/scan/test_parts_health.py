"""The verdict on a model of several parts, where only some were read to their end."""

from __future__ import annotations

import pytest

from model_manager.base.facts import Facts, Health, Verdict
from model_manager.library.scan.understand import Sighting, WeighedFile, understand


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


@pytest.mark.parametrize(("code", "whole"), [(("chat template: not told",), "unknown"), ((), "good")])
def test_good_weights_say_nothing_of_code_beside_them(code: tuple[str, ...], whole: str) -> None:
    """What a folder brings along for its programs to run, and what this program could not look into."""
    parts = [WeighedFile(1, "weights", 100, 100, Facts("safetensors"))]
    found = understand(parts, [Sighting("lm-studio", "x", (), Health("unknown", "why"), code=code)])
    assert (found.health.verdict, found.code) == (whole, code)
