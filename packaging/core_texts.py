"""What the core says in English, as the catalogue of texts has it: the templates of its messages.

The core translates nothing: its sentences go to the log, the catalogue of models, journals and JSON, and are put into the
user's language where they are shown (`base/localised.py`). Whatever has values is made by `said` or `counted` of
`base/messages.py`, which keep them apart from the words.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

TEMPLATES = {"said": 1, "counted": 2}
"""The calls that make a message, and how many templates each begins with."""
FIRST_VALUE = {"said": 1, "counted": 3}
_NO_WORDS = re.compile(r"\{\d+\}|[^a-z]")


class CoreText(NamedTuple):
    """`forms`: the template, or that for one and that for many; `values` says what stands at its places."""

    file: str
    forms: tuple[str, ...]
    values: str


def core_texts(package: Path) -> Iterator[CoreText]:
    """Every sentence of the core that has words; what only joins its values is the same in every language."""
    for path in sorted(package.rglob("*.py")):
        for call, name in messages(ast.parse(path.read_text(encoding="utf-8"))):
            forms = templates(call, name)
            if forms and any(len(_NO_WORDS.sub("", form)) > 1 for form in forms):
                yield CoreText(str(path.relative_to(package)), forms, _values(call.args[FIRST_VALUE[name] :]))


def messages(tree: ast.AST) -> Iterator[tuple[ast.Call, str]]:
    """The calls that make a message, each with its name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in TEMPLATES:
            yield node, node.func.id


def templates(call: ast.Call, name: str) -> tuple[str, ...]:
    """Its templates; empty where one is no text that stands there, and so cannot be collected."""
    forms = tuple(
        one.value
        for one in call.args[: TEMPLATES[name]]
        if isinstance(one, ast.Constant) and isinstance(one.value, str)
    )
    return forms if len(forms) == TEMPLATES[name] else ()


def _values(values: list[ast.expr]) -> str:
    return ", ".join(f"{{{number}}} is {ast.unparse(value)}" for number, value in enumerate(values))
