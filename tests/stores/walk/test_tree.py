"""Plain folders: each file once, whatever links lead to it; folder models; what the folder's name says."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from conformance import facts, within
from factory import gguf_bytes, safetensors_bytes, tree, write

from model_manager.base.facts import Claim
from model_manager.stores.discovered import FoundModel, FoundRoot, Leftover
from model_manager.stores.tools import folder
from model_manager.stores.walk.plain import Plain
from model_manager.stores.walk.store_reader import StoreReader, files_below
from model_manager.stores.walk.tree import describe_tree, found_at

GGUF, OTHER = gguf_bytes(seed=31), gguf_bytes(seed=32)
TENSORS = safetensors_bytes({"x.weight": ("F16", (8, 8))}, seed=33)


def told(
    root: Path, plain: Plain | None = None, **options: frozenset[str]
) -> tuple[list[FoundModel], list[Leftover], StoreReader]:
    reader = StoreReader(facts, **options)  # type: ignore[arg-type]
    with within(20):
        items = list(describe_tree(str(root), reader, plain or Plain()))
    models = [item for item in items if isinstance(item, FoundModel)]
    return models, [item for item in items if isinstance(item, Leftover)], reader


def names(root: Path, plain: Plain | None = None) -> list[str]:
    return sorted(model.name for model in told(root, plain)[0])


@pytest.mark.parametrize("link", ["a-link", "z-link"])
def test_a_link_to_a_folder_of_the_same_root_is_not_read_twice(link: str, home: Path) -> None:
    write(home / "real/m.gguf", GGUF)
    (home / link).symlink_to("real")
    assert names(home) == ["real/m"]


def test_a_link_to_another_disk_is_followed_once(home: Path) -> None:
    write(home.parent / "disk/sub/m.gguf", GGUF)
    (home / "one").symlink_to(home.parent / "disk")
    (home / "two").symlink_to(home.parent / "disk")
    (home / "three").symlink_to(home.parent / "disk/sub")
    assert len(names(home)) == 1


def test_a_root_that_is_a_link_itself(home: Path) -> None:
    write(home.parent / "disk/sub/m.gguf", GGUF)
    (home / "root").symlink_to(home.parent / "disk")
    (home.parent / "disk/again").symlink_to(home / "root")
    (home.parent / "disk/inner").symlink_to("sub")
    assert names(home / "root") == ["sub/m"]


def test_files_behind_links_are_models_and_dangling_ones_are_not(home: Path) -> None:
    write(home.parent / "disk/m.gguf", GGUF)
    (home / "linked.gguf").symlink_to(home.parent / "disk/m.gguf")
    (home / "gone.gguf").symlink_to("nowhere")
    (home / "self.gguf").symlink_to("self.gguf")
    models, _rests, reader = told(home)
    assert [model.name for model in models] == ["linked"]
    assert reader.problems == []


def test_what_others_read_is_not_entered(home: Path) -> None:
    write(home / "mine/m.gguf", GGUF)
    write(home / "theirs/n.gguf", OTHER)
    models, _rests, reader = told(home, skip=frozenset({str(home / "theirs")}))
    assert [model.name for model in models] == ["mine/m"] and reader.met == {str(home / "theirs")}


@pytest.mark.parametrize(
    "place", [".Trash-1000/files", ".Trash", "$RECYCLE.BIN", ".snapshots/1", ".git/lfs", "__pycache__"]
)
def test_trashes_and_snapshots_are_not_entered(place: str, home: Path) -> None:
    write(home / place / "m.gguf", GGUF)
    assert names(home) == []


def test_the_innermost_folder_with_a_meaning_is_evidence(home: Path) -> None:
    tree(home, {"Loras/sub/l.safetensors": TENSORS, "m.gguf": GGUF})
    models = told(home, Plain(categories={"": "llm", "loras": "diffusion/lora"}))[0]
    found = {model.name: [claim for claim in model.claims if claim.field == "category"] for model in models}
    assert found["Loras/sub/l"] == [Claim("category", "diffusion/lora", "folder", "Loras")]
    assert found["m"][0].value == "llm"


def test_whole_folders_are_one_model_each(home: Path) -> None:
    tree(home, {"a/x.onnx": b"\x08\x07", "a/deep/y.onnx": b"\x08\x07", "b/notes.txt": "x", "c.onnx": b"\x08\x07"})
    models = told(home, Plain(whole=frozenset({""})))[0]
    assert {model.name: len(model.files) for model in models} == {"a": 2, "c": 1}
    assert next(model for model in models if model.name == "a").path == str(home / "a")


def test_ambiguous_names_are_believed_only_in_a_tools_own_folder(home: Path) -> None:
    tree(home, {"data.bin": b"nothing known", "m.gguf": GGUF})
    assert names(home, Plain(believed=False)) == ["m"]


def test_partial_downloads_and_rests_of_training(home: Path) -> None:
    tree(home, {"m.gguf.part": b"x" * 10, "run/model.safetensors": TENSORS, "run/optimizer.pt": b"o" * 20,
                "alone/optimizer.pt": b"o", "run/events.out.tfevents.17.host": b"t"})  # fmt: skip
    assert {(rest.kind, os.path.basename(rest.path)) for rest in told(home)[1]} == {
        ("partial", "m.gguf.part"), ("training-leftover", "optimizer.pt"),
        ("training-leftover", "events.out.tfevents.17.host")}  # fmt: skip


def test_one_model_at_a_path(home: Path) -> None:
    tree(
        home,
        {"m.gguf": GGUF, "mmproj-F16.gguf": OTHER, "n.txt": "x", "f/config.json": "{}", "f/model.safetensors": TENSORS},
    )
    reader = StoreReader(facts)
    found = found_at(str(home / "m.gguf"), reader, Plain())
    assert found and {file.role for file in found.files} == {"weights", "projector"}
    folder = found_at(str(home / "f"), reader, Plain())
    assert folder and folder.is_folder and len(folder.files) == 2
    for name in ("n.txt", "gone.gguf", "empty"):
        assert found_at(str(home / name), reader, Plain()) is None


def test_a_deep_tree_ends(home: Path) -> None:
    place = home / "/".join(["d"] * 200)
    write(place / "m.gguf", GGUF)
    write(home / "d/d/n.gguf", OTHER)
    assert names(home) == ["d/d/n"]


def test_cancelling_stops_the_walk(home: Path) -> None:
    class Stopped(Exception): ...

    def step() -> None:
        raise Stopped

    write(home / "m.gguf", GGUF)
    with pytest.raises(Stopped):
        list(describe_tree(str(home), StoreReader(facts, step=step), Plain()))


def test_a_folder_of_more_names_than_are_looked_at(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All or none: a part of a folder would make broken sets and orphans of the rest."""
    tree(home, {"a/1.gguf": GGUF, "b/2.gguf": OTHER, "b/x.txt": b"", "b/y.txt": b""})
    monkeypatch.setattr("model_manager.stores.walk.store_reader.MOST_NAMES", 2)
    models, _rests, reader = told(home)
    assert [model.name for model in models] == ["a/1"] and reader.unread == [str(home / "b")]
    assert [problem.why for problem in reader.problems] == ["has more than 2 names: not looked into"]


