"""JSON whose objects may have a key twice: readers differ in which of the two they take, so both are looked at."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from model_manager.base.facts import Health
from model_manager.base.messages import said
from model_manager.base.text import shown

_MOST = 1_000


@dataclass(slots=True)
class Parsed:
    """`value`: what Python reads, where the last of two wins; `others`: such objects as those who take the first read them."""

    value: object = None
    others: list[dict[str, object]] = field(default_factory=list)
    key: str = ""
    """The first key that is there twice."""

    def __bool__(self) -> bool:
        return bool(self.key)

    def health(self) -> Health:
        """What is said of such a text."""
        return Health(
            "unknown",
            said("its configuration has the key {0} twice: readers differ in which one they take", repr(self.key)),
        )

    def _object(self, pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
        last = dict(pairs)
        if len(last) < len(pairs):
            first: dict[str, object] = {}
            for key, value in pairs:
                if key in first:
                    self.key = self.key or shown(key)[:80]
                first.setdefault(key, value)
            if len(self.others) < _MOST:
                self.others.append(first)
        return last


def parsed(text: str | bytes) -> Parsed:
    """What a text says. Raises ValueError when it is no JSON, RecursionError when it is nested too deep."""
    found = Parsed()
    found.value = json.loads(text, object_pairs_hook=found._object)
    return found
