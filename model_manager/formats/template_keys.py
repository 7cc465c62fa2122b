"""Names that a chat template puts together before it looks them up: `messages[k]` reaches any attribute by its name.

Jinja looks a subscript up as an item and then as an attribute, so a key that is made from pieces can spell what no piece
spells. A key is judged by where it comes from: numbers, plain words and what a loop finds in the data are good.
Source: jinja2/lexer.py, and `Environment.getitem`.
"""

from __future__ import annotations

import re

from model_manager.formats.template_tokens import (
    CLOSES,
    KEYWORDS,
    Token,
    blocks,
    flat,
    is_call,
    is_subscript,
    split,
)

NUMBER, WORD, DATA, GIVEN, BUILT = range(5)
"""Where a value comes from, the later the less is known: `GIVEN` is a variable of the program that renders."""

_PASSES = 12
_NAMES = 50
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
_BY_NAME = {"map": 0, "selectattr": 0, "rejectattr": 0, "groupby": 0, "sum": 0, "attr": 0, "join": 1, "unique": 1, "max": 1,
    "min": 1, "sort": 2}  # fmt: skip
"""Filters that look something up by a name, and which of their arguments it is."""
_INSIDE = frozenset({"_environment", "_func", "_invoke", "_async_invoke", "_argument_count", "_context", "_stack", "_depth",
    "_iterable", "_iterator", "_to_iterator", "_recurse", "_undefined", "_peek_next", "_last_changed_value", "_undefined_hint",
    "_undefined_obj", "_undefined_name", "_undefined_exception", "_undefined_message", "_fail_with_undefined_error",
    "_TemplateReference__context", "_Namespace__attrs", "from_string", "compile_expression", "get_template",
    "select_template", "get_or_select_template"})  # fmt: skip
"""What macros, loops and blocks hold of Jinja itself, and what makes templates of texts. Source: jinja2/runtime.py."""
_WORDS = frozenset(
    {"class", "globals", "mro", "subclasses", "builtins", "init", "base", "bases", "import", "getattribute"}
)


