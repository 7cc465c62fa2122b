"""How this very program is started once more, with other words: packed, installed or from its source."""

from __future__ import annotations

import os
import sys

from model_manager.base import frozen
from model_manager.base.errors import ModelManagerError
from model_manager.base.text import later

WORD = "--child"
"""Before the name of the work, as the first argument of our own program: it is a child of itself (`base/children.py`)."""
_BOOT = (
    "import sys; source = sys.argv.pop(1); source in sys.path or sys.path.insert(0, source); "
    "from model_manager.cli import main; sys.exit(main())"
)


def command(*words: str) -> list[str]:
    """How this very program is started with these words: packed, installed or from its source.

    The working folder is never a place that modules come from (-P): people start us in folders of downloads.
    """
    if frozen.is_frozen():
        return [sys.executable, *words]
    if not sys.executable:
        raise ModelManagerError(
            later("finish this"), "", later("the Python that runs this program does not say where it is"),
            later("try again; the log says more"),
        )  # fmt: skip
    source = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    return [sys.executable, "-P", "-c", _BOOT, source, *words]
