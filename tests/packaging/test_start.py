"""The starter: what it names as missing, when it trusts .venv, what it says. Nothing is installed here."""

from __future__ import annotations

import ast
import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

FILE = Path(__file__).resolve().parents[2] / "packaging" / "start.py"


def _load() -> ModuleType:
    # By path: `packaging` is also the name of a library.
    spec = importlib.util.spec_from_file_location("model_manager_start", FILE)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


start = _load()

import system_parts  # noqa: E402 (start.py has just said where it lies)

DEBIAN = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\n'
MINT = "ID=linuxmint\nID_LIKE='ubuntu debian'\n"
FEDORA = "ID=fedora\n"
ROCKY = 'ID="rocky"\nID_LIKE="rhel centos fedora"\n'
MANJARO = "# a comment\nID=manjaro\nID_LIKE=arch\n"
TUMBLEWEED = 'ID="opensuse-tumbleweed"\nID_LIKE="opensuse suse"\n'
ALPINE = "ID=alpine\n"


def test_it_parses_on_an_old_python() -> None:
    """An old Python has to get as far as the sentence that says it is too old."""
    tree = ast.parse(FILE.read_text(encoding="utf-8"), feature_version=(3, 6))
    futures = [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.module == "__future__"]
    assert not futures, "3.6 does not know `annotations`"
    first = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom | ast.If)]
    assert ast.unparse(first[0]) == "import sys"
    assert ast.unparse(first[1]).startswith("if sys.version_info <"), "nothing newer is imported before the check"


@pytest.mark.parametrize("file", [FILE, FILE.with_name("system_parts.py")], ids=lambda file: file.name)
def test_it_needs_the_standard_library_alone(file: Path) -> None:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        beside = {"system_parts"} if file == FILE else set()
        assert {name.split(".")[0] for name in names} <= set(sys.stdlib_module_names) | beside


@pytest.mark.parametrize("options", [[], ["-P"], ["-I"], ["-S", "-E"]], ids=" ".join)
def test_it_finds_what_lies_beside_it_from_anywhere(options: list[str], tmp_path: Path) -> None:
    """Started by any path and from any folder, also by a Python that is told not to look beside the script."""
    link = tmp_path / "a link to it.py"
    link.symlink_to(FILE)
    for path in (FILE, link):
        shown = subprocess.run([sys.executable, *options, path, "--help"], cwd=tmp_path, capture_output=True, text=True)
        assert (shown.returncode, shown.stderr) == (0, ""), shown.stderr
        assert shown.stdout.startswith("usage:")


@pytest.mark.parametrize(
    ("release", "line"),
    [
        (DEBIAN, "apt install python3-tk python3-venv xvfb"),
        (MINT, "apt install python3-tk python3-venv xvfb"),
        (FEDORA, "dnf install python3-tkinter python3-libs xorg-x11-server-Xvfb"),
        (ROCKY, "dnf install python3-tkinter python3-libs xorg-x11-server-Xvfb"),
        (MANJARO, "pacman -S tk python xorg-server-xvfb"),
        (TUMBLEWEED, "zypper install python3-tk python3-base xorg-x11-server-Xvfb"),
        (ALPINE, "apk add python3-tkinter python3 xvfb"),
    ],
)
def test_one_line_installs_everything(release: str, line: str) -> None:
    parts = ["tk", "venv", "xvfb"]
    manager = system_parts.manager_for(release, "Linux")
    assert system_parts.install_line(parts, manager, is_root=True) == line
    assert system_parts.install_line(parts, manager, is_root=False) == "sudo " + line


def test_homebrew_is_never_run_as_root() -> None:
    assert (
        system_parts.install_line(["tk"], system_parts.manager_for("", "Darwin"), is_root=False)
        == "brew install python-tk"
    )


