"""What people who contribute and who package meet first: pages at the root, the workflow, the hooks, the source archive."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
WORKFLOW = (ROOT / ".github" / "workflows" / "check.yml").read_text()
CI = (ROOT / ".ci" / "run").read_text()
PAGES = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")


@pytest.mark.parametrize("name", [*PAGES, "notes/json/README.md"])
def test_pages_lead_to_what_is_there(name: str) -> None:
    page = ROOT / name
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
        assert (page.parent / target).exists(), f"{name}: {target}"


def test_the_pages_at_the_root_point_into_the_notes() -> None:
    for name in ("CONTRIBUTING.md", "SECURITY.md"):
        assert "(notes/" in (ROOT / name).read_text()


def test_the_workflow_runs_everything_on_each_push_and_pull_request() -> None:
    workflow = yaml.safe_load(WORKFLOW)
    assert set(workflow[True]) == {"push", "pull_request"}, "YAML takes `on` for a truth"
    commands = [step.get("run", "") for job in workflow["jobs"].values() for step in job["steps"]]
    assert {"mypy", "ruff format --check .", "${{ matrix.script }}"} <= set(commands)
    assert any(line.startswith("ruff check") for line in commands)
    tests = workflow["jobs"]["tests"]
    assert tests["strategy"]["matrix"]["script"] == [".ci/run", ".ci/coverage"]
    assert "refs/heads/main" in tests["steps"][-1]["env"]["UNTRANSLATED"]
    assert all(os.access(ROOT / script, os.X_OK) for script in tests["strategy"]["matrix"]["script"])


def test_what_a_change_must_pass_is_measured_and_checked() -> None:
    assert ".venv/bin/ruff check ." in CI and ".venv/bin/mypy" in CI
    assert "packaging/coverage_bars.py" in (ROOT / ".ci" / "coverage").read_text()


def test_both_scripts_run_every_folder_of_tests_and_no_script_stops_short() -> None:
    """As bash reads them: the two halves together are all the tests."""
    script = '. .ci/prepare; printf "%s\\n" "${half[@]}"; printf "%s\\n" "${rest[@]}"'
    quiet = "id() { echo 1; }; python3() { :; }; "  # nothing is installed here
    done = subprocess.run(["bash", "-euc", quiet + script], cwd=ROOT, capture_output=True, text=True, check=True)
    half, rest = done.stdout.split("tests\n")
    assert rest.split() == [f"--ignore={folder}" for folder in half.split()]
    assert all((ROOT / folder).is_dir() for folder in half.split())
    for name in ("run", "coverage"):
        source = (ROOT / ".ci" / name).read_text()
        assert ". .ci/prepare" in source and '"${half[@]}"' in source and '"${rest[@]}"' in source
        assert subprocess.run(["bash", "-n", ROOT / ".ci" / name], check=False).returncode == 0


def test_types_of_the_packaging_are_checked_too() -> None:
    listed = set(re.search(r"mypy --strict ([\w. ]+)\)", CI)[1].split())  # type: ignore[index]
    assert listed == {path.name for path in (ROOT / "packaging").glob("*.py")} - {"entry.py"}


def test_types_are_strict_in_every_package_but_the_views() -> None:
    mypy = PROJECT["tool"]["mypy"]
    assert mypy["strict"] is True
    loosened = [one["module"] for one in mypy["overrides"] if set(one) - {"module", "ignore_missing_imports"}]
    assert loosened == [["model_manager.views.*"]]


def test_the_hooks_run_the_tools_of_the_project() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    tools = {hook["entry"].split()[0] for hook in hooks}
    assert tools == {".venv/bin/ruff", ".venv/bin/mypy"}
    needed = " ".join(PROJECT["project"]["optional-dependencies"]["test"])
    assert all(tool.rpartition("/")[2] in needed for tool in tools)


def test_the_source_archive_has_all_that_is_in_the_repository() -> None:
    """`MANIFEST.in` names each thing at the root; the package and what pyproject.toml names come by themselves."""
    lines = [line.split() for line in (ROOT / "MANIFEST.in").read_text().splitlines() if line and line[0] != "#"]
    named = {word for verb, *words in lines for word in words if verb in ("graft", "include")}
    by_itself = {"model_manager", "pyproject.toml", "LICENSE", "README.md"}
    missing = [name for name in named | by_itself if not (ROOT / name).exists()]
    assert missing == []
    if (ROOT / ".git").exists() and shutil.which("git"):
        command = ["git", "-c", "safe.directory=*", "ls-files"]
        files = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
        assert {file.split("/")[0] for file in files} <= named | by_itself


def test_the_licence_is_told_by_its_spdx_expression_alone() -> None:
    assert PROJECT["project"]["license"] == "MIT"
    assert not [one for one in PROJECT["project"]["classifiers"] if one.startswith("License ::")]
