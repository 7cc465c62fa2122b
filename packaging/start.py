"""Starts Model Manager from its source folder: makes .venv once, then opens the window or runs the tests.

Standard library only. This file has to parse on Python 3.6, so that an old Python gets a sentence
to read instead of a syntax error; hence no walrus, no `match`, no dataclass and no future imports.
"""

import sys

if sys.version_info < (3, 11):
    # Before anything else: the annotations below mean nothing to an older Python.
    found = ".".join(str(number) for number in sys.version_info[:2])
    sys.stderr.write(f"Model Manager needs Python 3.11 or newer; this is Python {found} ({sys.executable}).\n")
    sys.exit(3)

import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))  # also where PYTHONSAFEPATH leaves it out

from system_parts import (
    built_without_tk_words,
    is_present,
    is_unattended,
    mend_parts,
    needed_parts,
    own_build_without_tk,
    system_python,
    tell_how,
)

ROOT = Path(__file__).resolve().parent.parent
STAMP = "model-manager.json"
DONE, FAILED, USAGE, MISSING, INTERRUPTED = 0, 1, 2, 3, 130

HELP = """\
usage: python3 packaging/start.py [--help | test [PYTEST ARGUMENT ...]]

  (nothing)   install Model Manager into .venv (once) and open its window;
              without a display, print the library in the terminal
  test        the same with the test tools, then run all the tests

example: python3 packaging/start.py test -k duplicates

exit status: 0 done, 1 failed, 2 wrong usage, 3 a part of the system is missing,
130 interrupted; `test` returns the status of pytest.
"""


class StartError(Exception):
    """What went wrong, in words for the person at the terminal; carries the exit status."""

    def __init__(self, words: str, status: int = FAILED) -> None:
        super().__init__(words)
        self.status = status


# --- The environment in .venv ----------------------------------------------------------------


def stamp_facts(root: Path, extra: str) -> dict[str, str]:
    """What .venv was made from. `venv` decides whether it can be kept, the rest whether pip must run."""
    project = hashlib.sha256((root / "pyproject.toml").read_bytes()).hexdigest()
    return {"venv": f"{sys.version} | {sys.base_prefix} | {root}", "project": project, "extra": extra}


