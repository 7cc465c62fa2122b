"""Whisper's published sizes by their figures; another shape has no name."""

from __future__ import annotations

import pytest

from model_manager.formats.whisper_sizes import name_of


@pytest.mark.parametrize(
    ("figures", "name"),
    [
        ((4, 4, 51865, 80), "tiny"), ((4, 4, 51864, 80), "tiny.en"), ((6, 6, 51864, 80), "base.en"), ((12, 12, 51865, 80), "small"), ((24, 24, 51865, 80), "medium"),
        ((32, 32, 51865, 80), "large"), ((32, 32, 51866, 128), "large-v3"), ((32, 32, 51865, 128), "large-v3"), ((32, 4, 51866, 128), "large-v3-turbo"),
        ((32, 2, 51866, 128), "distil-large-v3"), ((32, 2, 51865, 80), "distil-large-v2"), ((12, 4, 51864, 80), "distil-small.en"), ((24, 2, 51864, 80), "distil-medium.en"),
        ((5, 5, 51865, 80), ""), ((0, 0, 0, 0), ""), ((4, 6, 51864, 80), ""),
    ],
)  # fmt: skip
def test_sizes(figures: tuple[int, int, int, int], name: str) -> None:
    assert name_of(*figures) == name
