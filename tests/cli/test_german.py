"""What a German is told by real runs, one after the other: reasons are German, names that mean something in English stay."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from factory import gguf_bytes, write

from model_manager.base.text import use_language
from model_manager.cli import main

FOLDER = "it is not there any more"
"""As a folder may well be called."""


@pytest.fixture
def models(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Path]:
    monkeypatch.setenv("LANGUAGE", "de")
    whole = gguf_bytes(tensors={"token_embd.weight": ("F16", (256, 64))}, seed=5)
    write(home / "AI" / FOLDER / "cut.gguf", whole[:-1000])
    write(home / "AI" / FOLDER / "Tom and Jerry.gguf", gguf_bytes(seed=6))
    assert main(["scan", str(home / "AI")]) == 0
    capsys.readouterr()
    yield home / "AI" / FOLDER
    use_language("en")


def told(capsys: pytest.CaptureFixture[str], *words: str, status: int = 0) -> str:
    assert main([*words]) == status
    out = capsys.readouterr()
    return out.out + out.err


def test_figures_and_reasons_of_the_catalogue_are_german(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shown = told(capsys, "show", str(models / "cut.gguf"))
    assert "(1.000 fehlen)" in shown and "1 Tensor\n" in shown
    assert f"{FOLDER}/cut.gguf" in shown


def test_a_title_is_german_at_the_next_start_and_its_name_is_what_it_was(
    models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    review = told(capsys, "trash", str(models / "Tom and Jerry.gguf"), "--yes")
    assert f"In den Papierkorb: {FOLDER}/Tom and Jerry" in review or "In den Papierkorb: Tom and Jerry" in review
    assert "seine Gewichte" in review
    assert "Tom and Jerry" in told(capsys, "history") and "In den Papierkorb: " in told(capsys, "history")


def test_a_refusal_is_german_and_names_the_path_as_it_is(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "kein Modell hat diese Id" in told(capsys, "show", "Micky Maus", status=1)
    told(capsys, "trash", str(models / "cut.gguf"), "--yes")
    write(models / "cut.gguf", b"something of the user's own")
    refused = told(capsys, "undo", "--yes", status=1)
    assert f"{FOLDER}/cut.gguf" in refused and "jetzt" in refused
    assert "something else" not in refused and os.path.getsize(models / "cut.gguf") == 27
