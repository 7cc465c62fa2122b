#!/usr/bin/env python3
"""Sets everything up and starts: `python3 packaging/start.py` opens the window, `... test` runs all the tests.

Standard library only. Makes `.venv` beside this project once; a second run finds it and starts at once.
"""

import argparse
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "installed"
OLDEST = (3, 11)

# part -> package by package manager; the first manager that is on the PATH is this system's.
PACKAGES = {
    "tkinter": {
        "apt-get": "python3-tk",
        "dnf": "python3-tkinter",
        "pacman": "tk",
        "zypper": "python3-tk",
        "apk": "py3-tkinter",
        "brew": "python-tk",
    },
    "venv": {
        "apt-get": "python3-venv",
        "dnf": "python3",
        "pacman": "python",
        "zypper": "python3",
        "apk": "py3-pip",
        "brew": "python",
    },
    "Xvfb": {
        "apt-get": "xvfb",
        "dnf": "xorg-x11-server-Xvfb",
        "pacman": "xorg-server-xvfb",
        "zypper": "xorg-x11-server-Xvfb",
        "apk": "xvfb",
    },
}
INSTALL = {
    "apt-get": "apt-get install -y",
    "dnf": "dnf install -y",
    "pacman": "pacman -S --noconfirm",
    "zypper": "zypper install -y",
    "apk": "apk add",
    "brew": "brew install",
}


def main(arguments=None):
    """Answers the exit status: that of the window or of the tests; 3 when a system part is missing."""
    options = _parser().parse_args(arguments)
    if sys.version_info < OLDEST:
        print(
            "Model Manager needs Python {}.{} or newer; this is {}. ".format(*OLDEST, sys.version.split()[0])
            + "Install it and run this again with it.",
            file=sys.stderr,
        )
        return 3
    testing = options.what == "test"
    if not _complete(testing):
        return 3
    python = _installed(testing)
    if python is None:
        return 1
    if testing:
        return _run([python, "-m", "pytest", *options.rest])
    if importlib.util.find_spec("_tkinter") is None or not _has_display():
        print("No window can be opened here; this is your library in the terminal.", file=sys.stderr)
        _run([python, "-m", "model_manager", "scan"])
        return _run([python, "-m", "model_manager", "status"])
    return _run([python, "-m", "model_manager"])


def _parser():
    parser = argparse.ArgumentParser(
        prog="packaging/start.py", description="Set up Model Manager in .venv and open its window, or run its tests."
    )
    parser.add_argument("what", nargs="?", choices=["test"], help="run all the tests instead of opening the window")
    parser.add_argument("rest", nargs=argparse.REMAINDER, help="passed on to pytest")
    return parser


def _has_display():
    return sys.platform in ("win32", "darwin") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def missing_parts(testing, has_module=importlib.util.find_spec, which=shutil.which, platform=sys.platform):
    """The names of system parts that are not there: keys of PACKAGES."""
    parts = []
    if has_module("_tkinter") is None:
        parts.append("tkinter")
    if has_module("ensurepip") is None or has_module("venv") is None:
        parts.append("venv")
    if testing and platform.startswith("linux") and which("Xvfb") is None:
        parts.append("Xvfb")
    return parts


def install_line(parts, which=shutil.which):
    """The one line that installs these parts on this system; empty when the package manager is not known."""
    manager = next((name for name in INSTALL if which(name)), "")
    packages = [PACKAGES[part][manager] for part in parts if manager in PACKAGES[part]]
    return "{} {}".format(INSTALL[manager], " ".join(dict.fromkeys(packages))) if packages else ""


def _complete(testing):
    """Whether every needed system part is there, after offering to install what is not."""
    parts = missing_parts(testing)
    if not parts:
        return True
    line = install_line(parts)
    root = hasattr(os, "getuid") and os.getuid() == 0
    shown = line if root or not line or line.startswith("brew") else "sudo " + line
    print("Missing on this system: {}.".format(", ".join(parts)), file=sys.stderr)
    print("  " + (shown or "install them with your system's package manager, then run this again"), file=sys.stderr)
    if line and _may_install(root):
        if line.startswith("apt-get"):
            _run((["sudo"] if not root else []) + ["apt-get", "update", "-qq"])
        _run(shown.split())
        importlib.invalidate_caches()
        parts = missing_parts(testing)
    if "tkinter" in parts and not str(sys.executable).startswith(("/usr/bin", "/bin")):
        print(
            f"This Python ({sys.executable}) was built without Tk: the system's /usr/bin/python3 can use the package.",
            file=sys.stderr,
        )
    # Without Tk there is no window, but the library in the terminal still works.
    return not parts or (parts == ["tkinter"] and not testing)


def _may_install(root):
    if os.environ.get("CI"):
        return root
    if not sys.stdin.isatty():
        return False
    return input("Run it now? [y/N] ").strip().lower() in ("y", "yes")


def _installed(testing):
    """The venv's Python with the project in it, made or brought up to date; None when that failed."""
    python = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    wanted = fingerprint(testing)
    stamps = STAMP.read_text().split() if STAMP.is_file() else []
    if wanted in stamps and python.exists():
        return str(python)
    print(f"Installing Model Manager into {VENV.name} (once; about a minute) …", file=sys.stderr)
    if not stamps or not python.exists() or fingerprint(False)[:16] != stamps[0][:16]:
        shutil.rmtree(str(VENV), ignore_errors=True)  # half-built, moved, or another Python's
        if _run([sys.executable, "-I", "-m", "venv", str(VENV)]):
            print("The virtual environment could not be made: see the message above.", file=sys.stderr)
            return None
    STAMP.unlink(missing_ok=True)
    what = str(ROOT) + ("[test]" if testing else "")
    command = [str(python), "-I", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-e", what]
    if _run(command):
        print(
            "Installing failed: see pip's message above. Without a network nothing can be fetched; connect and run "
            "this again.",
            file=sys.stderr,
        )
        return None
    STAMP.write_text(" ".join([fingerprint(False), fingerprint(testing)]))
    return str(python)


def fingerprint(testing):
    """What an installation was made from: 16 letters for Python and place, then the project file and the extras."""
    place = f"{ROOT} {sys.version} {sys.prefix}".encode("utf-8", "surrogateescape")
    project = (ROOT / "pyproject.toml").read_bytes() + (b"test" if testing else b"")
    return hashlib.sha256(place).hexdigest()[:16] + hashlib.sha256(project).hexdigest()[:16]


def _run(command):
    """A command's exit status, with an environment in which no other Python's packages are seen."""
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    environment["PYTHONNOUSERSITE"] = "1"
    try:
        return subprocess.call(command, cwd=str(ROOT), env=environment)
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
