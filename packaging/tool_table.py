"""The README's table of tools, from `model_manager/stores/tool_facts.py`: `python packaging/tool_table.py` writes it anew."""

from __future__ import annotations

import sys
from pathlib import Path

from model_manager.stores.tool_facts import TOOLS, Tool

README = Path(__file__).resolve().parent.parent / "README.md"
HEAD = "| tool | how a model leaves it | checked |\n|---|---|---|\n"
_CHECKED = {"verified": "yes", "partly-verified": "partly", "unverified": "no"}


def table() -> str:
    """Tools that a model leaves in the same way, and that were checked as far, share a row."""
    rows: dict[tuple[str, str], list[str]] = {}
    for tool in TOOLS.values():
        rows.setdefault((tool.leaves, _CHECKED[tool.checked]), []).append(_name(tool))
    return HEAD + "".join(
        f"| {', '.join(names)} | {leaves} | {checked} |\n" for (leaves, checked), names in rows.items()
    )


def with_table(text: str) -> str:
    """A README with the table as it has to be. Raises ValueError where it has none."""
    before, found, after = text.partition(HEAD)
    if not found:
        raise ValueError("there is no table of tools")
    rest = after.splitlines(keepends=True)
    while rest and rest[0].startswith("|"):
        rest.pop(0)
    return before + table() + "".join(rest)


def _name(tool: Tool) -> str:
    return f"{tool.label} ({tool.covers})" if tool.covers else str(tool.label)


def main() -> int:
    README.write_text(with_table(README.read_text()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
