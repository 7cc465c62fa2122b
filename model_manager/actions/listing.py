"""What is known: rows that a query finds, one model with all about it, sums, folders. Looks into the catalogue alone.

What single functions need is imported in them: every quick command begins here, and none needs all of it.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING

from model_manager.actions.context import Context
from model_manager.base import reach
from model_manager.base.errors import ModelManagerError
from model_manager.base.text import given_path
from model_manager.catalog import copies, models, mount_aliases, roots
from model_manager.catalog.models import PlaceView
from model_manager.catalog.rows import Row, read_rows
from model_manager.library import model_lookup
from model_manager.library.listing import model_json
from model_manager.library.listing.any_models import nothing_known as is_nothing_known
from model_manager.library.listing.model_json import Json
from model_manager.library.scan import watch

if TYPE_CHECKING:
    from model_manager.catalog.roots import RootRow
    from model_manager.library.listing.opened_file import OpenedFile
    from model_manager.library.listing.status import Status
    from model_manager.library.removal.still_there import Missing

__all__ = ["Json", "Row", "all_ids", "away", "copies_of", "id_of", "json_of", "leftovers",
           "nothing_known", "open_file", "places_there", "roots_json", "rows", "rows_again", "search", "show", "show_named",
           "silent_roots", "status", "what_went"]  # fmt: skip


def rows(context: Context) -> list[Row]:
    """A line for each model."""
    with context.database.read() as tx:
        return read_rows(tx)


def rows_again(context: Context, ids: Collection[int]) -> tuple[set[int], list[Row]]:
    """Which lines are not so any more when these models have changed, and what stands there now: also of those that share
    files with them by a second way."""
    with context.database.read() as tx:
        wanted = {*ids, *mount_aliases.partners(tx, ids)}
        return wanted, read_rows(tx, wanted)


def search(context: Context, text: str) -> list[Row]:
    """The lines that a query finds, largest first. Raises UsageError where it cannot be understood."""
    from model_manager.library.labels.categories import slugs
    from model_manager.library.listing.query import Query

    query = Query(text, slugs(context.database))
    with context.database.read() as tx:
        found = query.of(read_rows(tx))
    found.sort(key=lambda row: (-row.size, row.name))
    return found


def all_ids(context: Context) -> list[int]:
    """Every model that is there, the largest first."""
    with context.database.read() as tx:
        return models.largest_first(tx)


def id_of(context: Context, text: str) -> int:
    """The model that an id, a name or a path means. Raises ModelManagerError: none, or several."""
    return model_lookup.model_meant(context.database, text)


def json_of(context: Context, ids: Iterable[int]) -> Iterator[Json]:
    """MODEL objects, in the order of `ids`, read a few hundred at a time."""
    return model_json.models_json(context.database, ids)


def leftovers(context: Context) -> list[Json]:
    """LEFTOVER objects: what nobody needs as far as anybody can tell."""
    return model_json.leftovers_json(context.database, context.volumes, context.env())


def show(context: Context, id_: int) -> tuple[Json, dict[str, str]]:
    """All about a model, and where each of its places is now. Raises ModelManagerError when it is not there any more."""
    return model_json.show_json(context.database, id_), model_json.place_states(context.database, id_)


def show_named(context: Context, text: str) -> tuple[Json, dict[str, str]]:
    """The same for the model that is meant; a file that the library has not is told by its header, with an empty id.

    Raises ModelManagerError.
    """
    try:
        return show(context, id_of(context, text))
    except ModelManagerError:
        path = given_path(text)
        reach.must_answer(path)
        card = open_file(context, path).card if os.path.isfile(path) else None
        if card is None:
            raise
        return card, {}


def open_file(context: Context, path: str) -> OpenedFile:
    """The model that a file belongs to; a card of its header where the library has none. Raises ModelManagerError."""
    from model_manager.library.listing.opened_file import opened

    return opened(context.database, context.volumes, path)


def what_went(context: Context, id_: int) -> list[Missing]:
    """The places of a model that are listed as there and are not, by one look at each."""
    from model_manager.library.removal.still_there import missing

    return missing(context.database, context.volumes, (id_,), first_only=True)


def places_there(context: Context, id_: int) -> list[PlaceView]:
    """The places of a model whose folders can be looked at now."""
    with context.database.read() as tx:
        return [one for one in models.places(tx, [id_]) if one.state == "online"]


def copies_of(context: Context) -> dict[int, int]:
    """Model -> how many times its bytes are there, of those that are there more than once."""
    with context.database.read() as tx:
        return copies.of_models(tx)


def status(context: Context) -> Status:
    """What is where, how much it weighs, how healthy it is."""
    from model_manager.library.listing.status import status as sums

    return sums(context.database, context.volumes, context.env())


def nothing_known(context: Context) -> bool:
    """Whether there is no model and no leftover: nobody has scanned yet, or nothing was found."""
    return is_nothing_known(context.database)


def roots_json(context: Context) -> list[Json]:
    """ROOT objects: the folders that are watched or ignored."""
    return model_json.roots_json(context.database)


def away(context: Context) -> list[RootRow]:
    """The folders that cannot be looked at now."""
    with context.database.read() as tx:
        return [root for root in roots.every(tx) if root.state != "online"]


def silent_roots(context: Context) -> list[tuple[str, str]]:
    """(folder, mount) of the folders whose drive or share does not answer now."""
    return watch.silent_roots(context.database)
