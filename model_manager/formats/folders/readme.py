"""What a repository's README says in its front matter: licence, parent, tags."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from model_manager.base.facts import Claim
from model_manager.base.messages import said

_FRONT = "README.md"
_REPO = re.compile(r"^[A-Za-z0-9][\w.-]*/[\w.-]+$")
_TAGS = frozenset(
    {"merge", "mergekit", "moe", "lora", "abliterated", "uncensored", "distillation", "gated", "not-for-all-audiences"}
)


def claims_of(front: Mapping[str, list[str]]) -> Iterator[Claim]:
    """Licence and tags worth showing."""
    licence = front.get("license_name") or front.get("license") or []
    if front.get("license", [""])[:1] != ["other"]:
        licence = front.get("license") or licence
    if licence:
        yield Claim("licence", licence[0], "metadata", said("{0} license", _FRONT))
    for tag in front.get("tags", []):
        if tag.lower() in _TAGS:
            yield Claim("tag", tag.lower(), "metadata", said("{0} tags", _FRONT))


def parents(front: Mapping[str, list[str]]) -> list[str]:
    """The repositories that a model says it was made from; a mere quantisation has no other weights."""
    if front.get("base_model_relation", [""])[:1] == ["quantized"]:
        return []
    return [one for one in front.get("base_model", []) if _REPO.match(one)]


def is_repo(text: str) -> bool:
    """`org/name`, and no path on someone's disk."""
    return bool(_REPO.match(text))
