"""What a person named for removal: models, single places, leftovers; and what they are told of what stays."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from factory import gguf_bytes, ollama_model, tree, write
from removing import scan

from model_manager.app import App
from model_manager.base.errors import ModelManagerError, UsageError
from model_manager.base.text import written
from model_manager.catalog import place_names
from model_manager.library.removal.selection import Selection, wanted_of
from model_manager.library.scan import watch


@pytest.fixture
def store(app: App, home: Path) -> Path:
    """Two tags of one model, one other model, and a blob that nobody names."""
    top = home / ".ollama/models"
    for tag in "ab":
        ollama_model(top, f"registry.ollama.ai/library/m/{tag}", {"model": gguf_bytes()})
    ollama_model(top, "registry.ollama.ai/library/n/a", {"model": gguf_bytes(seed=3)})
    os.utime(write(top / "blobs" / f"sha256-{'a' * 64}", b"x" * 9000), (10**9, 10**9))
    scan(app)
    return top


def ids(app: App, name: str) -> tuple[int, int]:
    """(model, place)"""
    with app.database.read() as tx:
        return next((one.model, one.place) for one in place_names.every(tx) if one.name == name)


def test_models_places_and_leftovers(app: App, store: Path) -> None:
    (m, place), (n, _place) = ids(app, "m:a"), ids(app, "n:a")
    rest = str(store / "blobs" / f"sha256-{'a' * 64}")
    assert wanted_of(app.database, [f"m{m}", "n:a", rest]) == Selection((m, n), (), (rest,))
    assert wanted_of(app.database, ["m:a"]) == Selection((), (place,), (), ())
    assert wanted_of(app.database, ["m:a", "m:a"]).places == (place,), "named twice it goes once"
    whole = wanted_of(app.database, ["m:a", f"m{m}"])
    assert (whole.models, whole.places, whole.warnings) == ((m,), (), ()), "the whole is more than a place of it"
    assert wanted_of(app.database, []) == Selection()


def test_a_leftover_however_its_path_is_written(
    app: App, store: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rest = str(store / "blobs" / f"sha256-{'a' * 64}")
    os.symlink(store, home / "way")
    monkeypatch.chdir(store / "blobs")
    for text in (
        rest,
        os.path.basename(rest),
        f"../blobs/{os.path.basename(rest)}",
        str(home / "way/blobs" / Path(rest).name),
    ):
        assert wanted_of(app.database, [text]).paths == (rest,), text


def test_a_leftover_whose_name_cannot_be_written(app: App, home: Path) -> None:
    name = os.fsdecode(os.fsencode(str(home / "models")) + b"/bad\xff.gguf.part")
    tree(home / "models", {"a.gguf": gguf_bytes()})
    Path(name).write_bytes(b"half" * 999)
    watch.add_root(app.database, str(home / "models"))
    scan(app)
    assert wanted_of(app.database, [written(name)]).paths == (name,) == wanted_of(app.database, [name]).paths


def test_places_by_their_ids_belong_to_the_models_named(app: App, store: Path) -> None:
    (m, a), (_m, b), (_n, other) = ids(app, "m:a"), ids(app, "m:b"), ids(app, "n:a")
    one = wanted_of(app.database, [f"m{m}"], [f"p{a}"])
    assert (one.models, one.places, one.warnings) == ((), (a,), ())
    assert wanted_of(app.database, [f"m{m}"], [f"p{b}", f"p{a}", f"p{b}"]).places == (b, a)
    for wrong in (f"p{other}", "p999", str(a), "x"):
        with pytest.raises(UsageError) as told:
            wanted_of(app.database, [f"m{m}"], [f"p{a}", wrong])
        assert (told.value.verb, told.value.path) == ("find the place", wrong)
        assert told.value.reason == "the models that you named have no place of this id"
        assert told.value.hint == "`show MODEL --json` lists them"


def test_what_is_nothing_is_refused_as_a_whole(app: App, store: Path) -> None:
    with pytest.raises(ModelManagerError, match="no model has this id, name or path"):
        wanted_of(app.database, ["n:a", "no such thing"])
