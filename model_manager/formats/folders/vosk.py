"""Vosk (Kaldi) models: an acoustic model, its settings and a graph. Source: alphacep/vosk-api `src/model.cc`."""

from __future__ import annotations

from collections.abc import Mapping

from model_manager.base.facts import GOOD, Claim, Facts, Health
from model_manager.base.messages import said
from model_manager.formats.folders import readme
from model_manager.formats.folders.contract import ModelFolder
from model_manager.formats.folders.documents import front_matter
from model_manager.formats.folders.weights import said_missing

NAME = "vosk"
_OLD = "final.mdl"
_NEW = "am/final.mdl"


def matches(names: Mapping[str, int]) -> bool:
    """Version 2 keeps am/final.mdl, version 1 everything in one folder."""
    return _NEW in names or (_OLD in names and ("mfcc.conf" in names or "HCLG.fst" in names or "HCLr.fst" in names))


def read(folder: ModelFolder) -> Facts | None:
    """The facts of a model: either one graph or a lexicon and a grammar must be there."""
    names = folder.sizes
    place = "" if _NEW not in names else "graph/"
    whole = f"{place}HCLG.fst" in names
    halves = [f"{place}HCLr.fst", f"{place}Gr.fst"]
    missing = [] if whole else [name for name in halves if name not in names]
    if place and not any(name in names for name in ("conf/mfcc.conf", "conf/model.conf")):
        missing.append("conf/mfcc.conf")
    health = Health("incomplete", said_missing(missing)) if missing else GOOD
    claims = (
        Claim("category", "stt", "metadata", said("{0}: a Kaldi acoustic model", _NEW if place else _OLD)),
        Claim("architecture", "kaldi", "metadata", said("Vosk's layout")),
        Claim("base_model", "vosk", "metadata", said("Vosk's layout")),
        *readme.claims_of(front_matter(folder)),
    )
    return Facts(NAME, claims, health=health)
