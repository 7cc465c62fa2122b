"""The packer's own parts: what a build is made of, the archive, the icons, the display it looks through."""

from __future__ import annotations

import re
import shutil
import struct
import subprocess
import sys
import tarfile
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "packaging"))
import build  # noqa: E402
import icons  # noqa: E402
import licences  # noqa: E402
import smoke  # noqa: E402
import system_parts  # noqa: E402
from screen import Screen  # noqa: E402

from model_manager import __version__  # noqa: E402
from model_manager.cli.main import parser  # noqa: E402

SPEC = (ROOT / "packaging" / "model-manager.spec").read_text()


def test_a_build_is_made_of_all_that_it_packs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    names = {path.relative_to(ROOT).as_posix() for path in build.inputs()}
    assert {"model_manager/views/icon.png", "packaging/model-manager.spec", "packaging/linux/install.sh", "pyproject.toml",
            "assets/icons/model-manager.ico", "LICENSE"} <= names  # fmt: skip
    assert not [name for name in names if "cache" in name and not name.endswith(".py")]
    for name in build.INPUTS:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name)
        else:
            shutil.copy2(source, tmp_path / name)
    monkeypatch.setattr(build, "ROOT", tmp_path)
    before = build.fingerprint()
    assert build.fingerprint() == before
    with (tmp_path / "model_manager" / "app.py").open("a") as file:
        file.write("# changed\n")
    assert build.fingerprint() != before


def test_it_knows_the_version_and_what_to_install() -> None:
    assert build.version() == __version__
    needs = build.requirements()
    assert any(need.startswith("pyinstaller") for need in needs) and any(
        need.startswith("ttkbootstrap") for need in needs
    )


def test_what_packing_needs_is_named_and_can_be_installed() -> None:
    parts = build.needed_parts("linux", True)
    assert {"xvfb", "objcopy", "libpython"} <= set(parts) and "xvfb" not in build.needed_parts("linux", False)
    assert build.needed_parts("win32", True) == ["venv", "tk"]
    assert set(parts) <= set(system_parts.WORDS)
    line = system_parts.install_line(["objcopy", "libpython", "xvfb"], "apt", is_root=True)
    assert line == "apt install binutils libpython3-dev xvfb"
    assert system_parts.is_present("libpython") in (True, False)


