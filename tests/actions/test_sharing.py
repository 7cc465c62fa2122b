"""Copies: which groups and keepers are meant, and that one of each group stays, whoever plans."""

from __future__ import annotations

from pathlib import Path

import pytest
from factory import gguf_bytes, write

from model_manager.actions import roots, scanning, sharing
from model_manager.actions.planning import NotThere
from model_manager.actions.sharing import Duplicates
from model_manager.app import App
from model_manager.base.errors import ModelManagerError, UsageError
from model_manager.jobs import Progress


@pytest.fixture
def found(app: App, home: Path) -> Duplicates:
    for name in ("a", "b", "c"):
        write(home / f"mine/{name}.gguf", gguf_bytes(seed=1))
    roots.add(app, str(home / "mine"))
    scanning.scan(app, Progress())
    return sharing.find(app, Progress(), prove=True)


def test_flagged_first_and_proved_when_asked(app: App, home: Path, found: Duplicates) -> None:
    (group,) = found.groups
    assert group.proved and len(group.copies) == 3
    (again,) = sharing.find(app, Progress()).groups
    assert again.proved, "what was read before counts"


def test_one_copy_that_stays_is_named_by_path_and_by_name(app: App, home: Path, found: Duplicates) -> None:
    for text in (str(home / "mine/b.gguf"), "b"):
        chosen = sharing.chosen_groups(app, found, [], [text])
        assert chosen.keep == (str(home / "mine/b.gguf"),)
        plan = sharing.plan_sharing(app, chosen.groups, "hardlink", chosen.keep)
        assert sorted(Path(step.path).name for step in plan.steps) == ["a.gguf", "c.gguf"]
        assert {Path(step.target or "").name for step in plan.steps} == {"b.gguf"}


def test_two_that_shall_stay_are_refused_whoever_names_them(app: App, home: Path, found: Duplicates) -> None:
    """The command refused it; a plan made elsewhere took the first of the two, without a word."""
    keep = [str(home / "mine/a.gguf"), str(home / "mine/b.gguf")]
    for by in ("hardlink", "trash"):
        with pytest.raises(UsageError, match="two were named"):
            sharing.plan_sharing(app, found.groups, by, keep)  # type: ignore[arg-type]


def test_what_is_no_copy_or_no_group_is_refused(app: App, home: Path, found: Duplicates) -> None:
    write(home / "mine/other.gguf", gguf_bytes(seed=9))
    scanning.scan(app, Progress())
    with pytest.raises(ModelManagerError, match="no copy of these groups"):
        sharing.chosen_groups(app, found, [], ["other"])
    with pytest.raises(UsageError, match="no proven copies"):
        sharing.chosen_groups(app, found, ["g0"], [])


def test_a_folder_whose_copies_stay_is_asked_for_in_the_settings(app: App, home: Path, found: Duplicates) -> None:
    app.settings.values.reference_folders = [str(home / "mine")]
    with pytest.raises(ModelManagerError, match="never touched"):
        sharing.plan_sharing(app, found.groups, "hardlink")


def test_a_copy_that_went_meanwhile_is_told_as_gone(app: App, home: Path, found: Duplicates) -> None:
    for name in ("a", "b", "c"):
        (home / f"mine/{name}.gguf").unlink()
    with pytest.raises(NotThere, match="gone already"):
        sharing.plan_sharing(app, found.groups, "hardlink")
