"""What a Keras configuration would read from the disk or fetch."""

from __future__ import annotations

import pytest

from model_manager.formats.keras_reads import read


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({"vocabulary": "/etc/passwd"}, ["vocabulary /etc/passwd"]), ({"vocabulary": ["a", "b"]}, []), ({"vocabulary": " "}, []), ({"vocabulary": None}, []),
        ({"weights": "imagenet"}, []), ({"weights": "dir/x"}, ["weights dir/x"]), ({"weights": "x.h5"}, ["weights x.h5"]), ({"weights": "~x"}, ["weights ~x"]),
        ({"handle": "https://tfhub.dev/x"}, ["handle https://tfhub.dev/x"]), ({"any": " GS://b/x"}, ["any GS://b/x"]), ({"any": "see https://x"}, []),
        ({"any": ["a", "hf://x"]}, ["any hf://x"]), ({"any": 5, "name": "dense"}, []), ({"weights": ["hf://x"]}, ["weights hf://x"]),
        ({"filepath": "a\nb"}, ["filepath a\\x0ab"]), ({"log_dir": "x", "save_dir": "y"}, ["log_dir x", "save_dir y"]), ({}, []),
    ],
)  # fmt: skip
def test_files_and_addresses_are_told(config: dict[str, object], told: list[str]) -> None:
    assert list(read(config)) == told


def test_long_ones_are_cut_and_long_lists_looked_at_in_part() -> None:
    assert list(read({"merges": "x" * 500})) == ["merges " + "x" * 80]
    assert (
        list(read({"any": ["a"] * 19 + ["file://x"]})) == ["any file://x"]
        and list(read({"any": ["a"] * 20 + ["file://x"]})) == []
    )