def test_folders_too_deep_to_follow_are_said(home: Path) -> None:
    """10,000 deep, longer than any path may be: walked to its limit, and no further."""
    below = os.open(home, os.O_RDONLY)
    for _ in range(10_000):
        os.mkdir("d", dir_fd=below)
        deeper = os.open("d", os.O_RDONLY, dir_fd=below)
        os.close(below)
        below = deeper
    os.close(below)
    try:
        models, _rests, reader = told(home)
        assert models == [] and [problem.why for problem in reader.problems] == [
            "what lies more than 24 folders deep is not looked into"
        ]
        reader = StoreReader(facts)
        with within(20):
            assert list(files_below(str(home), reader)) == []
        assert len(reader.problems) == 1 and reader.unread, "where the path became too long"
    finally:
        subprocess.run(["rm", "-rf", str(home / "d")], check=True)


def test_a_forest_of_links_ends(home: Path) -> None:
    """Each of 60 folders leads to 20 others outside the root, and 3,000 links lead into them."""
    outside = home / "outside"
    for number in range(60):
        write(outside / f"t{number}/{number}.gguf", gguf_bytes(seed=number))
        for other in range(20):
            (outside / f"t{number}/l{other}").symlink_to(f"../t{(number * 7 + other) % 60}")
    (home / "root").mkdir()
    for number in range(3000):
        (home / f"root/l{number}").symlink_to(f"../outside/t{number % 60}")
    models, _rests, reader = told(home / "root")
    assert len(models) == 60 and reader.problems == []


def test_a_browsers_downloads_of_other_things_are_no_leftovers(home: Path) -> None:
    names_ = [
        "film.mp4.crdownload",
        "Unconfirmed 7.crdownload",
        "ubuntu.iso.part",
        "papers.zip.part",
        "firmware.bin.part",
    ]
    tree(home / "Downloads", dict.fromkeys((*names_, "m.gguf.crdownload", "n.safetensors.part"), b"half"))
    reader = StoreReader(facts)
    rests = list(folder.describe(FoundRoot("folder", str(home / "Downloads")), reader))
    assert [os.path.basename(rest.path) for rest in rests] == ["m.gguf.crdownload", "n.safetensors.part"]
