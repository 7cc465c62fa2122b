"""What the core says in English, as the catalogue of texts has it: one message for each shape of sentence.

The core translates nothing: its sentences go to the log, the catalogue of models, journals and JSON, and are put into the
user's language where they are shown (`base/localised.py`). They are found here by the calls that take them.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator
from pathlib import Path

LAYERS = ("base", "catalog", "formats", "operations", "stores", "library", "actions", "controllers", "cli")
TAKES: dict[str, tuple[int, ...]] = {
    "Claim": (3,), "claims": (3,), "Health": (1,), "FormatProblem": (1,), "Broken": (0,), "Beyond": (0,),
    "Refused": (0,), "MustGoBack": (0,), "NotInForce": (0,), "CatalogueDamaged": (0, 2, 3), "CannotRemove": (0, 2, 3),
    "ModelManagerError": (0, 2, 3), "UsageError": (0, 2, 3), "ScansElsewhere": (0, 2, 3),
    "JournalFailed": (0, 2, 3), "NoTrash": (0, 2, 3), "OSError": (1,), "ValueError": (0,), "Changed": (1,),
    "Going": (1,), "TooMuch": (0,), "Leftover": (4,), "problem": (2,), "Check": (0, 2), "Asking": (5,), "Writing": (2,),
    "step": (0,), "later": (0,),
}  # fmt: skip
"""The calls that take a sentence for people, and which of their arguments it is."""
NAMED = {"detail", "why", "reason", "hint", "title", "phase", "verb", "note"}
"""Arguments that are such sentences wherever they are given by name."""
_GLUE = {"and", "of", "is", "in", "names", "tags"}
"""A shape of these alone would fit names too: `{0} of {1}`."""
_WORD = re.compile(r"(?<![\w.{])[a-z]{2,}(?![\w.}])|(?<![\w.{])a (?=\w)|^[A-Z][a-z]+(?= )")


def core_texts(package: Path) -> Iterator[tuple[str, str, str]]:
    """(file, message, what its values are) for each sentence of the core."""
    for layer in LAYERS:
        for path in sorted((package / layer).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call):
                    for sentence in _sentences(node):
                        for message, values in messages(sentence):
                            if set(_WORD.findall(re.sub(r"\{\d+\}", " ", message))) - _GLUE:
                                yield str(path.relative_to(package)), message, values


def _sentences(call: ast.Call) -> Iterator[ast.expr]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    plain_later = name == "later" and call.args and isinstance(call.args[0], ast.Constant)
    for place in () if plain_later else TAKES.get(name, ()):
        if place < len(call.args):
            yield call.args[place]
    for keyword in call.keywords:
        if keyword.arg in NAMED:
            yield keyword.value


def messages(node: ast.expr) -> Iterator[tuple[str, str]]:
    """Each form that an expression can take, with its values numbered; nothing for what is only passed on."""
    if isinstance(node, ast.IfExp):
        yield from messages(node.body)
        yield from messages(node.orelse)
    elif isinstance(node, ast.BoolOp):
        for value in node.values:
            yield from messages(value)
    elif isinstance(node, ast.Constant | ast.JoinedStr | ast.BinOp):
        for parts in itertools.product(*_parts(node)):
            yield _numbered(parts)


def _parts(node: ast.expr) -> list[list[str | ast.expr]]:
    """The pieces of a text in order; each is one or several words, or an expression that gives a value."""
    if isinstance(node, ast.Constant):
        return [[node.value]] if isinstance(node.value, str) else []
    if isinstance(node, ast.BinOp):
        return _parts(node.left) + _parts(node.right) if isinstance(node.op, ast.Add) else [[node]]
    if isinstance(node, ast.JoinedStr):
        return [part for value in node.values for part in _parts(value)]
    if isinstance(node, ast.FormattedValue):
        return [_choices(node.value)]
    return [_choices(node)]


def _choices(node: ast.expr) -> list[str | ast.expr]:
    if isinstance(node, ast.IfExp) and isinstance(node.body, ast.Constant) and isinstance(node.orelse, ast.Constant):
        return [str(node.body.value), str(node.orelse.value)]
    return [node]


def _numbered(parts: tuple[str | ast.expr, ...]) -> tuple[str, str]:
    values = [part for part in parts if not isinstance(part, str)]
    if not values:
        return "".join(str(part) for part in parts), ""
    message, count = "", 0
    for part in parts:
        if isinstance(part, str):
            message += part.replace("{", "{{").replace("}", "}}")
        else:
            message, count = f"{message}{{{count}}}", count + 1
    return message, ", ".join(f"{{{number}}} is {ast.unparse(value)}" for number, value in enumerate(values))
