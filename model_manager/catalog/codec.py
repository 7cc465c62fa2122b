"""Facts, claims and what an adapter found, as the short JSON that the catalogue keeps."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from model_manager.base.facts import GOOD, Claim, Companion, Facts, Health, Share, Split
from model_manager.base.messages import kept, read_back

dump = json.JSONEncoder(separators=(",", ":"), ensure_ascii=True, check_circular=False, default=str).encode
"""A value as short JSON. One encoder for all: `json.dumps` makes a new one for each. Records hold no cycles: looking
for them took a fifth of the time."""


_KIND_OF = {"in raw parts that must be joined into one file before any tool can use it": "raw-parts"}
"""Before kinds were kept, the words alone told them."""


def claim_rows(claims: Iterable[Claim]) -> list[list[object]]:
    """Claims for `dump`, their details with their parts."""
    return [[field, value, source, kept(detail)] for field, value, source, detail in claims]


def load_claims(rows: Iterable[list[object]]) -> tuple[Claim, ...]:
    return tuple(Claim(field, value, source, _told(detail)) for field, value, source, detail in rows)  # type: ignore[arg-type]


def dump_health(health: Health | None) -> list[object] | None:
    if health is None:
        return None
    return [health.verdict, kept(health.detail), *([health.kind] if health.kind else [])]


def load_health(pair: list[object] | None) -> Health | None:
    if pair is None:
        return None
    detail = _told(pair[1])
    kind = pair[2] if len(pair) > 2 else _KIND_OF.get(detail, "")
    return Health(pair[0], detail, kind)  # type: ignore[arg-type]


def _told(value: object) -> str:
    """A sentence as it was kept; what nobody kept like this says nothing."""
    try:
        return read_back(value)
    except ValueError:
        return ""


def dump_facts(facts: Facts) -> str:
    split = [facts.split.number, facts.split.count] if facts.split else None
    return dump(
        [facts.format, claim_rows(facts.claims), [[s.dtype, s.elements, s.bytes] for s in facts.shares],
         dump_health(facts.health), facts.code, [[c.name, c.bytes] for c in facts.companions], split, facts.metadata]
    )  # fmt: skip


def load_facts(text: str) -> Facts:
    format_, claims, shares, health, code, companions, split, metadata = json.loads(text)
    return Facts(
        format_, load_claims(claims), tuple(Share(*row) for row in shares), load_health(health) or GOOD, tuple(code),
        tuple(Companion(*row) for row in companions), Split(*split) if split else None,
        metadata if isinstance(metadata, Mapping) else {},
    )  # fmt: skip


def load_metadata(text: str) -> Mapping[str, object]:
    """The metadata alone of what `dump_facts` wrote: its sentences, which take most of the time, are left as they lie."""
    metadata = json.loads(text)[-1]
    return metadata if isinstance(metadata, Mapping) else {}
