"""From everything that was claimed of a model to what is shown: the strongest evidence wins, the rest becomes tags."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from model_manager.base.facts import SOURCES, Claim, Facts, Health, settle, worst
from model_manager.base.messages import figure, said
from model_manager.formats.quants import bits
from model_manager.formats.tensors import merge
from model_manager.library.scan import names

WEIGHTS = ("weights", "adapter")
READ = (*WEIGHTS, "projector")
"""Roles of files whose headers are read."""
_RUNNING = frozenset({"pickle", "numpy", "hdf5", "keras", "nemo", "skops"})
"""Formats that may hold code."""
_ARRAY = ".npy"
_NUMBERS = ("parameters",)
_GENERIC = re.compile(
    r"^(model|weights|pytorch_model|diffusion_pytorch_model|adapter_model|ggml-model)$", re.IGNORECASE
)


def is_read(role: str, name: str) -> bool:
    """Whether a file's header is read: what holds weights, and arrays beside them, which may be pickles."""
    return role in READ or (role == "other" and name.lower().endswith(_ARRAY))


class WeighedFile(NamedTuple):
    """A file of a model, once, whatever its names."""

    id: int
    role: str
    size: int
    bytes: int
    facts: Facts | None


class Sighting(NamedTuple):
    """What one place adds."""

    tool: str
    title: str
    claims: tuple[Claim, ...]
    health: Health | None
    format: str = ""
    reported_size: int = 0
    present: Mapping[str, int] = MappingProxyType({})
    """Names and bytes of the files beside the weights, to see whether companions are there, and whole."""
    code: tuple[str, ...] = ()
    """Code that the folder brings along."""


class Understood(NamedTuple):
    """A model's derived figures. `claims` is the whole evidence, strongest first, for `show`."""

    name: str
    category: str
    category_from: str
    format: str
    values: dict[str, object]
    health: Health
    tags: tuple[str, ...]
    code: tuple[str, ...]
    size: int
    bytes: int
    claims: tuple[Claim, ...]


def understand(
    files: Sequence[WeighedFile], sightings: Sequence[Sighting], user_category: str | None = None
) -> Understood:
    """`sightings` in the order in which tools saw the model; the first names it."""
    title = _title(sightings)
    claims = [Claim("category", user_category, "user", said("your choice"))] if user_category else []
    weights = [file for file in files if file.role in WEIGHTS and file.facts]
    read = weights or [file for file in files if file.facts]
    for file in sorted(read, key=lambda one: -one.size):
        claims += _of_file(file, len(weights) > 1)
    claims += _summed(weights)
    for sighting in sightings:
        claims += sighting.claims
    for text in dict.fromkeys([title, *(sighting.title for sighting in sightings)]):
        claims += names.claims_of(text)
    claims = _once(claims)
    held = settle(claims)
    category = held.get("category", Claim("category", "misc", "folder", said("nothing says more")))
    values: dict[str, object] = {name: claim.value for name, claim in held.items() if name not in ("category", "name")}
    values["base_model"] = _base_model(held, claims)
    health = _health(files, sightings)
    return Understood(
        name=title,
        category=_with_projector(str(category.value), files),
        category_from=category.source,
        format=_format(read, sightings),
        values=values,
        health=health,
        tags=_tags(claims, held, category),
        code=tuple(dict.fromkeys(name for part in _coded(files, sightings) for name in part)),
        size=sum(file.size for file in files) or max((one.reported_size for one in sightings), default=0),
        bytes=sum(file.bytes for file in files),
        claims=tuple(sorted(claims, key=_strength)),
    )


def _coded(files: Sequence[WeighedFile], sightings: Sequence[Sighting]) -> Iterable[tuple[str, ...]]:
    yield from (file.facts.code for file in files if file.facts)
    yield from (sighting.code for sighting in sightings)


def _strength(claim: Claim) -> int:
    return SOURCES.index(claim.source)


def _title(sightings: Sequence[Sighting]) -> str:
    """The name for people: the first that is more than a generic file name."""
    titles = [sighting.title for sighting in sightings if sighting.title]
    return next((title for title in titles if not _GENERIC.match(title)), titles[0] if titles else "?")


