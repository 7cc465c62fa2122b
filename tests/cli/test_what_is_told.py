"""What a person who does not know the program is told, and is not told."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from factory import gguf_bytes, tree

from model_manager.cli.main import main

MODEL = gguf_bytes(seed=71)


def told(capsys: pytest.CaptureFixture[str], *words: str, status: int = 0) -> str:
    capsys.readouterr()
    assert main([*words]) == status
    found = capsys.readouterr()
    return found.out + found.err


@pytest.fixture
def models(home: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Path]:
    tree(home / "AI", {"one/mine.gguf": MODEL, "two/other.gguf": MODEL, "three/third.gguf": gguf_bytes(seed=72)})
    told(capsys, "scan", str(home / "AI"))
    yield home / "AI"


def test_with_yes_it_is_told_what_went(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told(capsys, "set", "third", "pinned=yes")
    text = told(capsys, "trash", "third", "--yes")
    assert (
        "third" in text and str(models / "three/third.gguf") in text and "kB" in text and "pinned by you: third" in text
    )
    assert not (models / "three/third.gguf").exists()
    text = told(capsys, "undo", "--yes")
    assert str(models / "three/third.gguf") in text and (models / "three/third.gguf").exists()
    parsed = json.loads(told(capsys, "trash", "third", "--yes", "--json"))
    assert parsed["plan"]["state"] == "applied", "JSON stays one document"


def test_what_was_shared_is_said_to_be_one_model(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "one model now, in several places" in told(capsys, "dedupe", "--yes")
    assert "one model now" not in told(capsys, "trash", "third", "--yes")


def test_tags_of_the_model_are_not_the_persons(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from model_manager.app import build

    app = build()
    with app.database.write() as tx:
        tx.execute("UPDATE model SET tags = '[\"v-pred\"]' WHERE name = 'third'")
    app.close()
    assert "Your tags" not in told(capsys, "show", "third") and "v-pred" not in told(capsys, "tag", "third")
    assert "third: mine" in told(capsys, "tag", "third", "--add", "mine")
    (tags, own) = [line.split() for line in told(capsys, "show", "third").splitlines() if "ags  " in line]
    assert tags == ["Tags", "v-pred"] and own == ["Your", "tags", "mine"]
    found = json.loads(told(capsys, "show", "third", "--json"))["model"]
    assert found["tags"] == ["v-pred", "mine"] and found["user_tags"] == ["mine"]


def test_a_download_that_may_go_on_is_explained(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    part = models / "three/new.gguf.part"
    part.write_bytes(bytes(5_000_000))
    ago = time.time() - 600
    os.utime(part, (ago, ago))
    told(capsys, "scan")
    text = told(capsys, "clean", "partial")
    assert "not offered before" in text and str(part) in text and "written to 10 minutes ago" in text
    assert "may still be downloading" in told(capsys, "trash", str(part), "--dry-run")
    assert "not offered" not in told(capsys, "clean", "orphan")
    ago = time.time() - 90_000
    os.utime(part, (ago, ago))
    text = told(capsys, "clean", "partial")
    assert "not offered" not in text and "a download that stopped" in text and "1 suggestion" in text
    assert "may still be downloading" not in told(capsys, "trash", str(part), "--dry-run")


def test_what_is_unplugged_is_no_leftover_of_now(models: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (models / "three/new.gguf.part").write_bytes(os.urandom(5_000_000))
    told(capsys, "scan")
    assert "Leftovers: partial 5.00 MB" in told(capsys, "status")
    from model_manager.app import build

    app = build()
    with app.database.write() as tx:
        tx.execute("UPDATE root SET state = 'offline'")
    app.close()
    assert "Leftovers" not in told(capsys, "status")


@pytest.mark.parametrize("command", [("roots", "add"), ("scan",)])
def test_everything_is_watched_only_where_it_is_meant(
    command: tuple[str, ...], home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tree(home, {"a.gguf": MODEL})
    for path in ("/", str(home), str(home.parent), f"{home}/../home/", "~"):
        text = told(capsys, *command, path, status=1)
        assert "your whole home lies in it" in text and "--whole" in text
    (home.parent / "link").symlink_to(home)
    assert "whole home" in told(capsys, *command, str(home.parent / "link"), status=1)
    assert json.loads(told(capsys, "roots", "--json"))["roots"] == []
    told(capsys, *command, str(home), "--whole")
    assert [root["path"] for root in json.loads(told(capsys, "roots", "--json"))["roots"]] == [str(home)]
    shutil.rmtree(home / "sub", ignore_errors=True)
    (home / "sub").mkdir()
    told(capsys, *command, str(home / "sub"))
