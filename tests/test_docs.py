"""Documents and program say the same."""

from __future__ import annotations

import ast
import json
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from factory import gguf_bytes, ollama_model, write

from model_manager.cli import main
from model_manager.cli.commands import NAMES, command
from model_manager.cli.main import parser
from model_manager.stores.adapters import STORES

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "packaging"))
import core_texts
from tool_table import HEAD, with_table

README = (Path(__file__).resolve().parent.parent / "README.md").read_text()
LINES = [line for block in re.findall(r"```(?:sh|console)?\n(.*?)```", README, re.S) for line in block.splitlines()
         if line.startswith("model-manager")]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_every_command_is_in_the_readme_and_has_an_example(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    one = command(name)
    assert re.search(rf"model-manager {name}\b", README)
    assert name == one.NAME and one.EXAMPLE.startswith(f"model-manager {name}")
    assert main([name, "--help"]) == 0
    assert one.EXAMPLE in capsys.readouterr().out


@pytest.mark.parametrize("line", LINES)
def test_the_readmes_commands_are_understood(line: str) -> None:
    words = shlex.split(line.split(" > ")[0].split(" | ")[0], comments=True)
    parser().parse_args(words[1:])


def test_the_readmes_commands_work_in_their_order(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each line as a person types it, over a home with the models it names; they say yes when asked."""
    ollama_model(home / ".ollama/models", "registry.ollama.ai/library/llama3.1/8b", {"model": gguf_bytes(seed=1)})
    write(home / "AI/one.gguf", gguf_bytes(seed=2)), write(home / "AI/twin.gguf", gguf_bytes(seed=2))
    write(home / "AI/another.gguf", gguf_bytes(seed=3))
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda question="": "y")

    def answer(*words: str) -> Any:
        assert main([*words, "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    for line in LINES:
        command, _space, target = line.partition("#")[0].partition(" > ")
        words = shlex.split(command)[1:]
        if words[0] in ("empty", "undo"):
            gone = answer("trash", "another" if words[0] == "empty" else "one", "--yes")
            assert gone["plan"]["state"] == "applied"
        known = {"m12": lambda: answer("list", "one")["models"][0]["id"],
                 "20261121T020100123Z-9f3a2c41": lambda: answer("trash", "llama3.1:8b", "--dry-run")["plan"]["id"]}  # fmt: skip
        words = [known[word]() if word in known else word.replace("~", str(home)) for word in words]
        assert main(words) == 0, f"{line}\n{capsys.readouterr().err}"
        said = capsys.readouterr().out
        assert said.strip(), line
        if target:
            assert target.strip().endswith(".csv") and said.splitlines()[0].count(",") > 3
    assert not (home / ".ollama/models/manifests/registry.ollama.ai/library/llama3.1/8b").exists()


def test_the_messages_that_are_explained_are_those_of_the_program() -> None:
    """With what stands for values left out, and the pieces of long sentences joined."""
    root = Path(__file__).resolve().parent.parent
    source = "\n".join(path.read_text() for path in (root / "model_manager").rglob("*.py"))
    joined = re.sub(r'"\s*\n?\s*f?"', "", source)
    messages = [message for row in rows_of_troubleshooting() for message in re.findall(r"`([^`]+)`", row)]
    assert len(messages) > 100
    said = [part.strip() for message in messages for part in message.split("…") if part.strip(" :();,")]
    assert [part for part in said if part not in joined] == []


REFUSALS = {
    "Refused": 0,
    "NotInForce": 0,
    "CannotRemove": 2,
    "ModelManagerError": 2,
    "UsageError": 2,
    "JournalFailed": 2,
    "NoTrash": 2,
}
"""What refuses, and which of its arguments is the reason."""


def rows_of_troubleshooting() -> list[str]:
    """The first cell of each row that has a message."""
    page = Path(__file__).resolve().parent.parent / "notes" / "troubleshooting.md"
    return re.findall(r"^\| (`.+?`) \|", page.read_text(), re.M)


def refusals(source: ast.AST) -> Iterator[str]:
    """The reasons in a module, each as the longest piece of it that never differs."""
    for node in ast.walk(source):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in REFUSALS and len(node.args) > REFUSALS[name]:
                for call, made_by in core_texts.messages(node.args[REFUSALS[name]]):
                    for form in core_texts.templates(call, made_by):
                        if piece := max(re.split(r"\{\d+\}", form), key=len).strip(" :;,()"):
                            yield piece


def test_each_refusal_stands_in_the_page_of_troubleshooting() -> None:
    package = Path(__file__).resolve().parent.parent / "model_manager"
    told = "\n".join(rows_of_troubleshooting())
    missing = {}
    for layer in ("operations", "stores", "library", "cli"):
        for path in (package / layer).rglob("*.py"):
            missing |= {piece: path.name for piece in refusals(ast.parse(path.read_text())) if piece not in told}
    assert missing == {}


def test_a_refusal_is_found_by_its_longest_piece() -> None:
    code = "raise Refused(said('the folder {0} is not there: {1}', folder, why))"
    assert list(refusals(ast.parse(code))) == ["is not there"]


def test_the_table_of_tools_is_made_from_what_is_known_of_them() -> None:
    assert with_table(README) == README, "run: python packaging/tool_table.py"
    told = README[README.index(HEAD) :].split("\n\n")[0]
    for store in STORES:
        assert store.facts.label in told, store.tool


def test_no_page_was_left_half_merged() -> None:
    root = Path(__file__).resolve().parent.parent
    for path in [*root.glob("*.md"), *(root / "notes").glob("*.md")]:
        assert not re.search(r"^(<<<<<<<|=======|>>>>>>>)", path.read_text(), re.M), path


def test_there_are_commands_in_the_readme() -> None:
    assert len(LINES) >= len(NAMES)


def test_nobody_is_told_to_install_somebody_elses_program() -> None:
    root = Path(__file__).resolve().parent.parent
    for path in [*root.glob("*.md"), *(root / "notes").glob("*.md"), *(root / "model_manager").rglob("*.py")]:
        assert not re.search(r"pip install (ai-)?model-manager", path.read_text()), path


def test_each_test_that_a_page_names_is_there() -> None:
    """In a row of several, the later ones are named without their folder."""
    root = Path(__file__).resolve().parent.parent
    tests = [f"/{path.relative_to(root)}" for path in (root / "tests").rglob("test_*.py")]
    for page in (root / "notes").glob("*.md"):
        named = re.findall(r"`([\w/]*test_\w+\.py)`", page.read_text())
        gone = [name for name in named if not any(path.endswith(f"/{name}") for path in tests)]
        assert gone in ([], ["tests/a/b/test_c.py"]), f"{page.name} names tests that are not there"
