"""Names that a chat template puts together before it looks them up: `messages[k]` reaches any attribute by its name.

Jinja looks a subscript up as an item and then as an attribute, so a key that is made from pieces can spell what no piece
spells. A key is judged by where it comes from: numbers, plain words and what a loop finds in the data are good.
Source: jinja2/lexer.py, and `Environment.getitem`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

NUMBER, WORD, DATA, GIVEN, BUILT = range(5)
"""Where a value comes from, the later the less is known: `GIVEN` is a variable of the program that renders."""

_BEGIN = re.compile(r"\{[%{#][-+]?")
_RAW = re.compile(r"\{%[-+]?\s*raw\s*[-+]?%\}")
_ENDRAW = re.compile(r"\{%[-+]?\s*endraw\s*[-+]?%\}")
_TOKEN = re.compile(
    r"""\s+|(?P<text>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|(?P<name>[^\W\d]\w*)|(?P<number>\d[\w.]*)"""
    r"""|(?P<end>[-+]?(?:%\}|\}\}))|(?P<sign>\*\*|//|[=!<>]=|.)""",
    re.DOTALL,
)
_CLOSES = {"(": ")", "[": "]", "{": "}"}
_DEEPEST = 60
_PASSES = 12
_NAMES = 50
_MOST = 60_000
"""Tokens; those of real models have some 5,000."""
_KEYWORDS = frozenset({"and", "or", "not", "in", "is", "if", "else", "elif", "true", "false", "none", "True", "False", "None",
    "for", "set", "macro", "call", "with", "block", "endfor", "endif", "endset", "endmacro", "endcall",
    "endwith", "recursive", "break", "continue", "do", "filter", "endfilter", "generation", "endgeneration"})  # fmt: skip
_COUNTING = frozenset({"length", "count", "int", "abs", "round"})
_PASSING = frozenset({"items", "list", "selectattr", "rejectattr", "select", "reject", "default", "d", "dictsort", "sort",
    "last", "first", "unique"})  # fmt: skip
"""Filters whose result is part of what they were given; `list`, `first` and `last` take characters of a word, no more."""
_READING = frozenset({"items", "keys", "values", "get"})
_METHODS = frozenset({"split", "strip", "lstrip", "rstrip", "startswith", "endswith", "replace", "upper", "lower", "title",
    "capitalize", "join", "append", "find", "index", "rfind", "splitlines", "update", "pop", "removeprefix",
    "removesuffix", "format"})  # fmt: skip
_BUILTINS = frozenset({"lipsum", "cycler", "joiner", "namespace", "dict", "range", "self"})
_FUNCTIONS = _BUILTINS | {"raise_exception", "strftime_now", "caller", "varargs", "kwargs", "tojson"}
_BY_NAME = frozenset({"map", "selectattr", "rejectattr", "groupby", "sum", "attr"})
_WORDS = frozenset(
    {"class", "globals", "mro", "subclasses", "builtins", "init", "base", "bases", "import", "getattribute"}
)


@dataclass(slots=True)
class Token:
    """One word of the template's language, or a bracket with what it holds."""

    kind: str
    text: str
    inner: list[Token] = field(default_factory=list)


class TooMuch(Exception):
    """More, or deeper, than any template of a model is."""


def looked_up(template: str) -> tuple[list[str], bool]:
    """The keys that are put together, and whether their pieces spell one of Python's own names. Raises TooMuch."""
    return _Template([_nested(block) for block in _blocks(template)]).keys()


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
                raise TooMuch
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
            depth += (text in _CLOSES) - (text in _CLOSES.values() and depth > 0) if kind == "sign" else 0
            tokens.append(Token(kind, text))
            if len(tokens) > _MOST:
                raise TooMuch
    return at, tokens


def _nested(tokens: list[Token]) -> list[Token]:
    levels: list[list[Token]] = [[]]
    for token in tokens:
        if token.kind == "sign" and token.text in _CLOSES:
            group = Token("group", token.text)
            levels[-1].append(group)
            levels.append(group.inner)
            if len(levels) > _DEEPEST:
                raise TooMuch
        elif token.kind == "sign" and token.text in _CLOSES.values():
            if len(levels) > 1:
                levels.pop()
        else:
            levels[-1].append(token)
    return levels[0]


def _split(tokens: list[Token], sign: str) -> list[list[Token]]:
    parts: list[list[Token]] = [[]]
    for token in tokens:
        if token.kind in ("sign", "name") and token.text == sign:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def _is_subscript(tokens: list[Token], at: int) -> bool:
    if at == 0 or tokens[at].kind != "group" or tokens[at].text != "[":
        return False
    before = tokens[at - 1]
    return before.kind in ("text", "group") or (before.kind == "name" and before.text not in _KEYWORDS)


def _is_call(tokens: list[Token], at: int) -> bool:
    return at + 1 < len(tokens) and tokens[at + 1].kind == "group" and tokens[at + 1].text == "("


