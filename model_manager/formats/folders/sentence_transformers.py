"""sentence-transformers: modules.json names the steps; a cross-encoder ranks instead of embedding.

Source: UKPLab/sentence-transformers `SentenceTransformer.py`.
"""

from __future__ import annotations

from collections.abc import Mapping

from model_manager.base.facts import Claim, Facts, Health
from model_manager.formats.folders import readme, transformers
from model_manager.formats.folders.contract import ModelFolder
from model_manager.formats.folders.documents import any_json_of, front_matter, json_of
from model_manager.formats.folders.weights import health_of
from model_manager.formats.metadata import bounded

NAME = "sentence-transformers"
_STEPS = "modules.json"


def matches(names: Mapping[str, int]) -> bool:
    return _STEPS in names


def read(folder: ModelFolder) -> Facts | None:
    """The facts of an embedding model; figures come from config.json as transformers reads it."""
    steps = _modules(folder)
    if steps is None:
        return None
    kind = json_of(folder, "config_sentence_transformers.json").get("model_type")
    category = "embedding/rerankers" if kind == "CrossEncoder" else "embedding"
    why = f"modules.json: {', '.join(step.rsplit('.', 1)[-1] for step in steps[:4])}"
    inner = transformers.read(folder) if "config.json" in folder.sizes else None
    claims = (
        Claim("category", category, "metadata", why),
        *(claim for claim in (inner.claims if inner else readme.claims_of(front_matter(folder))) if _kept(claim)),
    )
    health: Health = inner.health if inner else health_of(folder)
    return Facts(NAME, claims, health=health, metadata=bounded({"modules": steps, **(inner.metadata if inner else {})}))


def _kept(claim: Claim) -> bool:
    return claim.field not in ("category", "chat_template", "tool_use")


def _modules(folder: ModelFolder) -> list[str] | None:
    """The steps' types, None when the file is another program's."""
    steps = any_json_of(folder, _STEPS)
    if not isinstance(steps, list):
        return None
    types = [str(step.get("type", ""))[:200] for step in steps[:32] if isinstance(step, dict)]
    return types if any(one.startswith("sentence_transformers.") for one in types) else None