def _of_file(file: WeighedFile, several: bool) -> list[Claim]:
    """A file's claims; figures of a part are not the model's when it has several parts."""
    facts = file.facts
    if facts is None:
        return []
    skip = ("parameters", "bits_per_weight") if several else ()
    return [claim for claim in facts.claims if claim.field not in skip]


def _summed(weights: Sequence[WeighedFile]) -> list[Claim]:
    """Parameters and bits per weight over all parts."""
    if len(weights) < 2:
        return []
    counts = [claim.value for file in weights if file.facts for claim in file.facts.claims if claim.field in _NUMBERS]
    total = sum(count for count in counts if isinstance(count, int))
    shares = merge(file.facts.shares for file in weights if file.facts)
    size = sum(share.bytes for share in shares)
    if not total:
        return []
    detail = said("{0} files together", len(weights))
    return [
        Claim("parameters", total, "tensors", detail),
        Claim("bits_per_weight", bits(size, total), "tensors", detail),
    ]


def _once(claims: Iterable[Claim]) -> list[Claim]:
    return list(dict.fromkeys(claims))


def _format(read: Sequence[WeighedFile], sightings: Sequence[Sighting]) -> str:
    folder = next((sighting.format for sighting in sightings if sighting.format == "diffusers"), "")
    if folder:
        return folder
    known = [file.facts.format for file in read if file.facts and file.facts.format != "unknown"]
    return known[0] if known else next((sighting.format for sighting in sightings if sighting.format), "unknown")


def _with_projector(category: str, files: Sequence[WeighedFile]) -> str:
    """A language model with a matching projector beside it sees or hears."""
    if category == "llm" and any(file.role == "projector" for file in files):
        return "multimodal"
    return category


_FAMILIES = (
    ("sdxl", ("sdxl", "sd xl", "sd_xl", "pony", "illustrious", "noob", "stable-diffusion-xl", "sdxl_base")),
    ("sd3", ("sd 3", "sd3", "stable-diffusion-3")), ("sd2", ("sd 2", "sd2", "sd_v2", "stable-diffusion-v2")),
    ("sd1", ("sd 1", "sd1", "sd_v1", "sd_1", "stable-diffusion-v1")), ("flux2", ("flux.2", "flux2", "flux-2")),
    ("flux", ("flux",)), ("wan", ("wan",)), ("qwen-image", ("qwen-image", "qwen image", "qwen")),
    ("z-image", ("z-image", "zimage")), ("hunyuan", ("hunyuan",)), ("ltx", ("ltx",)), ("anima", ("anima",)),
)  # fmt: skip
_SDXL_KIN = (("pony", "Pony"), ("illustrious", "Illustrious"), ("noob", "NoobAI"), ("lightning", "SDXL Lightning"),
             ("hyper", "SDXL Hyper"), ("turbo", "SDXL Turbo"))  # fmt: skip


def family_of(base: str) -> str:
    """A base model's family, empty when it is not one of those that are mistaken for each other."""
    low = base.lower()
    return next((family for family, words in _FAMILIES if low.startswith(words)), "")


def _base_model(held: dict[str, Claim], claims: Sequence[Claim]) -> str | None:
    """Pony, Illustrious and NoobAI are SDXL by their tensors: what only words can say is shown as `Pony (SDXL)`."""
    claim = held.get("base_model")
    if claim is None:
        return None
    base = str(claim.value)
    if family_of(base) != "sdxl" or "(" in base:
        return base
    words = [str(one.value).lower() for one in claims if one.field in ("base_model", "tag") and one.source != "tensors"]
    kin = next((name for key, name in _SDXL_KIN if any(word.startswith(key) for word in words)), "")
    return f"{kin} (SDXL)" if kin in ("Pony", "Illustrious", "NoobAI") else kin or base


