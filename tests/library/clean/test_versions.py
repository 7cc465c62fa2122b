"""Which older version is offered, and which one stays for it."""

from __future__ import annotations

import pytest
from family_rows import lines, row

from model_manager.catalog.rows import Row
from model_manager.library.clean.candidate import Library
from model_manager.library.clean.rules import candidates


def offered(*rows: Row) -> dict[str, str]:
    """Name of what may go -> name of what stays for it."""
    library = Library(rows, {}, {}, {}, (), lines(*rows))
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
