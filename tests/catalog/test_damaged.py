"""A catalogue that is damaged, in every way it can be: the user's own words and roots come back, and what was damaged is
kept and told."""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from factory import gguf_bytes, tree
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from model_manager.app import App, build
from model_manager.catalog import labels
from model_manager.catalog.damage import CatalogueDamaged
from model_manager.catalog.rows import read_rows
from model_manager.jobs import Progress
from model_manager.library.doctor import checks
from model_manager.library.labels import categories, user_labels
from model_manager.library.listing.model_json import models_json, roots_json, show_json
from model_manager.library.scan import watch

pytestmark = pytest.mark.logs
NAMES = ("a", "b", "c", "d")


def header(path: Path) -> None:
    with open(path, "r+b") as file:
        file.write(random.Random(1).randbytes(120))


def truncated(path: Path) -> None:
    os.truncate(path, 9000)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def gone(path: Path) -> None:
    path.unlink()


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "something").write_text("of somebody's")


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def other_database(path: Path) -> None:
    """A newer schema, says the header; but the rest is damaged too."""
    pages(path)
    with open(path, "r+b") as file:
        file.seek(60)
        file.write((4000).to_bytes(4, "big"))


def pages(path: Path) -> None:
    """Every page but the first."""
    with open(path, "r+b") as file:
        file.seek(4096)
        file.write(random.Random(2).randbytes(path.stat().st_size - 4096))


