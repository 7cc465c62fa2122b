"""One decision for what is typed, chosen and suggested: what is gone is left out and told, what stays is said."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from factory import gguf_bytes, ollama_model, write

from model_manager.actions import listing, removal, roots, scanning
from model_manager.actions.planning import NotThere
from model_manager.app import App
from model_manager.cli.main import main
from model_manager.jobs import Progress

ONE = gguf_bytes(seed=1)


@pytest.fixture
def ids(app: App, home: Path) -> dict[str, int]:
    """Two models of a folder, and one that Ollama has by two names."""
    for seed, name in enumerate(("near", "far")):
        write(home / f"mine/{name}.gguf", gguf_bytes(seed=10 + seed))
    for name in ("registry.ollama.ai/library/some/7b", "registry.ollama.ai/robin/mine/latest"):
        ollama_model(home / ".ollama/models", name, {"model": ONE})
    roots.add(app, str(home / "mine"))
    scanning.scan(app, Progress())
    return {row.name if row.tools == "folder" else "ollama": row.id for row in listing.rows(app)}


def test_what_is_gone_is_told_and_the_rest_goes(app: App, home: Path, ids: dict[str, int]) -> None:
    os.unlink(home / "mine/far.gguf")
    for planned in (removal.plan_chosen(app, [ids["near"], ids["far"]]), removal.plan_named(app, ["near", "far"])):
        assert [step.path for step in planned.plan.steps] == [str(home / "mine/near.gguf")]
        assert [one.sentence for one in planned.missing] == ["far is gone already: another program deleted or moved it"]


def test_nothing_is_there(app: App, home: Path, ids: dict[str, int]) -> None:
    os.unlink(home / "mine/far.gguf")
    with pytest.raises(NotThere, match="far is gone already"):
        removal.plan_named(app, ["far"])
    with pytest.raises(NotThere, match="far is gone already"):
        removal.plan_chosen(app, [ids["far"]])


def test_the_command_says_so_and_forgets_it(
    home: Path, ids: dict[str, int], app: App, capsys: pytest.CaptureFixture[str]
) -> None:
    """It was an error of the file system before, and the model went on being listed."""
    os.unlink(home / "mine/far.gguf")
    assert main(["trash", "near", "far", "--yes"]) == 0
    told = capsys.readouterr()
    assert "far is gone already" in told.err and not (home / "mine/near.gguf").exists()
    assert main(["list", "--json"]) == 0
    assert [one["id"] for one in json.loads(capsys.readouterr().out)["models"]] == [f"m{ids['ollama']}"]


def test_the_command_forgets_what_alone_was_asked_for(
    home: Path, ids: dict[str, int], app: App, capsys: pytest.CaptureFixture[str]
) -> None:
    os.unlink(home / "mine/far.gguf")
    assert main(["delete", "far", "--yes"]) == 1
    assert "far is gone already" in capsys.readouterr().err
    assert "far" not in [row.name for row in listing.rows(app)]


def test_one_of_two_places_says_what_stays_whoever_asks(app: App, ids: dict[str, int]) -> None:
    place = next(one for one in listing.places_there(app, ids["ollama"]) if one.name == "some:7b")
    chosen = removal.plan_chosen(app, [ids["ollama"]], [place.id])
    named = removal.plan_named(app, [f"m{ids['ollama']}"], [f"p{place.id}"])
    for planned in (chosen, named):
        assert "robin/mine:latest stays, it is the same model" in planned.plan.warnings
        assert planned.plan.title == "Move to the trash: some:7b"


def test_a_link_that_goes_says_that_the_original_stays_wherever_it_was_chosen(app: App, home: Path) -> None:
    """Health and Clean up did not say it, the library and the command did."""
    write(home / "else/where.gguf", gguf_bytes(seed=3))
    (home / "mine").mkdir()
    (home / "mine/link.gguf").symlink_to(home / "else/where.gguf")
    roots.add(app, str(home / "mine"))
    scanning.scan(app, Progress())
    (row,) = listing.rows(app)
    assert "link only, the original stays" in removal.plan_chosen(app, [row.id]).plan.warnings


def test_a_leftover_that_went_meanwhile_is_told_as_gone(app: App, home: Path) -> None:
    blobs = home / ".ollama/models/blobs"
    ollama_model(home / ".ollama/models", "registry.ollama.ai/library/some/7b", {"model": ONE})
    orphan = write(blobs / ("sha256-" + "a" * 64), b"x" * 5000)
    os.utime(orphan, (1, 1))
    scanning.scan(app, Progress())
    assert removal.plan_chosen(app, leftovers=[str(orphan)]).plan.steps
    orphan.unlink()
    with pytest.raises(NotThere, match="is gone already"):
        removal.plan_chosen(app, leftovers=[str(orphan)])
