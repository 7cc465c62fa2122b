"""Another program that has a file open."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def opened_by_another(path: Path) -> Iterator[None]:
    """`sleep`, with the file as what it would read."""
    with path.open("rb") as file:
        program = subprocess.Popen(["sleep", "60"], stdin=file)
    try:
        yield
    finally:
        program.kill()
        program.wait()
