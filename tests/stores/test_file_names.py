"""What names say by themselves."""

from __future__ import annotations

import pytest

from model_manager.stores.file_names import is_partial


@pytest.mark.parametrize(("name", "partial"), [
    ("m.gguf.part", True), ("incomplete-m.gguf", True), ("m.gguf.downloadInProgress", True), ("Unconfirmed 1.crdownload", True),
    ("m.safetensors.aria2", True), ("abc.1234abcd.incomplete", True), ("notes.tmp", False), ("m.gguf", False),
    ("partial.gguf", False), ("m.gguf.part1of2", False)])  # fmt: skip
def test_unfinished_downloads_are_known_by_name(name: str, partial: bool) -> None:
    assert is_partial(name) is partial
