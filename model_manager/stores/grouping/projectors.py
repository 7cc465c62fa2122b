"""Which projectors belong to which GGUF, by their names."""

from __future__ import annotations

import re

from model_manager.stores.grouping.file_names import PROJECTOR, is_projector, stem_of, suffix_of

_QUANT = re.compile(
    r"[-_.](?:ud[-_]|i1[-_]|imat[-_])?(?:i?q\d_?(?:k|\d|nl|xs|xxs|s|m)?(?:_(?:xxs|xs|s|m|l|xl|\d))*"
    r"|tq\d_0|mxfp4(?:_moe)?|nvfp4|bf16|fp?16|fp?32|fp8(?:_e\dm\d(?:fn)?)?)(?=$|[-_.])",
    re.IGNORECASE,
)


def fitting(key: str, projectors: set[str], sets: dict[str, set[str]]) -> set[str]:
    """The projectors that belong to a GGUF: those of its name, or all when the folder holds one family."""
    families = {_family(name) for name in sets if suffix_of(name) == ".gguf" and not is_projector(name)}
    mine = _family(key)
    named = {name for name in projectors if _of(name) and (mine.startswith(_of(name)) or _of(name).startswith(mine))}
    if named:
        return named
    beside = {name for name in projectors if _before(name) and mine.startswith(_before(name))}
    if beside:
        return beside
    return {name for name in projectors if not _of(name)} if len(families) > 1 else projectors


def _family(name: str) -> str:
    """A file name without suffix, shard, uploader's marks and quant: what all quants of one model share."""
    return _QUANT.sub("", stem_of(name).lower()).strip("-_.")


def _of(projector: str) -> str:
    """What a projector's name says of its model: nothing in `mmproj-F16` and llama.cpp's own `mmproj-model-f16`."""
    rest = PROJECTOR.sub("", _family(projector)).strip("-_.")
    return "" if rest in ("mmproj", "model") else rest


def _before(projector: str) -> str:
    """What stands before `mmproj`: llama.cpp's flat cache puts owner and repository there."""
    return PROJECTOR.split(_family(projector))[0].strip("-_.")
