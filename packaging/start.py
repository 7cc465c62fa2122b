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
import importlib
import importlib.util
import json
import os
import platform
import re
import shlex
import shutil
import subprocess
import sysconfig
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

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


# --- Parts of the system that pip cannot install ---------------------------------------------


class Manager(NamedTuple):
    """A package manager: the words to show, the words to run unasked, and its names of the parts."""

    shown: str
    run: str
    refresh: str
    packages: Mapping[str, str]


TOOLS = {"xvfb": "xvfb", "objcopy": "binutils"}

MANAGERS = {
    "apt": Manager(
        "apt install",
        "apt-get install -y --no-install-recommends",
        "apt-get update",
        {"tk": "python3-tk", "venv": "python3-venv", "libpython": "libpython3-dev", **TOOLS},
    ),
    "dnf": Manager(
        "dnf install",
        "dnf install -y",
        "",
        {
            "tk": "python3-tkinter",
            "venv": "python3-libs",
            "libpython": "python3-libs",
            **TOOLS,
            "xvfb": "xorg-x11-server-Xvfb",
        },
    ),
    "pacman": Manager(
        "pacman -S",
        "pacman -S --noconfirm",
        "pacman -Sy",
        {"tk": "tk", "venv": "python", **TOOLS, "xvfb": "xorg-server-xvfb"},
    ),
    "zypper": Manager(
        "zypper install",
        "zypper --non-interactive install",
        "",
        {"tk": "python3-tk", "venv": "python3-base", **TOOLS, "xvfb": "xorg-x11-server-Xvfb"},
    ),
    "apk": Manager(
        "apk add",
        "apk add",
        "apk update",
        {"tk": "python3-tkinter", "venv": "python3", **TOOLS},
    ),
    "brew": Manager("brew install", "brew install", "", {"tk": "python-tk", "venv": "python"}),
}

FAMILIES = {
    "debian": "apt",
    "ubuntu": "apt",
    "fedora": "dnf",
    "rhel": "dnf",
    "centos": "dnf",
    "arch": "pacman",
    "suse": "zypper",
    "opensuse": "zypper",
    "opensuse-leap": "zypper",
    "opensuse-tumbleweed": "zypper",
    "alpine": "apk",
}

WORDS = {
    "tk": "tkinter (Python's windows)",
    "venv": "venv and ensurepip (Python's environments)",
    "xvfb": "Xvfb (a display for the tests)",
    "objcopy": "binutils (for packing)",
    "libpython": "Python's shared library (for packing)",
}


def imports(module: str) -> bool:
    """Whether a module can be imported now, also when it was installed a moment ago."""
    importlib.invalidate_caches()
    try:
        importlib.import_module(module)
    except ImportError:
        return False
    return True


def is_present(part: str) -> bool:
    """Whether this Python, or this computer, has the part."""
    if part == "tk":
        return imports("tkinter")
    if part == "venv":
        # Debian ships `venv` without `ensurepip`, and then makes environments that have no pip.
        return imports("venv") and imports("ensurepip")
    if part == "libpython":
        # Debian's python3 has it built in and ships the library that the packed program needs apart.
        named = sysconfig.get_config_vars("LIBDIR", "MULTIARCH", "INSTSONAME")
        folder, below, name = (str(one or "") for one in named)
        return any(os.path.isfile(os.path.join(folder, one, name)) for one in (below, ""))
    return shutil.which({"xvfb": "Xvfb"}.get(part, part)) is not None


def needed_parts(testing: bool, display: bool, system: str) -> list[str]:
    """The parts that this run cannot do without."""
    if testing:
        # On other systems the tests use the display that is there.
        return ["tk", "venv", "xvfb"] if system == "Linux" else ["tk", "venv"]
    return ["tk", "venv"] if display else ["venv"]


def missing_parts(needed: Sequence[str], present: Callable[[str], bool] = is_present) -> list[str]:
    """Those of the needed parts that are not there."""
    return [part for part in needed if not present(part)]


def manager_for(os_release: str, system: str) -> str | None:
    """The package manager of this system, from the text of /etc/os-release."""
    if system == "Darwin":
        return "brew"
    facts = {}
    for line in os_release.splitlines():
        name, equals, value = line.partition("=")
        if equals and not name.startswith("#"):
            facts[name.strip()] = value.strip().strip("\"'")
    names = [facts.get("ID", ""), *facts.get("ID_LIKE", "").split()]
    return next((FAMILIES[name.lower()] for name in names if name.lower() in FAMILIES), None)


def packages_for(parts: Sequence[str], manager: str) -> list[str]:
    """The manager's names of these parts, each once."""
    known = MANAGERS[manager].packages
    return list(dict.fromkeys(known[part] for part in parts if part in known))


def install_line(parts: Sequence[str], manager: str | None, is_root: bool) -> str:
    """The one line that installs all these parts, or "" where the system is not one we know."""
    if manager is None:
        return ""
    # Homebrew refuses to run as root.
    sudo = "" if is_root or manager == "brew" else "sudo "
    return sudo + " ".join([MANAGERS[manager].shown, *packages_for(parts, manager)])


