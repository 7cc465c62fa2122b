"""What commands that change the disk have in common: show the plan, ask, apply, tell."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from model_manager.actions import applying, scanning
from model_manager.actions.planning import Missing, NotThere
from model_manager.actions.removal import PlannedRemoval
from model_manager.actions.scanning import ScansElsewhere
from model_manager.app import App
from model_manager.base import figures
from model_manager.base.errors import ModelManagerError
from model_manager.base.localised import localised
from model_manager.base.messages import said
from model_manager.base.text import _, ngettext, shown
from model_manager.cli.output import coloured, hint, print_json
from model_manager.cli.progress import tell_unseen
from model_manager.cli.terminal import broken, columns, path_lines
from model_manager.jobs import Progress
from model_manager.library.removal.plan_words import STATES, VERBS, frees_text, undo_text, united_text
from model_manager.operations import Operation, Plan, Step

Made = TypeVar("Made")

_UNLIMITED = 1 << 20
_INSIDE = " " * 6


def add_plan_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--dry-run", action="store_true", help=_("store and print the plan; `apply PLAN` runs that very one")
    )
    parser.add_argument("--yes", action="store_true", help=_("do not ask"))


def run_removal(app: App, make: Callable[[], PlannedRemoval], options: argparse.Namespace) -> int:
    """Makes a plan that clears things away, tells what of it is gone already, and goes on as `run_plan`."""
    planned = made(app, make)
    if planned.missing:
        for sentence in dict.fromkeys(one.sentence for one in planned.missing):
            print(localised(sentence), file=sys.stderr)
        _look_at(app, planned.missing)
    return run_plan(app, planned.plan, options)


def made(app: App, make: Callable[[], Made]) -> Made:
    """What `make` plans; where something of it is gone, its folders are looked at again before that is said."""
    try:
        return make()
    except NotThere as error:
        _look_at(app, error.missing)
        raise


def _look_at(app: App, missing: Iterable[Missing]) -> None:
    try:
        scanning.look(app, {one.root for one in missing}, Progress())
    except ScansElsewhere as busy:
        tell_unseen(busy)


def run_plan(app: App, plan: Plan, options: argparse.Namespace) -> int:
    """Shows the plan and, when the person agrees, applies that very object. Answers the exit status."""
    if not plan.steps:
        return told(applying.store(app, plan), options.json, _("Nothing is to be done."))
    if options.dry_run:
        if not options.json:
            print_plan(plan)
        text = _("Stored. `model-manager apply {id}` runs this very plan.").format(id=plan.id)
        return told(applying.store(app, plan), options.json, text)
    return apply_plan(app, plan, options)


def apply_plan(app: App, plan: Plan, options: argparse.Namespace) -> int:
    if not agreed(options, lambda: print_plan(plan)):
        return 1
    done = applying.apply(app, plan, tell_unseen).operation
    text = _("Done. `model-manager undo {id}` puts it back.").format(id=done.id)
    if not done.undoable:
        text = _("Done. This cannot be undone.")
    text = f"{united_text(plan)} {text}".strip()
    return told(done, options.json, text if done.state == "applied" else _("Not all of it could be done."))


def agreed(options: argparse.Namespace, show: Callable[[], None]) -> bool:
    """Shows what would be done and asks; with --yes it is told and not asked. With it and --json neither.

    Raises ModelManagerError where nobody can be asked.
    """
    if options.yes:
        if not options.json:
            show()
        return True
    if not sys.stdin.isatty():
        raise ModelManagerError(
            said("apply the plan"), "", said("there is nobody to ask"), said("give --yes, or --dry-run to look first")
        )
    # With --json stdout is for the one document.
    with contextlib.redirect_stdout(sys.stderr) if options.json else contextlib.nullcontext():
        show()
        yes = _is_yes(_answer(_("Do this? [y/N] ")))
        if not yes:
            print(_("Nothing was changed."))
    return yes


def _answer(question: str) -> str:
    """What a person types; nothing at the end of the input."""
    print(question, end="", flush=True)
    try:
        return input()
    except EOFError:
        print()
        return ""
    except KeyboardInterrupt:
        print()
        raise


def _is_yes(answer: str) -> bool:
    """`y` and `yes` in English, and in the user's language."""
    return answer.strip().casefold() in {"y", "yes", *_("y yes").casefold().split()}


