"""The query language of the search box and of `list` (`design`: cli.md, Queries)."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable

from model_manager.base import units
from model_manager.base.errors import UsageError
from model_manager.base.facts import VERDICTS
from model_manager.base.messages import said
from model_manager.base.text import later
from model_manager.catalog.record import SEARCHED, Field
from model_manager.catalog.rows import Row

Test = Callable[[Row], bool]
FIELDS = ("category", "tool", "quant", "base", "tag", "health", "unused", "dup", *SEARCHED)


class Query:
    """A parsed query. `matches(row)` is the conjunction of its terms."""

    def __init__(self, text: str, categories: Iterable[str]) -> None:
        """Raises UsageError naming the term that is wrong."""
        self.text = text
        self._categories = frozenset(categories)
        terms = _terms(text)
        self._words = [_word(term) for term in terms if self._is_word(term)]
        self._without = [_word(term[1:]) for term in terms if term[0] == "-" and self._is_word(term[1:])]
        others = [t for t in terms if not self._is_word(t) and not (t[0] == "-" and self._is_word(t[1:]))]
        self._tests = [self._term(term) for term in others]
        self._narrow = frozenset([*("-" + word for word in self._without), *others])

    def narrows(self, other: Query) -> bool:
        """Whether whatever matches this is among what matches `other`: the next letter of a word, another term."""
        inside = all(any(word in mine for mine in self._words) for word in other._words)
        return inside and other._narrow <= self._narrow

    def matches(self, row: Row) -> bool:
        return bool(self.of([row]))

    def of(self, rows: Iterable[Row]) -> list[Row]:
        """The rows that match. One loop a term: words first, which take 5 ms for 100,000 rows, a call each takes 15."""
        found = rows if isinstance(rows, list) else list(rows)
        for word in self._words:
            found = [row for row in found if word in row.text]
        for word in self._without:
            found = [row for row in found if word not in row.text]
        for test in self._tests:
            found = [row for row in found if test(row)]
        return found.copy() if found is rows else found

    def _is_word(self, term: str) -> bool:
        """Whether a term is text to look for and nothing else."""
        if term.startswith('"'):
            return True
        plain = term.replace('"', "")
        return plain != "" and plain[0] not in "-<>" and ":" not in plain and plain.lower() not in self._categories

    def _term(self, term: str) -> Test:
        if term.startswith("-") and len(term) > 1:
            test = self._term(term[1:])
            return lambda row: not test(row)
        if term.startswith('"'):
            return _text(term)
        term = term.replace('"', "")
        if term[0] in "<>" and len(term) > 1:
            return _size(term)
        name, colon, value = term.partition(":")
        if colon and name.lower() in FIELDS:
            return _field(name.lower(), value, term, self._categories)
        if colon and name.isalpha() and len(name) > 1:
            fields = ", ".join(FIELDS)
            raise _wrong(
                term, said("there is no field {0}: use one of {1}, or quotes to search for the text", name, fields)
            )
        if term.lower() in self._categories:
            return _category(term.lower())
        return _text(term)


def _text(term: str) -> Test:
    low = _word(term)
    return lambda row: low in row.text


def _word(term: str) -> str:
    return term.replace('"', "").lower()


def _terms(text: str) -> list[str]:
    """Words, with what stands in quotes kept together and still quoted: `"a b"`, `tag:"a b"`, `-"a b"`."""
    if text.count('"') % 2:
        raise _wrong(text, later("a quote is not closed"))
    return [term for term in re.findall(r'(?:[^\s"]|"[^"]*")+', text) if term.strip('-"')]


def _field(name: str, value: str, term: str, categories: frozenset[str]) -> Test:
    low = value.lower()
    if not low:
        raise _wrong(term, later("nothing stands behind the colon"))
    if name == "category":
        if low not in categories:
            raise _wrong(term, later("there is no such category: `model-manager categories` lists them"))
        return _category(low)
    if name == "tool":
        return lambda row: low in row.tools.split(",")
    if name == "quant":
        return lambda row: (
            (row.quant or "").lower().startswith(low)
            or (row.quant is None and (row.quant_label or "").lower().startswith(low))
        )
    if name == "base":
        return lambda row: low in (row.base_model or "").lower() or low in (row.architecture or "").lower()
    if name == "tag":
        return lambda row: low in row.tags.lower().split(",")
    if name in SEARCHED and SEARCHED[name].type is str:
        return _whole(SEARCHED[name], low)
    return _state(name, low, term)


def _whole(field: Field, low: str) -> Test:
    value = field.value
    return lambda row: (value(row) or "").lower() == low


def _state(name: str, low: str, term: str) -> Test:
    if name == "health":
        if low not in VERDICTS:
            raise _wrong(term, said("health is one of {0}", ", ".join(VERDICTS)))
        return lambda row: row.verdict == low
    if name == "unused":
        days = low.removesuffix("d")
        if not days.isdigit() or len(days) > 6:
            raise _wrong(term, later("write days, as in unused:90d"))
        limit = time.time() - int(days) * 86_400
        return lambda row: (row.used_at or row.added) < limit
    if low not in ("yes", "no"):
        raise _wrong(term, said("write {0}:yes or {1}:no", name, name))
    wanted = low == "yes"
    if name == "dup":
        return lambda row: (row.copies > 1) == wanted
    value = SEARCHED[name].value
    return lambda row: bool(value(row)) == wanted


def _category(slug: str) -> Test:
    below = slug + "/"
    return lambda row: row.category == slug or row.category.startswith(below)


def _size(term: str) -> Test:
    limit = units.parse_size(term[1:].lstrip("="))
    if limit is None:
        raise _wrong(term, later("write a size, as in >10gb or <500mb"))
    if term[0] == ">":
        return lambda row: row.size > limit
    return lambda row: row.size < limit


def _wrong(term: str, why: str) -> UsageError:
    return UsageError(said("understand the search term"), term, why)
