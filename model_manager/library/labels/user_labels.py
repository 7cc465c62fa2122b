"""The user's own words on a model: category, tags, note, pin. A scan never overwrites them."""

from __future__ import annotations

from collections.abc import Iterable

from model_manager.base.errors import ModelManagerError, UsageError
from model_manager.base.messages import figure, said
from model_manager.catalog import Database, labels
from model_manager.library.labels.categories import GROUPS, slugs

_LONGEST_NOTE = 20_000


def set_category(database: Database, id_: int, slug: str | None) -> None:
    """The user's choice of category; None gives it back to the evidence."""
    from model_manager.library.scan.derive import derive  # loads every format

    must_be_category(database, slug)
    with database.write_words() as tx:
        labels.set_words(tx, id_, user_category=slug)
        derive(tx, [id_])


def must_be_category(database: Database, slug: str | None) -> None:
    """Raises UsageError where a model cannot have this category."""
    if slug is not None and (slug not in slugs(database) or slug in GROUPS):
        raise UsageError(
            said("set the category"),
            slug,
            said("there is no such category"),
            said("`model-manager categories` lists them"),
        )


def set_note(database: Database, id_: int, note: str) -> None:
    must_be_short(note)
    with database.write_words() as tx:
        labels.set_words(tx, id_, note=note.encode("utf-8", "backslashreplace").decode())


def must_be_short(note: str) -> None:
    """Raises ModelManagerError where a note is too long to be kept."""
    if len(note) > _LONGEST_NOTE:
        raise ModelManagerError(
            said("keep the note"),
            "",
            said("it is longer than {0} characters", figure(_LONGEST_NOTE)),
            said("shorten it"),
        )


def set_pinned(database: Database, id_: int, pinned: bool) -> None:
    with database.write_words() as tx:
        labels.set_words(tx, id_, pinned=int(pinned))


def tag(database: Database, id_: int, add: Iterable[str] = (), remove: Iterable[str] = ()) -> None:
    """Adds and removes the user's own tags: short words without commas."""
    added = good_tags(add)
    with database.write_words() as tx:
        labels.tag(tx, id_, added, [word.strip() for word in remove])


def good_tags(given: Iterable[str]) -> list[str]:
    """These tags without the spaces around them. Raises UsageError where one cannot be a tag."""
    words = [word.strip() for word in given]
    for word in words:
        if not word or len(word) > 60 or "," in word or not word.isprintable():
            raise UsageError(said("add the tag"), word, said("a tag is 1 to 60 printable characters without a comma"))
    return words
