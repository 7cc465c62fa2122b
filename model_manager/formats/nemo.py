"""NVIDIA NeMo: a tar, plain or gzipped, of `model_config.yaml` and `model_weights.ckpt`.

Source: nemo/core/connectors/save_restore_connector.py. The configuration's `target` names the model's class.
"""

from __future__ import annotations

import io
import re
import zlib
from dataclasses import dataclass, field, replace
from typing import BinaryIO, cast

from model_manager.base.facts import Claim, Facts, Health
from model_manager.base.messages import figure, said
from model_manager.formats import nested, pickle_facts, pytorch, targets
from model_manager.formats.metadata import bounded
from model_manager.formats.pickle_facts import health
from model_manager.formats.pickle_reader import Budget
from model_manager.formats.problem import LIMITS, FormatProblem, Limits
from model_manager.formats.region import Region
from model_manager.formats.tar_members import TarMember, is_tar, members, name_of

NAME = "nemo"
SUFFIXES = (".nemo",)
_GZIP = b"\x1f\x8b"
_CONFIG, _WEIGHTS = "model_config.yaml", "model_weights.ckpt"
_LONGEST = 4 * 1024 * 1024
_JUDGED = 1024 * 1024
_UNPACKED = 8 * 1024 * 1024
_PICKLES = (".pkl", ".pickle", ".pt", ".pth", ".ckpt", ".joblib", ".dill")
_JSON = (".json", ".jsonl", ".json5")
_READ_BY_NAME = (*_PICKLES, *_JSON, ".yaml", ".yml")
_TARGET = re.compile(r"^target:\s*['\"]?([\w.]{1,300})['\"]?\s*$", re.MULTILINE)

# What a class is for, by a part of its dotted name; the first that fits.
_KINDS = (
    ("EncDecFrameClassification", "audio/vad"),
    ("EncDecClassification", "audio"),
    ("label_models", "audio"),
    ("EncDecSpeakerLabel", "audio"),
    ("SortformerEncLabel", "audio"),
    ("collections.asr.", "stt"),
    ("collections.tts.", "tts"),
    ("PunctuationCapitalization", "text/punctuation"),
    ("machine_translation", "text/translation"),
    ("TextClassification", "text/classification"),
    ("collections.speechlm", "multimodal"),
    ("collections.vlm", "multimodal"),
    ("collections.multimodal", "multimodal"),
    ("language_modeling", "llm"),
    ("collections.audio.", "audio"),
)


def matches(head: bytes) -> bool:
    """Only what is certain: a tar that begins with the configuration; others are asked by their suffix."""
    return is_tar(head) and name_of(head) == _CONFIG


def read(file: BinaryIO, size: int, limits: Limits) -> Facts:
    """The facts of one archive: its configuration's, its weights' where they are not compressed, and what else it runs."""
    file.seek(0)
    head = file.read(512)
    if head[:2] == _GZIP:
        return _packed(file, limits)
    if not is_tar(head):
        raise FormatProblem("unknown", said("neither a tar nor a gzipped tar"))
    found = _Found()
    try:
        for member in members(file, size, limits, found.links):
            found.add(file, member, limits)
    except FormatProblem as problem:
        found.broken = Health(problem.kind, problem.why)
    weights, broken = found.weights, found.broken
    if not found.config and not weights and not broken:
        raise FormatProblem("unknown", said("a tar without {0}", _CONFIG))
    facts = pytorch.read(cast(BinaryIO, weights[0]), weights[1], limits) if weights else Facts(NAME)
    if not weights:
        facts = replace(facts, health=broken or Health("incomplete", said("a tar without {0}", _WEIGHTS)))
    elif broken:
        facts = replace(facts, health=broken)
    return _named(_with(facts, found), found.config)


