"""Header metadata cut to what a person can look at: bounded, printable later, never trusted."""

from __future__ import annotations

from collections.abc import Mapping

LONGEST = 4_000
ENTRIES = 400


def bounded(metadata: Mapping[str, object]) -> dict[str, object]:
    """A copy with long texts cut (the length is said), long lists counted, at most 400 keys."""
    result: dict[str, object] = {}
    for number, (key, value) in enumerate(metadata.items()):
        if number == ENTRIES:
            result["…"] = f"{len(metadata) - ENTRIES:,} more keys"
            break
        result[str(key)[:200]] = _short(value)
    return result


def _short(value: object) -> object:
    if isinstance(value, str):
        return value if len(value) <= LONGEST else f"{value[:LONGEST]}… ({len(value):,} characters)"
    if isinstance(value, bool | float) or value is None:
        return value
    if isinstance(value, int):
        return value if -(1 << 63) <= value < (1 << 64) else f"{hex(value)[:40]}…"
    if isinstance(value, list | tuple):
        if len(value) > 64:
            return f"[{len(value):,} values]"
        return [_short(item) if not isinstance(item, list | tuple | dict) else "…" for item in value]
    text = str(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
