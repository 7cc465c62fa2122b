"""Every text is in the catalogue, every language has it, and nothing is shown around it."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from model_manager.base import text, translations

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "packaging"))
import core_texts  # noqa: E402
import languages  # noqa: E402

PO = languages.languages()
SHOWN = {"text", "title", "label", "message"}
"""Arguments by which a widget gets words."""


def forms(text: object) -> list[str]:
    return [str(one) for one in text] if isinstance(text, tuple | list) else [str(text)]


def fields(text: str) -> set[str]:
    return set(re.findall(r"\{[^}]*\}", text))


def test_german_is_there() -> None:
    assert [po.parent.parent.name for po in PO] == ["de"]


@pytest.mark.parametrize("po", PO, ids=lambda po: po.parent.parent.name)
def test_each_text_is_translated(po: Path) -> None:
    found = languages.translated(po)
    wanted = {message.id for message in languages.collected() if message.id}
    assert {message.id for message in found if message.id} == wanted, "run packaging/languages.py"
    empty = [message.id for message in found if message.id and not all(forms(message.string))]
    assert empty == []


@pytest.mark.parametrize("po", PO, ids=lambda po: po.parent.parent.name)
def test_translations_fill_in_the_same_values(po: Path) -> None:
    wrong = []
    for message in languages.translated(po):
        if message.id:
            ids = forms(message.id)
            for one in forms(message.string):
                if fields(one) != fields(ids[-1]) or one.count("\n") != ids[-1].count("\n"):
                    wrong.append((ids[-1], one))
    assert wrong == []


@pytest.mark.parametrize("po", PO, ids=lambda po: po.parent.parent.name)
def test_the_program_reads_what_the_translator_wrote(po: Path) -> None:
    """Babel is the second opinion; its version decides how the file is wrapped, and nothing here."""
    read = translations.read(po.read_text(encoding="utf-8"))
    wanted = {
        (message.context or "", forms(message.id)[0]): tuple(forms(message.string))
        for message in languages.translated(po)
        if message.id
    }
    assert {key: said for key, said in read.items() if key != ("", "")} == wanted


def test_every_language_is_installed_and_packed() -> None:
    """As the `.po` that is in the repository: there is no step of a build that could be forgotten."""
    package = ROOT / "model_manager"
    patterns = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    installed = {path for pattern in patterns["model_manager"] for path in package.glob(pattern)}
    assert set(PO) <= installed


def test_a_text_that_a_language_lacks_is_english() -> None:
    try:
        text.use_language("de")
        assert text._("Library") == "Bibliothek" and text._("no such text") == "no such text"
        assert text.ngettext("{n} job", "{n} jobs", 1) == "1 Aufgabe"
        text.use_language("xx")
        assert text._("Library") == "Library" and text.language() == ""
    finally:
        text.use_language("en")


def literals(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Words given to a widget as they are, not through the catalogue."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            for keyword in node.keywords:
                for part in ast.walk(keyword.value) if keyword.arg in SHOWN else ():
                    if isinstance(part, ast.Call):
                        break
                    if (
                        isinstance(part, ast.Constant)
                        and isinstance(part.value, str)
                        and re.search("[A-Za-z]{2}", part.value)
                    ):
                        yield node.lineno, part.value


def test_no_text_of_the_window_bypasses_the_catalogue() -> None:
    found = {}
    for path in sorted((ROOT / "model_manager" / "views").rglob("*.py")):
        for line, said in literals(ast.parse(path.read_text())):
            found[f"{path.name}:{line}"] = said
    assert set(found.values()) <= {"Model Manager"}, found


def hidden(tree: ast.AST) -> Iterator[str]:
    """Texts that are translated within an f-string, where they cannot be collected."""
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            for call in ast.walk(node):
                if isinstance(call, ast.Call) and getattr(call.func, "id", "") in ("_", "ngettext"):
                    yield from (part.value for part in call.args if isinstance(part, ast.Constant))


def test_no_text_hides_within_another() -> None:
    found = {}
    for path in sorted((ROOT / "model_manager").rglob("*.py")):
        found |= dict.fromkeys(hidden(ast.parse(path.read_text())), path.name)
    assert found == {}
    assert list(hidden(ast.parse("f'{n} {_(\"on disk\")} {_(TABLE[n])}'"))) == ["on disk"]


def test_the_search_for_bypassing_texts_finds_them() -> None:
    code = "ttk.Label(box, text='Plain words'); ttk.Label(box, text=_('fine')); ttk.Label(box, text=f'{n} items')"
    assert [text for _line, text in literals(ast.parse(code))] == ["Plain words", " items"]


_PLAIN = {"info", "warning", "error", "exception", "compile", "execute", "executemany", "_", "ngettext",
          "DatabaseError"}  # fmt: skip
"""Calls whose texts nobody is shown as they are: the log, patterns, SQL; and what is translated already."""
_SQL = re.compile(r"\b(?:SELECT|INSERT|UPDATE|DELETE FROM|CREATE|ALTER|WHERE|COALESCE|CASE|COLLATE|JOIN)\b")
_LISTS = {
    "pickle_names.py": "names of classes",
    "pickle_familiar.py": "names of classes",
    "files.py": "columns",
    "roots.py": "columns",
}
"""Modules whose literals hold many words that are no sentence."""


def sentences_left_out(tree: ast.AST, known: set[str]) -> Iterator[str]:
    """Literals of four words and more that are neither collected nor explained."""
    passed_over: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in _PLAIN:
                passed_over.update(ast.walk(node))
        elif isinstance(node, ast.Expr):  # a docstring
            passed_over.update(ast.walk(node))
        elif isinstance(node, ast.JoinedStr):
            passed_over.update(node.values)
    for node in ast.walk(tree):
        if node not in passed_over and isinstance(node, ast.Constant | ast.JoinedStr):
            for message, _values in core_texts.messages(node):
                words = re.findall(r"(?:^|(?<= ))[a-z]{2,}(?=[ ,;:)]|$)", message)
                if len(words) >= 4 and message not in known and not _SQL.search(message):
                    yield message


def test_no_sentence_of_the_core_bypasses_the_catalogue() -> None:
    known = {message.id for message in languages.collected() if message.id}
    found = {}
    for layer in ("catalog", "formats", "operations", "stores", "library", "controllers"):
        for path in sorted((ROOT / "model_manager" / layer).rglob("*.py")):
            if path.name not in _LISTS:
                for text in sentences_left_out(ast.parse(path.read_text()), known):
                    found[text] = str(path.relative_to(ROOT))
    assert found == {}


def test_the_search_for_sentences_left_out_finds_them() -> None:
    code = "def f(x):\n    'a docstring of many words'\n    log.info('words that go to the log')\n    return f'{x} is not what it was before'"
    assert list(sentences_left_out(ast.parse(code), set())) == ["{0} is not what it was before"]
    assert list(sentences_left_out(ast.parse(code), {"{0} is not what it was before"})) == []


def test_the_core_is_read_by_the_calls_that_take_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "formats").mkdir()
    (tmp_path / "formats" / "one.py").write_text(
        "Health('corrupt', f'{a.size:,} bytes {\"is\" if one else \"are\"} too much for {b!r}')\n"
        "Refused('a file is in ' + where) if later('of a table only') else later(f'{n} of a table')\n"
        "Claim('name', 'x', 'hash', f'{a} of {b}')\n"
    )
    assert sorted(core_texts.core_texts(tmp_path)) == [
        ("formats/one.py", "a file is in {0}", "{0} is where"),
        ("formats/one.py", "{0} bytes are too much for {1}", "{0} is a.size, {1} is b"),
        ("formats/one.py", "{0} bytes is too much for {1}", "{0} is a.size, {1} is b"),
        ("formats/one.py", "{0} of a table", "{0} is n"),
    ]


_FAMILIAR = re.compile(r"\b(du|dich|dir|dein\w{0,2}|euch|euer|eure\w?)\b", re.IGNORECASE)
_TOLD = re.compile(
    r"(?:^|[;:,.(] ?|\bund )(wähle|lösche|beende|starte|öffne|prüfe|schließe|verbinde|warte|nimm|gib|lass|sieh|"
    r"nenne|suche|mache?|räume?|benutze|behalte|entferne|führe|trage|lege|hole|bringe?|stecke)\b(?= (?!Sie\b)\w)"
)


def test_german_says_sie_to_everybody() -> None:
    """One form of address everywhere: never `du`, and never its imperative at the start of what one is told to do."""
    wrong = [
        one for message in languages.translated(PO[0]) if message.id for one in forms(message.string)
        if _FAMILIAR.search(one) or _TOLD.search(one)
    ]  # fmt: skip
    assert wrong == []


def test_german_says_what_was_tried_where_it_belongs() -> None:
    """“Nicht möglich: das Modell wählen sd_xl” reads broken: where a verb has a path, its place in the sentence is given."""
    translations_ = {str(one.id): str(one.string) for one in languages.translated(PO[0]) if isinstance(one.id, str)}
    wrong = []
    for path in (ROOT / "model_manager").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = getattr(node.func, "id", "") if isinstance(node, ast.Call) else ""
            if name not in ("ModelManagerError", "UsageError", "CannotRemove") or len(node.args) < 3:  # type: ignore[attr-defined]
                continue
            verb, where = node.args[:2]  # type: ignore[attr-defined]
            if isinstance(verb, ast.Constant) and not (isinstance(where, ast.Constant) and where.value == ""):
                told = translations_.get(verb.value, "")
                if "…" not in told and verb.value != "change files":
                    wrong.append((path.name, verb.value, told))
    assert wrong == []
