"""Documents and program say the same."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from factory import gguf_bytes, ollama_model, write

from model_manager.cli import COMMANDS, main
from model_manager.cli.main import parser

README = (Path(__file__).resolve().parent.parent / "README.md").read_text()
LINES = [line for block in re.findall(r"```(?:sh|console)?\n(.*?)```", README, re.S) for line in block.splitlines()
         if line.startswith("model-manager")]  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.NAME)
def test_every_command_is_in_the_readme_and_has_an_example(command, capsys: pytest.CaptureFixture[str]) -> None:
    assert re.search(rf"model-manager {command.NAME}\b", README)
    assert command.EXAMPLE.startswith(f"model-manager {command.NAME}")
    assert main([command.NAME, "--help"]) == 0
    assert command.EXAMPLE in capsys.readouterr().out


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
    messages = re.findall(r"^\| `([^`]+)` \|", (root / "notes" / "troubleshooting.md").read_text(), re.M)
    assert len(messages) > 25
    assert [message for message in messages if message not in joined] == []


def test_no_page_was_left_half_merged() -> None:
    root = Path(__file__).resolve().parent.parent
    for path in [*root.glob("*.md"), *(root / "notes").glob("*.md")]:
        assert not re.search(r"^(<<<<<<<|=======|>>>>>>>)", path.read_text(), re.M), path


def test_there_are_commands_in_the_readme() -> None:
    assert len(LINES) >= len(COMMANDS)


def test_nobody_is_told_to_install_somebody_elses_program() -> None:
    root = Path(__file__).resolve().parent.parent
    for path in [*root.glob("*.md"), *(root / "notes").glob("*.md"), *(root / "model_manager").rglob("*.py")]:
        assert not re.search(r"pip install (ai-)?model-manager", path.read_text()), path
