"""What names say by themselves."""

from __future__ import annotations

import pytest

from model_manager.stores.grouping.file_names import is_models_partial, is_partial


@pytest.mark.parametrize(("name", "partial"), [
    ("m.gguf.part", True), ("incomplete-m.gguf", True), ("m.gguf.downloadInProgress", True), ("Unconfirmed 1.crdownload", True),
    ("m.safetensors.aria2", True), ("abc.1234abcd.incomplete", True), ("notes.tmp", False), ("m.gguf", False),
    ("partial.gguf", False), ("m.gguf.part1of2", False)])  # fmt: skip
def test_unfinished_downloads_are_known_by_name(name: str, partial: bool) -> None:
    assert is_partial(name) is partial


@pytest.mark.parametrize("name", ["m.gguf.part", "incomplete-m.gguf", "m.gguf.downloadInProgress", "m.safetensors.aria2",
                                  "abc.1234abcd.incomplete", f"{'a' * 64}.0011aabb.incomplete",
                                  "m.X1y2Z3.gguf.part", "pytorch_model.bin.part", "x=.0123456789abcdef.incomplete"])  # fmt: skip
def test_what_a_model_is_being_fetched_as(name: str) -> None:
    assert is_partial(name) and is_models_partial(name, believed=False)


@pytest.mark.parametrize("name", ["Unconfirmed 1.crdownload", "film.mp4.crdownload", "ubuntu.iso.part", "backup.zip.crdownload",
                                  "film.mp4.deadbeef.part", "thesis.docx.tmp", "song.mp3.aria2", "notes.pdf.!qB"])  # fmt: skip
def test_downloads_of_no_model_are_none_of_ours(name: str) -> None:
    assert not is_models_partial(name)


@pytest.mark.parametrize("name", ["firmware.bin.part", "feed.xml.crdownload", "results.h5.tmp"])
def test_what_may_be_a_model_is_one_in_a_tools_own_folder_alone(name: str) -> None:
    assert is_models_partial(name) and not is_models_partial(name, believed=False)
