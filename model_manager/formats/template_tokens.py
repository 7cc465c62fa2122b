"""The words of a chat template's statements and expressions. Source: jinja2/lexer.py."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_BEGIN = re.compile(r"\{[%{#][-+]?")
_RAW = re.compile(r"\{%[-+]?\s*raw\s*[-+]?%\}")
_ENDRAW = re.compile(r"\{%[-+]?\s*endraw\s*[-+]?%\}")
_TOKEN = re.compile(
    r"""\s+|(?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|(?P<name>[^\W\d]\w*)|(?P<number>\d[\w.]*)"""
    r"""|(?P<end>[-+]?(?:%\}|\}\}))|(?P<sign>\*\*|//|[=!<>]=|.)""",
    re.DOTALL,
)
CLOSES = {"(": ")", "[": "]", "{": "}"}
_DEEPEST = 60
_MOST = 60_000
"""Tokens; those of real models have some 5,000."""
KEYWORDS = frozenset({"and", "or", "not", "in", "is", "if", "else", "elif", "true", "false", "none", "True", "False", "None",
    "for", "set", "macro", "call", "with", "block", "endfor", "endif", "endset", "endmacro", "endcall",
    "endwith", "recursive", "break", "continue", "do", "filter", "endfilter", "generation", "endgeneration"})  # fmt: skip


@dataclass(slots=True)
class Token:
    """One word of the template's language, or a bracket with what it holds."""

    kind: str
    text: str
    inner: list[Token] = field(default_factory=list)


class TemplateTooLarge(Exception):
    """More, or deeper, than any template of a model is."""


def blocks(template: str) -> list[list[Token]]:
    """The words of every statement and expression of a template, brackets with what they hold. Raises TooMuch."""
    return [_nested(block) for block in _blocks(template)]


def _blocks(template: str) -> Iterator[list[Token]]:
    at, count = 0, 0
    while begin := _BEGIN.search(template, at):
        if begin[0][1] == "#":
            at = template.find("#}", begin.start() + 2)
            if at < 0:
                return
            at += 2
        elif raw := _RAW.match(template, begin.start()):
            ends = _ENDRAW.search(template, raw.end())
            if not ends:
                return
            at = ends.end()
        else:
            at, tokens = _block(template, begin.end(), "}}" if begin[0][1] == "{" else "%}")
            count += len(tokens)
            if count > _MOST:
                raise TemplateTooLarge
            yield tokens


def _block(template: str, at: int, end: str) -> tuple[int, list[Token]]:
    tokens: list[Token] = []
    depth = 0
    while at < len(template) and (hit := _TOKEN.match(template, at)):
        kind, text = hit.lastgroup, hit[0]
        if kind == "end":
            if depth == 0 and text.endswith(end):
                return hit.end(), tokens
            # A closing brace of a dictionary, or a sign before one.
            kind, text = "sign", text[0]
            at += 1
        else:
            at = hit.end()
        if kind:
            depth += (text in CLOSES) - (text in CLOSES.values() and depth > 0) if kind == "sign" else 0
            tokens.append(Token(kind, text))
            if len(tokens) > _MOST:
                raise TemplateTooLarge
    return at, tokens


def _nested(tokens: list[Token]) -> list[Token]:
    levels: list[list[Token]] = [[]]
    for token in tokens:
        if token.kind == "sign" and token.text in CLOSES:
            group = Token("group", token.text)
            levels[-1].append(group)
            levels.append(group.inner)
            if len(levels) > _DEEPEST:
                raise TemplateTooLarge
        elif token.kind == "sign" and token.text in CLOSES.values():
            if len(levels) > 1:
                levels.pop()
        elif token.kind == "text" and levels[-1] and levels[-1][-1].kind == "text":
            # Texts side by side are one text.
            levels[-1][-1] = Token("text", levels[-1][-1].text[:-1] + token.text[1:])
        else:
            levels[-1].append(token)
    return levels[0]


def split(tokens: list[Token], sign: str) -> list[list[Token]]:
    parts: list[list[Token]] = [[]]
    for token in tokens:
        if token.kind in ("sign", "name") and token.text == sign:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def is_subscript(tokens: list[Token], at: int) -> bool:
    if at == 0 or tokens[at].kind != "group" or tokens[at].text != "[":
        return False
    before = tokens[at - 1]
    return before.kind in ("text", "group") or (before.kind == "name" and before.text not in KEYWORDS)


def is_call(tokens: list[Token], at: int) -> bool:
    return at + 1 < len(tokens) and tokens[at + 1].kind == "group" and tokens[at + 1].text == "("


def flat(tokens: list[Token]) -> Iterator[Token]:
    waiting = list(reversed(tokens))
    while waiting:
        token = waiting.pop()
        yield token
        waiting.extend(reversed(token.inner))
