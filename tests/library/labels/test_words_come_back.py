"""A person's words and the numbers of models are after undo what they were before."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from factory import gguf_bytes, tree
from removing import apply, plan, records, scan, undo

from model_manager.app import App
from model_manager.catalog import Database
from model_manager.library.duplicates.search import prove
from model_manager.library.duplicates.sharing import plan_sharing
from model_manager.library.labels import user_labels
from model_manager.library.scan import watch
from model_manager.operations import Operation

SAME = gguf_bytes(seed=7)


def laid(app: App, home: Path, *names: str) -> None:
    """Copies of one model in folders of their own, each with the person's words."""
    for name in names:
        tree(home / "own" / name, {f"{name}.gguf": SAME})
    watch.add_root(app.database, str(home / "own"))
    scan(app)
    for name in names:
        id_ = number(app, home, name)
        user_labels.set_note(app.database, id_, f"words of {name}")
        user_labels.tag(app.database, id_, [f"tag-{name}"])
    user_labels.set_pinned(app.database, number(app, home, names[-1]), True)
    user_labels.set_category(app.database, number(app, home, names[-1]), "embedding")


def said(app: App) -> dict[str, tuple[object, ...]]:
    """Path -> what is told of the model there."""
    return {
        str(place["path"]): (one["id"], one["note"], one["pinned"], one["category"], sorted(one["tags"]))  # type: ignore[call-overload]
        for one in records(app).values() for place in one["places"]  # type: ignore[attr-defined]
    }  # fmt: skip


def number(app: App, home: Path, name: str) -> int:
    return int(str(said(app)[str(home / "own" / name / f"{name}.gguf")][0])[1:])


def shared(app: App, home: Path, keep: str, by: str = "hardlink", only: Sequence[str] = ()) -> Operation:
    groups = prove(app.database, app.volumes).groups
    chosen = [str(home / "own" / name / f"{name}.gguf") for name in only]
    keeper = str(home / "own" / keep / f"{keep}.gguf")
    done = apply(app, plan_sharing(app.database, app.volumes, app.env(), groups, by, [keeper], only=chosen))  # type: ignore[arg-type]
    scan(app)
    return done


def put_back(app: App, done: Operation) -> None:
    undo(app, done)
    scan(app)


@pytest.mark.parametrize("keep", ["a", "b"])
@pytest.mark.parametrize("by", ["hardlink", "symlink", "trash"])
def test_undoing_a_sharing_gives_everybody_their_own_words_back(by: str, keep: str, app: App, home: Path) -> None:
    laid(app, home, "a", "b")
    before = said(app)
    done = shared(app, home, keep, by)
    if by != "trash":
        (one,) = set(map(str, said(app).values()))
        assert "words of a" in one and "words of b" in one and "tag-a" in one and "tag-b" in one
    put_back(app, done)
    assert said(app) == before
    scan(app)
    assert said(app) == before


def test_the_file_of_words_has_them_apart_too(app: App, home: Path) -> None:
    """A catalogue that is begun anew after the undo gives each model its own."""
    laid(app, home, "a", "b")
    before = said(app)
    put_back(app, shared(app, home, "a"))
    app.database.close()
    app.paths.catalogue.unlink()
    app.database = Database(app.paths.catalogue)
    scan(app)
    assert {path: told[1:] for path, told in said(app).items()} == {path: told[1:] for path, told in before.items()}


def test_what_was_said_since_was_said_of_both(app: App, home: Path) -> None:
    laid(app, home, "a", "b")
    first, second = said(app).values()
    done = shared(app, home, "a")
    id_ = number(app, home, "a")
    user_labels.set_pinned(app.database, id_, False)
    user_labels.tag(app.database, id_, ["new"], ["tag-a"])
    put_back(app, done)
    assert list(said(app).values()) == [
        (first[0], "words of a", False, first[3], ["new"]),
        (second[0], "words of b", False, "embedding", ["new", "tag-b"]),
    ]