@pytest.mark.parametrize("release", ["", "ID=slackware\n", "no sense at all", "ID\n=\n"])
def test_an_unknown_system_gets_no_made_up_line(release: str) -> None:
    assert system_parts.manager_for(release, "Linux") is None
    assert system_parts.install_line(["tk"], None, is_root=True) == ""


def test_all_missing_parts_are_found_at_once() -> None:
    needed = system_parts.needed_parts(testing=True, display=False, system="Linux")
    assert system_parts.missing_parts(needed, lambda part: part == "venv") == ["tk", "xvfb"]
    assert system_parts.missing_parts(needed, lambda part: True) == []


def test_a_display_decides_whether_tk_is_needed() -> None:
    assert system_parts.needed_parts(testing=False, display=True, system="Linux") == ["tk", "venv"]
    assert system_parts.needed_parts(testing=False, display=False, system="Linux") == ["venv"]
    assert system_parts.needed_parts(testing=True, display=True, system="Darwin") == ["tk", "venv"]


def test_debians_venv_without_ensurepip_counts_as_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system_parts, "imports", lambda module: module != "ensurepip")
    assert not system_parts.is_present("venv")
    assert system_parts.is_present("tk")


def test_a_tk_that_cannot_load_its_library_counts_as_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(module: str) -> None:
        raise ImportError("libtk8.6.so: cannot open shared object file")

    monkeypatch.setattr(system_parts.importlib, "import_module", broken)
    assert not system_parts.is_present("tk")