def read_stamp(venv: Path) -> dict[str, str]:
    """The stamp of a finished environment; empty for anything else, a broken one included."""
    try:
        stamp = json.loads((venv / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    # The base Python may be gone since: then bin/python is a dangling link.
    return stamp if isinstance(stamp, dict) and python_of(venv).exists() else {}


def write_stamp(venv: Path, facts: Mapping[str, str]) -> None:
    """The last act of an installation. Killed before the rename, there is no stamp at all."""
    draft = venv / (STAMP + ".new")
    with open(draft, "w", encoding="utf-8") as file:
        json.dump(facts, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(draft, venv / STAMP)


def work_to_do(stamp: Mapping[str, str], facts: Mapping[str, str]) -> str:
    """Says "nothing", "install" (the environment can be kept) or "rebuild"."""
    if stamp.get("venv") != facts["venv"]:
        return "rebuild"
    # The test tools come on top of the program: an environment for the tests serves both.
    enough = facts["extra"] in ("", stamp.get("extra"))
    return "nothing" if enough and stamp.get("project") == facts["project"] else "install"


def python_of(venv: Path) -> Path:
    return venv / "bin" / "python"


def clean_environment() -> dict[str, str]:
    """The variables for .venv's Python: nothing that brings in modules from elsewhere."""
    foreign = ("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONUSERBASE", "__PYVENV_LAUNCHER__", "VIRTUAL_ENV")
    foreign_pip = ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_PYTHON", "PIP_QUIET", "PIP_VERBOSE")
    kept = {name: value for name, value in os.environ.items() if name not in foreign + foreign_pip}
    return {**kept, "PYTHONNOUSERSITE": "1", "PIP_USER": "0"}


@contextmanager
def alone(root: Path) -> Iterator[None]:
    """Keeps a second start (a double click too many) waiting while the first one installs.

    The lock is on pyproject.toml itself: it leaves nothing behind and goes when the process goes.
    """
    import fcntl

    with open(root / "pyproject.toml", "rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Another start is installing; waiting for it …", flush=True)
            fcntl.flock(file, fcntl.LOCK_EX)
        except OSError:
            pass  # a network folder without locks: nothing is lost but this courtesy
        yield


def quiet_run(command: Sequence[str], what: str) -> None:
    """Runs a step of the installation; its output is shown only when it fails."""
    done = subprocess.run(command, cwd=ROOT, env=clean_environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", check=False)  # fmt: skip
    if done.returncode != 0:
        sys.stderr.write(done.stdout)
        raise StartError(failure_words(what, done.stdout))


OFFLINE = re.compile(
    r"NewConnectionError|Failed to establish a new connection|NameResolutionError|name resolution"
    r"|Name or service not known|Network is unreachable|ConnectTimeoutError|ProxyError|Max retries exceeded"
)


def failure_words(what: str, output: str) -> str:
    """One sentence on what failed and what to do next."""
    if OFFLINE.search(output):
        index = "the package index cannot be reached. Connect to the internet (or set your proxy) and start again."
        return f"{what} failed: {index}"
    if "No space left on device" in output:
        return f"{what} failed: the disk is full. Free some space and start again."
    return f"{what} failed; the reason is above. Mend it and start again: .venv is then made anew."


def remove_venv(venv: Path) -> None:
    """Removes what is left of an environment; its stamp goes first, so that a kill leaves none trusted."""
    (venv / STAMP).unlink(missing_ok=True)
    if venv.is_symlink() or venv.is_file():
        venv.unlink()
    elif venv.exists():
        shutil.rmtree(venv)


def base_python() -> str:
    """The Python behind this one: a start from inside .venv must survive the removal of .venv."""
    return getattr(sys, "_base_executable", None) or sys.executable


def prepare_venv(root: Path, extra: str) -> Path:
    """Makes .venv match the project and returns its Python; does nothing when it does already."""
    venv = root / ".venv"
    facts = stamp_facts(root, extra)
    if work_to_do(read_stamp(venv), facts) == "nothing":
        return python_of(venv)
    with alone(root):
        # Asked again: the one we waited for may have done it all.
        work = work_to_do(read_stamp(venv), facts)
        if work != "nothing":
            install(venv, facts, work == "rebuild")
    return python_of(venv)


def install(venv: Path, facts: Mapping[str, str], rebuild: bool) -> None:
    """Installs the project into .venv. Killed at any point, it leaves no stamp, so the next start rebuilds."""
    extra = facts["extra"]
    also = " and its test tools" if extra else ""
    print(f"Installing Model Manager{also} into .venv (once; about a minute) …", flush=True)
    if rebuild:
        remove_venv(venv)
        quiet_run([base_python(), "-I", "-m", "venv", str(venv)], "Making .venv")
    (venv / STAMP).unlink(missing_ok=True)
    target = f".[{extra}]" if extra else "."
    pip = [str(python_of(venv)), "-I", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    quiet_run([*pip, "-e", target], "Installing Model Manager")
    write_stamp(venv, facts)


# --- What the commands do --------------------------------------------------------------------


def has_display() -> bool:
    return platform.system() == "Darwin" or bool(os.environ.get("DISPLAY"))


def become(command: Sequence[str]) -> None:
    """Turns this process into another: signals and the exit status are then its own."""
    sys.stdout.flush()
    sys.stderr.flush()
    os.chdir(ROOT)
    os.execve(command[0], list(command), clean_environment())


def program(python: Path, *words: str) -> list[str]:
    return [str(python), "-m", "model_manager", *words]


def open_window() -> int:
    """Opens the window, or prints the library where there can be none."""
    display = has_display()
    missing = mend_parts(needed_parts(False, display, platform.system()))
    if "venv" in missing:
        return MISSING
    python = prepare_venv(ROOT, "")
    if display and "tk" not in missing:
        become(program(python))
    if not display:
        print("There is no display here, so this is the library in the terminal.", flush=True)
        if not is_present("tk"):
            tell_how(["tk"])
    else:
        print("Without tkinter there is no window, so this is the library in the terminal.", flush=True)
    return print_library(python, MISSING if display else DONE)


def print_library(python: Path, status: int) -> int:
    """Scans, then prints the summary. `status` is returned where the printing went well."""
    for words in ("scan", "status"):
        done = subprocess.run(program(python, words), cwd=ROOT, env=clean_environment(), check=False)
        if done.returncode == INTERRUPTED:
            return INTERRUPTED
    return done.returncode or status


def run_tests(arguments: Sequence[str]) -> int:
    """Runs all the tests; pytest's exit status becomes ours."""
    switch_to_system_python()
    if mend_parts(needed_parts(True, False, platform.system())):
        return MISSING
    python = prepare_venv(ROOT, "test")
    become([str(python), "-m", "pytest", *arguments])
    return DONE


def switch_to_system_python(script: str = __file__) -> None:
    """On a build machine nobody reads the advice to use the system's Python: it is taken."""
    other = system_python() if is_unattended() and own_build_without_tk() else None
    if other:
        print(f"{built_without_tk_words()} (doing so)", flush=True)
        become([other, str(Path(script).resolve()), *sys.argv[1:]])


def main(arguments: Sequence[str]) -> int:
    """Runs one command and returns the exit status."""
    try:
        if not arguments:
            return open_window()
        if arguments[0] == "test":
            return run_tests(arguments[1:])
    except StartError as error:
        print(str(error), file=sys.stderr)
        return error.status
    except KeyboardInterrupt:
        print("\nInterrupted; the next start goes on safely.", file=sys.stderr)
        return INTERRUPTED
    except OSError as error:
        print(f"Could not start: {error}", file=sys.stderr)
        return FAILED
    if arguments[0] in ("-h", "--help"):
        print(HELP, end="")
        return DONE
    print(f"Not a command: {' '.join(arguments)}\n\n{HELP}", end="", file=sys.stderr)
    return USAGE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
