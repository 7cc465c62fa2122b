"""The libraries that this program needs, for everything that names them: `doctor`, Help, diagnostics."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterator

LIBRARIES = ("ttkbootstrap", "xxhash", "send2trash", "platformdirs", "pyyaml")
"""Those that `pyproject.toml` names under `dependencies`; what the tests need besides is none of them."""


def installed() -> Iterator[tuple[str, str | None]]:
    """Each library with the version that is installed: `("xxhash", "3.8.1")`; None where there is none."""
    for name in LIBRARIES:
        try:
            yield name, importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            yield name, None
