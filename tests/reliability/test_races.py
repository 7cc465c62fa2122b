"""Files change, are replaced, truncated or deleted while a scan reads them: afterwards nothing stale is believed."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from factory import gguf_bytes, safetensors_bytes, write
from headers import onnx_bytes, onnx_tensor

from model_manager.app import App, build
from model_manager.base.identity import file_id
from model_manager.base.volumes import Volumes
from model_manager.catalog import files
from model_manager.catalog.rows import read_rows
from model_manager.formats.sniff import facts_of
from model_manager.jobs import Progress
from model_manager.library.listing.model_json import models_json
from model_manager.library.scan import headers, watch
from model_manager.stores.walk import folder_memory

SHORT, LONG = 12, 1_000


def contents(dice: random.Random, suffix: str = "") -> tuple[str, bytes]:
    """A model with its suffix; many have the length of others, so that only times and bytes differ."""
    suffix = suffix or dice.choice(("gguf", "gguf", "safetensors", "onnx"))
    word = "".join(dice.choices("abcdef", k=4))
    if suffix == "safetensors":
        tensors = {f"model.layers.0.{word}": (dice.choice(("F32", "I32")), (8, 8))}
        return suffix, safetensors_bytes(tensors, seed=dice.randrange(99))
    if suffix == "onnx":
        needed = onnx_tensor((4,), 1, location="w.data", length=dice.choice((16, 32)))
        return suffix, onnx_bytes({"input_ids": ()}, tensors=[needed])
    if suffix == "data":
        return suffix, dice.randbytes(dice.choice((3, 16, 40)))
    return suffix, gguf_bytes({"general.name": word, "general.architecture": dice.choice(("llama", "qwen3"))})


def disturb(folder: Path, dice: random.Random) -> None:
    """One change as another program makes it."""
    there = sorted(path for path in folder.rglob("*") if path.is_file())
    target = dice.choice(there) if there else folder / "first.gguf"
    _, data = contents(dice, target.suffix[1:])
    same = [path for path in there if path.suffix == target.suffix]
    match dice.randrange(9):
        case 0:
            target.unlink(missing_ok=True)
        case 1 if target.exists():
            os.truncate(target, dice.randrange(target.stat().st_size + 1))
        case 2:
            suffix, data = contents(dice)
            write(folder / f"sub{dice.randrange(3)}" / f"{dice.randrange(5)}.{suffix}", data)
        case 3:
            os.replace(write(folder / "new.part", data), target)
        case 4 if target.exists():  # the same inode and length, other bytes
            with open(target, "r+b") as file:
                file.write(data[: target.stat().st_size])
        case 5 if target.exists():  # and the time of the last change put back
            stat = target.stat()
            with open(target, "r+b") as file:
                file.write(data[: stat.st_size])
            os.utime(target, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        case 6 if len(same) > 1:
            other = dice.choice([path for path in same if path != target])
            os.rename(target, folder / "swap.part")
            os.rename(other, target)
            os.rename(folder / "swap.part", other)
        case 7:
            shutil.rmtree(target.parent if target.parent != folder else folder / "sub0", ignore_errors=True)
        case _:
            write(folder / "w.data", contents(dice, "data")[1])


class Meddler:
    """Changes the folder at a random moment of reading: before a file is opened, between two reads, or after the last."""

    def __init__(self, folder: Path, dice: random.Random, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.dice = folder, dice
        self.armed = False
        real_read, real_open, real_facts = headers.Metered.read, headers.open_quietly, headers.facts_of

        def read(counting: Any, size: int = -1) -> bytes:
            self.maybe(6)
            return real_read(counting, size)

        def opened(path: str) -> BinaryIO:
            self.maybe(6)
            return real_open(path)

        def read_facts(*arguments: Any) -> Any:
            try:
                return real_facts(*arguments)
            finally:
                self.maybe(6)

        monkeypatch.setattr(headers.Metered, "read", read)
        monkeypatch.setattr(headers, "open_quietly", opened)
        monkeypatch.setattr(headers, "facts_of", read_facts)

    def maybe(self, times: int) -> None:
        if self.armed and self.dice.randrange(times) == 0:
            disturb(self.folder, self.dice)


def told(app: App) -> list[str]:
    """What the catalogue says, without what no other catalogue can know."""
    with app.database.read() as tx:
        ids = [row.id for row in read_rows(tx)]
    return sorted(_plain(model) for model in models_json(app.database, ids))


def _plain(model: dict[str, Any]) -> str:
    for key in ("id", "added", "last_used"):
        model.pop(key)
    for place in model["places"]:
        place.pop("id"), place.pop("root")
    return json.dumps(model, sort_keys=True, default=str)


def stale(app: App, folder: Path) -> list[str]:
    """Files of which the catalogue would believe, by their identity, what is not in them."""
    volumes, found = Volumes(), []
    for path in map(str, folder.rglob("*")):
        stat = os.stat(path)
        with app.database.read() as tx:
            known = files.facts_if_unchanged(tx, file_id(path, stat, volumes.of(path, stat.st_dev)))
        if known is not None:
            with open(path, "rb") as file:
                if facts_of(file, stat.st_size, os.path.basename(path)) != known:
                    found.append(f"{path}: {known}")
    return found


def race(
    app: App, folder: Path, rounds: int, seed: int, monkeypatch: pytest.MonkeyPatch, fresh: Callable[[], App]
) -> None:
    watch.add_root(app.database, str(folder))
    for number in range(rounds):
        dice = random.Random(f"{seed}.{number}")
        meddler = Meddler(folder, dice, monkeypatch)
        for _ in range(dice.randrange(4)):
            disturb(folder, dice)
        meddler.armed = True
        app.scanner().run(Progress())
        meddler.armed = False
        assert stale(app, folder) == [], f"round {number} of seed {seed}"
        if number % 4 == 0 or number == rounds - 1:
            app.scanner().run(Progress())
            other = fresh()
            watch.add_root(other.database, str(folder))
            other.scanner().run(Progress())
            assert told(app) == told(other), f"round {number} of seed {seed}"
            other.close()
        monkeypatch.undo()


@pytest.fixture
def fresh(tmp_path: Path) -> Callable[[], App]:
    def new() -> App:
        shutil.rmtree(tmp_path / "fresh", ignore_errors=True)
        return build(str(tmp_path / "fresh"))

    return new


@pytest.mark.parametrize(
    "rounds", [pytest.param(SHORT, id="short"), pytest.param(LONG, id="long", marks=pytest.mark.slow)]
)  # fmt: skip
def test_nothing_stale_is_believed(app: App, home: Path, rounds: int, fresh: Callable[[], App]) -> None:
    folder = home / "AI"
    for number in range(4):
        suffix, data = contents(random.Random(number))
        write(folder / f"{number}.{suffix}", data)
    with pytest.MonkeyPatch.context() as patch:
        race(app, folder, rounds, 5, patch, fresh)


def test_a_file_that_changed_while_it_was_read_keeps_no_facts(
    app: App, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(home / "AI/a.gguf", gguf_bytes({"general.name": "One"}))
    watch.add_root(app.database, str(home / "AI"))
    real = headers.facts_of

    def changed(*arguments: Any) -> Any:
        found = real(*arguments)
        path.write_bytes(gguf_bytes({"general.name": "Two"}))
        return found

    monkeypatch.setattr(headers, "facts_of", changed)
    app.scanner().run(Progress())
    assert "changed while it was looked at" in told(app)[0]
    monkeypatch.undo()
    app.scanner().run(Progress())
    assert json.loads(told(app)[0])["health"]["verdict"] == "good"
    assert stale(app, home / "AI") == []


def test_a_file_that_another_one_needs_is_looked_at_again(
    app: App, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ONNX weights beside the graph: missing, there, cut in place. The folder is remembered in between."""
    monkeypatch.setattr(folder_memory, "SETTLED_NS", -1)
    folder = home / "AI"
    write(
        folder / "a.onnx", onnx_bytes({"input_ids": ()}, tensors=[onnx_tensor((4,), 1, location="w.data", length=16)])
    )
    watch.add_root(app.database, str(folder))

    def verdict() -> object:
        app.scanner().run(Progress())
        return json.loads(told(app)[0])["health"]["verdict"]

    assert verdict() == "incomplete"
    write(folder / "w.data", bytes(range(16)))
    assert (verdict(), verdict()) == ("good", "good")
    os.truncate(folder / "w.data", 7)
    assert verdict() == "truncated"
    (folder / "w.data").unlink()
    assert verdict() == "incomplete"
