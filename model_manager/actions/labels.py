"""The user's own words on models, and the tree of categories."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from model_manager.actions.context import Context
from model_manager.library.labels import categories, user_labels

__all__ = ["Category", "LabelChange", "add_category", "change", "remove_category", "rename_category", "slugs", "tree"]


@dataclass(frozen=True, slots=True)
class LabelChange:
    """What shall be noted; None leaves it as it is. A `category` of "" gives it back to the evidence."""

    category: str | None = None
    note: str | None = None
    pinned: bool | None = None
    add: Sequence[str] = ()
    """Tags."""
    remove: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Category:
    """`own`: the user added it."""

    slug: str
    name: str
    own: bool
    models: int


def change(context: Context, ids: Collection[int], wanted: LabelChange) -> None:
    """Notes all of it on all of these models, or nothing where something of it cannot be noted.

    Raises ModelManagerError.
    """
    database = context.database
    user_labels.must_be_category(database, wanted.category or None)
    user_labels.must_be_short(wanted.note or "")
    user_labels.good_tags(wanted.add)
    with database.together():
        for id_ in ids:
            if wanted.category is not None:
                user_labels.set_category(database, id_, wanted.category or None)
            if wanted.note is not None:
                user_labels.set_note(database, id_, wanted.note)
            if wanted.pinned is not None:
                user_labels.set_pinned(database, id_, wanted.pinned)
            if wanted.add or wanted.remove:
                user_labels.tag(database, id_, wanted.add, wanted.remove)


def slugs(context: Context) -> list[str]:
    """Every category, ours in their order, then the user's."""
    return categories.slugs(context.database)


def tree(context: Context) -> list[Category]:
    from model_manager.library.listing.status import by_category  # `tag` and `set` do without it

    names = dict(categories.CATEGORIES)
    counts = {slug: count for slug, count, _size in by_category(context.database)}
    return [
        Category(slug, names.get(slug, slug), slug not in names, counts.get(slug, 0)) for slug in slugs(context)
    ]  # fmt: skip


def add_category(context: Context, slug: str) -> None:
    categories.add(context.database, slug)


def rename_category(context: Context, old: str, new: str) -> None:
    categories.rename(context.database, old, new)


def remove_category(context: Context, slug: str) -> None:
    categories.remove(context.database, slug)
