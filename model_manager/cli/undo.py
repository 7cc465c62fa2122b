"""`undo`: puts an operation back."""

from __future__ import annotations

import argparse

from model_manager.actions import applying, undoing
from model_manager.app import App
from model_manager.base import figures
from model_manager.base.errors import UsageError
from model_manager.base.localised import localised
from model_manager.base.messages import said
from model_manager.base.text import _, later, ngettext, shown
from model_manager.cli.output import hint, print_json
from model_manager.cli.plans import agreed, print_steps, print_warnings, say, told
from model_manager.cli.progress import tell_unseen
from model_manager.library.removal.plan_words import BACK
from model_manager.library.removal.undoing import Undoing
from model_manager.operations import Operation

NAME = "undo"
HELP = later("put an operation back; without an id, the last that can be")
EXAMPLE = "model-manager undo --dry-run"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("operation", nargs="?", metavar="OPERATION", help=_("an id from `history`"))
    parser.add_argument(
        "--give-up", action="store_true",
        help=_("leave OPERATION, which cannot be settled, as it stands: what lies aside stays there"),
    )  # fmt: skip
    parser.add_argument("--dry-run", action="store_true", help=_("print what would be put back, change nothing"))
    parser.add_argument("--yes", action="store_true", help=_("do not ask"))


def run(app: App, options: argparse.Namespace) -> int:
    if options.give_up:
        return _give_up(app, options)
    if options.operation is not None and not applying.operation(app, options.operation).undoable:
        # In the words of who would do it: never applied, stuck, nothing left.
        return _undo(app, applying.operation(app, options.operation), options)
    asked = undoing.newest(app) if options.operation is None else undoing.to_undo(app, options.operation)
    if asked is None:
        raise UsageError(
            said("undo"),
            "",
            said("there is nothing that could be undone"),
            said("`model-manager history` lists what was done"),
        )
    operation, planned = asked.operation, asked.undoing
    if options.dry_run:
        if options.json:
            print_json({"plan": undoing.plan_json(asked, _title(operation))})
            return 0
        _print(operation, planned)
        hint(_("`model-manager undo {id}` puts it back.").format(id=operation.id))
        return 0
    if not agreed(options, lambda: _print(operation, planned)):
        return 1
    return _undo(app, operation, options)


def _give_up(app: App, options: argparse.Namespace) -> int:
    if options.operation is None:
        raise UsageError(
            said("give up"), "", said("say which operation"), said("`model-manager history` lists what was done")
        )
    operation = applying.operation(app, options.operation)
    if options.dry_run:
        _tell_giving_up(operation, options.json)
        return 0
    if not agreed(options, lambda: _tell_giving_up(operation, False)):
        return 1
    done = undoing.give_up(app, operation.id)
    if options.json:
        print_json({"plan": done.as_json()})
    else:
        say(_("Given up: nothing is held for it any more, and nothing on the disk was changed."))
    return 0


def _tell_giving_up(operation: Operation, as_json: bool) -> None:
    """Where the things are to be looked for that it leaves as they are now."""
    if as_json:
        print_json({"plan": operation.as_json()})
        return
    say(_("Give up: {title}").format(title=localised(operation.plan.title)), "bold")
    say(_("Nothing is put back or removed any more. What was put aside stays in the trash or beside its place:"))
    for step, now in zip(operation.plan.steps, operation.steps, strict=True):
        say(f"  {shown(step.path)}: {localised(now.problem)}" if now.problem else f"  {shown(step.path)}")


def _undo(app: App, operation: Operation, options: argparse.Namespace) -> int:
    done = undoing.undo(app, operation.id, tell_unseen)
    if done.state == "undone":
        return told(done, options.json, _("It is as it was before."), wanted=("undone",))
    if back := _put_back(done) - _put_back(operation):
        became = _("{n} of it put back").format(n=figures.count(back))
        return told(done, options.json, _("Some of it stays."), wanted=("undone",), became=became)
    return told(done, options.json, _("Nothing was put back."), wanted=("undone",), became=_("not put back"))


def _put_back(operation: Operation) -> int:
    """How many of its steps are put back."""
    return sum(now.state == "undone" for now in operation.steps)


def _print(operation: Operation, planned: Undoing) -> None:
    """What comes back and where to, the room it takes, and what stays as it is."""
    say(_title(operation), "bold")
    print_steps(planned.steps, BACK)
    print()
    total = figures.size(sum(step.bytes for step in planned.steps))
    say(ngettext("{n} step, {size} in all.", "{n} steps, {size} in all.", len(planned.steps), size=total))
    print_warnings(planned.warnings)


def _title(operation: Operation) -> str:
    return _("Undo: {title}").format(title=localised(operation.plan.title))
