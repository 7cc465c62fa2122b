"""What could go now, what all of it would free together, and what becomes of a suggestion whose reason goes too."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from catalogued import file_view
from factory import gguf_bytes, hub_repo, ollama_model, tree, write
from family_rows import row
from opened_by import opened_by_another
from removing import offers, scan

from model_manager.app import App
from model_manager.catalog.models import FileView
from model_manager.jobs import Cancelled, Progress
from model_manager.library.clean.candidate import Candidate, CatalogueSnapshot, library_of
from model_manager.library.clean.memory import Machine
from model_manager.library.clean.offers import certain_bytes, offered, reclaimable, totals, wanted_of
from model_manager.library.clean.rules import candidates
from model_manager.library.removal.selection import LinkThatStays
from model_manager.library.scan import watch

BIG = Machine(64 << 30)
Q4 = {"general.name": "Some", "general.file_type": 2}
TENSORS = {"token_embd.weight": ("F16", (256, 32)), "blk.0.attn_q.weight": ("Q4_0", (256, 64))}
BETTER = {"token_embd.weight": ("F16", (256, 32)), "blk.0.attn_q.weight": ("Q8_0", (256, 64))}


def candidate(
    model: int | None, frees: int, rule: str = "old-quant", keeps: int | None = None, leftover: str = ""
) -> Candidate:
    return Candidate(f"c{model}{leftover}", rule, model, f"m-{model}", (leftover,), frees, "likely", "why", keeps, leftover)  # fmt: skip


def library(*files: FileView) -> CatalogueSnapshot:
    members: dict[int, list[FileView]] = {}
    owners: dict[int, set[int]] = {}
    for file in files:
        members.setdefault(file.model, []).append(file)
        owners.setdefault(file.file, set()).add(file.model)
    rows = [row(f"model {id_}", id=id_) for id_ in members]
    return CatalogueSnapshot(rows, members, {file.file: 1 for file in files}, owners, ())


SHARING = library(
    file_view(1, 1, 1, "/1", bytes=1000), file_view(1, 1, 3, "/both", bytes=5000), file_view(2, 2, 2, "/2", bytes=200),
    file_view(2, 2, 3, "/both", bytes=5000),
)  # fmt: skip


def test_together_more_comes_back_than_alone() -> None:
    one, two = candidate(1, 1000), candidate(2, 200)
    assert reclaimable(SHARING, [one]) == 1000 and reclaimable(SHARING, [two]) == 200
    assert reclaimable(SHARING, [one, two]) == 6200, "the shared file goes with the last that has it"
    assert reclaimable(SHARING, []) == 0


def test_what_a_plan_does_not_promise_is_not_promised_of_all() -> None:
    """Other files may share its blocks: the plan of the first frees 400 less than its file weighs."""
    assert reclaimable(SHARING, [candidate(1, 600)]) == 600
    assert reclaimable(SHARING, [candidate(1, 600), candidate(2, 200)]) == 5800
    assert reclaimable(SHARING, [candidate(1, 1000), candidate(2, 999)]) == 6200, (
        "a plan that promises more changes nothing"
    )
    assert reclaimable(SHARING, [candidate(None, 70, leftover="/r"), candidate(1, 1000)]) == 1070


def test_by_rule_in_words() -> None:
    found = [candidate(1, 1000), candidate(2, 200), candidate(2, 200, "unused"), candidate(None, 70, "orphan", leftover="/r"),
             candidate(None, 30, "orphan", leftover="/s")]  # fmt: skip
    assert totals(SHARING, found) == {"old-quant": "6.20 kB", "unused": "200 B", "orphan": "100 B"}


def test_what_stays_is_asked_for_as_it_was_read() -> None:
    adapter = file_view(2, 2, 5, "/adapter", role="adapter", size=7, mtime_ns=9)
    card = file_view(2, 2, 6, "/README", role="card")
    beside = library(file_view(1, 1, 1, "/1"), file_view(2, 2, 2, "/2", size=5, mtime_ns=6), adapter, card)
    wanted = wanted_of(beside, [candidate(1, 9, keeps=2), candidate(None, 1, "orphan", leftover="/rest")])
    assert (wanted.models, wanted.places, wanted.paths, wanted.warnings) == ((1,), (), ("/rest",), ())
    assert wanted.stays == {1: [LinkThatStays("/2", 5, 6), LinkThatStays("/adapter", 7, 9)]}, (
        "what a model cannot be used without"
    )
    assert wanted_of(beside, [candidate(1, 9)]).stays == {1: []}
    assert wanted_of(beside, [candidate(1, 9, keeps=77)]).stays == {1: []}


def test_one_that_was_offered_because_of_another_that_goes_too() -> None:
    wanted = wanted_of(SHARING, [candidate(1, 9, keeps=2), candidate(2, 9)])
    assert wanted.warnings == ("m-1 was offered because model 2 stays, and that goes too",)
    assert wanted.stays == {2: []}, "nothing stays for the first"
    assert wanted_of(SHARING, [candidate(1, 9, keeps=2)]).warnings == ()


def two_quants(app: App, home: Path) -> Path:
    top = tree(
        home / "models", {"some-7B-Q4_0.gguf": gguf_bytes(Q4, TENSORS), "some-7B-Q8_0.gguf": gguf_bytes({}, BETTER)}
    )
    watch.add_root(app.database, str(top))
    scan(app)
    return top


def now_offered(app: App, library: CatalogueSnapshot, found: list[Candidate]) -> list[str]:
    return [one.name for one in offered(app.database, app.volumes, app.env(), library, found)]


def test_an_offer_is_what_its_plan_does(app: App, home: Path) -> None:
    top = two_quants(app, home)
    (one,) = offers(app)
    lower = top / "some-7B-Q4_0.gguf"
    details = lower.stat()
    assert one.paths == (str(lower),) and one.frees == min(details.st_size, 512 * details.st_blocks) > 0
    os.link(lower, home / "another name")
    (one,) = offers(app)
    assert one.frees == 0, "a name has come since the scan"


@pytest.mark.parametrize("change", ["the lower one", "the better one", "its content"])
def test_what_changed_since_the_scan_is_not_offered(app: App, home: Path, change: str) -> None:
    top = two_quants(app, home)
    library = library_of(app.database, BIG)
    found = candidates(library, ["old-quant"])
    assert now_offered(app, library, found) == ["some-7B-Q4_0"]
    if change == "the lower one":
        (top / "some-7B-Q4_0.gguf").unlink()
    elif change == "the better one":
        (top / "some-7B-Q8_0.gguf").unlink()
    else:
        (top / "some-7B-Q8_0.gguf").write_bytes(b"cut")
    assert now_offered(app, library, found) == []


def test_leftovers_beside_models(app: App, home: Path) -> None:
    store = home / ".ollama/models"
    ollama_model(store, "registry.ollama.ai/library/m/a", {"model": gguf_bytes(seed=8)})
    orphan, held = (write(store / "blobs" / f"sha256-{name * 64}", b"x" * 9000) for name in "ab")
    for path in (orphan, held):
        os.utime(path, (10**9, 10**9))
    two_quants(app, home)
    with opened_by_another(held):
        found = offers(app)
        certain = certain_bytes(app.database, app.volumes, app.env())
    assert sorted(one.rule for one in found) == ["old-quant", "orphan"]
    rest = next(one for one in found if one.rule == "orphan")
    assert rest.paths == (str(orphan),) and rest.frees == certain == min(9000, 512 * orphan.stat().st_blocks)
    assert certain_bytes(app.database, app.volumes, app.env()) == 2 * certain, "nobody has the other one open now"
    orphan.unlink()
    held.unlink()
    assert certain_bytes(app.database, app.volumes, app.env()) == 0


def test_what_is_only_likely_is_not_counted_as_certain(app: App, home: Path) -> None:
    hub = home / ".cache/huggingface/hub"
    hub_repo(hub, "org/m", {"m.gguf": gguf_bytes(seed=2)}, "1" * 40)
    hub_repo(hub, "org/m", {"m.gguf": gguf_bytes(seed=3)}, "2" * 40, ref=None)
    scan(app)
    assert "unnamed-revision" in {one.rule for one in offers(app)}
    assert certain_bytes(app.database, app.volumes, app.env()) == 0
    partial = write(hub / "models--org--m/blobs" / f"{'e' * 64}.incomplete", b"half" * 2000)
    os.utime(partial, (time.time() - 3 * 86_400,) * 2)
    scan(app)
    assert certain_bytes(app.database, app.volumes, app.env()) == min(8000, 512 * partial.stat().st_blocks)


def test_it_can_be_stopped_and_says_how_far_it_is(app: App, home: Path) -> None:
    two_quants(app, home)
    library = library_of(app.database, BIG)
    found = candidates(library)
    told = Progress()
    offered(app.database, app.volumes, app.env(), library, found, told)
    assert (told.done, told.total) == (len(found) - 1, len(found))
    told.cancel()
    with pytest.raises(Cancelled):
        offered(app.database, app.volumes, app.env(), library, found, told)
