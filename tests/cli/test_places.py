"""A name means its place: one tag, one link, one hard-linked name goes alone; an id takes all."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from factory import gguf_bytes, hub_repo, ollama_model, tree, write

from model_manager.cli import main

GGUF = gguf_bytes(seed=61)


def answer(capsys: pytest.CaptureFixture[str], *words: str, status: int = 0) -> dict:
    capsys.readouterr()
    assert main([*words, "--json"]) == status
    return json.loads(capsys.readouterr().out)


def taken(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[list[str], list[str]]:
    """What a plan takes, and what it warns of."""
    plan = answer(capsys, "trash", *words, "--dry-run")["plan"]
    return [step["path"] for step in plan["steps"]], plan["warnings"]


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[str, str]:
    error = answer(capsys, *words, status=1)["error"]
    return error["reason"], error["hint"]


@pytest.fixture
def names(home: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """One file with another name, two links and a twin's name in a second folder."""
    top = tree(home / "AI", {"m/real.gguf": GGUF, "alone/sub/other.gguf": gguf_bytes(seed=62)})
    os.link(top / "m/real.gguf", top / "m/hard.gguf")
    (top / "m/link.gguf").symlink_to("real.gguf")
    (top / "m/far.gguf").symlink_to(top / "m/real.gguf")
    (top / "way").symlink_to("m")
    answer(capsys, "scan", str(top))
    return top


def test_a_link_goes_without_the_original(names: Path, capsys: pytest.CaptureFixture[str]) -> None:
    steps, told = taken(capsys, str(names / "m/link.gguf"))
    assert steps == [str(names / "m/link.gguf")]
    assert "link only, the original stays" in told
    assert any(str(names / "m/real.gguf") in one and "the same model" in one for one in told)
    plan = answer(capsys, "trash", str(names / "m/link.gguf"), "--yes")["plan"]
    assert plan["state"] == "applied" and (names / "m/real.gguf").read_bytes() == GGUF
    assert not (names / "m/link.gguf").is_symlink()
    assert answer(capsys, "undo", "--yes")["plan"]["state"] == "undone"
    assert os.readlink(names / "m/link.gguf") == "real.gguf"


