"""The user's own words on a model: category, tags, note, pin. A scan never overwrites them."""

from __future__ import annotations

import os
from collections.abc import Iterable

from model_manager.base.errors import ModelManagerError, UsageError
from model_manager.base.text import given_paths
from model_manager.catalog import Database, models, user_words
from model_manager.library.categories import GROUPS, slugs

_LONGEST_NOTE = 20_000


def named(database: Database, text: str) -> int:
    """The model that an id (`m12`), an unambiguous name or a path means.

    Raises UsageError when there is none, or several: then the candidates are in the hint.
    """
    with database.read() as tx:
        if text[:1] == "m" and text[1:].isdigit() and len(text) < 20 and models.is_there(tx, int(text[1:])):
            return int(text[1:])
        paths = given_paths(text) if os.sep in text else []
        found = sorted({id_ for path in paths for id_ in models.by_path(tx, path)})
        found = found or models.by_name(tx, text)
        if len(found) == 1:
            return found[0]
        if not found:
            raise UsageError("find the model", text, "no model has this id, name or path",
                             "`model-manager list WORD` searches")  # fmt: skip
        seen = [f"m{place.model} {place.name} ({place.tool})" for place in models.places(tx, found)]
    raise UsageError(
        "choose the model", text, f"{len(found)} models have this name", "use an id: " + "; ".join(seen[:20])
    )


def set_category(database: Database, id_: int, slug: str | None) -> None:
    """The user's choice of category; None gives it back to the evidence."""
    from model_manager.library.derive import derive  # loads every format

    if slug is not None and (slug not in slugs(database) or slug in GROUPS):
        raise UsageError("set the category", slug, "there is no such category", "`model-manager categories` lists them")
    with database.write_words() as tx:
        user_words.set_words(tx, id_, user_category=slug)
        derive(tx, [id_])


def set_note(database: Database, id_: int, note: str) -> None:
    if len(note) > _LONGEST_NOTE:
        raise ModelManagerError("keep the note", "", f"it is longer than {_LONGEST_NOTE:,} characters", "shorten it")
    with database.write_words() as tx:
        user_words.set_words(tx, id_, note=note.encode("utf-8", "backslashreplace").decode())


def set_pinned(database: Database, id_: int, pinned: bool) -> None:
    with database.write_words() as tx:
        user_words.set_words(tx, id_, pinned=int(pinned))


def tag(database: Database, id_: int, add: Iterable[str] = (), remove: Iterable[str] = ()) -> None:
    """Adds and removes the user's own tags: short words without commas."""
    added = [word.strip() for word in add]
    for word in added:
        if not word or len(word) > 60 or "," in word or not word.isprintable():
            raise UsageError("add the tag", word, "a tag is 1 to 60 printable characters without a comma")
    with database.write_words() as tx:
        user_words.tag(tx, id_, added, [word.strip() for word in remove])
