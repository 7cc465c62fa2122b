"""What the rules look at, what a suggestion is in JSON, and what really comes back when models go."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from catalogued import file_view
from factory import gguf_bytes, ollama_model, tree
from removing import scan

from model_manager.app import App
from model_manager.catalog import roots
from model_manager.catalog.models import FileView
from model_manager.catalog.mount_aliases import AliasGroup
from model_manager.jobs import Cancelled, Progress
from model_manager.library.clean.candidate import Candidate, CatalogueSnapshot, as_json, freed, library_of
from model_manager.library.clean.memory import Machine
from model_manager.library.scan import watch

BIG = Machine(64 << 30)


def library(
    *files: FileView, names: dict[int, int] | None = None, same: dict[int, AliasGroup] | None = None
) -> CatalogueSnapshot:
    members: dict[int, list[FileView]] = {}
    owners: dict[int, set[int]] = {}
    for file in files:
        members.setdefault(file.model, []).append(file)
        owners.setdefault(file.file, set()).add(file.model)
    return CatalogueSnapshot((), members, {file.file: 1 for file in files} | (names or {}), owners, (), same=same or {})


def fits(found: CatalogueSnapshot) -> list[bool]:
    return [rung.fit is not None and rung.fit.fits for line in found.lines for rung in line.rungs]


def test_a_candidate_in_json() -> None:
    one = Candidate("c1", "old-quant", 3, "m", ("/a\udcff", "/c"), 5, "likely", "so\nit is", keeps=4)
    told = as_json(one)
    assert told["model"] == "m3" and told["keeps"] == "m4" and told["frees"] == 5 and told["id"] == "c1"
    assert told["rule"] == "old-quant" and told["confidence"] == "likely"
    assert told["paths"] == ["/a\\xff", "/c"] and told["reason"] == "so\\x0ait is", "nothing that a terminal obeys"
    nobody = as_json(Candidate("c2", "orphan", None, "b", ("/b",), 0, "certain", "why"))
    assert nobody["model"] is None and nobody["keeps"] is None


def test_what_is_these_models_alone_comes_back_once() -> None:
    both = library(
        file_view(1, 1, 1, "/a", bytes=10), file_view(1, 1, 2, "/shared", bytes=100), file_view(2, 2, 2, "/shared", bytes=100)
    )  # fmt: skip
    assert freed(both, {1}) == 10, "the other model needs the rest"
    assert freed(both, {2}) == 0
    assert freed(both, {1, 2}) == 110
    assert freed(both, {7}) == freed(both, set()) == 0


def test_a_file_with_a_name_that_we_do_not_know_stays() -> None:
    one = file_view(1, 1, 1, "/a", bytes=10, links=2)
    assert freed(library(one), {1}) == 0
    assert freed(library(one, names={1: 2}), {1}) == 10
    assert freed(library(one, names={1: 3}), {1}) == 10


def test_what_is_seen_by_two_ways_comes_back_once() -> None:
    two = [file_view(1, 1, 1, "/a", bytes=10), file_view(1, 2, 2, "/way/a", bytes=10)]
    assert freed(library(*two), {1}) == 20
    assert freed(library(*two, same={2: AliasGroup(1, True)}), {1}) == 10


def test_files_by_their_size_wherever_they_lie() -> None:
    found = library(
        file_view(1, 1, 1, "/a", size=5), file_view(2, 2, 2, "/b", size=5), file_view(2, 2, 3, "/c", size=6)
    )
    assert found.sizes == {5: {1, 2}, 6: {3}}


def test_it_is_read_as_it_lies_on_the_disk(app: App, home: Path) -> None:
    """Names, owners and what fits; a link is no name of what it leads to, another hard link is."""
    top = tree(home / "models", {"a.gguf": gguf_bytes(seed=1), "b.gguf": gguf_bytes(seed=2)})
    os.link(top / "a.gguf", top / "again.gguf")
    os.symlink(top / "b.gguf", top / "link.gguf")
    watch.add_root(app.database, str(top))
    store = home / ".ollama/models"
    for tag in "xy":
        ollama_model(
            store, f"registry.ollama.ai/library/{tag}/1", {"model": gguf_bytes(seed=3), "license": tag.encode()}
        )
    scan(app)
    found = library_of(app.database, BIG)
    of = {os.path.basename(file.path): file for files in found.files.values() for file in files}
    assert found.names[of["a.gguf"].file] == 2 == of["a.gguf"].links
    assert found.names[of["b.gguf"].file] == 1
    assert {len(models) for models in found.owners.values()} == {1}, "one model with two places owns it once"
    assert {row.name for row in found.rows} >= {"a", "b"} and len(found.rows) == len(
        {row.id for row in found.rows}
    ) == 3
    assert fits(found) == [True] * 3 and fits(library_of(app.database, Machine(1000))) == [False] * 3
    model = of["a.gguf"].model
    assert freed(found, {model}) == of["a.gguf"].bytes


def test_what_is_unplugged_neither_goes_nor_is_a_reason(app: App, home: Path) -> None:
    tree(home / "models", {"a.gguf": gguf_bytes(seed=1)})
    tree(home / "stick", {"b.gguf": gguf_bytes(seed=2)})
    for name in ("models", "stick"):
        watch.add_root(app.database, str(home / name))
    scan(app)
    assert {row.name for row in library_of(app.database, BIG).rows} == {"a", "b"}
    with app.database.write() as tx:
        stick = next(root.id for root in roots.every(tx) if root.path.endswith("stick"))
        tx.execute("UPDATE root SET state = 'offline' WHERE id = ?", (stick,))
    assert {row.name for row in library_of(app.database, BIG).rows} == {"a"}


def test_reading_it_can_be_stopped(app: App, home: Path) -> None:
    tree(home / "models", {"a.gguf": gguf_bytes(seed=1)})
    watch.add_root(app.database, str(home / "models"))
    scan(app)
    progress = Progress()
    library_of(app.database, BIG, progress)
    assert (progress.done, progress.total) == (0, 1), "it says how far it is"
    progress.cancel()
    with pytest.raises(Cancelled):
        library_of(app.database, BIG, progress)
