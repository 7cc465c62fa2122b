"""Each package has a bar, and one that is below it is named."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import coverage
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "packaging"))
import coverage_bars  # noqa: E402

PACKAGE = ROOT / "model_manager"


def figures(run: int, all_: int) -> dict[str, Any]:
    return {"summary": {"covered_lines": run, "num_statements": all_, "covered_branches": run, "num_branches": all_}}


def test_each_package_has_a_bar_and_each_bar_a_package() -> None:
    assert set(coverage_bars.BARS) == {"", *(path.parent.name for path in PACKAGE.glob("*/__init__.py"))}


def test_lines_and_branches_are_added_up_by_package() -> None:
    files = {"model_manager/base/a.py": figures(8, 10), "model_manager/base/b.py": figures(2, 10),
             "/home/x/model_manager/views/settings/c.py": figures(0, 1), "model_manager/app.py": figures(1, 1),
             "model_manager/cli/__init__.py": figures(0, 0)}  # fmt: skip
    assert coverage_bars.shares(files) == {"base": 50.0, "views": 0.0, "": 100.0, "cli": 100.0}


def test_what_is_below_its_bar_was_not_measured_or_has_none_is_told() -> None:
    good = dict.fromkeys(coverage_bars.BARS, 100.0)
    assert coverage_bars.below(good) == []
    (low,) = coverage_bars.below({**good, "operations": 94.9})
    assert "model_manager/operations: 94.9 %" in low
    (unmeasured,) = coverage_bars.below({name: 100.0 for name in good if name != "cli"})
    assert unmeasured == "model_manager/cli was not measured"
    (new,) = coverage_bars.below({**good, "merge": 100.0})
    assert "model_manager/merge has no bar" in new


def test_what_coverage_measured_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A real measurement, of a package with one branch that is never taken."""
    folder = tmp_path / "model_manager" / "base"
    folder.mkdir(parents=True)
    module = folder / "one.py"
    module.write_text("def f(x):\n    if x:\n        return 1\n    return 2\nf(1)\n")
    monkeypatch.chdir(tmp_path)
    data = coverage.Coverage(branch=True, data_file=str(tmp_path / ".coverage"), include=[str(module)])
    with data.collect():
        exec(compile(module.read_text(), str(module), "exec"), {})
    data.save()
    assert coverage_bars.main() == 1
    said = capsys.readouterr()
    # Four of five lines and one of two branches.
    assert "model_manager/base" in said.out and "71.4 %" in said.out
    assert f"model_manager/base: 71.4 % of lines and branches are run, and {coverage_bars.BARS['base']}" in said.err
