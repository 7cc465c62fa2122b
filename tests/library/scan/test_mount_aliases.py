"""A folder and its mount weigh once, in every figure that is shown; what cannot be told apart is said."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from factory import gguf_bytes, tree
from mounts import WAYS, bind_mount, second_way
from removing import known, plan, records, scan

from model_manager.app import App
from model_manager.catalog import mount_aliases
from model_manager.catalog.disk_use import DiskUse
from model_manager.catalog.rows import Row, read_rows
from model_manager.cli import main
from model_manager.controllers.disk_map import DiskMapController, Tile
from model_manager.controllers.library import LibraryController
from model_manager.library.clean.candidate import library_of
from model_manager.library.clean.families import families_of
from model_manager.library.clean.memory import this_machine
from model_manager.library.clean.offers import offered, reclaimable
from model_manager.library.clean.rules import candidates
from model_manager.library.listing.status import Status, status
from model_manager.library.scan import watch

ONE, TWO = gguf_bytes(seed=61), gguf_bytes(seed=62)


def weighed(app: App, *folders: Path) -> Status:
    for folder in folders:
        watch.add_root(app.database, str(folder))
    scan(app)
    return figures(app)


def figures(app: App) -> Status:
    return status(app.database, app.volumes, app.env())


def on_disk(*paths: Path) -> int:
    return sum(min(path.stat().st_size, 512 * path.stat().st_blocks) for path in paths)


def rows_of(app: App) -> list[Row]:
    with app.database.read() as tx:
        return read_rows(tx)


class Seen:
    """What the library's screen is told."""

    def __init__(self) -> None:
        self.places: tuple[list[tuple[str, str, int, int]], list[tuple[str, str, int, int]]] = ([], [])
        self.totals = ""
        self.tiles: list[Tile] = []
        self.total = ""
        self.size = 0

    def show_rows(self, rows: list[Row], anew: bool) -> None: ...
    def show_places(self, categories: object, tools: object) -> None:
        self.places = (categories, tools)  # type: ignore[assignment]

    def show_totals(self, text: str) -> None:
        self.totals = text

    def show_details(self, details: object, count: int, size: int) -> None:
        self.size = size

    def show_query_problem(self, text: str) -> None: ...
    def show_tiles(self, tiles: list[Tile], path: str, total: str) -> None:
        self.tiles, self.total = tiles, total


@pytest.mark.parametrize("kind", WAYS)
def test_a_folder_and_its_mount_weigh_once(kind: str, app: App, home: Path) -> None:
    tree(home / "disk", {"a.gguf": ONE, "deep/b.gguf": TWO})
    size = on_disk(home / "disk/a.gguf", home / "disk/deep/b.gguf")
    with second_way(kind, home / "disk", home / "pool") as pool:
        found = weighed(app, home / "disk", pool)
        assert len(rows_of(app)) == 4
        assert found.bytes == size
        assert [bytes_ for _tool, _count, bytes_ in found.tools] == [size]
        assert sum(bytes_ for _slug, _count, bytes_ in found.categories) == size
        assert found.reclaimable == 0
        assert (found.again, found.unsure) == (size, 0)


@pytest.mark.parametrize("kind", WAYS)
def test_every_screen_says_the_same(kind: str, app: App, home: Path) -> None:
    tree(home / "disk", {"a.gguf": ONE, "b.gguf": TWO})
    size = len(ONE) + len(TWO)
    with second_way(kind, home / "disk", home / "pool") as pool:
        weighed(app, home / "disk", pool)
        rows = rows_of(app)
        assert DiskUse(rows).size == size and DiskUse(rows).bytes == on_disk(home / "disk/a.gguf", home / "disk/b.gguf")
        assert DiskUse(rows[:1]).size == rows[0].size
        assert [row.copies for row in rows] == [0, 0, 0, 0]
        view = Seen()
        library = LibraryController(app, view)  # type: ignore[arg-type]
        library._rows.take(_loaded(rows))
        taken = on_disk(home / "disk/a.gguf", home / "disk/b.gguf")
        assert {size_ for _slug, _name, _count, size_ in view.places[0]} == {taken}
        assert {size_ for _tool, _name, _count, size_ in view.places[1]} == {taken}
        library.select({row.id for row in rows})
        assert view.size == taken
        disk_map = DiskMapController(view)  # type: ignore[arg-type]
        disk_map.set_rows(rows)
        disk_map.lay_out(800, 600)
        assert len([tile for tile in view.tiles if tile.id is not None]) == 2
        machine = this_machine()
        families = families_of(library_of(app.database, machine).lines)
        assert sum(family.bytes for family in families) <= 2 * DiskUse(rows).bytes
        for family in families:
            assert family.bytes == DiskUse(family.rows).bytes


def _loaded(rows: list[Row]):  # type: ignore[no-untyped-def]
    from model_manager.controllers.library_rows import Loaded

    return Loaded(rows, [])


def test_two_mounts_of_a_folder_that_is_not_watched(app: App, home: Path) -> None:
    tree(home / "disk", {"a.gguf": ONE})
    with (
        second_way("bindfs", home / "disk", home / "one") as one,
        second_way("bindfs", home / "disk", home / "two") as two,
    ):
        found = weighed(app, one, two)
        assert found.bytes == on_disk(home / "disk/a.gguf") and found.again == found.bytes


def test_a_mount_of_a_mount(app: App, home: Path) -> None:
    tree(home / "disk", {"a.gguf": ONE})
    with second_way("bindfs", home / "disk", home / "one") as one, second_way("bindfs", one, home / "two") as two:
        found = weighed(app, home / "disk", one, two)
        assert found.bytes == on_disk(home / "disk/a.gguf") and found.again == 2 * found.bytes


