"""What commands that change the disk have in common: show the plan, ask, apply, tell."""

from __future__ import annotations

import argparse
import sys

from model_manager.app import App
from model_manager.base import figures
from model_manager.base.errors import ModelManagerError
from model_manager.base.localised import localised
from model_manager.base.text import _, ngettext, shown
from model_manager.cli.output import hint, print_json, print_table
from model_manager.jobs import Progress
from model_manager.library.plan_words import STATES, VERBS, frees_text, undo_text
from model_manager.library.removal import touched
from model_manager.operations import Operation, Plan


def add_plan_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--dry-run", action="store_true", help=_("store and print the plan; `apply PLAN` runs that very one")
    )
    parser.add_argument("--yes", action="store_true", help=_("do not ask"))


def run_plan(app: App, plan: Plan, options: argparse.Namespace) -> int:
    """Shows the plan and, when the person agrees, applies that very object. Answers the exit status."""
    if not plan.steps:
        return told(app.operations.store(plan), options.json, _("Nothing is to be done."))
    if options.dry_run:
        if not options.json:
            print_plan(plan)
        text = _("Stored. `model-manager apply {id}` runs this very plan.").format(id=plan.id)
        return told(app.operations.store(plan), options.json, text)
    return apply_plan(app, plan, options)


def apply_plan(app: App, plan: Plan, options: argparse.Namespace) -> int:
    if not options.yes:
        if not sys.stdin.isatty():
            raise ModelManagerError(
                "apply the plan", "", "there is nobody to ask", "give --yes, or --dry-run to look first"
            )
        print_plan(plan)
        if input(_("Do this? [y/N] ")).strip().lower() not in ("y", "yes"):
            print(_("Nothing was changed."))
            return 1
    done = app.operations.apply(plan)
    look_again(app, plan)
    text = _("Done. `model-manager undo {id}` puts it back.").format(id=done.id)
    if not done.undoable:
        text = _("Done. This cannot be undone.")
    return told(done, options.json, text if done.state == "applied" else _("Not all of it could be done."))


def look_again(app: App, plan: Plan) -> None:
    """Reads the folders again that a plan has changed, so that the next command tells the truth."""
    app.scanner().run(Progress(), touched(app.database, plan))


def print_plan(plan: Plan) -> None:
    """Every step with its path, size and reason, and what comes back."""
    print(localised(plan.title))
    rows = [
        (str(step.n), _(VERBS[step.verb]), figures.size(step.bytes), shown(step.path), localised(step.why))
        for step in plan.steps
    ]
    print_table(["", _("What"), _("Size"), _("Where"), _("Why")], rows, right=(2,))
    print(frees_text(plan), undo_text(plan))
    for warning in plan.warnings:
        print(localised(warning))


def told(operation: Operation, as_json: bool, text: str) -> int:
    """Prints what became of a plan; answers the exit status."""
    if as_json:
        print_json({"plan": operation.as_json()})
    else:
        for step, now in zip(operation.plan.steps, operation.steps, strict=True):
            if now.problem:
                print(f"{shown(step.path)}: {localised(now.problem)}", file=sys.stderr)
        print(
            localised(operation.plan.title)
            + ": "
            + ngettext("{n} step", "{n} steps", len(operation.plan.steps)).format(n=len(operation.plan.steps))
            + f", {_(STATES[operation.state])}"
        )
        hint(text)
    return 0 if operation.state in ("planned", "applied", "undone") else 1
