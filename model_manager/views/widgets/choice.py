"""What becomes of a choice when other rows are shown."""

from __future__ import annotations

from collections.abc import Hashable, Sequence


def seen_of(
    chosen: set[Hashable], before: Sequence[Hashable], after: Sequence[Hashable], next_one: bool
) -> tuple[set[Hashable], int | None]:
    """What of the choice is among the rows shown now; else, with `next_one`, the number of the row that stood behind it."""
    if not chosen:
        return set(), None
    seen = chosen.intersection(after)
    if seen or not next_one or not after:
        return seen, None
    places = {key: number for number, key in enumerate(after)}
    first = next((number for number, key in enumerate(before) if key in chosen), None)
    if first is None:
        return seen, None
    return seen, next((places[key] for key in before[first:] if key in places), len(after) - 1)