def looked_up(template: str) -> tuple[list[str], bool]:
    """The keys that are put together, and whether their pieces spell one of Python's own names. Raises TooMuch."""
    return _Template(blocks(template)).keys()


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
            for part in [block[1:]] if word == "set" else split(block[1:], ","):
                target, *value = split(part, "=")
                source = value[0] if value else BUILT
                dotted = any(token.text == "." for token in target)
                names = [token.text for token in flat(target) if token.kind == "name"]
                for name in [f".{names[-1]}"] if dotted and names else names:
                    self.sources.append((name, source))
        elif word == "for" and len(parts := split(block[1:], "in")) > 1:
            over = split(parts[1], "if")[0]
            self.sources += [
                (token.text, [*over, Token("loop", "")]) for token in flat(parts[0]) if token.kind == "name"
            ]
        elif word in ("macro", "call"):
            if word == "macro" and len(block) > 1:
                self.macros.add(block[1].text)
            for group in [token for token in block[1:] if token.kind == "group"][:1]:
                for part in split(group.inner, ","):
                    if part and part[0].kind == "name":
                        self.parameters.add(part[0].text)
                        if len(part) > 2:
                            self.sources.append((part[0].text, part[2:]))
        self._namespaces(block)

    def _namespaces(self, tokens: list[Token]) -> None:
        for at, token in enumerate(tokens):
            if token.kind == "name" and token.text == "namespace" and is_call(tokens, at):
                for part in split(tokens[at + 1].inner, ","):
                    if len(part) > 2 and part[1].text == "=":
                        self.sources.append((f".{part[0].text}", part[2:]))
                    elif part:
                        self.sources.append((".", BUILT))
            self._namespaces(token.inner)

    def _calls(self, tokens: list[Token]) -> None:
        """What is handed to macros, under whatever name they are called."""
        for at, token in enumerate(tokens):
            if token.kind == "name" and is_call(tokens, at):
                filtered = at > 0 and tokens[at - 1].text == "|"
                method = at > 0 and tokens[at - 1].text == "." and token.text in _METHODS | _READING
                if (
                    not filtered
                    and not method
                    and token.text not in _FUNCTIONS | KEYWORDS
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
                if is_subscript(tokens, at):
                    if any(one.text == ":" for one in token.inner) and found and found[-1] == WORD:
                        found[-1] = BUILT
                else:
                    lists = lists or token.text == "["
                    found.append(max((self.kind(part) for part in split(token.inner, ",")), default=NUMBER))
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
        if name in KEYWORDS:
            return at
        if is_call(tokens, at):
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
            and is_call(tokens, at)
            and [one.text for one in tokens[at + 1].inner[:2]] == ["attribute", "="]
        )
        if found and name in _COUNTING:
            found[-1] = NUMBER
        elif name not in _PASSING and not by_word:
            found.append(BUILT)
        elif name in ("default", "d") and is_call(tokens, at):
            found.append(self.kind(tokens[at + 1].inner))
        return at + 1 if is_call(tokens, at) else at

    def _attribute(self, tokens: list[Token], at: int, found: list[int]) -> int:
        name = tokens[at].text
        if is_call(tokens, at):
            if name not in _READING:
                found.append(BUILT)
            elif name == "get":
                found.append(self.kind(split(tokens[at + 1].inner, ",")[-1]))
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
                if inside := _inside(tokens, at):
                    found[inside] = None
                    spelled = spelled or inside in _INSIDE
                if token.inner:
                    waiting.append(token.inner)
        return list(found), spelled

    def _key(self, tokens: list[Token], at: int) -> list[Token] | None:
        """The expression that a name is put together by, where this token looks one up."""
        token = tokens[at]
        if is_subscript(tokens, at):
            part = token.inner
            sliced = any(one.kind == "sign" and one.text == ":" for one in part)
            return part if not sliced and self.kind(part) >= GIVEN else None
        if token.kind != "name":
            return None
        called, before = is_call(tokens, at), tokens[at - 1].text if at else ""
        if (before == "|" or (at == 1 and before == "filter")) and token.text in _BY_NAME and called:
            return self._by_name(token.text, split(tokens[at + 1].inner, ","))
        if before == "." and token.text in ("format", "format_map") and (at < 2 or tokens[at - 2].kind != "text"):
            return [token]
        if before not in (".", "|") and token.text in _BUILTINS and token.text not in self.kinds and not called:
            keyword = at + 1 < len(tokens) and tokens[at + 1].text == "="
            tested = before == "is"
            return None if keyword or tested else [token]
        return None

    def _by_name(self, name: str, parts: list[list[Token]]) -> list[Token] | None:
        named = next((part[2:] for part in parts if [one.text for one in part[:2]] == ["attribute", "="]), None)
        place = _BY_NAME[name]
        if name == "map" and named is None and len(parts) > 1 and _is_word(parts[0]):
            inner = _BY_NAME.get(parts[0][0].text[1:-1])  # another filter, by its name
            place = 0 if inner is None else 1 + inner
        if named is None and any(part and part[0].text in ("*", "**") for part in parts):
            named = parts[0]
        if named is None:
            positional = [part for part in parts if [one.text for one in part[1:2]] != ["="]]
            named = positional[place] if len(positional) > place else []
        return named if named and not _is_word(named) else None

    def _spells(self, key: list[Token]) -> bool:
        """Whether the pieces of a key, or of a variable in it, are one of Python's own names."""
        sources: dict[str, list[list[Token]]] = {}
        for name, source in self.sources:
            if not isinstance(source, int):
                sources.setdefault(name.lstrip("."), []).append(source)
        pieces = [key]
        for token in list(flat(key))[:_NAMES]:
            pieces += sources.get(token.text, [])[:_NAMES] if token.kind == "name" else []
        words = [word for piece in pieces for word in _words(piece)]
        whole = ["".join(_words(piece)) for piece in pieces]
        return any(_names_python(word) for word in [*words, *whole, "".join(whole)])


def _is_word(tokens: list[Token]) -> bool:
    return len(tokens) == 1 and tokens[0].kind in ("text", "number")


def _inside(tokens: list[Token], at: int) -> str:
    """A name of Jinja's own objects that is written out: behind a dot, or in a text that looks one up."""
    token = tokens[at]
    if token.kind == "name" and at and tokens[at - 1].text == ".":
        return token.text if token.text in _INSIDE or token.text.startswith("_") else ""
    if token.kind == "text":
        return next((part for part in token.text[1:-1].strip().split(".") if part in _INSIDE), "")
    return ""


def _words(tokens: list[Token]) -> list[str]:
    return [one.text for one in flat(tokens) if one.kind == "text" or (one.kind == "name" and "__" in one.text)]


def _names_python(text: str) -> bool:
    letters = re.sub(r"%[a-z]|[^a-z]", "", text.lower())
    return letters in _WORDS or letters[::-1] in _WORDS


def _text(tokens: list[Token]) -> str:
    return " ".join(
        f"{token.text}{_text(token.inner)}{CLOSES[token.text]}" if token.kind == "group" else token.text
        for token in tokens
    )[:60]
