"""Collects the licences of everything that goes into the packed program. Runs inside the build's environment."""

from __future__ import annotations

import importlib.metadata
import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Sequence
from pathlib import Path

_NAMES = re.compile(r"(^|/)(licen[cs]es?|copying|notice|authors)[^/]*$|/licenses/[^/]+$", re.IGNORECASE)
_LINE = "=" * 100


def shipped(modules: Iterable[str]) -> list[str]:
    """The distributions that these modules come from, by name."""
    known = importlib.metadata.packages_distributions()
    tops = {module.replace("/", ".").split(".")[0] for module in modules}
    return sorted({name for top in tops for name in known.get(top, ())}, key=str.lower)


def of_distribution(name: str) -> list[str]:
    """The texts that a distribution brings along; its own word for its licence where it brings none."""
    there = importlib.metadata.distribution(name)
    texts = []
    for file in there.files or ():
        path = Path(str(file.locate()))
        if _NAMES.search(file.as_posix()) and path.is_file() and path.suffix not in (".py", ".pyc"):
            texts.append(path.read_text(encoding="utf-8", errors="replace"))
    about = there.metadata.json
    return texts or [str(about.get("license_expression") or about.get("license") or "see its project's pages")]


def of_python() -> str:
    for folder in (
        sysconfig.get_path("stdlib"),
        sys.base_prefix,
        f"/usr/share/doc/python{sys.version_info[0]}.{sys.version_info[1]}",
    ):
        for name in ("LICENSE.txt", "LICENSE", "copyright"):
            path = Path(folder) / name
            if path.is_file():
                return path.read_text(encoding="utf-8", errors="replace")
    return "Python Software Foundation License Version 2: https://docs.python.org/3/license.html"


def of_system(libraries: Iterable[str]) -> dict[str, str]:
    """Debian's copyright files of the system's libraries that are packed along; other systems have no such place."""
    found: dict[str, str] = {}
    for library in sorted(set(libraries)):
        package = _package_of(library)
        path = Path("/usr/share/doc") / package / "copyright"
        if package and package not in found and path.is_file():
            found[package] = path.read_text(encoding="utf-8", errors="replace")
    return found


def _package_of(library: str) -> str:
    for path in (library, os.path.realpath(library), os.path.realpath(library).removeprefix("/usr")):
        try:
            done = subprocess.run(["dpkg", "-S", path], capture_output=True, text=True, check=False)
        except OSError:
            return ""
        if done.returncode == 0:
            return done.stdout.split(":")[0]
    return ""


def text(project: Path, distributions: Sequence[str], libraries: Iterable[str]) -> str:
    """One text for people: the project first, then what it is made of. The same text stands once."""
    parts = [("Model Manager", project.read_text(encoding="utf-8")), ("Python", of_python())]
    for name in distributions:
        parts += [(name, one) for one in of_distribution(name)]
    parts += [
        (f"{package} (a library of the system this was built on)", one) for package, one in of_system(libraries).items()
    ]
    titles: dict[str, list[str]] = {}
    for title, words in parts:
        titles.setdefault(words.strip(), []).append(title)
    return (
        "\n\n".join(
            f"{_LINE}\n{', '.join(dict.fromkeys(names))}\n{_LINE}\n\n{words}" for words, names in titles.items()
        )
        + "\n"
    )
