"""Documents and program say the same."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

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


def test_there_are_commands_in_the_readme() -> None:
    assert len(LINES) >= len(COMMANDS)


def test_nobody_is_told_to_install_somebody_elses_program() -> None:
    root = Path(__file__).resolve().parent.parent
    for path in [*root.glob("*.md"), *(root / "notes").glob("*.md"), *(root / "model_manager").rglob("*.py")]:
        assert not re.search(r"pip install (ai-)?model-manager", path.read_text()), path
