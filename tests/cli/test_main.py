"""What of the program a command loads, and what it answers before anything is loaded."""

from __future__ import annotations

import subprocess
import sys

import pytest

from model_manager.cli.commands import NAMES
from model_manager.cli.main import main

_LOADED = "import sys; from model_manager.cli.main import main; sys.argv = ['model-manager', {words}]; main(); print(*sys.modules, file=sys.stderr)"


def loaded(*words: str) -> set[str]:
    """The commands that are loaded for these words."""
    code = _LOADED.format(words=", ".join(map(repr, words)))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name for name in NAMES if f"model_manager.cli.{name}" in done.stderr.splitlines()[-1].split()}


@pytest.mark.parametrize(("words", "commands"), [
    (["--version"], set()), (["list", "--help"], {"list"}), (["--json", "--data-dir", "x", "tag", "--help"], {"tag"}),
    (["--help"], set(NAMES)), (["no-such-command"], set(NAMES)),
])  # fmt: skip
def test_only_the_command_that_is_asked_for_is_loaded(words: list[str], commands: set[str]) -> None:
    assert loaded(*words) == commands


def test_help_names_all_and_a_mistake_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    told = capsys.readouterr().out
    assert all(f"    {name} " in told for name in NAMES)
    assert main(["lst"]) == 2
    assert "'lst'" in capsys.readouterr().err