def own_build_without_tk() -> bool:
    """Whether this Python was compiled by somebody (pyenv, conda, by hand) on a system without Tk.

    No package of the distribution can mend that. A Python that has the module but not its
    library (`libtk8.6.so: cannot open …`) is another case: there, the package helps.
    """
    return sys.base_prefix != "/usr" and platform.system() == "Linux" and importlib.util.find_spec("_tkinter") is None


def system_python() -> str | None:
    """The distribution's own Python, where it is new enough and is not the one that runs this."""
    path = "/usr/bin/python3"
    if sys.base_prefix == "/usr" or not os.access(path, os.X_OK):
        return None
    check = [path, "-I", "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]
    return path if subprocess.run(check, check=False).returncode == 0 else None


def is_unattended() -> bool:
    """Whether to install system packages without asking: as root on a build machine."""
    return os.environ.get("CI", "").lower() not in ("", "0", "false") and os.geteuid() == 0


def read_os_release() -> str:
    for path in ("/etc/os-release", "/usr/lib/os-release"):
        try:
            return Path(path).read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
    return ""


def agrees(question: str) -> bool:
    """Asks on a terminal; anywhere else the answer is no."""
    if not (sys.stdin and sys.stdin.isatty() and sys.stdout.isatty()):
        return False
    try:
        return input(question + " [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        return False


def install_parts(parts: Sequence[str], manager: str) -> bool:
    """Runs the package manager; True when it succeeded."""
    ours = MANAGERS[manager]
    sudo = [] if os.geteuid() == 0 or manager == "brew" else ["sudo"]
    # DEBIAN_FRONTEND: a question of a package would wait for ever where nobody answers.
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"} if is_unattended() else None

    def run(words: str, *more: str) -> bool:
        command = [*sudo, *words.split(), *more]
        print("Running: " + shlex.join(command), flush=True)
        try:
            return subprocess.run(command, env=environment, check=False).returncode == 0
        except FileNotFoundError:
            return False

    packages = packages_for(parts, manager)
    if run(ours.run, *packages):
        return True
    # Fresh containers have no package lists, and old lists name packages that are gone.
    return bool(ours.refresh) and run(ours.refresh) and run(ours.run, *packages)


def tell_missing(parts: Sequence[str], line: str) -> None:
    """Names everything that is missing, and the one line that brings what a package can bring."""
    print("Missing on this system: " + ", ".join(WORDS[part] for part in parts), file=sys.stderr)
    if "tk" in parts and own_build_without_tk():
        print(built_without_tk_words(), file=sys.stderr)
        if list(parts) == ["tk"]:
            return
    print("Install with:  " + line if line else "Install with this system's package manager.", file=sys.stderr)


def built_without_tk_words() -> str:
    other = system_python()
    use = f"use the system's: {other} packaging/start.py" if other else "build it again where Tk's headers are"
    return f"This Python ({sys.executable}) was built without Tk, and no package can add it; {use}"


def tell_how(missing: Sequence[str]) -> list[str]:
    """Tells what is missing; returns those parts that this system's package manager can bring."""
    manager = manager_for(read_os_release(), platform.system())
    mendable = [part for part in missing if part != "tk" or not own_build_without_tk()]
    tell_missing(missing, install_line(mendable, manager, os.geteuid() == 0))
    return mendable if manager and packages_for(mendable, manager) else []


def mend_parts(needed: Sequence[str]) -> list[str]:
    """Says what is missing and offers to install it; returns what is missing afterwards."""
    missing = missing_parts(needed)
    mendable = tell_how(missing) if missing else []
    manager = manager_for(read_os_release(), platform.system())
    if manager and mendable and (is_unattended() or agrees("Run this line now?")):
        install_parts(mendable, manager)
        return missing_parts(needed)
    return missing


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
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=clean_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
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
        return (
            f"{what} failed: the package index cannot be reached. "
            "Connect to the internet (or set your proxy) and start again."
        )
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
    scan = subprocess.run(program(python, "scan"), cwd=ROOT, env=clean_environment(), check=False)
    if scan.returncode == INTERRUPTED:
        return INTERRUPTED
    printed = subprocess.run(program(python, "status"), cwd=ROOT, env=clean_environment(), check=False)
    return printed.returncode or status


def run_tests(arguments: Sequence[str]) -> int:
    """Runs all the tests; pytest's exit status becomes ours."""
    switch_to_system_python()
    if mend_parts(needed_parts(True, False, platform.system())):
        return MISSING
    python = prepare_venv(ROOT, "test")
    become([str(python), "-m", "pytest", *arguments])
    return DONE


def switch_to_system_python() -> None:
    """On a build machine nobody reads the advice to use the system's Python: it is taken."""
    other = system_python() if is_unattended() and own_build_without_tk() else None
    if other:
        print(f"{built_without_tk_words()} (doing so)", flush=True)
        become([other, str(Path(__file__).resolve()), *sys.argv[1:]])


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