@dataclass(slots=True)
class _Found:
    """What the members of one archive hold."""

    config: str = ""
    text: int = _JUDGED
    """Bytes of configurations that may still be looked at, and the same of JSON, steps and checkpoints beside the weights."""
    json: int = _LONGEST
    budget: Budget = field(default_factory=lambda: Budget.of(LIMITS))
    checkpoints: int = 32
    weights: tuple[Region, int] | None = None
    broken: Health | None = None
    links: list[tuple[str, str]] = field(default_factory=list)
    code: set[str] = field(default_factory=set)
    healths: list[Health] = field(default_factory=list)

    def add(self, file: BinaryIO, member: TarMember, limits: Limits) -> None:
        if _outside(member.name):
            self.healths.append(
                Health("unsafe", said("member {0} would be unpacked outside its folder", repr(member.name[:80])))
            )
        if member.name == _CONFIG:
            self.config = _text(file, member.start, member.size)
            self._configured(file, member)
        elif member.name == _WEIGHTS:
            if self.weights is not None:
                self.healths.append(Health("unsafe", said("two members are named {0}", repr(_WEIGHTS))))
            self.weights = Region(file, member.start, member.start + member.size), member.size
        else:
            self._other(file, member, limits)

    def _configured(self, file: BinaryIO, member: TarMember) -> None:
        self.text -= member.size
        if self.text < 0:
            self.healths.append(
                Health("unknown", said("its configurations are over the limit of {0} bytes", figure(_JUDGED)))
            )
        else:
            self._judge(targets.judged(_text(file, member.start, member.size)))

    def _tables(self, file: BinaryIO, member: TarMember) -> None:
        """JSON: words and their numbers, or a configuration that names what is made of it."""
        self.json -= member.size
        if self.json < 0:
            self.healths.append(Health("unknown", said("its tables are over the limit of {0} bytes", figure(_LONGEST))))
        else:
            self._judge(targets.judged(_text(file, member.start, member.size), is_json=True))

    def _other(self, file: BinaryIO, member: TarMember, limits: Limits) -> None:
        """Tokenizers, tables, further checkpoints: by content, whatever their names."""
        file.seek(member.start)
        head = file.read(min(512, member.size))
        low = member.name.lower()
        if pytorch.matches(head) or low.endswith(_PICKLES):
            self._pickled(file, member, limits)
        elif low.endswith((".yaml", ".yml")):
            self._configured(file, member)
        elif low.endswith(_JSON):
            self._tables(file, member)
        elif found := nested.health_of(member.name, head, file, member.start, member.size):
            self.healths.append(found)

    def _pickled(self, file: BinaryIO, member: TarMember, limits: Limits) -> None:
        if self.checkpoints == 0 or self.budget.steps <= 0:
            self.healths.append(Health("unknown", said("more checkpoints within it than this program reads")))
            return
        self.checkpoints -= 1
        part = cast(BinaryIO, Region(file, member.start, member.start + member.size))
        try:
            contents = pytorch.contents_of(part, member.size, limits, self.budget)
        except FormatProblem as problem:
            self.healths.append(Health(problem.kind, problem.why))
            return
        inner = pickle_facts.facts(NAME, contents, limits)
        self._judge((inner.code, [inner.health]))

    def _judge(self, told: tuple[tuple[str, ...], list[Health]]) -> None:
        self.code |= set(told[0])
        self.healths += told[1]


def _outside(name: str) -> bool:
    return name.startswith(("/", "\\")) or ".." in re.split(r"[/\\]", name)


def _with(facts: Facts, found: _Found) -> Facts:
    """The weights' facts with what the rest of the archive adds to their verdict."""
    for name, target in found.links:
        if not target or _outside(name) or _outside(target):
            found.healths.append(
                Health("unsafe", said("member {0} is a link that leads outside its folder", repr(name[:80])))
            )
            break
        if name.lower().endswith(_READ_BY_NAME):
            found.healths.append(Health("unknown", said("member {0} is a link: not looked into", repr(name[:80]))))
    code = tuple(sorted({*facts.code, *found.code}))[:100]
    return replace(facts, code=code, health=health([facts.health, *found.healths], code))


def _packed(file: BinaryIO, limits: Limits) -> Facts:
    """A gzipped archive: unpacked up to our limit, which holds the configuration (names are sorted, weights last)."""
    inflate = zlib.decompressobj(31)
    file.seek(0)
    parts, left = [], min(limits.header, _UNPACKED)
    try:
        while left > 0 and not inflate.eof and (piece := file.read(256 * 1024)):
            part = inflate.decompress(piece, left)
            parts.append(part)
            left -= len(part)
    except zlib.error as error:
        raise FormatProblem("corrupt", said("cannot be unpacked ({0})", error)) from None
    text = b"".join(parts)
    found, some = _Found(), False
    inner = cast(BinaryIO, io.BytesIO(text))
    try:
        for member in members(inner, len(text), limits, found.links):
            some = True
            found.add(inner, member, limits)
    except FormatProblem as problem:
        if not found.config and not some and problem.kind != "truncated":
            raise
        if inflate.eof or problem.kind != "truncated":
            found.healths.append(Health(problem.kind, problem.why))
    if not found.config:
        raise FormatProblem("unknown", said("no {0} in its first {1} bytes", _CONFIG, figure(len(text))))
    compressed = Health("unknown", said("compressed: its weights were not looked into"))
    facts = Facts(NAME, health=compressed)
    if found.weights and inflate.eof and not inflate.unused_data.strip(b"\0") and not file.read(1):
        facts = pytorch.read(cast(BinaryIO, found.weights[0]), found.weights[1], limits)
    return _named(_with(facts, found), found.config)


def _text(file: BinaryIO, start: int, size: int) -> str:
    file.seek(start)
    return file.read(min(size, _LONGEST)).decode("utf-8", "replace")


def _named(facts: Facts, config: str) -> Facts:
    claims = list(facts.claims)
    target = found.group(1) if (found := _TARGET.search(config)) else ""
    if target:
        claims.append(Claim("architecture", target.rsplit(".", 1)[-1], "metadata", said("target is {0}", target)))
        for part, category in _KINDS:
            if part in target:
                claims.append(Claim("category", category, "metadata", said("target is {0}", target)))
                break
    metadata = bounded({**facts.metadata, "nemo.target": target})
    return replace(facts, format=NAME, claims=tuple(claims), metadata=metadata)
