"""Arguments, exit status and the one place where an error becomes a line."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from model_manager import __version__
from model_manager.base import frozen
from model_manager.base.errors import MissingPart, ModelManagerError, UsageError, reason_of
from model_manager.base.home import put_right
from model_manager.base.localised import localised
from model_manager.base.messages import said
from model_manager.base.text import _, shown, use_language
from model_manager.cli import child
from model_manager.cli.commands import NAMES, Command, command
from model_manager.cli.output import print_error

if TYPE_CHECKING:
    from model_manager.app import App

DONE, FAILED, USAGE, MISSING, INTERRUPTED = 0, 1, 2, 3, 130


class _Parser(argparse.ArgumentParser):
    """argparse, with its complaint as JSON when that was asked for."""

    def error(self, message: str) -> None:  # type: ignore[override]
        if "--json" in sys.argv[1:]:
            print_error(UsageError(said("understand"), "", message, said("{0} --help", self.prog)), True)
            raise SystemExit(USAGE)
        self.print_usage(sys.stderr)
        print(f"{self.prog}: {shown(message)}", file=sys.stderr)
        raise SystemExit(USAGE)


class _Licences(argparse.Action):
    """Prints the licences that are packed along; from source there is the project's own alone."""

    def __call__(self, parser: argparse.ArgumentParser, *rest: object) -> None:
        packed = os.path.join(frozen.folder(), "LICENCES.txt")
        if frozen.is_frozen() and os.path.isfile(packed):
            with open(packed, encoding="utf-8") as file:
                print(file.read())
        else:
            print(_("Model Manager: MIT. The libraries it uses are installed with their own licences beside them."))
        raise SystemExit(DONE)


def parser(names: Sequence[str] = NAMES) -> argparse.ArgumentParser:
    """The parser of these commands."""
    use_language(None)  # the system's, until the settings are read
    top = _Parser(
        prog="model-manager",
        description=_("See, sort and tidy every AI model on this computer. Without a command: the window."),
        epilog=_("example: {command}").format(command="model-manager list 'llm >10gb'"),
    )
    top.add_argument("--version", action="version", version=f"Model Manager {__version__}")
    top.add_argument(
        "--licences", action=_Licences, nargs=0, help=_("the licences of all that this program is made of")
    )
    top.add_argument(
        "--open", metavar="FILE", default="", help=_("the window, with this file's card; FILE alone does the same")
    )
    _add_global(top, None, False)
    top.set_defaults(command=None)
    if names:
        commands = top.add_subparsers(dest="command", metavar="COMMAND", parser_class=_Parser)
        for name in names:
            _add_command(commands, command(name))
    return top


def _add_command(commands: argparse._SubParsersAction[_Parser], one: Command) -> None:
    sub = commands.add_parser(
        one.NAME, help=_(one.HELP), description=_(one.HELP), epilog=_("example: {command}").format(command=one.EXAMPLE),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    _add_global(sub, argparse.SUPPRESS, argparse.SUPPRESS)
    one.add_arguments(sub)
    sub.set_defaults(run=one.run)


def _asked_for(words: Sequence[str]) -> Sequence[str]:
    """The commands that these words may be about: one, none, or all where help is wanted or nothing is understood."""
    at = _command_at(words)
    if at < len(words):
        return [words[at]] if words[at] in NAMES else NAMES
    return NAMES if {"-h", "--help"} & set(words) else ()


def _command_at(words: Sequence[str]) -> int:
    """Where the command stands, behind the options of all commands."""
    at = 0
    while at < len(words) and words[at].startswith("-"):
        at += 2 if words[at] in ("--data-dir", "--open") else 1
    return at


def _add_global(target: argparse.ArgumentParser, data_dir: object, as_json: object) -> None:
    target.add_argument("--data-dir", metavar="DIR", default=data_dir, help=_("where the catalogue and settings live"))
    target.add_argument("--json", action="store_true", default=as_json, help=_("one JSON document on stdout"))


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command; answers the exit status of `design`: cli.md."""
    put_right()
    words = list(sys.argv[1:] if arguments is None else arguments)
    if child.is_child(words):
        return child.run(words)
    try:
        words = with_file(words)
        options = parser(_asked_for(words)).parse_args(words)
        if options.command is None:
            return _window(options)
        return _run(options)
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else USAGE
    except KeyboardInterrupt:
        print(_("interrupted"), file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader has gone (`model-manager list | head`): nothing more to say to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED


def with_file(arguments: Sequence[str]) -> list[str]:
    """`model-manager FILE`, as a file manager starts it, means `--open FILE`. A command is never taken for a file."""
    words = list(arguments)
    at = _command_at(words)
    if at >= len(words) or words[at] in NAMES:
        return words
    if os.sep in words[at] or os.path.isfile(words[at]):
        words.insert(at, "--open")
    return words


def _run(options: argparse.Namespace) -> int:
    from model_manager.app import build

    app = None
    try:
        app = build(options.data_dir)
        app.settle()
        status = int(options.run(app, options))
        sys.stdout.flush()
        _tell_silent(app)
        return status
    except BrokenPipeError:
        raise
    except (ModelManagerError, OSError) as error:
        return _failed(error, options.json)
    finally:
        if app is not None:
            for told in app.news:
                print(f"model-manager: {localised(told)}", file=sys.stderr)
            app.close()


def _tell_silent(app: App) -> None:
    """Names the folders that this command went round, since their drive or share does not answer."""
    from model_manager.actions.listing import silent_roots

    for path, mount in silent_roots(app):
        text = _("{path}: the drive or share at {mount} does not answer; its models stay as they were known")
        print(text.format(path=shown(path), mount=shown(mount)), file=sys.stderr)


def _failed(error: ModelManagerError | OSError, as_json: bool) -> int:
    """Says what went wrong in one line; answers the exit status."""
    if isinstance(error, OSError):
        error = ModelManagerError(said("use"), str(error.filename or ""), reason_of(error))
    print_error(error, as_json)
    return USAGE if isinstance(error, UsageError) else MISSING if isinstance(error, MissingPart) else FAILED


def _window(options: argparse.Namespace) -> int:
    """Opens the window; where there is no display says so and prints the summary."""
    if _has_display():
        try:
            from model_manager.views import main as window

            return window(options.data_dir, options.open)
        except (ModelManagerError, OSError) as error:
            return _failed(error, options.json)
    command = ["show", os.path.abspath(options.open)] if options.open else ["status"]
    text = _("there is no display for a window; this is what `model-manager {command}` prints:")
    print(text.format(command=command[0]), file=sys.stderr)
    arguments = [*command, *(["--json"] if options.json else [])]
    if options.data_dir:
        arguments = ["--data-dir", options.data_dir, *arguments]
    return main(arguments)


def _has_display() -> bool:
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