def some_pages(path: Path) -> None:
    chance = random.Random(3)
    count = path.stat().st_size // 4096
    with open(path, "r+b") as file:
        for number in chance.sample(range(1, count), count // 3):
            file.seek(4096 * number)
            file.write(chance.randbytes(4096))


def text(path: Path) -> None:
    """Bytes within the records alone: SQLite's own check finds nothing wrong."""
    raw = path.read_bytes()
    path.write_bytes(raw.replace(b'"claims"', b'"cl\xff\xfems"'))


DAMAGES = (header, truncated, empty, gone, folder, pipe, other_database, pages, some_pages)


def scan(app: App) -> None:
    app.scanner().run(Progress())


def begin(home: Path) -> Path:
    """A library with words of every kind; answers the catalogue."""
    tree(home / "AI", {f"{name}.gguf": gguf_bytes(seed=number) for number, name in enumerate(NAMES)})
    (home / "hidden").mkdir()
    app = build()
    try:
        watch.set_base_path(app.database, app.settings, str(home / "AI"))
        watch.add_root(app.database, str(home / "hidden"))
        watch.ignore_root(app.database, str(home / "hidden"))
        scan(app)
        categories.add(app.database, "llm/mine")
        ids = by_name(app)
        user_labels.set_category(app.database, ids["a"], "llm/mine")
        user_labels.set_note(app.database, ids["b"], "my note\nof two lines")
        user_labels.set_pinned(app.database, ids["c"], True)
        user_labels.tag(app.database, ids["a"], ["Good", "old"])
    finally:
        app.close()
    return app.paths.catalogue


def by_name(app: App) -> dict[str, int]:
    with app.database.read() as tx:
        return {row.name: row.id for row in read_rows(tx)}


def said(app: App) -> dict[str, object]:
    """Everything that the user said, as a person sees it."""
    with app.database.read() as tx:
        own = labels.categories(tx)
    models = {
        model["name"]: (model["category"], model["category_evidence"] == "user", model["note"], model["pinned"],
                        sorted(model["tags"]))
        for model in models_json(app.database, by_name(app).values())
    }  # fmt: skip
    roots = sorted((root["path"], root["tool"], root["state"]) for root in roots_json(app.database))
    return {"categories": own, "models": models, "roots": roots, "base": app.settings.values.base_path}


def after(damage: Callable[[Path], None] | None, home: Path) -> tuple[dict[str, object], list[str]]:
    """What is there after a damage, a start, whatever that needs, and a scan."""
    told: list[str] = []
    for _ in range(3):
        app = build()
        try:
            told += app.news
            scan(app)
            return said(app), told + app.news
        except CatalogueDamaged as error:
            told.append(str(error))
        finally:
            app.close()
    raise AssertionError(told)


@pytest.mark.parametrize("damage", DAMAGES)
def test_words_and_roots_survive(damage: Callable[[Path], None], home: Path) -> None:
    catalogue = begin(home)
    before, nothing = after(None, home)
    assert not nothing and len(before["models"]) == 4 and before["categories"] == ["llm/mine"]
    damage(catalogue)
    found, told = after(damage, home)
    assert found == before
    assert any("begun anew" in line for line in told)
    assert catalogue.stat().st_mode & 0o777 == 0o600


def test_what_nothing_but_the_contents_tell_survives_too(home: Path) -> None:
    catalogue = begin(home)
    before, _ = after(None, home)
    text(catalogue)
    app = build()
    with pytest.raises(CatalogueDamaged, match="your own words are kept"):
        for id_ in by_name(app).values():
            show_json(app.database, id_)
    scan(app)
    assert said(app) == before
    app.close()


@pytest.mark.parametrize("damage", (header, truncated, pages, some_pages, folder))
def test_what_was_damaged_is_kept_even_when_it_happens_twice(damage: Callable[[Path], None], home: Path) -> None:
    catalogue = begin(home)
    for times in (1, 2, 3):
        damage(catalogue)
        wrong = None if catalogue.is_dir() else catalogue.read_bytes()
        after(damage, home)
        kept = [path for path in catalogue.parent.glob("catalogue.corrupt-*") if path.suffix not in ("-wal",)]
        kept = [path for path in kept if not path.name.endswith(("-wal", "-shm"))]
        assert len(kept) == times
        if wrong is None:
            assert all((path / "something").read_text() == "of somebody's" for path in kept)
        else:
            assert any(path.read_bytes() == wrong for path in kept)


def test_doctor_and_notices_say_what_happened_until_the_file_is_deleted(home: Path) -> None:
    catalogue = begin(home)
    header(catalogue)
    after(header, home)
    (kept,) = catalogue.parent.glob("catalogue.corrupt-*")
    app = build()
    assert not app.news, "a command says it once"
    (told,) = app.notices
    assert str(kept) in told and "tags" in told and "scan" in told
    (wrong,) = [one for one in checks(app.paths, app.database, app.settings) if not one.ok]
    assert wrong.name == "damaged catalogue" and str(kept) in wrong.detail and "delete that file" in wrong.detail
    kept.unlink()
    assert not app.notices and all(one.ok for one in checks(app.paths, app.database, app.settings))
    app.close()


def test_the_check_of_doctor_mends_what_it_finds(home: Path) -> None:
    catalogue = begin(home)
    before, _ = after(None, home)
    pages(catalogue)
    shutil.copy(catalogue, home / "damaged")
    app = build()
    if not app.news:
        told = checks(app.paths, app.database, app.settings)
        assert any(not one.ok and "begun anew" in one.detail for one in told)
    app.close()
    found, _ = after(None, home)
    assert found == before


def test_a_damaged_log_of_the_last_changes_loses_no_word(home: Path) -> None:
    """SQLite takes a log that does not add up for none, without a word."""
    catalogue = begin(home)
    app = build()
    keeper = sqlite3.connect(catalogue)  # as a second program that runs: the log is not put into the catalogue
    keeper.execute("SELECT * FROM model").fetchall()
    user_labels.tag(app.database, by_name(app)["d"], ["late"])
    user_labels.set_note(app.database, by_name(app)["b"], "changed")
    before = said(app)
    wal = catalogue.with_name(catalogue.name + "-wal")
    assert wal.stat().st_size
    copies = {path: path.read_bytes() for path in (catalogue, wal)}
    app.close()
    keeper.close()
    for path, raw in copies.items():
        path.write_bytes(raw if path == catalogue else random.Random(4).randbytes(len(raw)))
    found, _ = after(None, home)
    assert found == before


def test_identity_changed_and_catalogue_lost(home: Path) -> None:
    """Copied to another disk with its times, without its times, renamed, moved: each is found by what is left."""
    catalogue = begin(home)
    ai = home / "AI"
    shutil.copy2(ai / "a.gguf", ai / "new")  # another inode, the same name and times
    os.replace(ai / "new", ai / "a.gguf")
    os.rename(ai / "b.gguf", ai / "renamed.gguf")
    shutil.copy(ai / "c.gguf", ai / "new")  # another inode and another time
    os.replace(ai / "new", ai / "c.gguf")
    catalogue.unlink()
    found, _ = after(None, home)
    models = found["models"]
    assert models["a"][0] == "llm/mine" and models["a"][4] == ["Good", "old"]
    assert models["renamed"][2] == "my note\nof two lines" and models["c"][3]
    assert models["d"][2:] == ("", False, []), "nobody else's words"


def test_a_copy_does_not_take_the_words_of_one_that_is_away(home: Path) -> None:
    catalogue = begin(home)
    other = home / "Other"
    other.mkdir()
    shutil.copy2(home / "AI/c.gguf", other / "c.gguf")
    app = build()
    watch.add_root(app.database, str(other))
    app.close()
    os.rename(home / "AI", home / "unplugged")
    catalogue.unlink()
    away, _ = after(None, home)
    assert not away["models"]["c"][3]
    os.rename(home / "unplugged", home / "AI")
    app = build()
    scan(app)
    pinned = [
        model["places"][0]["path"] for model in models_json(app.database, (id_ for id_ in range(50))) if model["pinned"]
    ]
    assert pinned == [str(home / "AI/c.gguf")]
    app.close()


def test_a_file_of_words_that_is_damaged_is_no_loss_either(home: Path) -> None:
    catalogue = begin(home)
    before, _ = after(None, home)
    kept = catalogue.with_name("words.jsonl")
    kept.write_bytes(b"\0" * 300)
    app = build()
    assert (
        any(not one.ok and one.name == "your words" for one in checks(app.paths, app.database, app.settings))
        or kept.read_bytes()[:1] == b"{"
    )
    user_labels.set_pinned(app.database, by_name(app)["d"], True)
    app.close()
    assert list(catalogue.parent.glob("words.damaged-*")), "never overwritten"
    catalogue.unlink()
    found, _ = after(None, home)
    assert found["models"]["d"][3] and found["categories"] == before["categories"]


def test_both_damaged_the_words_before_the_last_change_are_there(home: Path) -> None:
    catalogue = begin(home)
    catalogue.write_bytes(b"x" * 5000)
    catalogue.with_name("words.jsonl").write_bytes(b"x" * 500)
    found, _ = after(None, home)
    assert found["models"]["a"][0] == "llm/mine" and found["models"]["c"][3]


def test_settings_that_are_damaged_hold_as_they_were_before(home: Path) -> None:
    begin(home)
    app = build()
    app.settings.values.reference_folders = ["/keep"]
    app.settings.save()
    app.settings.values.font_size = 12
    app.settings.save()
    app.close()
    app.paths.settings.write_bytes(b"{")
    app = build()
    assert app.settings.values.reference_folders == ["/keep"] and app.settings.values.base_path == str(home / "AI")
    assert any("settings" in told for told in app.news)
    app.close()
    assert list(app.paths.data.glob("settings.json.corrupt-*"))


def test_an_older_catalogue_without_a_file_of_words_gives_what_can_be_read(home: Path) -> None:
    catalogue = begin(home)
    before, _ = after(None, home)
    for path in catalogue.parent.glob("words*"):
        path.unlink()
    os.truncate(catalogue, catalogue.stat().st_size - 4096)
    found, told = after(None, home)
    assert found == before and "begun anew" in told[0]


TAG = st.text(st.characters(categories=("L", "N", "Zs", "So")), min_size=1, max_size=8).map(str.strip).filter(
    lambda tag: tag and tag.isprintable()
)  # fmt: skip
SAYING = st.fixed_dictionaries(
    {"tags": st.lists(TAG, max_size=3), "note": st.text(st.characters(codec="utf-8"), max_size=30), "pinned": st.booleans(),
     "category": st.sampled_from([None, "llm", "stt", "llm/mine", "misc"])}
)  # fmt: skip


@settings(
    phases=[Phase.explicit, Phase.generate],  # shrinking takes minutes here
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    sayings=st.lists(SAYING, min_size=4, max_size=4), own=st.sets(st.sampled_from(["x", "y/z", "llm/own"])),
    ignored=st.booleans(), damage=st.sampled_from(DAMAGES), seed=st.integers(0, 10**6), twice=st.booleans(),
)  # fmt: skip
def test_random_words_and_random_damage(
    home: Path,
    sayings: list[dict],
    own: set[str],
    ignored: bool,
    damage: Callable[[Path], None],
    seed: int,
    twice: bool,
) -> None:
    for path in (home, home.parent / "data"):
        shutil.rmtree(path, ignore_errors=True)
    home.mkdir()
    catalogue = begin(home)
    app = build()
    for slug in own:
        categories.add(app.database, slug)
    for name, saying in zip(NAMES, sayings, strict=True):
        id_ = by_name(app)[name]
        user_labels.tag(app.database, id_, saying["tags"], ["old"])
        user_labels.set_note(app.database, id_, saying["note"])
        user_labels.set_pinned(app.database, id_, saying["pinned"])
        user_labels.set_category(app.database, id_, saying["category"])
    if not ignored:
        watch.add_root(app.database, str(home / "hidden"))
    scan(app)
    before = said(app)
    app.close()
    for _ in range(1 + twice):
        damage(catalogue)
        if catalogue.is_file() and catalogue.stat().st_size > 5000:
            with open(catalogue, "r+b") as file:
                file.seek(random.Random(seed).randrange(100, catalogue.stat().st_size - 100))
                file.write(random.Random(seed).randbytes(64))
        found, _ = after(damage, home)
        assert json.dumps(found, sort_keys=True, default=list) == json.dumps(before, sort_keys=True, default=list)
