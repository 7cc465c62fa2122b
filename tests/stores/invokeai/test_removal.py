"""InvokeAI's models leave by InvokeAI; what no line of its database is about goes once it is looked at again."""

from __future__ import annotations

import dataclasses
import json
import os
import sqlite3
from pathlib import Path

import pytest
from conformance import TENSORS, env_of
from factory import write

from model_manager.stores.discovered import FoundRoot, Leftover
from model_manager.stores.invokeai import removal
from model_manager.stores.invokeai.removal import RULE
from model_manager.stores.parts import Asking, CannotRemove, Going, Placed, PlacedFile

RECORD = {"key": "k/1", "path": "k1/m.safetensors", "hash": "blake3:1", "name": "Mine"}


def database(home: Path, *records: object) -> Path:
    path = home / "databases/invokeai.db"
    path.parent.mkdir(exist_ok=True)
    path.unlink(missing_ok=True)
    made = sqlite3.connect(path)
    made.execute("CREATE TABLE models (id TEXT, config TEXT)")
    for number, record in enumerate(records, 1):
        made.execute(
            "INSERT INTO models VALUES (?, ?)",
            (f"k/{number}", record if isinstance(record, str) else json.dumps(record)),
        )
    made.commit()
    made.close()
    return path


@pytest.fixture
def store(home: Path) -> FoundRoot:
    write(home / "models/k1/m.safetensors", TENSORS)
    path = database(home, RECORD)
    return FoundRoot("invokeai", str(home / "models"), details={"database": str(path), "service": "http://127.0.0.1:9"})


def placed(home: Path, *paths: str) -> Placed:
    files = tuple(PlacedFile(str(home / path), "weights") for path in paths)
    return Placed("k/1", str(home / "models/k1"), files)


def answering(monkeypatch: pytest.MonkeyPatch, answer: object) -> list[str]:
    asked: list[str] = []

    def answer_of(url: str) -> str:
        asked.append(url)
        return answer if isinstance(answer, str) else json.dumps(answer)

    monkeypatch.setattr(removal, "answer_of", answer_of)
    return asked


def ask(store: FoundRoot, home: Path, *paths: str) -> Asking:
    (part,) = RULE.places(store, [placed(home, *paths)], env_of(home))
    assert isinstance(part, Asking)
    return part


