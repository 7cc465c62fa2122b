"""The archive's scripts in a home of their own: everything they put there goes again, and nothing else does."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINUX = ROOT / "packaging" / "linux"


@pytest.fixture
def unpacked(tmp_path: Path) -> Path:
    """The archive as it is unpacked; the program is a script that tells what it was given."""
    folder = tmp_path / "un packed"
    shutil.copytree(LINUX, folder)
    (folder / "program" / "_internal").mkdir(parents=True)
    program = folder / "program" / "model-manager"
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    program.chmod(0o755)
    shutil.copytree(ROOT / "assets" / "icons", folder / "icons", ignore=shutil.ignore_patterns("*.ic*"))
    return folder


def run(script: Path, home: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {"HOME": str(home), "PATH": os.environ["PATH"], **more}
    return subprocess.run(["sh", str(script), *words], env=environment, capture_output=True, text=True, check=False)


def everything(home: Path) -> set[str]:
    return {str(path.relative_to(home)) for path in home.rglob("*") if not path.is_dir() or path.is_symlink()}


HOMES = ["plain", "spaces and ümläut 模型", 'quotes " and $HOME and `x` and 100% \\ done']


@pytest.mark.parametrize("name", HOMES)
def test_what_is_installed_can_be_found_started_and_removed(tmp_path: Path, unpacked: Path, name: str) -> None:
    home = tmp_path / name
    home.mkdir()
    done = run(unpacked / "install.sh", home)
    assert done.returncode == 0, done.stderr
    assert run(unpacked / "install.sh", home).returncode == 0, "again, over itself"
    share = home / ".local" / "share"
    for size in (16, 48, 256):
        assert (share / f"icons/hicolor/{size}x{size}/apps/model-manager.png").is_file()
    assert (share / "icons/hicolor/scalable/apps/model-manager.svg").is_file()
    assert (home / ".local/bin/model-manager").resolve() == home / ".local/lib/model-manager/model-manager"
    entry = share / "applications" / "model-manager.desktop"
    started = subprocess.run(_words(entry, "/some/model file.gguf"), capture_output=True, text=True, check=True)
    assert started.stdout == "/some/model file.gguf\n"
    if shutil.which("desktop-file-validate"):
        assert subprocess.run(["desktop-file-validate", str(entry)], capture_output=True, check=False).stdout == b""
    done = run(home / ".local/lib/model-manager/uninstall.sh", home)
    assert done.returncode == 0, done.stderr
    left = {path for path in everything(home) if "/mime/" not in path and "mimeinfo.cache" not in path}
    assert left == set(), "what update-mime-database keeps for all programs aside"
    assert run(unpacked / "uninstall.sh", home).returncode == 0, "nothing to remove is no error"


def _words(entry: Path, file: str) -> list[str]:
    """The command of a desktop entry, by the rules of the specification: the file's escapes, then quoting, then %."""
    (line,) = (line for line in entry.read_text().splitlines() if line.startswith("Exec="))
    text = line.removeprefix("Exec=").replace("\\\\", "\\")
    assert text[0] == '"'
    command, at = "", 1
    while text[at] != '"':
        at += text[at] == "\\"
        command += text[at]
        at += 1
    assert text[at + 1 :] == " %f"
    return [command.replace("%%", "%"), file]


def test_other_folders_by_the_users_variables(tmp_path: Path, unpacked: Path) -> None:
    home, share = tmp_path / "home 2", tmp_path / "elsewhere"
    home.mkdir()
    assert run(unpacked / "install.sh", home, XDG_DATA_HOME=str(share)).returncode == 0
    assert (share / "applications/model-manager.desktop").is_file() and not (home / ".local/share").exists()
    assert run(unpacked / "uninstall.sh", home, XDG_DATA_HOME=str(share)).returncode == 0
    assert not (share / "applications/model-manager.desktop").exists()


@pytest.mark.parametrize("taken", [".local/lib/model-manager/mine", ".local/bin/model-manager"])
def test_what_belongs_to_somebody_else_stays(tmp_path: Path, unpacked: Path, taken: str) -> None:
    home = tmp_path / "home 2"
    (home / taken).parent.mkdir(parents=True)
    (home / taken).write_text("mine")
    done = run(unpacked / "install.sh", home)
    assert done.returncode == 1 and "Move it away" in done.stderr
    assert run(unpacked / "uninstall.sh", home).returncode == 0
    assert (home / taken).read_text() == "mine"
    assert everything(home) == {taken}


def test_models_and_data_stay_unless_asked(tmp_path: Path, unpacked: Path) -> None:
    home = tmp_path / "home 2"
    data = home / ".local/share/model-manager"
    (data / "journal").mkdir(parents=True)
    for name in (
        "catalogue.sqlite3",
        "catalogue.sqlite3-wal",
        "settings.json",
        "journal/one",
        "model-manager.log.1",
        "window.lock",
    ):
        (data / name).write_text("x")
    (data / "my models").mkdir()
    (data / "my models" / "a.gguf").write_text("x")
    before = everything(home)
    assert run(unpacked / "install.sh", home).returncode == 0
    done = run(unpacked / "uninstall.sh", home)
    assert before <= everything(home) and "--with-data" in done.stdout
    assert run(unpacked / "uninstall.sh", home, "--everything").returncode == 2
    assert run(unpacked / "uninstall.sh", home, "--with-data").returncode == 0
    assert {path for path in everything(home) if path.startswith(".local/share/model-manager")} == {
        ".local/share/model-manager/my models/a.gguf"
    }


def test_every_file_the_program_keeps_is_one_that_uninstall_knows() -> None:
    """`--with-data` removes by name: what `OwnPaths` and its neighbours name must be among them."""
    script = (LINUX / "uninstall.sh").read_text()
    for name in ("catalogue.", "settings.json", "journal", "model-manager.log", "scratch", "window.lock", "window.sock",
                 "changing.lock", "reserve"):  # fmt: skip
        assert f"/{name}" in script.replace('"', ""), name


def test_the_files_that_it_opens_are_told_to_the_desktop() -> None:
    name = "{http://www.freedesktop.org/standards/shared-mime-info}"
    types = {kind.attrib["type"]: [glob.attrib["pattern"] for glob in kind.findall(f"{name}glob")]
             for kind in ElementTree.parse(LINUX / "model-manager.xml").getroot()}  # fmt: skip
    assert types == {"application/x-gguf": ["*.gguf"], "application/x-safetensors": ["*.safetensors"]}
    entry = (LINUX / "model-manager.desktop").read_text()
    assert f"MimeType={';'.join(types)};" in entry
    assert "StartupWMClass=model-manager" in entry
    if shutil.which("desktop-file-validate"):
        path = str(LINUX / "model-manager.desktop")
        assert subprocess.run(["desktop-file-validate", path], capture_output=True, check=False).stdout == b""


@pytest.mark.skipif(shutil.which("update-mime-database") is None, reason="shared-mime-info is not installed")
def test_the_mime_entry_is_taken(tmp_path: Path) -> None:
    packages = tmp_path / "mime" / "packages"
    packages.mkdir(parents=True)
    shutil.copy(LINUX / "model-manager.xml", packages)
    subprocess.run(["update-mime-database", str(tmp_path / "mime")], check=True)
    assert "application/x-gguf:*.gguf" in (tmp_path / "mime" / "globs").read_text()