def print_plan(plan: Plan) -> None:
    """Each unit with every step: its path, size and reason, what stays for it; then what comes back in all."""
    say(localised(plan.title), "bold")
    print_steps(plan.steps)
    total = figures.size(plan.bytes)
    print()
    say(ngettext("{n} step, {size} in all.", "{n} steps, {size} in all.", len(plan.steps), size=total))
    say(f"{frees_text(plan)} {undo_text(plan)}")
    print_warnings(plan.warnings)


def print_warnings(warnings: Sequence[str]) -> None:
    for warning in warnings:
        say(f"! {localised(warning)}", "yellow", indent=2)


def print_steps(steps: Sequence[Step], verbs: Mapping[str, str] = VERBS) -> None:
    """By what belongs together: each path, its size and why, and what stays for it. No name is ever cut short.

    `verbs` are the words for what happens; where things go back, there is no further reason to tell.
    """
    lines = _Paths([step.path for step in steps])
    unit = None
    for step in steps:
        if step.unit != unit:
            unit = step.unit
            _print_unit([one for one in steps if one.unit == unit], verbs is VERBS)
        say(f"  {step.n:>3} {_(verbs[step.verb])}  {figures.size(step.bytes)}")
        lines.print(step.path)
        if verbs is not VERBS:
            continue
        if step.verb == "link" and step.target:
            say(_INSIDE + _("this stays, with the same bytes:"), "dim")
            lines.print(step.target)
        else:
            say(f"{_INSIDE}{localised(step.why)}", "dim", indent=len(_INSIDE))


def _print_unit(steps: Sequence[Step], goes: bool) -> None:
    """What a person calls it, and what of its bytes comes free when it goes."""
    print()
    if steps[0].of:
        size, frees = figures.size(sum(step.bytes for step in steps)), figures.size(sum(step.frees for step in steps))
        words = _("{name}: {size}, frees {frees}") if goes else "{name}: {size}"
        say(words.format(name=shown(steps[0].of), size=size, frees=frees), "bold")


class _Paths:
    """Paths in the terminal's width. Of two that would look the same nothing is left out."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._room = (columns() or _UNLIMITED) - len(_INSIDE)
        self._met = Counter(tuple(path_lines(shown(path), self._room)) for path in dict.fromkeys(paths))

    def print(self, path: str) -> None:
        lines = path_lines(shown(path), self._room)
        for line in path_lines(shown(path), self._room, whole=True) if self._met[tuple(lines)] > 1 else lines:
            print(_INSIDE + line)


def say(text: str, colour: str = "", indent: int = 0) -> None:
    """A sentence, broken where the terminal ends; its further lines begin further in."""
    start = text[: len(text) - len(text.lstrip())]
    room = (columns() or _UNLIMITED) - max(indent, len(start))
    for number, line in enumerate(broken(text.lstrip(), room)):
        whole = (start if number == 0 else " " * indent) + line
        print(coloured(whole, colour) if colour else whole)


def told(
    operation: Operation, as_json: bool, text: str, wanted: Sequence[str] = ("planned", "applied"), became: str = ""
) -> int:
    """Prints what became of a plan; answers the exit status: 0 where it stands as was `wanted`.

    `became` says it in other words than those for its state.
    """
    if as_json:
        print_json({"plan": operation.as_json()})
    else:
        for step, now in zip(operation.plan.steps, operation.steps, strict=True):
            if now.problem:
                print(f"{shown(step.path)}: {localised(now.problem)}", file=sys.stderr)
        for left in operation.plan.left if operation.state == "partly" else ():
            print(localised(left), file=sys.stderr)
        count = ngettext("{n} step", "{n} steps", len(operation.plan.steps))
        print(f"{localised(operation.plan.title)}: {count}, {became or _(STATES[operation.state])}")
        hint(text)
    return 0 if operation.state in wanted else 1
