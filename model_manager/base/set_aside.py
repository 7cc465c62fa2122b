"""The names under which an operation keeps things beside their place until it has ended.

One that lies in a tool's store tells everybody who looks there, whatever data folder and user they have: an operation is
under way or was interrupted, and what it put aside may come back. So nothing there may be called unused.
"""

from __future__ import annotations

import re

from model_manager.base.text import later

_ASIDE = re.compile(r"\.model-manager-[0-9]{8}T[0-9]{9}Z-[0-9a-f]{8}-[0-9]+(?:-[a-z]+)?")
WHY = later("Model Manager has put it aside for a change that has not ended: start it again as who began that")


def aside_name(operation: str, n: int) -> str:
    """What a thing is called while the step `n` of an operation keeps it."""
    return f".model-manager-{operation}-{n}"


def lies_aside(name: str) -> bool:
    """Whether a name is one of ours for something that lies aside."""
    return name.startswith(".model-manager-") and _ASIDE.fullmatch(name) is not None