def test_it_is_asked_to_remove_its_own_files(store: FoundRoot, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answering(monkeypatch, RECORD)
    part = ask(store, home, "models/k1/m.safetensors", "outside.safetensors")
    own = (str(home / "models/k1/m.safetensors"),)
    assert asked == [part.url] == [part.probe] and part.url == "http://127.0.0.1:9/api/v2/models/i/k%2F1"
    assert (part.method, part.body, part.paths, part.why) == ("DELETE", "", own, "InvokeAI removes it itself")
    assert json.loads(part.gone) == {
        "list": "", "is": {"key": "k/1"}, "same": {"path": RECORD["path"], "hash": RECORD["hash"]}, "absent": [*own],
    }  # fmt: skip


def test_a_model_whose_files_are_gone_is_forgotten(
    store: FoundRoot, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, RECORD)
    part = ask(store, home)
    assert part.why == "InvokeAI forgets it: its files are gone already" and part.paths == ()


def test_its_usual_address_where_none_is_set(store: FoundRoot, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, RECORD)
    usual = dataclasses.replace(store, details={"database": store.details["database"]})
    assert ask(usual, home, "models/k1/m.safetensors").url.startswith("http://127.0.0.1:9090/")


@pytest.mark.parametrize("answer", ["", "{", "[]", {"key": "other"}, {}])
def test_while_it_does_not_answer_nothing_goes(
    answer: object, store: FoundRoot, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, answer)
    with pytest.raises(CannotRemove, match="which only it may change") as told:
        ask(store, home, "models/k1/m.safetensors")
    assert told.value.hint == "start InvokeAI and try again, or remove the model there"


@pytest.mark.parametrize("change", [{"path": "other"}, {"hash": "blake3:2"}])
def test_another_invokeai_is_not_asked(
    change: dict[str, str], store: FoundRoot, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, {**RECORD, **change})
    with pytest.raises(CannotRemove, match="is not the one of this folder"):
        ask(store, home, "models/k1/m.safetensors")
    database(home, {"name": "no path and no hash"})
    answering(monkeypatch, RECORD)
    with pytest.raises(CannotRemove, match="is not the one of this folder"):
        ask(store, home, "models/k1/m.safetensors")


def test_what_it_only_refers_to_is_not_its_to_remove(
    store: FoundRoot, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = answering(monkeypatch, RECORD)
    with pytest.raises(CannotRemove, match="InvokeAI only refers to it"):
        ask(store, home, "models-elsewhere/m.safetensors")
    with pytest.raises(CannotRemove, match="InvokeAI only refers to it"):
        ask(dataclasses.replace(store, path=f"{store.path}/"), home, "models-elsewhere/m.safetensors")
    assert asked == []


def test_it_is_not_asked_where_that_is_switched_off(
    store: FoundRoot, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = answering(monkeypatch, RECORD)
    env = dataclasses.replace(env_of(home), not_asked=frozenset({"invokeai"}))
    with pytest.raises(CannotRemove, match="Settings, Privacy"):
        list(RULE.places(store, [placed(home, "models/k1/m.safetensors")], env))
    assert asked == []


def rest(store: FoundRoot, home: Path, path: str, kind: str = "orphan", of: str = "nobody's") -> dict[str, str]:
    leftover = Leftover(kind, str(home / path), 1, 1, of)  # type: ignore[arg-type]
    found = list(RULE.leftover(store, leftover, env_of(home)))
    return {os.path.relpath(part.path, home): part.why for part in found if isinstance(part, Going)}


def test_an_orphan_goes_whole_or_without_what_may_be_ones_own(store: FoundRoot, home: Path) -> None:
    write(home / "models/old/x.safetensors", TENSORS)
    write(home / "models/old/sub/y.safetensors", TENSORS)
    assert rest(store, home, "models/old") == {"models/old": "nobody's"}
    assert rest(store, home, "models/old/x.safetensors") == {"models/old/x.safetensors": "nobody's"}
    for number in range(4):
        write(home / f"models/old/diary-{number}.docx", b"mine")
    found = rest(store, home, "models/old")
    assert set(found) == {"models/old/x.safetensors", "models/old/sub/y.safetensors"}
    assert all(
        why == "nobody's; what may be your own stays: diary-0.docx, diary-1.docx, diary-2.docx …"
        for why in found.values()
    )
    (home / "models/old/diary-3.docx").unlink()
    assert all(why.endswith("diary-2.docx") for why in rest(store, home, "models/old").values())


def test_a_link_is_one_thing(store: FoundRoot, home: Path) -> None:
    write(home / "outside/diary.docx", b"mine")
    (home / "models/link.safetensors").symlink_to(home / "outside")
    assert rest(store, home, "models/link.safetensors") == {"models/link.safetensors": "nobody's"}


@pytest.mark.parametrize("kind, why", [("partial", "m"), ("training-leftover", "training leftover")])
def test_other_leftovers_are_no_lines_business(kind: str, why: str, store: FoundRoot, home: Path) -> None:
    write(home / "models/x", b"x")
    (home / "databases/invokeai.db").unlink()
    assert rest(store, home, "models/x", kind, "m" if kind == "partial" else "") == {"models/x": why}


@pytest.mark.parametrize("path", ["models/k1", "models/k1/m.safetensors"])
def test_what_a_line_names_now_stays(path: str, store: FoundRoot, home: Path) -> None:
    with pytest.raises(CannotRemove, match="InvokeAI's database names it now"):
        rest(store, home, path)
    (home / "models/again").symlink_to(home / "models/k1")
    with pytest.raises(CannotRemove, match="names it now"):
        rest(store, home, "models/again")


def test_what_only_begins_alike_is_not_named(store: FoundRoot, home: Path) -> None:
    write(home / "models/k/x.safetensors", TENSORS)
    assert rest(store, home, "models/k") == {"models/k": "nobody's"}


@pytest.mark.parametrize(
    "record, why", [("{", "a line of InvokeAI's database is not understood"), ({"name": "x"}, "not understood")]
)
def test_while_a_line_is_not_understood_nothing_is_unused(
    record: object, why: str, store: FoundRoot, home: Path
) -> None:
    write(home / "models/old/x.safetensors", TENSORS)
    database(home, RECORD, record)
    with pytest.raises(CannotRemove, match=why):
        rest(store, home, "models/old")
    database(home, RECORD, {"source_type": "external"})
    assert rest(store, home, "models/old") == {"models/old": "nobody's"}


def test_without_a_readable_database_nothing_is_unused(store: FoundRoot, home: Path) -> None:
    write(home / "models/old/x.safetensors", TENSORS)
    database(home)
    with pytest.raises(CannotRemove, match="cannot be read, and may name it"):
        rest(store, home, "models/old")
    (home / "databases/invokeai.db").unlink()
    with pytest.raises(CannotRemove, match="cannot be read, and may name it"):
        rest(store, home, "models/old")


def test_a_line_that_came_meanwhile_keeps_its_files(store: FoundRoot, home: Path) -> None:
    asked = [str(home / "models/k1/m.safetensors"), str(home / "models/k1"), str(home / "models/k")]
    assert list(RULE.named_now(store, asked, env_of(home))) == []
    (home / "models/k1/m.safetensors").unlink()
    assert list(RULE.named_now(store, asked, env_of(home))) == asked[:1]
    (home / "models/k1").rmdir()
    assert list(RULE.named_now(store, asked, env_of(home))) == asked[:2]
