"""The review before a change, on a real terminal: what goes is shown with its whole name, and asked about."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from at_terminal import END, STOP, at_terminal
from factory import gguf_bytes, write

from model_manager.base.localised import localised
from model_manager.base.messages import said
from model_manager.base.text import _, use_language
from model_manager.cli import main
from model_manager.cli.terminal import cells
from model_manager.library.removal.plan_words import STATES

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no terminal of this kind")

BIG = gguf_bytes(tensors={"token_embd.weight": ("F16", (256, 4096))}, seed=5)
NAME = "Qwen3-Coder-30B-A3B-Instruct-1M-UD-Q4_K_XL.gguf"
LONG = "a-name-that-is-longer-than-any-line-" * 4 + "end.gguf"
WIDE = "模型" * 12 + "🦙.gguf"
FOLDER = "AI/a folder with a very long name that leaves no room for another/and one more of these/below"


@pytest.fixture
def models(home: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    for number, name in enumerate((NAME, LONG, WIDE)):
        write(home / FOLDER / name, gguf_bytes(seed=30 + number))
    assert main(["scan", str(home / "AI")]) == 0
    capsys.readouterr()
    return home / FOLDER


def asked(screen: str) -> list[str]:
    """What stood on the screen when the question came."""
    assert "Do this? [y/N]" in screen
    return screen.partition("Do this?")[0].splitlines()


@pytest.mark.parametrize("columns", [80, 40, 0])
def test_names_are_whole_before_the_question(models: Path, columns: int) -> None:
    status, screen = at_terminal("trash", *(str(models / name) for name in (NAME, LONG, WIDE)), columns=columns)
    lines = asked(screen)
    assert status == 1 and "Nothing was changed." in screen
    assert max(map(cells, lines)) <= (columns or 80)
    assert any(NAME in line for line in lines) or columns == 40
    joined = "".join(line.strip() for line in lines)
    assert all(name in joined for name in (NAME, LONG, WIDE))
    assert all((models / name).exists() for name in (NAME, LONG, WIDE))


def test_a_terminal_of_no_columns_by_its_variable(models: Path) -> None:
    _status, screen = at_terminal("delete", str(models / NAME), COLUMNS="0")
    assert any(line.endswith(NAME) for line in asked(screen))


def test_each_unit_tells_its_bytes_and_the_end_the_total(models: Path) -> None:
    _status, screen = at_terminal("trash", str(models / NAME), str(models / WIDE))
    text = " ".join(asked(screen))
    assert "2 steps," in text and "in all." in text and "once the trash is emptied" in text
    assert text.count("to the trash") >= 2 and text.count(", frees ") == 2


def test_what_stays_is_told(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, two = write(home / FOLDER / NAME, BIG), write(home / "AI/x/copy of it.gguf", BIG)
    main(["scan", str(home / "AI")])
    _status, screen = at_terminal("dedupe", "--keep", str(one))
    lines = asked(screen)
    after = next(number for number, line in enumerate(lines) if "this stays" in line)
    assert two.name in lines[after - 1] and NAME in lines[after + 1]
    os.link(one, home / "AI/x/hard.gguf")
    main(["scan"])
    _status, screen = at_terminal("trash", str(home / "AI/x/hard.gguf"), columns=200)
    assert "same model" in screen and "nothing comes free" in screen


def test_paths_that_would_look_alike_are_shown_whole(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for seed, part in enumerate(("first", "second")):
        write(home / f"AI/{part}/{'deep ' * 14}/same.gguf", gguf_bytes(seed=40 + seed))
    main(["scan", str(home / "AI")])
    ids = [m["id"] for m in _json(capsys, "list")["models"]]
    _status, screen = at_terminal("trash", *ids)
    joined = "".join(line.strip() for line in asked(screen))
    assert "AI/first/" in joined and "AI/second/" in joined


@pytest.mark.parametrize(("answer", "gone"), [("YES\n", True), ("\n", False), (END, False)])
def test_only_yes_means_yes(models: Path, answer: str, gone: bool) -> None:
    status, screen = at_terminal("trash", str(models / NAME), answer=answer)
    assert (models / NAME).exists() is not gone
    assert status == (0 if gone else 1)
    assert ("Nothing was changed." in screen) is not gone


@pytest.mark.parametrize(("answer", "gone"), [("y", True), (" yes ", True), ("n", False), ("ja", False), ("yesterday", False),
                                              ("y n", False), ("yy", False)])  # fmt: skip
def test_other_answers(
    models: Path, answer: str, gone: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda: answer)
    assert main(["trash", str(models / NAME)]) == (0 if gone else 1)
    assert (models / NAME).exists() is not gone


def test_ctrl_c_at_the_question_changes_nothing(models: Path) -> None:
    status, screen = at_terminal("trash", str(models / NAME), answer=STOP)
    assert status == 130 and "interrupted" in screen and "Traceback" not in screen
    assert (models / NAME).exists()


@pytest.mark.parametrize(
    ("answer", "gone"), [("j\n", True), ("Ja\n", True), ("y\n", True), ("nein\n", False), ("\n", False)]
)
def test_a_german_answers_in_german(models: Path, answer: str, gone: bool) -> None:
    env = {"LANGUAGE": "de", "LANG": "de_DE.UTF-8", "LC_ALL": "C.UTF-8"}
    status, screen = at_terminal("trash", str(models / NAME), answer=answer, **env)
    assert "[j/N]" in screen and (models / NAME).exists() is not gone
    assert status == (0 if gone else 1)


def test_with_json_the_review_does_not_stand_in_the_document(models: Path) -> None:
    """Both go to one screen here; the document is what comes last, and whole."""
    _status, screen = at_terminal("trash", str(models / NAME), "--json", answer="y\n")
    assert json.loads(screen[screen.index("\n{") :])["plan"]["state"] == "applied"


def _json(capsys: pytest.CaptureFixture[str], *words: str, status: int = 0) -> dict:
    capsys.readouterr()
    assert main([*words, "--json"]) == status
    return json.loads(capsys.readouterr().out)


def test_undo_shows_and_asks(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _json(capsys, "trash", str(models / NAME), "--yes")["plan"]["state"] == "applied"
    status, screen = at_terminal("undo")
    assert status == 1 and any(line.endswith(NAME) for line in asked(screen)) and "put back" in screen
    assert not (models / NAME).exists()
    assert _json(capsys, "undo", status=1)["error"]["reason"] == "there is nobody to ask"
    planned = _json(capsys, "undo", "--dry-run")["plan"]
    assert planned["state"] == "planned" and [step["path"] for step in planned["steps"]] == [str(models / NAME)]
    assert planned["needs"] == [] and not (models / NAME).exists()
    status, screen = at_terminal("undo", answer="y\n")
    assert status == 0 and (models / NAME).exists() and "as it was before" in screen
    assert main(["undo"]) == 2


def test_undo_of_shared_copies_tells_the_room_it_takes(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, two = write(home / "AI/one.gguf", BIG), write(home / "AI/two.gguf", BIG)
    main(["scan", str(home / "AI")])
    _json(capsys, "dedupe", "--keep", str(one), "--yes")
    planned = _json(capsys, "undo", "--dry-run")["plan"]
    (room,) = planned["needs"]
    size = two.stat().st_blocks * 512
    assert len(BIG) <= room["bytes"] <= size and room["free"] > size and room["path"] == str(home / "AI")
    _status, screen = at_terminal("undo", columns=120)
    assert "are copied to" in screen and " are free)" in screen and "a file of its own again" in screen
    assert os.path.samefile(one, two)
    assert _json(capsys, "undo", "--yes")["plan"]["state"] == "undone" and not os.path.samefile(one, two)


def test_an_undo_that_puts_nothing_back_has_failed(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _json(capsys, "trash", str(models / NAME), "--yes")
    write(models / NAME, b"something else has its name now")
    plan = _json(capsys, "undo", "--yes", status=1)["plan"]
    assert plan["state"] != "undone" and "something else has its name now" in plan["steps"][0]["problem"]
    assert (models / NAME).read_bytes() == b"something else has its name now"


def test_undo_says_before_what_is_not_in_the_trash_any_more(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    id_ = _json(capsys, "trash", str(models / NAME), "--yes")["plan"]["id"]
    (kept,) = (one["kept"] for one in _json(capsys, "empty", "--list")["trashed"])
    os.remove(kept)
    assert any(
        "not in the trash any more" in one for one in _json(capsys, "undo", id_, "--dry-run")["plan"]["warnings"]
    )
    _json(capsys, "undo", id_, "--yes", status=1)
    assert "nothing that could be undone" in _json(capsys, "undo", status=2)["error"]["reason"]


def test_the_words_of_the_review_are_german_too() -> None:
    use_language("de")
    try:
        assert _("y yes") == "j ja" and _("Do this? [y/N] ") == "Ausführen? [j/N] "
        assert (
            localised(said("{0} stays, it is the same model", "llama:q4")) == "llama:q4 bleibt, es ist dasselbe Modell"
        )
        assert _(STATES["partly"]) != STATES["partly"]
    finally:
        use_language("en")