def test_real_copies_weigh_twice(app: App, home: Path) -> None:
    """A pool of two branches, and beside it a copy with the same name and times."""
    tree(home / "disk", {"a.gguf": ONE})
    (home / "else").mkdir()
    shutil.copy2(home / "disk/a.gguf", home / "else/a.gguf")
    with second_way("bindfs", home / "disk", home / "pool") as pool:
        found = weighed(app, pool, home / "else")
        assert (found.bytes, found.again, found.unsure) == (2 * on_disk(home / "else/a.gguf"), 0, 0)


def test_what_a_mount_shows_nobody_knows_counts_once_and_is_said(
    app: App, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A mount that does not tell what it shows: same name, size and time may be the same file."""
    tree(home / "disk", {"a.gguf": ONE, "b.gguf": TWO})
    with second_way("bindfs", home / "disk", home / "pool") as pool:
        from model_manager.base import pools

        monkeypatch.setattr(pools, "_shown", lambda mount, mounts: iter(()))
        os.utime(home / "disk/b.gguf", (5, 5))
        found = weighed(app, home / "disk", pool)
        size = on_disk(home / "disk/a.gguf", home / "disk/b.gguf")
        assert (found.bytes, found.again, found.unsure) == (size, 0, size)
        assert main(["status"]) == 0
        assert "may be the same files" in capsys.readouterr().out


@pytest.mark.parametrize(("beside", "weighs"), [([], 2), (["x"], 2), (["x", "y"], 2), (["x", "y", "z"], 3)])
def test_two_files_of_one_mount_are_two(
    beside: list[str], weighs: int, app: App, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Copies with the same name and time in two folders of a mount that does not tell what it shows."""
    tree(home / "disk", {"x/a.gguf": ONE})
    for name in ("disk/y", *(f"else/{one}" for one in beside)):
        shutil.copytree(home / "disk/x", home / name)
    with second_way("bindfs", home / "disk", home / "pool") as pool:
        from model_manager.base import pools

        monkeypatch.setattr(pools, "_shown", lambda mount, mounts: iter(()))
        found = weighed(app, pool, *([home / "else"] if beside else []))
        assert found.bytes == weighs * on_disk(home / "disk/x/a.gguf")
        assert found.unsure == min(2, len(beside)) * on_disk(home / "disk/x/a.gguf")


def test_the_terminal_says_that_a_second_way_counts_once(
    app: App, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tree(home / "disk", {"a.gguf": ONE})
    with second_way("bindfs", home / "disk", home / "pool") as pool:
        weighed(app, home / "disk", pool)
        assert main(["status"]) == 0
        assert "seen by two ways" in capsys.readouterr().out
        assert main(["scan"]) == 0
        assert "seen by two ways" in capsys.readouterr().out


def test_a_mount_that_ended_weighs_nothing_more(app: App, home: Path) -> None:
    tree(home / "disk", {"a.gguf": ONE})
    with second_way("bindfs", home / "disk", home / "pool") as pool:
        weighed(app, home / "disk", pool)
    scan(app)
    with app.database.read() as tx:
        assert mount_aliases.every(tx) == {}
    assert figures(app).again == 0


def test_leftovers_by_two_ways_weigh_once(app: App, home: Path) -> None:
    """Of a bind mount too: a leftover has no inode in the catalogue."""
    tree(home / "disk", {"a.gguf": ONE, "half.gguf.part": b"x" * 50_000})
    with bind_mount(home / "disk", home / "pool") as pool:
        alone = weighed(app, home / "disk")
        both = weighed(app, pool)
        assert alone.leftovers.get("partial", 0) > 0
        assert (both.bytes, both.leftovers) == (alone.bytes, alone.leftovers)


def test_clean_promises_a_file_once(app: App, home: Path) -> None:
    tree(home / "disk", {"a.gguf": ONE[: len(ONE) // 2]})
    with second_way("bindfs", home / "disk", home / "pool") as pool:
        weighed(app, home / "disk", pool)
        library = library_of(app.database, this_machine())
        found = offered(app.database, app.volumes, app.env(), library, candidates(library))
        assert len(found) == 2
        assert reclaimable(library, found) == on_disk(home / "disk/a.gguf")


@pytest.mark.parametrize("kind", ["bindfs", "mergerfs"])
def test_a_plan_promises_a_file_once(kind: str, app: App, home: Path) -> None:
    tree(home / "disk", {"a.gguf": ONE})
    with second_way(kind, home / "disk", home / "pool") as pool:
        weighed(app, home / "disk", pool)
        made = plan(app, *known(app), way="delete")
        assert len(made.steps) == 1 and made.frees == on_disk(home / "disk/a.gguf")
        assert app.operations.apply(made).state == "applied" and not (home / "disk/a.gguf").exists()


def test_a_shared_layer_counts_once_in_the_window(app: App, home: Path) -> None:
    """Two models of Ollama with one projector: as `status` says."""
    from factory import ollama_model

    store = home / ".ollama/models"
    shared = gguf_bytes(seed=63)
    ollama_model(store, "registry.ollama.ai/library/one/latest", {"model": ONE, "projector": shared})
    ollama_model(store, "registry.ollama.ai/library/two/latest", {"model": TWO, "projector": shared})
    scan(app)
    rows = rows_of(app)
    files = {file["path"]: file["size"] for model in records(app).values() for file in model["files"]}  # type: ignore[attr-defined]
    assert len(rows) == 2 and DiskUse(rows).size == sum(files.values()) < sum(row.size for row in rows)
    assert DiskUse(rows).bytes == figures(app).bytes
