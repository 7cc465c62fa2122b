"""Which line replaces which: the newest that is whole, healthy and of about the same size.

Every line is claimed once, by the newest that fits it. So thousands of versions of one name (the epochs of a training,
numbered files) cost little more than sorting them; comparing each with every other took 24 s for 10,000 models.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from model_manager.library.clean.families import QuantLine, versions_in


class _Version(NamedTuple):
    number: tuple[int, ...]
    order: int
    line: QuantLine

    @property
    def parameters(self) -> int | None:
        return self.line.rungs[0].row.parameters

    @property
    def is_healthy(self) -> bool:
        return self.line.rungs[0].row.verdict == "good"


def newer_lines(lines: Sequence[QuantLine]) -> dict[int, QuantLine]:
    """Place of a line among `lines` -> the one that replaces it: its name differs in a greater version alone."""
    by_name: dict[tuple[object, ...], list[_Version]] = {}
    for order, line in enumerate(lines):
        for name, number in versions_in(line.words):
            by_name.setdefault((line.rungs[0].row.category, *name), []).append(_Version(number, order, line))
    newest: dict[int, QuantLine] = {}
    for versions in by_name.values():
        for order, newer in _replaced(versions) if len(versions) > 1 else ():
            newest.setdefault(order, newer)
    return newest


def _replaced(versions: Sequence[_Version]) -> Iterator[tuple[int, QuantLine]]:
    """(place of a line, the newest that replaces it) for the versions of one name."""
    newest_first = sorted(versions, key=lambda version: (version.number, version.order), reverse=True)
    waiting = _Waiting(versions)
    closed = 0
    for newer in newest_first:
        # What is not older than this one is not older than any that follows.
        while closed < len(newest_first) and newest_first[closed].number >= newer.number:
            waiting.drop(newest_first[closed])
            closed += 1
        if newer.is_healthy:
            for older in waiting.take_alike(newer.parameters):
                yield older.order, newer.line


class _Waiting:
    """Versions that nothing replaces yet, by their parameters; each is taken once.

    Parameters that are not known are like any other number of them.
    """

    def __init__(self, versions: Sequence[_Version]) -> None:
        self._known = sorted(
            (version for version in versions if version.parameters is not None),
            key=lambda version: version.parameters or 0,
        )
        self._sizes = [version.parameters or 0 for version in self._known]
        self._places = {version.order: place for place, version in enumerate(self._known)}
        self._next = list(range(len(self._known) + 1))
        """Place -> itself where its version waits, else one further on, in the end the next that does."""
        self._unknown = {version.order: version for version in versions if version.parameters is None}

    def drop(self, version: _Version) -> None:
        self._unknown.pop(version.order, None)
        if version.order in self._places:
            place = self._places[version.order]
            self._next[place] = max(self._next[place], place + 1)

    def take_alike(self, parameters: int | None) -> Iterator[_Version]:
        """Those with 0.8 to 1.25 times as many parameters, which then wait no longer."""
        yield from self._unknown.values()
        self._unknown.clear()
        start, stop = 0, len(self._known)
        if parameters is not None:
            start = bisect_left(self._sizes, 0.8 * max(parameters, 1))
            stop = bisect_right(self._sizes, 1.25 * max(parameters, 1))
        place = self._waiting_from(start)
        while place < stop:
            yield self._known[place]
            self._next[place] = place + 1
            place = self._waiting_from(place)

    def _waiting_from(self, place: int) -> int:
        while self._next[place] != place:
            self._next[place] = place = self._next[self._next[place]]
        return place
