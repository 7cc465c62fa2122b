"""What a person means by an id, a name or a path.

An id means the model with all its places. A name or a path that belongs to one place of several means that place alone:
one tag of Ollama, one link, one of two hard-linked names. Nothing is chosen for the person: what could be several things
is refused with all of them listed.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

from model_manager.base import reach
from model_manager.base.errors import ModelManagerError
from model_manager.base.messages import joined, said
from model_manager.base.text import later, shown, written
from model_manager.catalog import Database, Tx, models, place_names
from model_manager.catalog.place_names import PlaceName

_MOST_LISTED = 20
_LONGEST = 200
"""Characters of a name that others are compared with."""


class LookedUp(NamedTuple):
    """A model with all its places, or, where `places` has any, these alone."""

    model: int
    places: tuple[int, ...] = ()


class Where(NamedTuple):
    """A path as a person gives it: in the words given, without `..` and a slash at its end, and with its folder resolved."""

    literal: str
    real: str

    def is_at(self, path: str) -> bool:
        """Whether a path leads to the same name in the same folder; a link is not what it leads to."""
        if path in (self.literal, self.real):
            return True
        return os.path.basename(path) == os.path.basename(self.real) and reach.real_parent(path) == self.real

    def holds(self, path: str) -> bool:
        return path.startswith((self.literal.rstrip(os.sep) + os.sep, self.real.rstrip(os.sep) + os.sep))


def where(text: str) -> Where:
    """The path that a text is: relative, with `~`, `..`, a slash at its end, or through links."""
    try:
        path = os.path.join(os.getcwd(), os.path.expanduser(text))
    except FileNotFoundError:  # the folder that we stand in was removed
        path = os.path.join(os.sep, os.path.expanduser(text))
    path = path.rstrip(os.sep) or os.sep
    whole = os.path.basename(path) in ("", os.curdir, os.pardir)
    real = reach.realpath(path) if whole else reach.real_parent(path)
    # Behind a link `..` is another folder than its name says.
    literal = real if os.pardir in path.split(os.sep) else os.path.normpath(path)
    return Where(literal, real)


def meant(database: Database, text: str) -> LookedUp:
    """What shall be acted on. Raises ModelManagerError where it is nothing, or could be several things."""
    with database.read() as tx:
        if (id_ := _id(tx, text)) is not None:
            return LookedUp(id_)
        everywhere = place_names.every(tx)
        found = _one_model(tx, text, everywhere)
    model = found.hits[0].model
    places = tuple(dict.fromkeys(hit.place for hit in found.hits if hit.place is not None))
    if not places or len(places) == sum(1 for one in everywhere if one.model == model) == 1:
        return LookedUp(model)
    if len(places) == 1 or found.below:
        return LookedUp(model, places)
    raise ModelManagerError(
        said("choose the place"), shown(text), said("{0} places of one model have this name", len(places)),
        said("the id m{0} means all of them; name one by its path: {1}", model, _listed(_paths(everywhere, places))),
    )  # fmt: skip


def model_meant(database: Database, text: str) -> int:
    """The model that shall be looked at or noted on: by any of its places. Raises as `meant`."""
    with database.read() as tx:
        if (id_ := _id(tx, text)) is not None:
            return id_
        return _one_model(tx, text, place_names.every(tx)).hits[0].model


class _Hit(NamedTuple):
    """A place, or a model by its own name."""

    model: int
    place: int | None = None


class _Found(NamedTuple):
    """`below`: the text is a folder, and these are the places in it."""

    hits: Sequence[_Hit]
    below: bool = False


def _id(tx: Tx, text: str) -> int | None:
    if text[:1] == "m" and text[1:].isascii() and text[1:].isdigit() and len(text) < 20:
        return int(text[1:]) if models.is_there(tx, int(text[1:])) else None
    return None


def _one_model(tx: Tx, text: str, everywhere: list[PlaceName]) -> _Found:
    found = _found(tx, text, everywhere)
    if not found.hits:
        raise _nothing(tx, text, everywhere)
    if len({hit.model for hit in found.hits}) > 1:
        raise _several_models(tx, text, found)
    return found


def _found(tx: Tx, text: str, everywhere: list[PlaceName]) -> _Found:
    """Places and models that a text can mean."""
    if not text or "\0" in text:
        return _Found(())
    at = where(text)
    found = _hits(_at(tx, at, everywhere))
    if "\\" in text:
        # Another path may be written just like this one: then it is for the person to say which.
        found += [hit for hit in _hits(_as_printed(tx, text, everywhere)) if hit not in found]
    if not text.startswith((os.sep, os.curdir + os.sep, os.pardir + os.sep, "~")):
        # A word can be a name and a path here: then it is for the person to say which.
        found += _called(tx, text, everywhere)
    if found:
        return _Found(found)
    return _Found(_hits(_below(at, everywhere)), below=True)


def _hits(places: Iterable[PlaceName]) -> list[_Hit]:
    return [_Hit(one.model, one.place) for one in places]


def _at(tx: Tx, at: Where, everywhere: list[PlaceName]) -> list[PlaceName]:
    """Places at a path; else those with a file there."""
    found = [one for one in everywhere if one.path == at.literal] or [one for one in everywhere if at.is_at(one.path)]
    if found:
        return found
    ids = place_names.with_file(tx, at.literal) or place_names.with_file(tx, at.real)
    if not ids:
        ids = {id_ for id_, path in place_names.with_file_called(tx, os.path.basename(at.real)) if at.is_at(path)}
    return [one for one in everywhere if one.place in ids]


def _below(at: Where, everywhere: list[PlaceName]) -> list[PlaceName]:
    """Places in a folder: a repository, the folder of a publisher."""
    if at.real == os.sep:
        return []
    return [one for one in everywhere if at.holds(one.path)] or [
        one for one in everywhere if at.holds(reach.real_parent(one.path))
    ]


def _as_printed(tx: Tx, text: str, everywhere: list[PlaceName]) -> list[PlaceName]:
    """By a name or path as our own output writes it, where it cannot be written as it is."""
    if "\\" not in text:
        return []
    found = [one for one in everywhere if any(text in _printed(name) for name in (one.path, one.name, one.title))]
    ids = set() if found else {place for place, path in place_names.files(tx) if text in _printed(path)}
    return found or [one for one in everywhere if one.place in ids]


def _printed(text: str) -> tuple[str, str]:
    return written(text), shown(text)


def _called(tx: Tx, text: str, everywhere: list[PlaceName]) -> list[_Hit]:
    """Places with this name, and models that have it but no place that does; in just this case, else in any."""
    titles = models.titles(tx)
    for form in (str, str.casefold):
        if found := _with_name(form(text), form, everywhere, titles):
            return found
    return _hits(one for one in everywhere if os.path.basename(one.path) == text)


def _with_name(
    text: str, form: Callable[[str], str], everywhere: list[PlaceName], titles: dict[int, str]
) -> list[_Hit]:
    places = _hits(one for one in everywhere if text in (form(one.name), form(one.title)))
    met = {hit.model for hit in places}
    return places + [_Hit(id_) for id_, name in titles.items() if id_ not in met and form(name) == text]


def _paths(everywhere: Iterable[PlaceName], places: Collection[int]) -> Iterator[str]:
    return (shown(one.path) for one in everywhere if one.place in places)


def _several_models(tx: Tx, text: str, found: _Found) -> ModelManagerError:
    ids = sorted({hit.model for hit in found.hits})
    seen = {place.model: place for place in reversed(list(models.places(tx, ids)))}
    titles = models.titles(tx)
    words = (
        f"m{id_} {shown(titles.get(id_, ''))} ({seen[id_].tool}: {shown(seen[id_].path)})" if id_ in seen else f"m{id_}"
        for id_ in ids
    )
    why = (
        said("{0} models lie in this folder", len(ids)) if found.below else said("{0} models have this name", len(ids))
    )
    return ModelManagerError(said("choose the model"), shown(text), why, said("use an id: {0}", _listed(words)))


def _listed(words: Iterable[str]) -> str:
    every = list(words)
    more = said("and {0} more", len(every) - _MOST_LISTED)
    return joined("; ", [*every[:_MOST_LISTED], *([more] if len(every) > _MOST_LISTED else [])])


def _nothing(tx: Tx, text: str, everywhere: list[PlaceName]) -> ModelManagerError:
    if text and "\0" not in text and reach.is_link(link := where(text).real):
        target = shown(reach.realpath(link))
        return ModelManagerError(
            said("find the model"),
            shown(text),
            said("this link is no model of a tool"),
            said("it leads to {0}: name that", target),
        )
    near = nearest(text, [(one.model, name) for one in everywhere for name in (one.title, one.name)]
                   + [(id_, name) for id_, name in models.titles(tx).items()])  # fmt: skip
    names = ", ".join(f"{shown(name)} (m{id_})" for id_, name in near)
    hint = said("did you mean {0}?", names) if near else later("`model-manager list WORD` searches")
    return ModelManagerError(said("find the model"), shown(text), said("no model has this id, name or path"), hint)


def nearest(text: str, names: Iterable[tuple[int, str]]) -> list[tuple[int, str]]:
    """Up to five of these names that are most like a text, or like the last name of a path."""
    word = os.path.basename(text.rstrip(os.sep)).casefold()[:_LONGEST]
    known: dict[str, tuple[int, str]] = {}
    for id_, name in names:
        known.setdefault(name.casefold()[:_LONGEST], (id_, name))
    if not word:
        return []
    alike = difflib.get_close_matches(word, known, 5, 0.5)
    stem = os.path.splitext(word)[0]
    if len(stem) > 2:
        alike += [name for name in known if name not in alike and (stem in name or (len(name) > 2 and name in word))]
    return [known[name] for name in alike[:5]]