def test_one_hard_linked_name_goes_without_its_twin(names: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = answer(capsys, "delete", "hard", "--yes")["plan"]
    assert [step["path"] for step in plan["steps"]] == [str(names / "m/hard.gguf")]
    assert plan["frees"] == 0
    assert "another name of the file stays, so nothing comes free" in plan["warnings"]
    assert (names / "m/real.gguf").read_bytes() == GGUF and not (names / "m/hard.gguf").exists()


def test_the_id_takes_every_name(names: Path, capsys: pytest.CaptureFixture[str]) -> None:
    id_ = answer(capsys, "show", "hard")["model"]["id"]
    steps, told = taken(capsys, id_)
    assert {os.path.basename(path) for path in steps} == {"real.gguf", "hard.gguf", "link.gguf", "far.gguf"} or (
        steps[0] == str(names / "m")
    )
    assert not any("stay" in one for one in told)


@pytest.mark.parametrize(
    "text",
    ["{top}/m/hard.gguf", "{top}/m/hard.gguf/", "{top}/m/../m/hard.gguf", "{top}/way/hard.gguf", "m/hard.gguf",
     "./m/hard.gguf", "way/../m/hard.gguf", "~/AI/m/hard.gguf", "hard", "HARD", "m/hard"],
)  # fmt: skip
def test_a_path_in_any_of_its_forms(
    names: Path, text: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(names)
    steps, _told = taken(capsys, text.format(top=names))
    assert steps == [str(names / "m/hard.gguf")]


def test_dots_behind_a_link_lead_where_the_kernel_goes(
    names: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`deep/../x` is beside what `deep` leads to, not beside `deep`."""
    write(names / "x.gguf", gguf_bytes(seed=63)), write(names / "m/x.gguf", gguf_bytes(seed=64))
    (names / "m/inner").mkdir()
    (names / "deep").symlink_to("m/inner")
    answer(capsys, "scan")
    steps, _told = taken(capsys, str(names / "deep/../x.gguf"))
    assert steps == [str(names / "m/x.gguf")]


def test_a_root_watched_through_a_link_is_known_by_its_real_path(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(home / "disk/a.gguf", GGUF)
    os.link(home / "disk/a.gguf", home / "disk/b.gguf")
    (home / "watched").symlink_to("disk")
    answer(capsys, "scan", str(home / "watched"))
    for text in (home / "disk/b.gguf", home / "watched/b.gguf"):
        assert taken(capsys, str(text))[0] == [str(home / "disk/b.gguf")]


def test_one_tag_of_ollama(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = home / ".ollama/models"
    for tag in ("latest", "q4", "chat"):
        ollama_model(store, f"registry.ollama.ai/library/llama/{tag}", {"model": GGUF})
    answer(capsys, "scan")
    steps, told = taken(capsys, "llama:latest")
    assert [os.path.basename(path) for path in steps] == ["latest"]
    assert any("llama:q4" in one and "stay" in one for one in told)
    manifest = store / "manifests/registry.ollama.ai/library/llama/q4"
    assert taken(capsys, str(manifest))[0] == [str(manifest)]
    (blob,) = (path for path in (store / "blobs").iterdir() if path.stat().st_size == len(GGUF))
    why, hint = refused(capsys, "trash", str(blob), "--dry-run")
    assert "places of one model" in why and str(manifest) in hint
    answer(capsys, "trash", "llama:chat", "--yes")
    assert taken(capsys, "llama:latest")[1][0] == "llama:q4 stays, it is the same model"


def test_one_of_two_twins_of_the_same_name_has_to_be_told_by_its_path(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(home / "AI/one/a.gguf", GGUF), (home / "AI/two").mkdir()
    os.link(home / "AI/one/a.gguf", home / "AI/two/a.gguf")
    answer(capsys, "scan", str(home / "AI"))
    why, hint = refused(capsys, "trash", "a", "--yes")
    assert why == "2 places of one model have this name"
    assert str(home / "AI/one/a.gguf") in hint and str(home / "AI/two/a.gguf") in hint
    assert (home / "AI/one/a.gguf").exists() and (home / "AI/two/a.gguf").exists()
    assert answer(capsys, "show", "a")["model"]["name"] == "a", "looking at it needs no choice"
    assert taken(capsys, str(home / "AI/two/a.gguf"))[0] == [str(home / "AI/two/a.gguf")]


def test_a_repository_by_its_folder(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hub = home / ".cache/huggingface/hub"
    base = hub_repo(hub, "org/one", {"one.gguf": GGUF, "README.md": b"# one"})
    hub_repo(hub, "org/two", {"a-Q4_K_M.gguf": gguf_bytes(seed=70), "a-Q8_0.gguf": gguf_bytes(seed=71)}, "b" * 40)
    answer(capsys, "scan")
    for text in (str(base), f"{base}/", str(base / "snapshots" / ("a" * 40))):
        steps, _told = taken(capsys, text)
        assert steps and all(path.startswith(str(base)) for path in steps)
    why, hint = refused(capsys, "trash", str(hub / "models--org--two"), "--dry-run")
    assert why == "2 models lie in this folder" and "a-Q4_K_M" in hint and "a-Q8_0" in hint


def test_a_folder_above_one_model(names: Path, capsys: pytest.CaptureFixture[str]) -> None:
    steps, _told = taken(capsys, str(names / "alone"))
    assert all(path.startswith(str(names / "alone/sub")) for path in steps) and steps
    why, _hint = refused(capsys, "trash", str(names), "--dry-run")
    assert why == "2 models lie in this folder"


def test_a_link_that_no_tool_has_is_not_followed(names: Path, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "shortcut.gguf").symlink_to(names / "m/real.gguf")
    why, hint = refused(capsys, "trash", str(home / "shortcut.gguf"), "--yes")
    assert why == "this link is no model of a tool" and str(names / "m/real.gguf") in hint
    assert (names / "m/real.gguf").exists()


@pytest.mark.parametrize("words", [["trash", "--yes"], ["delete", "--yes"], ["show"], ["check"], ["tag", "--add", "x"]])
def test_what_is_not_there_names_the_nearest(names: Path, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    why, hint = refused(capsys, words[0], "othr", *words[1:])
    assert why == "no model has this id, name or path" and "other (m" in hint
    _why, hint = refused(capsys, words[0], str(names / "alone/other-1.gguf"), *words[1:])
    assert "other (m" in hint
    assert refused(capsys, words[0], "zzzzzz", *words[1:])[1] == "`model-manager list WORD` searches"


@pytest.mark.parametrize("text", ["", "/", "..", "\0", "m", "m99999999999999999999", "m¹", "\\x0a", "a" * 5000, "-x"])
def test_nonsense_is_refused_in_words(names: Path, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(path.name for path in names.rglob("*"))
    capsys.readouterr()
    assert main(["trash", "--yes", "--json", "--", text]) == 1
    assert json.loads(capsys.readouterr().out)["error"]["reason"]
    assert sorted(path.name for path in names.rglob("*")) == before


def test_a_path_as_our_own_json_writes_it(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    strange = os.fsencode(home) + b"/AI/caf\xe9\n.gguf"
    write(home / "AI/other.gguf", gguf_bytes(seed=80))
    with open(strange, "wb") as file:
        file.write(GGUF)
    answer(capsys, "scan", str(home / "AI"))
    (path,) = (one["places"][0]["path"] for one in answer(capsys, "list")["models"] if "other" not in one["name"])
    plan = answer(capsys, "trash", path, "--yes")["plan"]
    assert plan["state"] == "applied" and not os.path.lexists(strange)


def test_a_leftover_by_its_path_in_any_form(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    orphan = write(home / ".ollama/models/blobs" / f"sha256-{'c' * 64}", b"orphan" * 200_000)
    os.utime(orphan, (10**9, 10**9))  # no pull that is under way
    ollama_model(home / ".ollama/models", "registry.ollama.ai/library/m/a", {"model": GGUF})
    answer(capsys, "scan")
    monkeypatch.chdir(home / ".ollama")
    for text in (str(orphan), f"models/../models/blobs/{orphan.name}", f"{orphan}/"):
        assert taken(capsys, text)[0] == [str(orphan)]


def test_the_one_to_keep_by_any_of_its_names(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    big = gguf_bytes(tensors={"token_embd.weight": ("F16", (256, 4096))}, seed=90)
    for name in ("one", "two"):
        write(home / f"AI/{name}.gguf", big)
    (home / "AI/way.gguf").symlink_to("two.gguf")
    answer(capsys, "scan", str(home / "AI"))
    monkeypatch.chdir(home / "AI")
    for text in ("two.gguf", "./two.gguf/", "way.gguf", "two", str(home / "AI/../AI/two.gguf")):
        plan = answer(capsys, "dedupe", "--keep", text, "--dry-run")["plan"]
        assert [step["path"] for step in plan["steps"]] == [str(home / "AI/one.gguf")], text
    why, hint = refused(capsys, "dedupe", "--keep", "tow", "--yes")
    assert why == "no model has this id, name or path" and "two" in hint
    assert main(["dedupe", "--keep", "one.gguf", "--keep", "two.gguf", "--yes"]) == 2
    assert os.stat(home / "AI/one.gguf").st_nlink == 1


def test_a_link_to_what_goes_is_not_said_to_stay(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    original = write(home / "AI/m.gguf", GGUF)
    (home / "AI/l.gguf").symlink_to(original)
    answer(capsys, "scan", str(home / "AI"))
    said = answer(capsys, "trash", str(original), "--dry-run")["plan"]["warnings"]
    assert not [one for one in said if "stays" in one] and [one for one in said if "would lead nowhere" in one]
