"""Names that hurt: true in JSON and taken back from there, harmless on a terminal and in a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from pathlib import Path

import pytest
from factory import gguf_bytes

from model_manager.cli import main

NAMES = (b"plain.gguf", b"two\nlines.gguf", b"right\xe2\x80\xaeleft.gguf", b"bad\xff\xfe.gguf", b"esc\x1b[31mred\x07.gguf",
         b"del\x7f\xc2\x9b2J.gguf", b"sep\xe2\x80\xa8arator.gguf", b"back\\xff.gguf", b"=1+1.gguf", b"@sum.gguf", b"-2.gguf",
         b"+3.gguf", b"\ttab.gguf", b"\rreturn.gguf", b" =4.gguf", b"mixed\xff\n\\x0a.gguf", b"quote'\".gguf")  # fmt: skip
_HARMFUL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


@pytest.fixture
def folder(home: Path, capsys: pytest.CaptureFixture[str]) -> bytes:
    """A folder with a hard name of its own, and a model of each name in it."""
    found = os.fsencode(home) + b"/AI \xe2\x80\xae\n\xff"
    os.mkdir(found)
    for number, name in enumerate(NAMES):
        with open(found + b"/" + name, "wb") as file:
            file.write(gguf_bytes(seed=number))
    assert main(["scan", os.fsdecode(found)]) == 0
    capsys.readouterr()
    return found


def raw_json(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[str, dict]:
    status = main([*words, "--json"])
    text = capsys.readouterr().out
    assert status == 0, text
    return text, json.loads(text)


def really(path: bytes) -> str:
    """What the contract says of a path in JSON."""
    return path.decode("utf-8", "backslashreplace")


def test_paths_in_json_are_the_real_ones(folder: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    expected = {really(folder + b"/" + name) for name in NAMES}
    text, found = raw_json(capsys, "list")
    assert {file["path"] for model in found["models"] for file in model["files"]} == expected
    assert {place["path"] for model in found["models"] for place in model["places"]} == expected
    assert not _HARMFUL.search(text), "JSON's own escapes stand for what would change the terminal"
    text, found = raw_json(capsys, "roots")
    assert [root["path"] for root in found["roots"]] == [really(folder)] and not _HARMFUL.search(text)


@pytest.mark.parametrize("name", NAMES)
def test_each_is_taken_back_by_every_command(name: bytes, folder: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    real = folder + b"/" + name
    path = really(real)
    text, found = raw_json(capsys, "show", path)
    assert [file["path"] for file in found["model"]["files"]] == [path]
    assert not _HARMFUL.search(text)
    raw_json(capsys, "tag", path, "--add", "mine")
    raw_json(capsys, "set", path, "note=mine")
    raw_json(capsys, "check", path)
    _text, found = raw_json(capsys, "trash", path, "--dry-run")
    assert [step["path"] for step in found["plan"]["steps"]] == [path]
    _text, found = raw_json(capsys, "delete", path, "--yes")
    assert found["plan"]["state"] == "applied" and not os.path.lexists(real)
    assert len(os.listdir(folder)) == len(NAMES) - 1


def test_folders_are_taken_back_too(folder: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    path = really(folder)
    for words in (("roots", "remove", path), ("roots", "add", path), ("scan", path), ("store", path)):
        _text, found = raw_json(capsys, *words)
        if words[0] != "store" and words[1] != "remove":
            assert [root["path"] for root in found["roots"]] == [path]
    assert found["store"] == path


def test_a_copy_to_keep_is_named_as_json_names_it(folder: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    with open(folder + b"/bad\xff\xfe.gguf", "rb") as one, open(folder + b"/copy\n\xfe.gguf", "wb") as two:
        two.write(one.read())
    main(["scan"])
    capsys.readouterr()
    _text, found = raw_json(capsys, "duplicates", "--prove")
    paths = {copy["path"] for copy in found["groups"][0]["copies"]}
    assert paths == {really(folder + b"/bad\xff\xfe.gguf"), really(folder + b"/copy\n\xfe.gguf")}
    keep = really(folder + b"/copy\n\xfe.gguf")
    _text, found = raw_json(capsys, "dedupe", "--keep", keep, "--dry-run")
    assert [step["path"] for step in found["plan"]["steps"]] == [really(folder + b"/bad\xff\xfe.gguf")]


def test_two_files_of_one_name_in_json_are_never_mixed_up(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A name that holds what stands for a byte, beside the one that has the byte."""
    os.mkdir(home / "AI")
    for number, name in enumerate((b"x\xff.gguf", b"x\\xff.gguf")):
        with open(os.fsencode(home / "AI") + b"/" + name, "wb") as file:
            file.write(gguf_bytes(seed=number))
    assert main(["scan", str(home / "AI")]) == 0
    capsys.readouterr()
    assert main(["delete", str(home / "AI") + "/x\\xff.gguf", "--yes"]) == 1
    assert "2 models have this name" in capsys.readouterr().err and len(os.listdir(home / "AI")) == 2


@pytest.mark.parametrize(
    "words",
    [
        "list",
        "status",
        "roots",
        "categories",
        "duplicates",
        "clean",
        "check",
        "history",
        "doctor",
        "scan",
        "export --csv",
    ],
)
def test_no_name_reaches_the_terminal(words: str, folder: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    with open(folder + b"/twin\x1b]0;x\x07\n.gguf", "wb") as twin, open(folder + b"/plain.gguf", "rb") as one:
        twin.write(one.read())
    os.mkdir(folder + b"/leave\x1b[2J")
    with open(folder + b"/leave\x1b[2J/rest\x07.part", "wb") as rest:
        rest.write(b"x" * 4096)
    assert main(["scan"]) == 0
    main(words.split())
    told = capsys.readouterr()
    assert not _HARMFUL.search(told.out.replace("\r\n", "\n")) and not _HARMFUL.search(told.err)


def test_nor_by_show_trash_set_and_tag(folder: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    for name in NAMES:
        path = really(folder + b"/" + name)
        for words in (("show", path, "--raw"), ("set", path, "note=\x1b[31mred\u202e"), ("tag", path, "--add", "x"),
                      ("trash", path, "--dry-run"), ("trash", path, "--yes"), ("undo",), ("show", path)):  # fmt: skip
            main([*words])
    told = capsys.readouterr()
    assert "red" in told.out and not _HARMFUL.search(told.out) and not _HARMFUL.search(told.err)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r=", " =", "\uff1d"])
def test_no_column_begins_a_formula(start: str, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Names, tags, notes, what headers say: each as it is but for the quote in front."""
    text = f"{start}cmd|' /C calc'!A0"
    os.mkdir(home / "AI")
    keys = dict.fromkeys(("general.name", "general.license", "general.basename", "general.base_model.0.name"), text)
    (home / "AI" / f"{start.strip() or 'x'}1.gguf").write_bytes(gguf_bytes({**keys, "general.tags": [text]}))
    assert main(["scan", str(home / "AI")]) == 0
    capsys.readouterr()
    _text, found = raw_json(capsys, "list")
    id_ = found["models"][0]["id"]
    assert main(["set", id_, f"note={text}"]) == 0
    assert main(["tag", id_, "--add", text.strip()]) == 0
    capsys.readouterr()
    assert main(["export", "--csv"]) == 0
    for row in csv.DictReader(io.StringIO(capsys.readouterr().out)):
        for column, cell in row.items():
            assert not re.match(r"[\s\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20]", cell), (column, cell)
        assert "cmd|' /C calc'!A0" in row["note"] and "calc" in row["tags"]