def test_a_note_written_since_stands_at_both(app: App, home: Path) -> None:
    laid(app, home, "a", "b")
    done = shared(app, home, "b")
    user_labels.set_note(app.database, number(app, home, "b"), "better")
    put_back(app, done)
    assert [told[1] for told in said(app).values()] == ["better", "better"]


def test_what_was_shared_before_stays_one(app: App, home: Path) -> None:
    laid(app, home, "a", "b", "c")
    shared(app, home, "a", only=["b"])
    between = said(app)
    second = shared(app, home, "c")
    assert len({told[0] for told in said(app).values()}) == 1
    put_back(app, second)
    assert said(app) == between


def test_all_of_three_at_once(app: App, home: Path) -> None:
    laid(app, home, "a", "b", "c")
    before = said(app)
    put_back(app, shared(app, home, "b"))
    assert said(app) == before


def test_the_kept_one_went_to_the_trash_meanwhile(app: App, home: Path) -> None:
    laid(app, home, "a", "b")
    before = said(app)
    done = shared(app, home, "b")
    place = next(
        str(place["id"]) for one in records(app).values() for place in one["places"]  # type: ignore[attr-defined]
        if place["path"].endswith("b.gguf")
    )  # fmt: skip
    gone = apply(app, plan(app, f"m{number(app, home, 'b')}", places=(place,)))
    scan(app)
    put_back(app, done)
    (alone,) = said(app).values()
    assert alone == before[str(home / "own/a/a.gguf")]
    put_back(app, gone)
    assert said(app) == before


def test_copies_alike_in_name_and_time_come_back_as_themselves(app: App, home: Path) -> None:
    """Two of one name, size and time, as `cp -p` leaves them."""
    tree(home / "own/one", {"x.gguf": SAME})
    (home / "own/two").mkdir()
    shutil.copy2(home / "own/one/x.gguf", home / "own/two/x.gguf")
    watch.add_root(app.database, str(home / "own"))
    scan(app)
    for id_, folder in ((int(str(one["id"])[1:]), one["places"][0]["path"]) for one in records(app).values()):  # type: ignore[index]
        user_labels.set_note(app.database, id_, f"of {folder}")
    before = said(app)
    for order in (1, -1):
        gone = []
        for told in list(before.values())[::order]:
            gone.append(apply(app, plan(app, str(told[0]))))
            scan(app)
        assert not said(app)
        for done in gone:
            put_back(app, done)
        assert said(app) == before


@pytest.mark.parametrize("by_one", [True, False])
def test_a_model_of_two_places_keeps_its_number(by_one: bool, app: App, home: Path) -> None:
    """Two names of one file, called differently: whichever comes back first, it is that model."""
    tree(home / "own/z", {"first.gguf": SAME})
    (home / "own/a").mkdir()
    os.link(home / "own/z/first.gguf", home / "own/a/second.gguf")
    watch.add_root(app.database, str(home / "own"))
    scan(app)
    before = said(app)
    assert len({told[0] for told in before.values()}) == 1
    places = [str(place["id"]) for one in records(app).values() for place in one["places"]]  # type: ignore[attr-defined]
    gone = []
    for some in [(place,) for place in places] if by_one else [tuple(places)]:
        gone.append(apply(app, plan(app, *{str(told[0]) for told in said(app).values()}, places=some)))
        scan(app)
    assert not said(app)
    for done in gone:
        put_back(app, done)
    assert said(app) == before


def test_another_file_at_an_old_place_is_another_model(app: App, home: Path) -> None:
    """Nobody's notes reach a model of another size that lies there later."""
    laid(app, home, "a", "b")
    apply(app, plan(app, f"m{number(app, home, 'b')}"))
    scan(app)
    tree(home / "own/b", {"b.gguf": gguf_bytes(seed=8) + bytes(512)})
    scan(app)
    assert said(app)[str(home / "own/b/b.gguf")][1:3] == ("", False)