def test_missing_parts_end_with_status_3(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr(system_parts, "is_present", lambda part: False)
    monkeypatch.setattr(system_parts, "missing_parts", lambda needed: list(needed))
    monkeypatch.setattr(system_parts, "read_os_release", lambda: DEBIAN)
    monkeypatch.setattr(system_parts.platform, "system", lambda: "Linux")
    monkeypatch.setattr(system_parts.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(system_parts, "own_build_without_tk", lambda: False)
    monkeypatch.setattr(system_parts, "install_parts", lambda *_: pytest.fail("nobody agreed to this"))
    assert start.main(["test"]) == 3
    assert "sudo apt install python3-tk python3-venv xvfb\n" in capsys.readouterr().err


def test_a_python_built_without_tk_is_told_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(system_parts, "own_build_without_tk", lambda: True)
    monkeypatch.setattr(system_parts, "system_python", lambda: "/usr/bin/python3")
    system_parts.tell_missing(["tk"], "apt install python3-tk")
    told = capsys.readouterr().err
    assert "was built without Tk" in told
    assert "/usr/bin/python3 packaging/start.py" in told
    assert "apt install" not in told, "the package would not help this Python"


def test_a_python_without_tk_still_gets_the_line_for_the_rest(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(system_parts, "own_build_without_tk", lambda: True)
    monkeypatch.setattr(system_parts, "system_python", lambda: None)
    monkeypatch.setattr(system_parts, "read_os_release", lambda: DEBIAN)
    monkeypatch.setattr(system_parts.platform, "system", lambda: "Linux")
    monkeypatch.setattr(system_parts.os, "geteuid", lambda: 0)
    assert system_parts.tell_how(["tk", "xvfb"]) == ["xvfb"]
    told = capsys.readouterr().err
    assert "build it again" in told
    assert "Install with:  apt install xvfb\n" in told


def test_a_build_machine_takes_the_systems_python_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    became: list[list[str]] = []
    monkeypatch.setattr(start, "own_build_without_tk", lambda: True)
    monkeypatch.setattr(start, "system_python", lambda: "/usr/bin/python3")
    monkeypatch.setattr(start, "become", became.append)
    monkeypatch.setattr(start.sys, "argv", ["start.py", "test", "-q"])
    monkeypatch.setattr(start, "is_unattended", lambda: False)
    start.switch_to_system_python()
    assert became == [], "a person is told, not overruled"
    monkeypatch.setattr(start, "is_unattended", lambda: True)
    start.switch_to_system_python()
    assert became == [["/usr/bin/python3", str(FILE), "test", "-q"]]


def _project(root: Path) -> Path:
    (root / "pyproject.toml").write_text("[project]\n")
    (root / ".venv" / "bin").mkdir(parents=True)
    (root / ".venv" / "bin" / "python").touch()
    return root / ".venv"


def test_a_stamp_is_trusted_until_something_changes(tmp_path: Path) -> None:
    venv = _project(tmp_path)
    start.write_stamp(venv, start.stamp_facts(tmp_path, ""))
    stamp = start.read_stamp(venv)
    assert start.work_to_do(stamp, start.stamp_facts(tmp_path, "")) == "nothing"
    assert start.work_to_do(stamp, start.stamp_facts(tmp_path, "test")) == "install"
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'other'\n")
    assert start.work_to_do(stamp, start.stamp_facts(tmp_path, "")) == "install"


def test_the_environment_for_tests_opens_the_window_too(tmp_path: Path) -> None:
    venv = _project(tmp_path)
    start.write_stamp(venv, start.stamp_facts(tmp_path, "test"))
    assert start.work_to_do(start.read_stamp(venv), start.stamp_facts(tmp_path, "")) == "nothing"


def test_a_moved_project_is_built_anew(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    start.write_stamp(_project(here), start.stamp_facts(here, ""))
    here.rename(there)
    assert start.work_to_do(start.read_stamp(there / ".venv"), start.stamp_facts(there, "")) == "rebuild"


def test_another_python_means_another_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    venv = _project(tmp_path)
    start.write_stamp(venv, start.stamp_facts(tmp_path, ""))
    monkeypatch.setattr(start.sys, "version", "3.99.0 (main)")
    assert start.work_to_do(start.read_stamp(venv), start.stamp_facts(tmp_path, "")) == "rebuild"


@pytest.mark.parametrize("content", [None, b"", b"{", b"[]", b'{"venv": 1}', b"\xff\xfe"])
def test_a_broken_stamp_is_no_stamp(tmp_path: Path, content: bytes | None) -> None:
    venv = _project(tmp_path)
    if content is not None:
        (venv / start.STAMP).write_bytes(content)
    assert start.work_to_do(start.read_stamp(venv), start.stamp_facts(tmp_path, "")) == "rebuild"


def test_an_environment_whose_python_is_gone_is_not_trusted(tmp_path: Path) -> None:
    venv = _project(tmp_path)
    start.write_stamp(venv, start.stamp_facts(tmp_path, ""))
    start.python_of(venv).unlink()
    start.python_of(venv).symlink_to(tmp_path / "gone")
    assert start.read_stamp(venv) == {}


def test_a_failed_installation_leaves_no_stamp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where there was a good one before: pip may have stopped half-way."""
    venv = _project(tmp_path)
    start.write_stamp(venv, start.stamp_facts(tmp_path, ""))

    def fails(command: list[str], what: str) -> None:
        raise start.StartError("no")

    monkeypatch.setattr(start, "quiet_run", fails)
    with pytest.raises(start.StartError):
        start.prepare_venv(tmp_path, "test")
    assert not (venv / start.STAMP).exists()


def test_installation_writes_the_stamp_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    venv = _project(tmp_path)
    (venv / "half-built").touch()
    steps: list[list[str]] = []

    def run(command: list[str], what: str) -> None:
        assert not (venv / start.STAMP).exists()
        assert not (venv / "half-built").exists()
        venv.joinpath("bin").mkdir(parents=True, exist_ok=True)
        start.python_of(venv).touch()
        steps.append(command)

    monkeypatch.setattr(start, "quiet_run", run)
    assert start.prepare_venv(tmp_path, "test") == start.python_of(venv)
    assert [step[1:4] for step in steps] == [["-I", "-m", "venv"], ["-I", "-m", "pip"]]
    assert steps[1][-1] == ".[test]"
    start.prepare_venv(tmp_path, "test")
    assert len(steps) == 2, "nothing is installed twice"


def test_an_environment_that_is_a_link_is_unlinked_not_emptied(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "precious").touch()
    (tmp_path / ".venv").symlink_to(elsewhere)
    start.remove_venv(tmp_path / ".venv")
    assert (elsewhere / "precious").exists()
    assert not (tmp_path / ".venv").exists()


def test_modules_from_elsewhere_are_not_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    monkeypatch.setenv("PIP_TARGET", "/somewhere")
    clean = start.clean_environment()
    assert "PYTHONPATH" not in clean
    assert "PIP_TARGET" not in clean
    assert clean["PYTHONNOUSERSITE"] == "1"


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("WARNING: Retrying after connection broken by 'NewConnectionError(…)'", "cannot be reached"),
        ("OSError: [Errno 28] No space left on device", "disk is full"),
        ("error: subprocess-exited-with-error", "the reason is above"),
    ],
)
def test_a_failed_installation_says_what_to_do(output: str, words: str) -> None:
    assert words in start.failure_words("Installing", output)
    assert "start again" in start.failure_words("Installing", output)


def test_package_lists_are_fetched_only_when_they_are_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[bytes]:
        ran.append(" ".join(command))
        return subprocess.CompletedProcess(command, 1 if len(ran) == 1 else 0)

    monkeypatch.setattr(system_parts.subprocess, "run", run)
    monkeypatch.setattr(system_parts.os, "geteuid", lambda: 0)
    assert system_parts.install_parts(["xvfb"], "apt")
    install = "apt-get install -y --no-install-recommends xvfb"
    assert ran == [install, "apt-get update", install]


def test_nothing_is_asked_without_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system_parts.sys, "stdin", None)
    assert system_parts.agrees("Run it?") is False


def test_help_and_wrong_usage() -> None:
    shown = subprocess.run([sys.executable, FILE, "--help"], capture_output=True, text=True, check=False)
    assert shown.returncode == 0
    assert "example: python3 packaging/start.py test" in shown.stdout
    wrong = subprocess.run([sys.executable, FILE, "tset"], capture_output=True, text=True, check=False)
    assert wrong.returncode == 2
    assert "Not a command: tset" in wrong.stderr


def test_tests_get_their_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    became: list[list[str]] = []
    monkeypatch.setattr(start, "switch_to_system_python", lambda: None)
    monkeypatch.setattr(start, "mend_parts", lambda needed: [])
    monkeypatch.setattr(start, "prepare_venv", lambda root, extra: Path(f"/venv-{extra}/python"))
    monkeypatch.setattr(start, "become", became.append)
    start.main(["test", "-k", "scan", "--help"])
    assert became == [["/venv-test/python", "-m", "pytest", "-k", "scan", "--help"]]


@pytest.mark.parametrize(("display", "status"), [(True, 3), (False, 0)])
def test_without_tk_the_library_is_printed(
    display: bool, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Status 3 only where a window could have been: that is what was asked for."""
    monkeypatch.setattr(start, "has_display", lambda: display)
    monkeypatch.setattr(start, "mend_parts", lambda needed: [part for part in needed if part == "tk"])
    monkeypatch.setattr(start, "is_present", lambda part: part != "tk")
    monkeypatch.setattr(start, "prepare_venv", lambda root, extra: Path("/venv/python"))
    ran: list[str] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[bytes]:
        ran.append(command[-1])
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(start.subprocess, "run", run)
    monkeypatch.setattr(system_parts, "tell_missing", lambda parts, line: print("told"))
    assert start.main([]) == status
    assert ran == ["scan", "status"]
    assert "library in the terminal" in capsys.readouterr().out


def test_the_stamp_names_what_it_stands_for(tmp_path: Path) -> None:
    venv = _project(tmp_path)
    start.write_stamp(venv, start.stamp_facts(tmp_path, "test"))
    assert set(json.loads((venv / start.STAMP).read_text())) == {"venv", "project", "extra"}
