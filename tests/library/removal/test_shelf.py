"""What planning takes of the catalogue: who names a file, what is linked, and what stays known by the same name."""

from __future__ import annotations

import os
from pathlib import Path

from catalogued import file_view, place_view
from factory import gguf_bytes, ollama_model, tree, write
from mounts import bind_mount
from removing import known, scan

from model_manager.app import App
from model_manager.catalog.models import FileView
from model_manager.library.labels import user_labels
from model_manager.library.removal.shelf import Shelf, read_shelf, shelf_of_leftovers
from model_manager.library.scan import watch


def shelf(*files: FileView) -> Shelf:
    of: dict[int, list[FileView]] = {}
    names: dict[int, list[tuple[int, str]]] = {}
    for file in files:
        of.setdefault(file.place, []).append(file)
        names.setdefault(file.file, []).append((file.place, file.path))
    places = [place_view(place, files[0].model, 1, files[0].path) for place, files in of.items()]
    return Shelf({}, places, of, names, (), {}, frozenset())


def test_where_a_model_lies_and_who_else_names_its_file() -> None:
    one = shelf(
        file_view(1, 10, 5, "/a"), file_view(1, 11, 5, "/b"), file_view(2, 12, 5, "/c"), file_view(2, 12, 6, "/d", size=7)
    )  # fmt: skip
    assert [place.id for place in one.of_model[1]] == [10, 11] and [place.id for place in one.of_model[2]] == [12]
    assert one.by_id[11].path == "/b"
    assert one.others(5, {10}) == ["/b", "/c"] and one.others(5, {10, 11, 12}) == [] == one.others(99, ())
    assert [file.path for file in one.by_size[100]] == ["/a", "/b", "/c"] and [f.path for f in one.by_size[7]] == ["/d"]
    assert [file.place for file in one.by_path["/c"]] == [12]


def test_links_of_a_size_as_the_disk_has_them_now(tmp_path: Path) -> None:
    real = write(tmp_path / "real", b"x")
    os.symlink(real, tmp_path / "link")
    one = shelf(
        file_view(1, 1, 1, str(real)), file_view(1, 2, 1, str(tmp_path / "link")), file_view(1, 3, 1, str(tmp_path / "gone"))
    )  # fmt: skip
    assert [file.place for file in one.links_of(100)] == [2] and one.links_of(5) == []
    os.unlink(tmp_path / "link")
    assert [file.place for file in one.links_of(100)] == [2], "looked at once for all plans that are made of it"


def test_what_places_that_stay_know_by_the_same_name(tmp_path: Path) -> None:
    """Another name of the file is no reason to leave this name; the very same name is, also by a link to its folder."""
    mine, other = str(write(tmp_path / "real/a", b"x")), str(tmp_path / "other")
    os.link(mine, other)
    os.symlink(tmp_path / "real", tmp_path / "way")
    by_way = str(tmp_path / "way/a")
    listed = [(mine, "weights", "a")]
    for path, stays in ((mine, True), (by_way, True), (other, False)):
        one = shelf(file_view(1, 1, 5, mine), file_view(2, 2, 5, path))
        placed = one.placed("m", mine, listed, {mine: 5}, {1})
        assert placed.elsewhere == (frozenset({mine}) if stays else frozenset()), path
        assert one.placed("m", mine, listed, {mine: 5}, {1, 2}).elsewhere == frozenset(), "it goes too"
        assert one.placed("m", mine, listed, {}, {1}).elsewhere == frozenset(), "not known any more"
    assert (placed.name, placed.path) == ("m", mine)
    assert [(file.path, file.role, file.name) for file in placed.files] == listed


def test_a_folder_that_is_mounted_twice_gives_no_second_name(tmp_path: Path) -> None:
    mine = str(write(tmp_path / "real/a", b"x"))
    with bind_mount(tmp_path / "real", tmp_path / "second"):
        second = str(tmp_path / "second/a")
        one = shelf(file_view(1, 1, 5, mine), file_view(2, 2, 5, second))
        assert one.placed("m", mine, [(mine, "weights", "a")], {mine: 5}, {1}).elsewhere == {mine}


def test_it_is_read_whole(app: App, home: Path) -> None:
    store = home / ".ollama/models"
    for tag in "ab":
        ollama_model(store, f"registry.ollama.ai/library/m/{tag}", {"model": gguf_bytes()})
    rest = write(store / "blobs" / f"sha256-{'a' * 64}", b"x" * 9000)
    os.utime(rest, (10**9, 10**9))
    top = tree(home / "models", {"same.gguf": b"GGUF" + bytes(8996), "other.gguf": gguf_bytes(seed=4)})
    watch.add_root(app.database, str(top))
    scan(app)
    (id_,) = [int(id_[1:]) for id_, files in known(app).items() if any(".ollama" in path for path in files)]
    user_labels.set_pinned(app.database, id_, True)
    one = read_shelf(app.database)
    assert len(one.of_model[id_]) == 2 and one.pinned == {id_} and one.titles[id_] == "m:a"
    weights = max(one.files[one.of_model[id_][0].id], key=lambda file: file.size)
    assert sorted(place for place, _path in one.names[weights.file]) == sorted(place.id for place in one.of_model[id_])
    assert [row.path for row in one.rests] == [str(rest)] and {root.tool for root in one.roots.values()} >= {"ollama"}
    small = shelf_of_leftovers(app.database)
    paths = {file.path for files in small.files.values() for file in files}
    assert paths == {str(top / "same.gguf")}, "what is as large as a leftover"
    assert small.rests == one.rests and small.roots == one.roots and not small.places and not small.pinned
