"""Every text is in the catalogue, every language has it, and nothing is shown around it."""

from __future__ import annotations

import ast
import functools
import os
import re
import sys
import tomllib
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

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


@functools.cache
def wanted() -> tuple[Any, ...]:
    """Every text of the source, collected once for all tests."""
    return tuple(message.id for message in languages.collected() if message.id)


def untranslated(po: Path) -> list[str]:
    """What a language lacks: texts that are not in its catalogue, or that are empty there."""
    found = {message.id: forms(message.string) for message in languages.translated(po) if message.id}
    return [forms(text)[0] for text in wanted() if not all(found.get(text, [""]))]


def may_wait(environ: Mapping[str, str]) -> bool:
    """Whether a text may be without its translation for now: at home, and on a branch (the workflow says that it is one).

    Wherever `CI` is set and nothing else is said it may not: so on `main`, and before a release.
    """
    return environ.get("UNTRANSLATED") == "warn" or not environ.get("CI")


@pytest.mark.parametrize("po", PO, ids=lambda po: po.parent.parent.name)
def test_each_text_is_translated(po: Path) -> None:
    lacking = untranslated(po)
    told = f"{po.parent.parent.name} lacks {lacking}: run packaging/languages.py, translate what is empty"
    if lacking and may_wait(os.environ):
        warnings.warn(told, stacklevel=1)
    else:
        assert lacking == [], told


@pytest.mark.parametrize("po", PO, ids=lambda po: po.parent.parent.name)
def test_no_translation_is_of_a_text_that_has_gone(po: Path) -> None:
    gone = {message.id for message in languages.translated(po) if message.id} - set(wanted())
    assert gone == set(), "run packaging/languages.py"


@pytest.mark.parametrize(
    ("environ", "waits"),
    [({}, True), ({"CI": "true"}, False), ({"CI": "true", "UNTRANSLATED": ""}, False), ({"CI": "true", "UNTRANSLATED": "warn"}, True)],
)  # fmt: skip
def test_a_translation_may_wait_on_a_branch_alone(environ: dict[str, str], waits: bool) -> None:
    assert may_wait(environ) is waits