class _Template:
    """What the variables of one template come from."""

    def __init__(self, blocks: list[list[Token]]) -> None:
        self.blocks = blocks
        self.sources: list[tuple[str, list[Token] | int]] = []
        self.parameters: set[str] = set()
        self.macros: set[str] = set()
        self.kinds: dict[str, int] = {}
        self.passed = DATA
        for block in blocks:
            self._assignments(block)
        self.kinds = dict.fromkeys([*(name for name, _ in self.sources), *self.parameters], NUMBER)
        for _ in range(_PASSES):
            before = dict(self.kinds), self.passed
            for name, source in self.sources:
                found = source if isinstance(source, int) else self.kind(source)
                self.kinds[name] = max(self.kinds[name], found)
            for block in blocks:
                self._calls(block)
            for name in self.parameters:
                self.kinds[name] = max(self.kinds[name], self.passed)
            if before == (self.kinds, self.passed):
                break
        else:
            self.kinds = dict.fromkeys(self.kinds, BUILT)

    def _assignments(self, block: list[Token]) -> None:
        word = block[0].text if block and block[0].kind == "name" else ""
        if word in ("set", "with"):
            for part in [block[1:]] if word == "set" else _split(block[1:], ","):
                target, *value = _split(part, "=")
                source = value[0] if value else BUILT
                dotted = any(token.text == "." for token in target)
                names = [token.text for token in _flat(target) if token.kind == "name"]
                for name in [f".{names[-1]}"] if dotted and names else names:
                    self.sources.append((name, source))
        elif word == "for" and len(parts := _split(block[1:], "in")) > 1:
            over = _split(parts[1], "if")[0]
            self.sources += [
                (token.text, [*over, Token("loop", "")]) for token in _flat(parts[0]) if token.kind == "name"
            ]
        elif word in ("macro", "call"):
            if word == "macro" and len(block) > 1:
                self.macros.add(block[1].text)
            for group in [token for token in block[1:] if token.kind == "group"][:1]:
                for part in _split(group.inner, ","):
                    if part and part[0].kind == "name":
                        self.parameters.add(part[0].text)
                        if len(part) > 2:
                            self.sources.append((part[0].text, part[2:]))
        self._namespaces(block)

    def _namespaces(self, tokens: list[Token]) -> None:
        for at, token in enumerate(tokens):
            if token.kind == "name" and token.text == "namespace" and _is_call(tokens, at):
                for part in _split(tokens[at + 1].inner, ","):
                    if len(part) > 2 and part[1].text == "=":
                        self.sources.append((f".{part[0].text}", part[2:]))
                    elif part:
                        self.sources.append((".", BUILT))
            self._namespaces(token.inner)

    def _calls(self, tokens: list[Token]) -> None:
        """What is handed to macros, under whatever name they are called."""
        for at, token in enumerate(tokens):
            if token.kind == "name" and _is_call(tokens, at):
                filtered = at > 0 and tokens[at - 1].text == "|"
                method = at > 0 and tokens[at - 1].text == "." and token.text in _METHODS | _READING
                if (
                    not filtered
                    and not method
                    and token.text not in _FUNCTIONS | _KEYWORDS
                    and tokens[0].text != "macro"
                ):
                    self.passed = max(self.passed, self.kind([*tokens[at + 1].inner, Token("loop", "")]))
            self._calls(token.inner)

    def kind(self, tokens: list[Token]) -> int:
        """Where the value of an expression comes from."""
        found: list[int] = []
        joins = lists = False
        at = 0
        while at < len(tokens):
            token = tokens[at]
            if token.kind == "text":
                found.append(WORD)
            elif token.kind == "name":
                at = self._name(tokens, at, found)
            elif token.kind == "group":
                if _is_subscript(tokens, at):
                    if any(one.text == ":" for one in token.inner) and found and found[-1] == WORD:
                        found[-1] = BUILT
                else:
                    lists = lists or token.text == "["
                    found.append(max((self.kind(part) for part in _split(token.inner, ",")), default=NUMBER))
            elif token.text == "|" and at + 1 < len(tokens):
                at = self._filter(tokens, at + 1, found)
            elif token.text == "." and at + 1 < len(tokens):
                at = self._attribute(tokens, at + 1, found)
            elif token.text == "~":
                found.append(BUILT)
            elif token.kind == "loop":
                found = [DATA if one == GIVEN else one for one in found]
            joins = joins or (token.kind == "sign" and token.text in ("+", "*", "%"))
            at += 1
        worst = max(found, default=NUMBER)
        return BUILT if joins and worst >= WORD and not lists else worst

    def _name(self, tokens: list[Token], at: int, found: list[int]) -> int:
        name = tokens[at].text
        if name in _KEYWORDS:
            return at
        if _is_call(tokens, at):
            found.append(NUMBER if name == "range" else WORD if name == "namespace" else BUILT)
            return at + 1
        if name == "loop":
            found.append(NUMBER)
        elif name in self.kinds:
            found.append(self.kinds[name])
        else:
            owned = name in self.macros or name in _FUNCTIONS or "token" in name
            found.append(BUILT if owned else GIVEN)
        return at

    def _filter(self, tokens: list[Token], at: int, found: list[int]) -> int:
        name = tokens[at].text
        by_word = (
            name == "map"
            and _is_call(tokens, at)
            and [one.text for one in tokens[at + 1].inner[:2]] == ["attribute", "="]
        )
        if found and name in _COUNTING:
            found[-1] = NUMBER
        elif name not in _PASSING and not by_word:
            found.append(BUILT)
        elif name in ("default", "d") and _is_call(tokens, at):
            found.append(self.kind(tokens[at + 1].inner))
        return at + 1 if _is_call(tokens, at) else at

    def _attribute(self, tokens: list[Token], at: int, found: list[int]) -> int:
        name = tokens[at].text
        if _is_call(tokens, at):
            if name not in _READING:
                found.append(BUILT)
            elif name == "get":
                found.append(self.kind(_split(tokens[at + 1].inner, ",")[-1]))
            return at + 1
        if f".{name}" in self.kinds:
            found.append(self.kinds[f".{name}"])
        elif found and found[-1] == NUMBER and at > 1 and tokens[at - 2].text == "loop" and name.endswith("item"):
            found[-1] = DATA
        return at

    def keys(self) -> tuple[list[str], bool]:
        found: dict[str, None] = {}
        spelled = False
        waiting = list(self.blocks)
        while waiting:
            tokens = waiting.pop()
            for at, token in enumerate(tokens):
                key = self._key(tokens, at)
                if key is not None:
                    found[_text(tokens[max(0, at - 1) : at + 2])] = None
                    spelled = spelled or self._spells(key)
                if token.inner:
                    waiting.append(token.inner)
        return list(found), spelled

    def _key(self, tokens: list[Token], at: int) -> list[Token] | None:
        """The expression that a name is put together by, where this token looks one up."""
        token = tokens[at]
        if _is_subscript(tokens, at):
            part = token.inner
            sliced = any(one.kind == "sign" and one.text == ":" for one in part)
            return part if not sliced and self.kind(part) >= GIVEN else None
        if token.kind != "name":
            return None
        called, before = _is_call(tokens, at), tokens[at - 1].text if at else ""
        if before == "|" and token.text in _BY_NAME and called:
            return self._by_name(token.text, _split(tokens[at + 1].inner, ","))
        if before == "." and token.text in ("format", "format_map") and (at < 2 or tokens[at - 2].kind != "text"):
            return [token]
        if before not in (".", "|") and token.text in _BUILTINS and token.text not in self.kinds and not called:
            keyword = at + 1 < len(tokens) and tokens[at + 1].text == "="
            tested = before == "is" or (token.text == "self" and before != "")
            return None if keyword or tested else [token]
        return None

    def _by_name(self, name: str, parts: list[list[Token]]) -> list[Token] | None:
        first = parts[0]
        if [one.text for one in first[:2]] == ["attribute", "="]:
            first = first[2:]
        elif name == "map" and len(parts) > 1 and first and first[0].kind == "text" and first[0].text[1:-1] == "attr":
            first = parts[1]
        return first if first and not (len(first) == 1 and first[0].kind == "text") else None

    def _spells(self, key: list[Token]) -> bool:
        """Whether the pieces of a key, or of a variable in it, are one of Python's own names."""
        sources: dict[str, list[list[Token]]] = {}
        for name, source in self.sources:
            if not isinstance(source, int):
                sources.setdefault(name.lstrip("."), []).append(source)
        pieces = [key]
        for token in list(_flat(key))[:_NAMES]:
            pieces += sources.get(token.text, [])[:_NAMES] if token.kind == "name" else []
        words = [word for piece in pieces for word in _words(piece)]
        whole = ["".join(_words(piece)) for piece in pieces]
        return any(_names_python(word) for word in [*words, *whole, "".join(whole)])


def _words(tokens: list[Token]) -> list[str]:
    return [one.text for one in _flat(tokens) if one.kind == "text" or (one.kind == "name" and "__" in one.text)]


def _names_python(text: str) -> bool:
    letters = re.sub(r"%[a-z]|[^a-z]", "", text.lower())
    return letters in _WORDS or letters[::-1] in _WORDS


def _flat(tokens: list[Token]) -> Iterator[Token]:
    waiting = list(reversed(tokens))
    while waiting:
        token = waiting.pop()
        yield token
        waiting.extend(reversed(token.inner))


def _text(tokens: list[Token]) -> str:
    return " ".join(
        f"{token.text}{_text(token.inner)}{_CLOSES[token.text]}" if token.kind == "group" else token.text
        for token in tokens
    )[:60]
