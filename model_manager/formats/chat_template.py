"""Chat templates that reach out of their language: Jinja follows attributes into Python's own objects.

A program that renders a template outside a sandbox runs what such a template reaches (CVE-2024-34359). Templates of
models build text from messages; none has a reason to name what is listed here, however it is spelled.
"""

from __future__ import annotations

import re
import unicodedata

from model_manager.base.facts import Health
from model_manager.base.messages import figure, said
from model_manager.base.text import shown
from model_manager.formats import template_keys, template_tokens

_LONGEST = 128 * 1024
"""Characters looked into; the longest of real models have some 40,000."""
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{1,3})|N\{([^{}\\]{1,80})\})")
_JOINED = re.compile(r"""(?<=[\w.])(["'])\s*[~+]?\s*["'](?=[\w.])""")
_INTERNALS = (
    "class|base|bases|mro|subclasses|globals|builtins|import|init|init_subclass|dict|getattribute|getattr|setattr|"
    "code|func|self|module|reduce|reduce_ex|loader|spec|wrapped|call|closure|defaults|kwdefaults|new|del|getitem|"
    "subclasshook|class_getitem|dir|slots|weakref|file|path|package|annotations|doc|format|str|repr|hash|enter|exit"
)
_REACHES = (
    re.compile(rf"(?:\.\s*|\[\s*[\"']|[\"'][\w.]*|attr\(\s*[\"'])(__(?:{_INTERNALS})__)"),
    re.compile(r"\b(__import__|__builtins__|_TemplateReference__context|func_globals|func_code|gi_frame|gi_code|cr_frame|"
               r"ag_frame|f_globals|f_builtins|f_locals|tb_frame)\b"),
    re.compile(r"\b(lipsum)\s*[.\[|]"),
    re.compile(r"\b((?:cycler|joiner|namespace|dict|range)\s*(?:\.\s*__|\[\s*[\"']__|\|\s*attr))"),
    re.compile(r"(\|\s*attr\s*\(\s*(?:[^\"')\s]|[\"'][^\"']*_|[\"'][^\"']*[\"']\s*[^\s)]))"),
    re.compile(r"(attribute\s*=\s*(?:[\"'][^\"']*__|[^\"'\s]))"),
    re.compile(r"([\"']__[\"']\s*[~+*%]|[\"']_[\"']\s*[*%])"),
    re.compile(r"([~+]\s*[\"']__[\"'])"),
    re.compile(r"(__(?:ssalc|slabolg|tropmi|sessalcbus|orm|sesab|snitliub|tini)__)"),
    re.compile(rf"[(,]\s*(__(?:{_INTERNALS})__)\s*=(?!=)"),
    re.compile(r"(\{%[-+]?\s*(?:include|import|extends|from)\b)"),
)  # fmt: skip


def health_of(templates: list[str]) -> tuple[Health | None, tuple[str, ...]]:
    """What the templates reach, as a verdict and as entries of `code`; None when they only build text."""
    found: dict[str, None] = {}
    longest = max((len(template) for template in templates), default=0)
    odd: list[str] = []
    for template in templates:
        text = _ESCAPE.sub(_sign, template[:_LONGEST])
        joined = _JOINED.sub("", text)
        for pattern in _REACHES:
            for body in (text, joined):
                if hit := pattern.search(body):
                    found[shown(" ".join(hit[1].split()))[:60]] = None
        _looked_up(template[:_LONGEST], found, odd)
    if found:
        named = ", ".join(list(found)[:5])
        code = tuple(f"chat template: {name}" for name in list(found)[:20])
        return Health("unsafe", said("its chat template reaches into the program that renders it: {0}", named)), code
    if longest > _LONGEST:
        return Health(
            "unknown",
            said("a chat template of {0} characters is over the limit of {1}", figure(longest), figure(_LONGEST)),
        ), ()
    if odd:
        return Health(
            "unknown", said("its chat template looks up names that it puts together: {0}", ", ".join(odd[:3]))
        ), ()
    return None, ()


def _looked_up(template: str, found: dict[str, None], odd: list[str]) -> None:
    """Names that are put together: those that spell one of Python's own go to `found`, others to `odd`."""
    try:
        # Quotes and brackets stay as they are written: only what cannot end a text is decoded before it is read.
        keys, spelled = template_keys.looked_up(_ESCAPE.sub(_sign, template))
    except template_tokens.TemplateTooLarge:
        odd.append("…")
        return
    named = [shown(key) for key in keys]
    if spelled:
        found.update(dict.fromkeys(named))
    odd += named


def _sign(hit: re.Match[str]) -> str:
    if hit[5]:
        try:
            sign = unicodedata.lookup(hit[5])
        except KeyError:
            return hit[0]
        return sign if sign.isalnum() or sign == "_" else hit[0]
    number = int(hit[4], 8) if hit[4] else int(hit[1] or hit[2] or hit[3], 16)
    return chr(number) if 32 < number < 127 else hit[0]
