"""What the reading of copies says on stderr where that is no terminal, and what history leaves out."""

from __future__ import annotations

from pathlib import Path

import pytest
from factory import gguf_bytes, tree

from model_manager.cli import main, progress


def test_a_line_at_the_beginning_and_every_ten_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    now = 100.0
    with progress.reading_told(lambda: now) as told:
        for second in range(25):
            now = 100.0 + second
            told._told = 0.0  # it tells ten times a second at most, by a clock of its own
            told.step(second << 30, 25 << 30)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3 and lines[0].startswith("reading to be sure: 0 B of 26.8 GB")
    assert "10.7 GB of" in lines[1] and "21.5 GB of" in lines[2]


def test_what_is_over_at_once_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with progress.reading_told() as told:
        told.step(0, 5000)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("words", [("dedupe", "--dry-run"), ("duplicates", "--prove"), ("check", "--deep")])
def test_commands_that_read_tell_it_on_stderr_alone(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.setattr(progress, "_LEAST", 1)
    tree(home / "AI", {"a.gguf": gguf_bytes(seed=6), "b.gguf": gguf_bytes(seed=6)})
    assert main(["scan", str(home / "AI")]) == 0
    capsys.readouterr()
    assert main(list(words)) == 0
    out, err = capsys.readouterr()
    assert err.startswith("reading to be sure: 0 B of ") and "to be sure:" not in out


def test_dry_runs_are_no_history(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tree(home / "AI", {"a.gguf": gguf_bytes(seed=6), "b.gguf": gguf_bytes(seed=7)})
    assert main(["scan", str(home / "AI")]) == 0
    assert main(["trash", "a", "--dry-run"]) == 0
    capsys.readouterr()
    assert main(["history"]) == 0
    assert "changed nothing" in capsys.readouterr().out
    assert main(["trash", "b", "--yes"]) == 0
    capsys.readouterr()
    assert main(["history"]) == 0
    told = capsys.readouterr().out
    assert "trash: b" in told and "trash: a" not in told and "planned" not in told


def test_an_undo_that_was_refused_says_that_nothing_came_back(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tree(home / "AI", {"a.gguf": gguf_bytes(seed=6)})
    assert main(["scan", str(home / "AI")]) == 0
    assert main(["trash", "a", "--yes"]) == 0
    tree(home / "AI", {"a.gguf": b"something else has the name now"})
    capsys.readouterr()
    assert main(["undo", "--yes"]) == 1
    out, err = capsys.readouterr()
    assert "1 step, not put back" in out and "Nothing was put back." in out and "Some of it" not in out
    assert "a.gguf" in err
    (home / "AI/a.gguf").unlink()
    assert main(["undo", "--yes"]) == 0
    assert "1 step, put back" in capsys.readouterr().out


def test_undo_without_an_id_passes_over_what_the_trash_has_no_more(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tree(home / "AI", {"a.gguf": gguf_bytes(seed=6), "b.gguf": gguf_bytes(seed=7)})
    assert main(["scan", str(home / "AI")]) == 0
    for name in "ab":
        assert main(["trash", name, "--yes"]) == 0
    (home / ".local/share/Trash/files/b.gguf").unlink()
    assert main(["undo", "--yes"]) == 0
    assert (home / "AI/a.gguf").exists()
    assert main(["undo", "--yes"]) == 2
