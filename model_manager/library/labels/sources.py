"""Where a model can be had again, in words."""

from __future__ import annotations

from collections.abc import Sequence

from model_manager.base.messages import said
from model_manager.base.text import shown

_HUBS = {"huggingface": "Hugging Face", "modelscope": "ModelScope", "ollama": "Ollama", "civitai": "Civitai", "url": ""}


def again(source: Sequence[str] | None) -> str:
    """ "it may be had again from …" for what a tool recorded as the source; empty when nothing did.

    `source` is (hub, repository, revision, file), as the catalogue keeps it. Whether it is still there is not asked:
    nothing leaves this computer.
    """
    if not source or not source[1]:
        return ""
    hub, repo, _revision, file = (*source, "", "", "")[:4]
    name = _HUBS.get(hub, hub)
    place = f"{repo}:{file}" if hub == "ollama" and file else repo
    return said("it may be had again from {0} {1}", name, shown(place)).replace("  ", " ")
