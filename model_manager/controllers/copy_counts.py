"""Which of the rows have copies, asked anew: a file that was read, came or went changes that of other models too."""

from __future__ import annotations

from dataclasses import dataclass

from model_manager.actions import listing
from model_manager.app import App
from model_manager.catalog.rows import Row


@dataclass(frozen=True, slots=True)
class CopyCounts:
    """The rows as they were, and with what is known of copies now; rows that stay the same are the same objects."""

    before: list[Row]
    after: list[Row]

    @property
    def news(self) -> bool:
        return any(new is not old for new, old in zip(self.after, self.before, strict=True))


def look(app: App, rows: list[Row]) -> CopyCounts:
    found = listing.copies_of(app)
    return CopyCounts(rows, [
        row if row.copies == found.get(row.id, 0) else row._replace(copies=found.get(row.id, 0)) for row in rows
    ])  # fmt: skip
