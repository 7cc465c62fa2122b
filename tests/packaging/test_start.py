"""The starter: what it finds missing, the one line that mends it, and when it installs again."""

from __future__ import annotations

import ast
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

PATH = Path(__file__).resolve().parent.parent.parent / "packaging" / "start.py"


@pytest.fixture
def start():
    spec = importlib.util.spec_from_file_location("start", PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_an_old_python_can_read_it_far_enough_to_be_told() -> None:
    ast.parse(PATH.read_text(), feature_version=(3, 6))
    names = {
        node.names[0].name.split(".")[0]
        for node in ast.walk(ast.parse(PATH.read_text()))
        if isinstance(node, ast.Import)
    }
    assert names <= set(sys.stdlib_module_names)


@pytest.mark.parametrize(
    ("manager", "line"),
    [("apt-get", "apt-get install -y python3-tk python3-venv xvfb"), ("dnf", "dnf install -y python3-tkinter python3 xorg-x11-server-Xvfb"),
     ("pacman", "pacman -S --noconfirm tk python xorg-server-xvfb"), ("zypper", "zypper install -y python3-tk python3 xorg-x11-server-Xvfb"),
     ("brew", "brew install python-tk python"), ("none", "")],
)  # fmt: skip
def test_one_line_for_each_system(start, manager: str, line: str) -> None:
    assert start.install_line(["tkinter", "venv", "Xvfb"], which=lambda name: name == manager) == line


def test_missing_parts(start) -> None:
    none = start.missing_parts(True, has_module=lambda name: None, which=lambda name: None, platform="linux")
    assert none == ["tkinter", "venv", "Xvfb"]
    assert start.missing_parts(False, has_module=lambda name: 1, which=lambda name: None, platform="linux") == []


def test_it_installs_again_when_something_changed(start, tmp_path: Path) -> None:
    assert start.fingerprint(True) != start.fingerprint(False)
    assert start.fingerprint(True)[:16] == start.fingerprint(False)[:16]
    before = start.fingerprint(False)
    start.ROOT = tmp_path
    (tmp_path / "pyproject.toml").write_text("")
    assert start.fingerprint(False) != before


def test_help() -> None:
    done = subprocess.run([sys.executable, str(PATH), "--help"], capture_output=True, text=True, check=True)
    assert "test" in done.stdout
