"""Which older version is offered, and which one stays for it."""

from __future__ import annotations

import random

import pytest
from family_rows import lines, row

from model_manager.catalog.rows import Row
from model_manager.library.clean.candidate import CatalogueSnapshot
from model_manager.library.clean.families import QuantLine, versions_in
from model_manager.library.clean.rules import candidates
from model_manager.library.clean.versions import newer_lines


def offered(*rows: Row) -> dict[str, str]:
    """Name of what may go -> name of what stays for it."""
    library = CatalogueSnapshot(rows, {}, {}, {}, (), lines(*rows))
    names = {one.id: one.name for one in rows}
    return {one.name: names[one.keeps or 0] for one in candidates(library, ["older-version"])}


def test_the_newest_stays_for_every_older_one() -> None:
    rows = [row(f"Some-Model-v0.{number}-7B") for number in (2, 1, 3)]
    assert offered(*rows) == {"Some-Model-v0.1-7B": rows[2].name, "Some-Model-v0.2-7B": rows[2].name}


@pytest.mark.parametrize(
    "other",
    [row("Some-Model-v0.3-7B", verdict="truncated"), row("Some-Model-v0.3-7B", parameters=14_000_000_000),
     row("Another-Model-v0.3-7B"), row("Some-Model-v0.3-7B", category="embedding"),
     row("Some-Model-v0.2-7B", parameters=7_500_000_000)],
    ids=["sick", "of another size", "another", "of another kind", "of the same version"],
)  # fmt: skip
def test_what_is_no_successor(other: Row) -> None:
    assert offered(row("Some-Model-v0.2-7B"), other) == {}


def test_a_healthy_one_between_stays_where_the_newest_is_sick() -> None:
    rows = [row("Some-Model-v0.1-7B"), row("Some-Model-v0.2-7B"), row("Some-Model-v0.3-7B", verdict="corrupt")]
    assert offered(*rows) == {"Some-Model-v0.1-7B": "Some-Model-v0.2-7B"}


def plainly(every: list[QuantLine]) -> dict[int, QuantLine]:
    """The rule in its plainest form: each line beside every other."""
    found: dict[int, QuantLine] = {}
    for place, older in enumerate(every):
        names = dict(versions_in(older.words))
        replacing = []
        for other, newer in enumerate(every):
            one, two = older.rungs[0].row.parameters, newer.rungs[0].row.parameters
            alike = one is None or two is None or 0.8 <= one / max(two, 1) <= 1.25
            numbers = [number for name, number in versions_in(newer.words) if name in names and number > names[name]]
            if numbers and alike and newer.rungs[0].row.verdict == "good":
                replacing.append((max(numbers), other, newer))
        if replacing:
            found[place] = max(replacing, key=lambda one: one[:2])[2]
    return found


@pytest.mark.parametrize("seed", range(60))
def test_as_comparing_each_with_every_other_says(seed: int) -> None:
    dice = random.Random(seed)
    rows = [
        row(f"Some-Model-v{dice.randint(1, 6)}-7B", format=f"f{number}", quant=f"q{number}",
            parameters=dice.choice((None, 1000, 1200, 1250, 1251, 1562, 1563, 2000)),
            verdict=dice.choice(("good", "good", "truncated")))
        for number in range(dice.randint(2, 14))
    ]  # fmt: skip
    every = [line for one in rows for line in lines(one)]
    assert newer_lines(every) == plainly(every)