@pytest.mark.parametrize("how", ["left out", "empty"])
def test_a_text_without_its_german_is_noticed_and_is_english(
    how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a warning where it may wait, else as a mistake; the program goes on with the text itself."""
    whole = PO[0].read_text(encoding="utf-8")
    entry = re.search(r'^(?:#.*\n)*msgid "Library"\nmsgstr "Bibliothek"\n', whole, re.M)
    assert entry and untranslated(PO[0]) == []
    less = "" if how == "left out" else entry[0].replace("Bibliothek", "")
    po = tmp_path / "de" / "LC_MESSAGES" / PO[0].name
    po.parent.mkdir(parents=True)
    po.write_text(whole.replace(entry[0], less), encoding="utf-8")
    assert untranslated(po) == ["Library"]
    monkeypatch.delenv("CI", raising=False)
    with pytest.warns(UserWarning, match=r"de lacks .*Library"):
        test_each_text_is_translated(po)
    monkeypatch.setenv("CI", "true")
    monkeypatch.delenv("UNTRANSLATED", raising=False)
    with pytest.raises(AssertionError, match=r"de lacks .*Library"):
        test_each_text_is_translated(po)
    assert translations.found(tmp_path, PO[0].stem, "de").get("Library") == "Library"


@pytest.mark.parametrize("po", PO, ids=lambda po: po.parent.parent.name)
def test_translations_fill_in_the_same_values(po: Path) -> None:
    wrong = []
    for message in languages.translated(po):
        if message.id:
            ids = forms(message.id)
            for one in filter(None, forms(message.string)):
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
        if message.id and all(forms(message.string))
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
_PROGRAM = "import sys; "
"""How the text of a program begins that another Python is given to run (`base/children.py`)."""
_LISTS = {
    "pickle_names.py": "names of classes",
    "pickle_familiar.py": "names of classes",
    "files.py": "columns",
    "roots.py": "columns",
    "tool_facts.py": "the README's words, which the program does not show",
}
"""Modules whose literals hold many words that are no sentence."""
CORE = ("base", "catalog", "formats", "operations", "stores", "library", "actions", "controllers")


def core_modules() -> Iterator[tuple[Path, ast.AST]]:
    for layer in CORE:
        for path in sorted((ROOT / "model_manager" / layer).rglob("*.py")):
            yield path, ast.parse(path.read_text(encoding="utf-8"))


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
    for node in ast.walk(tree):
        if node not in passed_over and isinstance(node, ast.Constant) and isinstance(node.value, str):
            words = re.findall(r"(?:^|(?<= ))[a-z]{2,}(?=[ ,;:)]|$)", node.value)
            if len(words) >= 4 and node.value not in known and not _SQL.search(node.value):
                yield node.value


def test_no_sentence_of_the_core_bypasses_the_catalogue() -> None:
    known = {form for text in wanted() for form in forms(text)}
    found = {}
    for path, tree in core_modules():
        if path.name not in _LISTS:
            for text in sentences_left_out(tree, known):
                if not text.startswith(_PROGRAM):
                    found[text] = str(path.relative_to(ROOT))
    assert found == {}


def test_the_search_for_sentences_left_out_finds_them() -> None:
    code = "def f(x):\n    'a docstring of many words'\n    log.info('words that go to the log')\n    return f'{x} is not what it was before'"
    assert list(sentences_left_out(ast.parse(code), set())) == [" is not what it was before"]
    code = "said('{0} is not what it was before', x)"
    assert list(sentences_left_out(ast.parse(code), {"{0} is not what it was before"})) == []


_TAKES: dict[str, tuple[int, ...]] = {
    "Claim": (3,), "claims": (3,), "Health": (1,), "FormatProblem": (1,), "Broken": (0,), "Beyond": (0,),
    "Refused": (0,), "MustGoBack": (0,), "NotInForce": (0,), "CatalogueDamaged": (0, 2, 3), "CannotRemove": (0, 2, 3),
    "ModelManagerError": (0, 2, 3), "UsageError": (0, 2, 3), "MissingPart": (0, 2, 3), "JournalFailed": (0, 2, 3),
    "NoTrash": (0, 2, 3), "OSError": (1,), "ValueError": (0,), "Changed": (1,), "Going": (1,), "TooMuch": (0,),
    "Leftover": (4,), "problem": (2,), "Check": (0, 2), "Asking": (5,), "Writing": (2,), "step": (0,), "later": (0,),
}  # fmt: skip
"""The calls that take a sentence for people, and which of their arguments it is."""
_NAMED = {"detail", "why", "reason", "hint", "title", "phase", "note"}
"""Arguments that are such sentences wherever they are given by name."""
_CODE = re.compile(r"[\w./-]*")
"""One word: a key of a header, a name."""


def put_together(node: ast.expr) -> bool:
    """Whether an expression makes a text with values in a way that its parts are lost, or is a sentence nobody declared."""
    if isinstance(node, ast.IfExp):
        return put_together(node.body) or put_together(node.orelse)
    if isinstance(node, ast.BoolOp):
        return any(map(put_together, node.values))
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str) and len(re.findall(r"(?:^|(?<= ))[a-z]{2,}(?= |$)", node.value)) > 1
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.Mod) or put_together(node.left) or put_together(node.right)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("format", "join"):
        return isinstance(node.func.value, ast.Constant) and node.func.value.value != ""
    return isinstance(node, ast.JoinedStr)


def told_without_parts(tree: ast.AST) -> Iterator[str]:
    """Sentences of the core that are no messages."""
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call):
            continue
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        if name == "later" and isinstance(call.args[0], ast.Constant):
            continue
        given = [call.args[place] for place in _TAKES.get(name, ()) if place < len(call.args)]
        given += [keyword.value for keyword in call.keywords if keyword.arg in _NAMED]
        yield from (ast.unparse(one) for one in given if put_together(one))


def test_every_sentence_of_the_core_keeps_its_parts() -> None:
    found = {told: str(path.relative_to(ROOT)) for path, tree in core_modules() for told in told_without_parts(tree)}
    assert found == {}, "make it with said() or counted() of base/messages.py"


@pytest.mark.parametrize(
    "code",
    [
        "Refused(f'{path} is a link')", "Health('corrupt', 'needs %d bytes' % n)", "Refused('is at ' + path)",
        "Step(why=f'{a}: {b}')", "Going(path, 'no model names it')", "later(f'{n} files')",
        "Claim('name', 'x', 'hash', said('a {0}', x) if y else f'an {x}')", "Refused('; '.join(whys))",
        "Refused('{} is gone'.format(path))", "FormatProblem('corrupt', why or f'byte {n}')",
    ],
)  # fmt: skip
def test_a_sentence_that_loses_its_parts_is_found(code: str) -> None:
    assert len(list(told_without_parts(ast.parse(code)))) == 1


@pytest.mark.parametrize(
    "code",
    [
        "Refused(said('{0} is a link', path))", "Claim('name', 'x', 'metadata', 'general.name')", "later('an item')",
        "Health('corrupt', why)", "Refused(joined('; ', whys))", "log.info(f'{path} is a link')",
    ],
)  # fmt: skip
def test_a_message_is_as_it_should_be(code: str) -> None:
    assert list(told_without_parts(ast.parse(code))) == []


def test_every_message_has_its_template_where_it_is_made() -> None:
    """Else it cannot be collected; `base/messages.py` alone puts templates together, of places and marks."""
    found = [
        f"{path.name}: {ast.unparse(call)}"
        for path, tree in core_modules()
        for call, name in core_texts.messages(tree)
        if path.name != "messages.py" and not core_texts.templates(call, name)
    ]
    assert found == []


def test_every_message_has_the_values_that_its_template_names() -> None:
    wrong = []
    for path, tree in core_modules():
        for call, name in core_texts.messages(tree):
            given = len(call.args) - core_texts.FIRST_VALUE[name]
            for form in core_texts.templates(call, name):
                named = {int(number) for number in re.findall(r"(?<!\{)\{(\d+)\}", form)} if given else set()
                if not named <= set(range(given)) or (name == "said" and len(named) != given):
                    wrong.append((path.name, form))
    assert wrong == []


def test_the_core_is_read_by_the_calls_that_make_a_message(tmp_path: Path) -> None:
    (tmp_path / "formats").mkdir()
    (tmp_path / "formats" / "one.py").write_text(
        "Health('corrupt', said('{0} bytes are too much for {1}', figure(a.size), repr(b)))\n"
        "counted('{0} file', '{0} files', n, figure(n))\nsaid('{0}: {1}', a, b)\nsaid(template, a)\n"
    )
    assert sorted(core_texts.core_texts(tmp_path)) == [
        ("formats/one.py", ("{0} bytes are too much for {1}",), "{0} is figure(a.size), {1} is repr(b)"),
        ("formats/one.py", ("{0} file", "{0} files"), "{0} is figure(n)"),
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


def _template(node: ast.expr) -> str:
    """Of a sentence that is declared where it is given."""
    made = isinstance(node, ast.Call) and getattr(node.func, "id", "") == "said" and node.args
    return node.args[0].value if made and isinstance(node.args[0], ast.Constant) else ""  # type: ignore[attr-defined]


def test_german_says_what_was_tried_where_it_belongs() -> None:
    """“Nicht möglich: das Modell wählen sd_xl” reads broken: where a verb has a path, its place in the sentence is given."""
    translations_ = {str(one.id): str(one.string) for one in languages.translated(PO[0]) if isinstance(one.id, str)}
    wrong, asked = [], []
    for path in (ROOT / "model_manager").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = getattr(node.func, "id", "") if isinstance(node, ast.Call) else ""
            if name not in ("ModelManagerError", "UsageError", "CannotRemove") or len(node.args) < 3:  # type: ignore[attr-defined]
                continue
            verb, where = node.args[:2]  # type: ignore[attr-defined]
            if (tried := _template(verb)) and not (isinstance(where, ast.Constant) and where.value == ""):
                asked.append(tried)
                told = translations_.get(tried, "")
                if "…" not in told and tried != "change files":
                    wrong.append((path.name, tried, told))
    assert wrong == [] and len(asked) > 100
