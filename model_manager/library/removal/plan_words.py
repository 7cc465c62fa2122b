"""A plan in words: what it does, what comes back and when, what cannot be put back."""

from __future__ import annotations

from model_manager.base import figures
from model_manager.base.messages import said
from model_manager.base.text import _, later, ngettext
from model_manager.library.removal.origins import OfPlaces, from_text
from model_manager.operations import Operation, Plan, Step

STATES = {
    "planned": later("planned"), "applied": later("done"), "partly": later("partly done"), "undone": later("put back"),
    "refused": later("refused"), "stuck": later("stuck: tried again at the next start"),
}  # fmt: skip
"""What became of an operation, by the word of the command line's JSON."""
VERBS = {
    "trash": later("to the trash"), "delete": later("delete for good"), "move": later("move"), "copy": later("copy"), "link": later("link"),
    "write": later("write"), "make_folder": later("make the folder"), "ask": later("ask the tool"),
}  # fmt: skip
BACK = {
    "trash": later("put back"), "delete": later("stays deleted"), "move": later("move back"), "copy": later("remove the copy"),
    "link": later("a file of its own again"), "write": later("its old text again"), "make_folder": later("remove the folder if it is empty"),
    "ask": later("stays deleted"),
}  # fmt: skip
"""What undo does with a step, by its verb."""


_SETTLED = {
    "applied": later("it is done"), "partly": later("a part of it is done, what was begun of the rest was put back"),
    "undone": later("it is put back"), "refused": later("what was begun of it was put back"),
}  # fmt: skip


def settled_text(operation: Operation) -> str:
    """What became of a change that an earlier run left in the middle."""
    title = operation.plan.title
    if (became := _SETTLED.get(operation.state)) is not None:
        return said("an earlier change was interrupted ({0}) and is settled now: {1}", title, became)
    why = next((now.problem for now in operation.steps if now.state == "stuck"), "")
    return said("an earlier change was interrupted ({0}) and cannot be settled yet: {1}", title, why)


def things(plan: Plan) -> list[tuple[str, tuple[Step, ...]]]:
    """What goes, each under the name that a person knows it by, with its steps: as many as title and button say.

    Several names that share their files are one unit and still several things; a shared file is with the first.
    """
    found: list[tuple[str, tuple[Step, ...]]] = []
    for unit in plan.units():
        origin = from_text(plan.origins.get(unit[0].unit, ""))
        places = origin.places if isinstance(origin, OfPlaces) else ()
        names = list(dict.fromkeys(name for name, _path, _files in places))
        if len(names) < 2:
            found.append((unit[0].of, unit))
            continue
        of: dict[str, list[Step]] = {name: [] for name in names}
        for step in unit:
            mine = {name for name, path, files in places if step.path in (path, *(file for file, _r, _n in files))}
            of[mine.pop() if len(mine) == 1 else names[0]].append(step)
        found += [(name, tuple(steps)) for name, steps in of.items()]
    return found


def frees_text(plan: Plan) -> str:
    """What really comes back, and when."""
    if plan.frees_now == plan.frees:
        if plan.frees == 0:
            return _("Frees nothing.")
        return _("Frees {size}.").format(size=figures.size(plan.frees))
    if plan.frees_now:
        words = _("Frees {now} now and {later} once the trash is emptied.")
        return words.format(now=figures.size(plan.frees_now), later=figures.size(plan.frees - plan.frees_now))
    return _("Frees {size} once the trash is emptied; until then nothing.").format(size=figures.size(plan.frees))


def undo_text(plan: Plan) -> str:
    """What undo will do."""
    final = sum(1 for step in plan.steps if not step.undo)
    if not final:
        return _("Undo puts everything back.")
    if final == len(plan.steps):
        return _("This cannot be undone.")
    return ngettext("{n} step cannot be undone.", "{n} steps cannot be undone.", final)


def united_text(plan: Plan) -> str:
    """What sharing makes of the library's count; empty where nothing became one."""
    linked = any(step.verb == "link" and step.how.get("kind") != "reflink" for step in plan.steps)
    return _("What was shared is one model now, in several places, and counts once.") if linked else ""


def is_final(plan: Plan) -> bool:
    """Whether a step of it destroys something for good; shared blocks lose nothing."""
    return any(not step.undo and step.verb != "link" for step in plan.steps)


def final_text(plan: Plan) -> str:
    """The question before what cannot be undone."""
    final = [step for step in plan.steps if not step.undo and step.verb != "link"]
    gone = {step.n for step in final}
    count = sum(1 for _name, steps in things(plan) if any(step.n in gone for step in steps))
    size = figures.size(plan.bytes if len(final) == len(plan.steps) else sum(step.bytes for step in final))
    return ngettext(
        "{n} item ({size}) will be gone for good. It does not go to the trash and cannot be put back.",
        "{n} items ({size}) will be gone for good. They do not go to the trash and cannot be put back.",
        count,
        size=size,
    )


def action_text(plan: Plan) -> str:
    """What the button says: the act, how many and how much."""
    count = len(things(plan))
    verbs = {step.verb for step in plan.steps}
    size = figures.size(plan.bytes)
    if verbs == {"make_folder"}:
        return ngettext("Make {n} folder", "Make {n} folders", len(plan.steps))
    if verbs == {"trash"} and any(step.target and step.target.endswith("aside") for step in plan.steps):
        return ngettext("Set {n} item ({size}) aside", "Set {n} items ({size}) aside", count, size=size)
    if verbs <= {"trash", "write"}:
        return ngettext("Move {n} item ({size}) to the trash", "Move {n} items ({size}) to the trash", count, size=size)
    if verbs == {"link"}:
        return ngettext("Share {n} copy ({size})", "Share {n} copies ({size})", len(plan.steps), size=size)
    if verbs & {"delete", "ask"}:
        return ngettext("Delete {n} item ({size}) for good", "Delete {n} items ({size}) for good", count, size=size)
    return ngettext("Do {n} step", "Do {n} steps", len(plan.steps))
