"""Text in a terminal's columns: wide letters, words, and paths whose middle gives way."""

from __future__ import annotations

import os

import pytest

from model_manager.cli import terminal
from model_manager.cli.terminal import broken, cells, cut, path_lines

DEEP = "/home/somebody/.cache/huggingface/hub/models--org--repo/snapshots/" + "a" * 40


@pytest.mark.parametrize(
    ("text", "wide"),
    [("", 0), ("abc", 3), ("模型", 4), ("한국", 4), ("ｆｕｌｌ", 8), ("🦙", 2), ("é", 1), ("e\u0301", 1), ("❤\ufe0f", 2),
     ("\u1112\u1161\u11ab", 2), ("a\u200db", 2)],
)  # fmt: skip
def test_the_columns_that_a_text_takes(text: str, wide: int) -> None:
    assert cells(text) == wide


@pytest.mark.parametrize(
    "name", ["a.gguf", "m-Q4_K_M-00001-of-00004.gguf", "模型" * 9 + ".gguf", "x" * 200 + ".gguf", "🦙" * 40]
)
def test_a_paths_middle_gives_way_and_its_name_stays_whole(name: str) -> None:
    for width in range(20, 130):
        lines = path_lines(os.path.join(DEEP, name), width)
        assert max(map(cells, lines)) <= width
        if cells(name) <= width:
            assert lines[-1].endswith(name)
        if "…" not in "".join(lines):
            assert "".join(lines) == os.path.join(DEEP, name)


def test_what_there_is_room_for_is_shown_of_both_ends() -> None:
    (line,) = path_lines("/home/somebody/one/two/three/four/model.gguf", 40)
    assert line == "/home/somebody/…/three/four/model.gguf"
    assert path_lines("/m/model.gguf", 40) == ["/m/model.gguf"]


@pytest.mark.parametrize(
    "path", ["", "/", "model.gguf", "/model.gguf", "a/b", "/" + "f" * 90 + "/n.gguf", "/a/" + "b" * 90]
)
def test_strange_paths_end(path: str) -> None:
    for width in (20, 40):
        assert max(map(cells, path_lines(path, width))) <= width
        assert "".join(path_lines(path, width, whole=True)) == path


@pytest.mark.parametrize("width", [20, 33, 80])
def test_a_sentence_is_broken_between_words_and_loses_nothing(width: int) -> None:
    said = "the link /a/" + "b" * 50 + "/模型模型模型模型模型.gguf leads to /c, and would lead nowhere"
    lines = broken(said, width)
    assert max(map(cells, lines)) <= width
    assert "".join(lines).replace(" ", "") == said.replace(" ", "")


def test_a_cell_ends_in_an_ellipsis() -> None:
    assert cut("abcdef", 6) == "abcdef" and cut("abcdef", 5) == "abcd…" and cut("模型模型", 5) == "模型…"


@pytest.mark.parametrize(("told", "taken"), [("0", 80), ("", 80), ("words", 80), ("-5", 80), ("3", 20), ("132", 132)])
def test_a_terminal_that_does_not_know_its_size_has_80_columns(
    told: str, taken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.__stdout__", None)
    monkeypatch.setenv("COLUMNS", told)
    assert terminal.columns() == taken


def test_nothing_has_to_fit_into_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    assert terminal.columns() is None
