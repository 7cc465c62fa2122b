"""A scan that believes what the last one left finds what a scan from nothing finds, whatever happened in between."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from factory import gguf_bytes, safetensors_bytes, sha256, write
from scanned_again import believing, from_nothing, scan, told

from model_manager.app import App
from model_manager.library.scan import watch
from model_manager.stores.walk.store_reader import StoreReader

__all__ = ["believing"]
GGUF, OTHER = gguf_bytes(seed=61), gguf_bytes(seed=62)
TENSORS = safetensors_bytes({"x.weight": ("F16", (8, 8))}, seed=63)
NOTHING = b"no model at all" * 40


def make(top: Path) -> Path:
    write(top / "llm/one.gguf", GGUF)
    write(top / "llm/one.json", b"{}")
    write(top / "diffusion/lora/style.safetensors", TENSORS)
    write(top / "diffusion/lora/style.civitai.info", b'{"model": {"name": "Style"}}')
    write(top / "deep/er/still/two.gguf", OTHER)
    write(top / "whole/config.json", b'{"model_type": "llama"}')
    write(top / "whole/model.safetensors", TENSORS)
    write(top / "odd/x.bin", NOTHING)
    write(top / "rests/three.gguf.part", b"half")
    write(top / "notes/a.txt", b"text")
    (top / "empty").mkdir()
    return top


def _in_place(path: Path, data: bytes) -> None:
    with path.open("r+b") as file:
        file.write(data)
        file.truncate()


CHANGES: dict[str, Callable[[Path], object]] = {
    "nothing": lambda top: None,
    "another model": lambda top: write(top / "llm/new.gguf", OTHER),
    "the first in a folder": lambda top: write(top / "empty/new.gguf", OTHER),
    "one below a new folder": lambda top: write(top / "empty/a/b/new.gguf", OTHER),
    "one gone": lambda top: (top / "llm/one.gguf").unlink(),
    "a sidecar gone": lambda top: (top / "llm/one.json").unlink(),
    "renamed": lambda top: (top / "deep/er/still/two.gguf").rename(top / "deep/er/still/2.gguf"),
    "moved": lambda top: (top / "deep/er/still/two.gguf").rename(top / "llm/two.gguf"),
    "a folder moved": lambda top: (top / "deep/er").rename(top / "llm/er"),
    "written in place": lambda top: _in_place(top / "llm/one.gguf", OTHER),
    "a sidecar written in place": lambda top: _in_place(
        top / "diffusion/lora/style.civitai.info", b'{"model": {"name": "Renamed"}}'
    ),
    "a configuration written in place": lambda top: _in_place(top / "whole/config.json", b'{"model_type": "qwen3"}'),
    "no model becomes one in place": lambda top: _in_place(top / "odd/x.bin", GGUF),
    "a download ended": lambda top: (top / "rests/three.gguf.part").rename(top / "rests/three.gguf"),
    "a link made": lambda top: (top / "llm/linked.gguf").symlink_to("../deep/er/still/two.gguf"),
    "a settings file makes it one model": lambda top: write(top / "llm/config.json", b"{}"),
    "parts below make it a package": lambda top: (write(top / "whole/onnx/model.onnx", NOTHING)),
    "a download's records above": lambda top: write(
        top / "deep/.cache/huggingface/download/er/still/two.gguf.metadata",
        f"{'a' * 40}\n{sha256(OTHER)}\n{time.time() + 5}\n",
    ),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_changed_is_seen(
    change: Callable[[Path], object], app: App, home: Path, tmp_path: Path, believing: None
) -> None:
    top = make(home / "AI")
    watch.add_root(app.database, str(top))
    scan(app)
    scan(app)
    change(top)
    scan(app)
    assert told(app) == from_nothing(tmp_path / "fresh", top)
    scan(app)
    assert told(app) == from_nothing(tmp_path / "again", top)


@pytest.mark.parametrize("seed", range(8))
def test_whatever_changes(seed: int, app: App, home: Path, tmp_path: Path, believing: None) -> None:
    dice = random.Random(seed)
    top = home / "AI"
    folders = [top, *(top / name for name in ("a", "a/b", "a/b/c", "d", "d/loras"))]
    names = (
        "m.gguf",
        "m.json",
        "n.safetensors",
        "x.bin",
        "config.json",
        "o.gguf.part",
        "m-00001-of-00002.gguf",
        "i.png",
    )
    for folder in folders:
        folder.mkdir(parents=True)
    watch.add_root(app.database, str(top))
    for turn in range(5):
        for _ in range(dice.randint(1, 4)):
            path = dice.choice(folders) / dice.choice(names)
            act = dice.random()
            if act < 0.6:
                write(path, dice.choice((GGUF, OTHER, TENSORS, NOTHING)))
            elif act < 0.8:
                path.unlink(missing_ok=True)
            elif path.exists():
                path.rename(dice.choice(folders) / dice.choice(names))
        scan(app)
        assert told(app) == from_nothing(tmp_path / f"fresh {turn}", top)


def test_a_link_that_led_nowhere_leads_to_a_model_now(app: App, home: Path, tmp_path: Path, believing: None) -> None:
    top = make(home / "AI")
    (top / "llm/later").symlink_to(home / "elsewhere")
    (top / "notes/later.gguf").symlink_to(home / "elsewhere/z.gguf")
    watch.add_root(app.database, str(top))
    scan(app)
    write(home / "elsewhere/z.gguf", OTHER)
    scan(app)
    assert told(app) == from_nothing(tmp_path / "fresh", top)


def test_a_root_added_inside_another(app: App, home: Path, tmp_path: Path, believing: None) -> None:
    top = make(home / "AI")
    watch.add_root(app.database, str(top))
    scan(app)
    inner = watch.add_root(app.database, str(top / "deep"))
    scan(app)
    assert told(app) == from_nothing(tmp_path / "fresh", top, top / "deep")
    watch.remove_root(app.database, f"r{inner.id}")
    scan(app)
    assert told(app) == from_nothing(tmp_path / "again", top)


def test_what_was_forgotten_is_found_again(app: App, home: Path, believing: None) -> None:
    top = make(home / "AI")
    root = watch.add_root(app.database, str(top))
    scan(app)
    before = told(app)
    watch.ignore_root(app.database, f"r{root.id}")
    watch.add_root(app.database, str(top))
    scan(app)
    assert told(app) == before


def test_nothing_is_listed_again(app: App, home: Path, believing: None, monkeypatch: pytest.MonkeyPatch) -> None:
    top = make(home / "AI")
    watch.add_root(app.database, str(top))
    scan(app)
    listed: list[str] = []
    plain = StoreReader.listing
    monkeypatch.setattr(StoreReader, "listing", lambda reader, path: (listed.append(path), plain(reader, path))[1])
    report = scan(app)
    assert listed == [str(top / "rests")]  # an unfinished download is looked at each time
    assert (report.models, report.read_bytes) == (4, 0)


def test_a_folder_that_changed_just_now_is_not_believed(
    app: App, home: Path, believing: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("model_manager.stores.walk.folder_memory.SETTLED_NS", 2_000_000_000)
    watch.add_root(app.database, str(make(home / "AI")))
    scan(app)
    with app.database.read() as tx:
        assert tx.execute("SELECT COUNT(*) FROM listing").fetchone() == (0,)


def test_other_file_systems_are_listed_each_time(app: App, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("model_manager.library.scan.root_reading.KINDS", frozenset())
    monkeypatch.setattr("model_manager.stores.walk.folder_memory.SETTLED_NS", 0)
    watch.add_root(app.database, str(make(home / "AI")))
    scan(app)
    with app.database.read() as tx:
        assert tx.execute("SELECT COUNT(*) FROM listing").fetchone() == (0,)


def test_what_is_no_model_is_read_once(app: App, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where every folder is listed anew, and also when no model was found at all."""
    monkeypatch.setattr("model_manager.library.scan.root_reading.KINDS", frozenset())
    path = write(home / "AI/x.bin", NOTHING)
    watch.add_root(app.database, str(home / "AI"))
    assert scan(app).read_bytes > 0
    assert scan(app).read_bytes == 0
    _in_place(path, GGUF)
    assert scan(app).read_bytes > 0
    assert scan(app).read_bytes == 0
    with app.database.read() as tx:
        assert tx.execute("SELECT COUNT(*) FROM passed").fetchone() == (0,)


def test_a_folder_that_is_ignored_is_not_shown_by_the_one_around_it(app: App, home: Path, believing: None) -> None:
    top = make(home / "AI")
    watch.add_root(app.database, str(top))
    inner = watch.add_root(app.database, str(top / "deep"))
    scan(app)
    assert any(str(top / "deep") in line for line in map(str, told(app)))
    watch.ignore_root(app.database, f"r{inner.id}")
    for _ in range(2):
        scan(app)
        assert told(app) and not any(str(top / "deep") in line for line in map(str, told(app)))
