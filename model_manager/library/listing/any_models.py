"""Whether anything is known at all."""

from __future__ import annotations

from model_manager.catalog import Database, leftovers, totals


def nothing_known(database: Database) -> bool:
    """Whether there is no model and no leftover: nobody has scanned yet, or nothing was found."""
    with database.read() as tx:
        return not totals.is_any(tx) and not leftovers.every(tx)
