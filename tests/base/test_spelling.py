"""One name in several spellings, on file systems that fold case."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import pytest
from stick import exfat_stick

from model_manager.base.spelling import are_one_name, as_listed
from model_manager.base.volumes import Volumes
from model_manager.operations.sameness import sameness


def test_on_an_exact_file_system_two_spellings_are_two_names(tmp_path: Path) -> None:
    for name in ("Model.gguf", "model.gguf"):
        (tmp_path / name).write_bytes(b"x")
    one, other = str(tmp_path / "Model.gguf"), str(tmp_path / "model.gguf")
    assert not are_one_name(one, other) and not are_one_name(one, one)
    assert as_listed(one, Volumes()) == one


@pytest.mark.parametrize("spelt", ["é", "É"])
def test_a_spelling_that_no_folder_lists_is_the_other_one(tmp_path: Path, spelt: str) -> None:
    """As a system that folds would answer for it; here it is enough that the name is not listed."""
    (tmp_path / unicodedata.normalize("NFC", "é.gguf")).write_bytes(b"x")
    listed = str(next(tmp_path.glob("*.gguf")))
    assert are_one_name(listed, str(tmp_path / (unicodedata.normalize("NFD", spelt) + ".gguf")))


def test_a_stick_lists_one_spelling(tmp_path: Path) -> None:
    with exfat_stick(tmp_path) as stick:
        stick.plug()
        (stick.point / "Models/Sub").mkdir(parents=True)
        asked = str(stick.point / "models/sub")
        assert os.path.isdir(asked) and as_listed(asked, Volumes()) == str(stick.point / "Models/Sub")
        (stick.point / "Models/Sub/x.gguf").write_bytes(b"x" * 5000)
        paths = [str(stick.point / folder / "x.gguf") for folder in ("Models/Sub", "models/sub")]
        assert sameness(paths[0], paths[1], Volumes()) == "one", "each spelling has an inode number of its own"
