"""What became of a plan, and of its undoing, in a sentence or two."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from model_manager.base import figures
from model_manager.base.localised import localised
from model_manager.base.text import _

if TYPE_CHECKING:
    from model_manager.operations import Operation


def name_of(operation: Operation) -> str:
    """An operation as a person knows it: its title, and when it was done."""
    at = figures.moment(operation.at)
    return _("“{title}” ({when})").format(title=localised(operation.plan.title), when=at)


def outcome(done: Operation) -> str:
    """What became of a plan, in a sentence or two."""
    problems = [now.problem for now in done.steps if now.problem]
    title = localised(done.plan.title)
    if done.state == "applied":
        later = done.plan.frees - done.plan.frees_now
        if later:
            return _("{title}: done. {size} come back when the trash is emptied.").format(
                title=title, size=figures.size(later)
            )
        if done.plan.frees:
            text = _("{title}: done. {size} came back.").format(title=title, size=figures.size(done.plan.frees))
            from model_manager.library.removal.plan_words import united_text  # loaded once something was changed

            return f"{text} {united_text(done.plan)}".strip()
        return _("{title}: done.").format(title=title)
    why = localised([*problems, *done.plan.left, ""][0])
    if done.state == "partly":
        return _("{title}: not all of it was done. {why}").format(title=title, why=why)
    return _("{title}: nothing was changed. {why}").format(title=title, why=why)


def told_undone(done: Operation, units_: Collection[int] | None) -> str:
    """What undo did; `units_`: only these were asked for, which the title says nothing of."""
    mine = [
        (step, now)
        for step, now in zip(done.plan.steps, done.steps, strict=True)
        if units_ is None or step.unit in units_
    ]
    stays = [now.problem for step, now in mine if now.problem and now.state != "undone"]
    name = name_of(done)
    if not stays and units_ is not None:
        return _("It is as it was before.")
    if not stays:
        return _("{name}: it is as it was before.").format(name=name)
    if any(now.state == "undone" for _step, now in mine):
        return _("{name}: some of it stays: {why}").format(name=name, why=localised(stays[0]))
    return _("{name}: nothing of it was put back: {why}").format(name=name, why=localised(stays[0]))
