"""What pip cannot install: Tk, venv, Xvfb and what packing needs; how each system brings it, and asking whether to.

Standard library only: it runs before anything is installed.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple


class Manager(NamedTuple):
    """A package manager: the words to show, the words to run unasked, its names of the parts, the systems that have it."""

    shown: str
    run: str
    refresh: str
    packages: Mapping[str, str]
    systems: str = ""


TOOLS = {"xvfb": "xvfb", "objcopy": "binutils"}
XORG = {**TOOLS, "xvfb": "xorg-x11-server-Xvfb"}
MANAGERS = {
    "apt": Manager("apt install", "apt-get install -y --no-install-recommends", "apt-get update",
                   {"tk": "python3-tk", "venv": "python3-venv", "libpython": "libpython3-dev", **TOOLS}, "debian ubuntu"),
    "dnf": Manager("dnf install", "dnf install -y", "",
                   {"tk": "python3-tkinter", "venv": "python3-libs", "libpython": "python3-libs", **XORG},
                   "fedora rhel centos"),
    "pacman": Manager("pacman -S", "pacman -S --noconfirm", "pacman -Sy",
                      {"tk": "tk", "venv": "python", **TOOLS, "xvfb": "xorg-server-xvfb"}, "arch"),
    "zypper": Manager("zypper install", "zypper --non-interactive install", "",
                      {"tk": "python3-tk", "venv": "python3-base", **XORG},
                      "suse opensuse opensuse-leap opensuse-tumbleweed"),
    "apk": Manager("apk add", "apk add", "apk update", {"tk": "python3-tkinter", "venv": "python3", **TOOLS}, "alpine"),
    "brew": Manager("brew install", "brew install", "", {"tk": "python-tk", "venv": "python"}),
}  # fmt: skip
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
    facts = dict(re.findall(r"^[ \t]*(ID|ID_LIKE)[ \t]*=[ \t]*[\"']?(.*?)[\"']?[ \t]*$", os_release, re.M))
    names = f"{facts.get('ID', '')} {facts.get('ID_LIKE', '')}".lower().split()
    return next((known for name in names for known, one in MANAGERS.items() if name in one.systems.split()), None)


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
    """What the system says it is; empty where it says nothing."""
    for path in ("/etc/os-release", "/usr/lib/os-release"):
        if os.access(path, os.R_OK):
            return Path(path).read_text(encoding="utf-8", errors="replace")
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
