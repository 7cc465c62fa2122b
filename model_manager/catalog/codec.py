"""Facts, claims and what an adapter found, as the short JSON that the catalogue keeps."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from model_manager.base.facts import Claim, Companion, Facts, Health, Share, Split

READER = 4
"""Raise this when readers learn something new: headers are then read again."""


dump = json.JSONEncoder(separators=(",", ":"), ensure_ascii=True, check_circular=False, default=str).encode
"""A value as short JSON. One encoder for all: `json.dumps` makes a new one for each. Records hold no cycles: looking
for them took a fifth of the time."""


def load_claims(rows: Iterable[list[object]]) -> tuple[Claim, ...]:
    return tuple(Claim(*row) for row in rows)  # type: ignore[arg-type]


def dump_health(health: Health | None) -> list[str] | None:
    return None if health is None else [health.verdict, health.detail]


def load_health(pair: list[str] | None) -> Health | None:
    return None if pair is None else Health(*pair)  # type: ignore[arg-type]


def dump_facts(facts: Facts) -> str:
    split = [facts.split.number, facts.split.count] if facts.split else None
    return dump(
        [facts.format, facts.claims, [[s.dtype, s.elements, s.bytes] for s in facts.shares],
         dump_health(facts.health), facts.code, [[c.name, c.bytes] for c in facts.companions], split, facts.metadata]
    )  # fmt: skip


def load_facts(text: str) -> Facts:
    format_, claims, shares, health, code, companions, split, metadata = json.loads(text)
    return Facts(
        format_, load_claims(claims), tuple(Share(*row) for row in shares), Health(*health), tuple(code),
        tuple(Companion(*row) for row in companions), Split(*split) if split else None,
        metadata if isinstance(metadata, Mapping) else {},
    )  # fmt: skip