def test_the_archive_holds_one_folder_that_can_be_installed(tmp_path: Path) -> None:
    program = tmp_path / "folder"
    (program / "_internal").mkdir(parents=True)
    (program / "model-manager").write_text("#!/bin/sh\necho started\n")
    (program / "model-manager").chmod(0o755)
    target = tmp_path / "a.tar.xz"
    build.archive(program, target)
    first = target.read_bytes()
    build.archive(program, target)
    assert target.read_bytes() == first, "the same parts make the same archive"
    with tarfile.open(target) as tar:
        entries = tar.getmembers()
        assert {entry.name.split("/")[0] for entry in entries} == {build.archive_name()}
        assert {entry.uid for entry in entries} == {0}
        tar.extractall(tmp_path / "out", filter="data")
    folder = tmp_path / "out" / build.archive_name()
    home = tmp_path / "home 2"
    home.mkdir()
    environment = {"HOME": str(home), "PATH": "/usr/bin:/bin"}
    done = subprocess.run([str(folder / "install.sh")], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    said = subprocess.run([str(home / ".local/bin/model-manager")], capture_output=True, text=True, check=True)
    assert said.stdout == "started\n"


def test_what_is_loaded_by_name_is_named_in_the_spec() -> None:
    """No import shows these to the packer, and without them the window dies at its start."""
    assert '"PIL._tkinter_finder"' in SPEC and "libxcb.so.1" in SPEC
    assert '*(f"model_manager.cli.{name}" for name in NAMES)' in SPEC, (
        "the commands, which cli/commands.py loads by name"
    )
    for path in (ROOT / "model_manager").rglob("*.py"):
        if path.relative_to(ROOT / "model_manager").as_posix() == "cli/commands.py":
            continue
        text = path.read_text()
        assert not re.search(r"import_module\(|__import__\(", text), (
            f"{path}: the packer does not see what this imports"
        )


def test_nothing_the_program_imports_is_left_out() -> None:
    left_out = {
        name.split(".")[0] for name in re.findall(r'"([\w.]+)"', SPEC.split("LEFT_OUT = [")[1].split("]  #")[0])
    }
    for path in (ROOT / "model_manager").rglob("*.py"):
        imported = re.findall(r"^\s*(?:import|from) (\w+)", path.read_text(), re.M)
        assert not set(imported) & (left_out - {"PIL"}), path


def test_the_files_of_the_package_are_packed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    for pattern in project["tool"]["setuptools"]["package-data"]["model_manager"]:
        assert pattern == "py.typed" or Path(pattern).name in SPEC or "locale" in pattern, pattern


def test_the_icons_are_those_of_the_drawing(tmp_path: Path) -> None:
    from PIL import Image, ImageChops

    assert icons.main(tmp_path, tmp_path / "icon.png") == 0
    made = {path.name for path in tmp_path.iterdir()} - {"icon.png", "home"}
    assert made == {path.name for path in icons.ICONS.iterdir()} - {"model-manager.svg"}
    for size in icons.SIZES:
        name = f"model-manager-{size}.png"
        drawn, kept = (Image.open(folder / name).convert("RGBA") for folder in (tmp_path, icons.ICONS))
        assert kept.size == (size, size)
        assert max(high for _, high in ImageChops.difference(drawn, kept).getextrema()) <= 8, "draw it again: icons.py"
    assert icons.WINDOW.read_bytes() == (icons.ICONS / "model-manager-128.png").read_bytes()
    ico = (icons.ICONS / "model-manager.ico").read_bytes()
    assert struct.unpack_from("<HHH", ico) == (0, 1, len(icons.ICO_SIZES))
    assert (icons.ICONS / "model-manager.icns").read_bytes()[:4] == b"icns"


def test_licences_are_collected_once_each(tmp_path: Path) -> None:
    project = tmp_path / "LICENSE"
    project.write_text("ours\n")
    assert "ttkbootstrap" in licences.shipped(["ttkbootstrap.window", "os"])
    text = licences.text(project, ["ttkbootstrap", "ttkbootstrap"], [])
    assert text.startswith("=") and "ours" in text and "PYTHON SOFTWARE FOUNDATION" in text
    assert len(text) == len(licences.text(project, ["ttkbootstrap"], []))


def test_the_commands_of_the_smoke_test_exist() -> None:
    for words in (["list", "--json"], ["doctor", "--json"], ["check", "--deep", "--json"], ["--open", "x"]):
        parser().parse_args(words)


def test_its_library_is_what_a_scan_finds(home: Path) -> None:
    from model_manager.app import build as made
    from model_manager.jobs import Progress

    stray = smoke.fill(home)
    app = made()
    assert app.scanner().run(Progress()).models == smoke.MODELS
    app.close()
    assert stray.is_file() and list((home / "Downloads").iterdir()) == [stray]


@pytest.mark.gui
def test_the_display_shows_what_is_painted_and_closes_it(tmp_path: Path) -> None:
    if shutil.which("Xvfb") is None:
        pytest.skip("Xvfb is not installed")
    code = ("import tkinter as tk\nroot = tk.Tk(className='some-program')\n"
            "root.geometry('200x100+10+10')\nroot.configure(background='#ff8000')\nroot.mainloop()\nprint('closed')")  # fmt: skip
    with Screen(320, 200) as screen:
        assert screen.colours() == 1 and screen.windows("some-program") == []
        program = subprocess.Popen([sys.executable, "-c", code], env={"DISPLAY": screen.name, "PATH": ""},
                                   stdout=subprocess.PIPE, text=True)  # fmt: skip
        smoke._until(lambda: bool(screen.windows("some-program")) and screen.colours() == 2, program, "no window")  # type: ignore[arg-type]
        screen.picture(tmp_path / "shot.png")
        for window in screen.windows("some-program"):
            screen.close_window(window)
        assert program.communicate(timeout=10)[0] == "closed\n"
    from PIL import Image

    picture = Image.open(tmp_path / "shot.png")
    assert picture.size == (320, 200)
    assert picture.getpixel((100, 60)) == (255, 128, 0)
