"""How the program starts itself once more: packed, and from its source wherever a person stands."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from model_manager import __version__
from model_manager.base.errors import ModelManagerError
from model_manager.base.own_command import command


def test_the_packed_program_starts_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", "/opt/model-manager")
    assert command("--child", "deep-check") == ["/opt/model-manager", "--child", "deep-check"]


def test_from_its_source_in_any_folder(tmp_path: Path) -> None:
    (tmp_path / "model_manager.py").write_text("print('another one')")
    done = subprocess.run(command("--version"), cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.stdout.split()[-1] == __version__ and "another" not in done.stdout


def test_without_an_interpreter_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "")
    with pytest.raises(ModelManagerError, match="does not say where it is"):
        command("--version")