def _health(files: Sequence[WeighedFile], sightings: Sequence[Sighting]) -> Health:
    found = [file.facts.health for file in files if file.facts and _counts(file, file.facts)]
    joined = [one.health for one in sightings if one.health and one.health.kind == "raw-parts"]
    if joined:
        return joined[0]
    found += [sighting.health for sighting in sightings if sighting.health]
    present: dict[str, int] = {}
    for sighting in sightings:
        for name, size in sighting.present.items():
            present[name] = max(size, present.get(name, 0))
    for file in files:
        for companion in file.facts.companions if file.facts else ():
            there = present.get(companion.name.rsplit("/", 1)[-1])
            if there is None:
                found.append(Health("incomplete", said("{0} must lie beside it and is missing", companion.name)))
            elif there < companion.bytes:
                found.append(
                    Health(
                        "truncated",
                        said("{0} needs {1} bytes, has {2}", companion.name, figure(companion.bytes), figure(there)),
                    )
                )
    health = worst(found)
    if health.verdict == "good":
        # What is known of one part says nothing of code that another part calls, or that was not looked for in it.
        unread = [one.facts.health for one in files if one.facts and _counts(one, one.facts) and _may_run(one.facts)]
        unread += [one.health for one in sightings if one.health and one.code]
        return next((one for one in unread if one.verdict == "unknown"), health)
    return health


def _counts(file: WeighedFile, facts: Facts) -> bool:
    """Whether a file says something of its model's health: arrays beside the weights are loaded with them."""
    return file.role in READ or (file.role == "other" and facts.format == "numpy")


def _may_run(facts: Facts) -> bool:
    return bool(facts.code) or facts.format in _RUNNING


def _tags(claims: Sequence[Claim], held: dict[str, Claim], category: Claim) -> tuple[str, ...]:
    tags = [str(claim.value)[:80] for claim in claims if claim.field == "tag"]
    for sense in ("vision", "audio", "tool_use"):
        if sense in held:
            tags.append({"tool_use": "tools"}.get(sense, sense))
    tags += _disagreements(claims, held, category)
    return tuple(dict.fromkeys(tags))[:40]


def _disagreements(claims: Sequence[Claim], held: dict[str, Claim], category: Claim) -> Iterable[str]:
    """What was claimed otherwise by weaker evidence that should know (a name alone does not)."""
    for claim in claims:
        if claim.source in ("user", "name") or claim.source == category.source:
            continue
        if claim.field == "category" and _other_kind(str(claim.value), str(category.value)):
            yield said("{0} {1}, {2} {3}", _label(claim.source), claim.value, _label(category.source), category.value)
        base = held.get("base_model")
        if claim.field == "base_model" and base and claim.source != base.source:
            one, other = family_of(str(claim.value)), family_of(str(base.value))
            if one and other and one != other:
                yield said("label says {0}, {1} {2}", claim.value, _label(base.source), base.value)
    quant, label = held.get("quant"), held.get("quant_label")
    if quant and label and quant.source == "tensors" and not _same_quant(str(quant.value), str(label.value)):
        yield said("label says {0}, tensors say {1}", label.value, quant.value)


def _label(source: str) -> str:
    return {"tensors": "tensors say", "metadata": "metadata says", "sidecar": "sidecar says", "folder": "folder says",
            "user": "you say", "hash": "hash says", "name": "name says"}[source]  # fmt: skip


def _other_kind(one: str, other: str) -> bool:
    return one != other and not one.startswith(other + "/") and not other.startswith(one + "/") and one != "misc"


def _same_quant(true: str, label: str) -> bool:
    """Whether a label means the same tensor type: UD-Q4_K_XL, Q4_K_M and Q4_K_S are all Q4_K."""
    true, label = (
        re.sub(r"^(UD-|I1-)", "", text.upper()).replace("FP16", "F16").replace("FP32", "F32") for text in (true, label)
    )
    if true == label or true.startswith(label) or label.startswith(true):
        return True
    short = re.match(r"^(I?Q\d|F16|BF16|F32|MXFP4|FP8|GPTQ|AWQ|NF4|EXL\d|MLX|\d-BIT)", label)
    return bool(
        short and (true.startswith(short[1]) or short[1].endswith("-BIT") or short[1] in ("AWQ", "GPTQ", "MLX"))
    )
