"""The category tree: ours cannot be changed, the user's own can, and models go with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from factory import gguf_bytes, tree
from removing import records, scan

from model_manager.app import App
from model_manager.base.errors import UsageError
from model_manager.catalog import Database
from model_manager.library.labels import user_labels
from model_manager.library.labels.categories import BUILT_IN, CATEGORIES, GROUPS, add, remove, rename, slugs
from model_manager.library.scan import watch


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    found = Database(tmp_path / "c.sqlite3")
    yield found
    found.close()


def test_our_own_tree() -> None:
    assert (
        len(set(BUILT_IN))
        == len(BUILT_IN)
        == len({name for _, name in CATEGORIES} | set(BUILT_IN)) - len({name for _, name in CATEGORIES})
    )
    for slug in BUILT_IN:  # whatever holds another is there, and before it
        parent = slug.rpartition("/")[0]
        assert not parent or BUILT_IN.index(parent) < BUILT_IN.index(slug)
    assert set(BUILT_IN) >= GROUPS and BUILT_IN[-1] == "misc"


def test_the_users_come_behind_ours(database: Database) -> None:
    assert slugs(database) == list(BUILT_IN)
    add(database, "llm/roleplay")
    add(database, "a-b_c/d/e/f9")
    assert slugs(database)[: len(BUILT_IN)] == list(BUILT_IN)
    assert set(slugs(database)[len(BUILT_IN) :]) == {"llm/roleplay", "a-b_c/d/e/f9"}


@pytest.mark.parametrize(
    "slug",
    ["", "LLM", "a b", "/a", "a/", "a//b", "..", "a/../b", "-a", "a/b/c/d/e", "ä", "a\n", "a" * 121, "_x", "a.b"],
)
def test_what_cannot_be_a_folders_name_is_refused(database: Database, slug: str) -> None:
    with pytest.raises(UsageError, match="use small letters"):
        add(database, slug)
    assert slugs(database) == list(BUILT_IN)


def test_what_is_there_is_not_added_again(database: Database) -> None:
    add(database, "mine")
    for slug in ("mine", "llm"):
        with pytest.raises(UsageError, match="it exists"):
            add(database, slug)


@pytest.fixture
def model(app: App, home: Path) -> int:
    tree(home / "AI", {"a.gguf": gguf_bytes(seed=3)})
    watch.add_root(app.database, str(home / "AI"))
    scan(app)
    add(app.database, "mine")
    (id_,) = (int(one[1:]) for one in records(app))
    user_labels.set_category(app.database, id_, "mine")
    return id_


def choice(app: App) -> object:
    with app.database.read() as tx:
        (row,) = tx.execute("SELECT user_category FROM model").fetchall()
    return row[0]


def test_models_go_along_with_a_new_name(app: App, model: int) -> None:
    assert rename(app.database, "mine", "yours") == [model]
    assert choice(app) == "yours" and slugs(app.database)[len(BUILT_IN) :] == ["yours"]


def test_a_new_name_that_cannot_be_changes_nothing(app: App, model: int) -> None:
    for new in ("llm", "Bad", "mine"):
        with pytest.raises(UsageError):
            rename(app.database, "mine", new)
    assert choice(app) == "mine" and slugs(app.database)[len(BUILT_IN) :] == ["mine"]


def test_without_their_category_models_go_back_to_the_evidence(app: App, model: int) -> None:
    assert remove(app.database, "mine") == [model]
    assert choice(app) is None and slugs(app.database) == list(BUILT_IN)


@pytest.mark.parametrize(
    ("slug", "why"),
    [("llm", "it is built in"), ("diffusion", "it is built in"), ("none", "there is none of this name")],
)
def test_only_the_users_own_can_be_changed(database: Database, slug: str, why: str) -> None:
    for change in (lambda: remove(database, slug), lambda: rename(database, slug, "other")):
        with pytest.raises(UsageError, match=why):
            change()
    assert slugs(database) == list(BUILT_IN)
