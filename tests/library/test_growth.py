"""Nothing costs more than its input: what is read of a store does not grow with the number of questions about it."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import pytest
from copy_of import copy_of
from factory import gguf_bytes, ollama_model, sha256, tree
from family_rows import lines, row
from removing import known, plan

from model_manager.app import App
from model_manager.base import reach
from model_manager.catalog.copies import all_differ, same_bytes
from model_manager.catalog.hashes import Known
from model_manager.catalog.models import PlaceView
from model_manager.jobs import Progress
from model_manager.library.clean.candidate import library_of
from model_manager.library.clean.memory import this_machine
from model_manager.library.clean.offers import offered
from model_manager.library.clean.rules import candidates
from model_manager.library.clean.versions import newer_lines
from model_manager.library.duplicates.groups import CopyGroup
from model_manager.library.duplicates.search import flag_and_recall
from model_manager.library.listing.status import status
from model_manager.library.removal.units import joined_places
from model_manager.library.scan import watch
from model_manager.stores.ollama import removal as ollama_removal
from model_manager.stores.walk import running_downloads

MODELS, ORPHANS = 6, 12


def test_a_manifest_is_not_read_for_each_orphan(app: App, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = home / ".ollama/models"
    for number in range(MODELS):
        ollama_model(store, f"registry.ollama.ai/library/m{number}/latest", {"model": gguf_bytes(seed=number)})
    for number in range(ORPHANS):
        body = gguf_bytes(seed=100 + number)
        path = store / f"blobs/sha256-{sha256(body)}"
        path.write_bytes(body)
        os.utime(path, (10**9, 10**9))
    app.scanner().run(Progress())
    asked: Counter[str] = Counter()
    digests, locks = ollama_removal.digests, running_downloads.Locks.__init__

    def read(path: str) -> object:
        asked[path] += 1
        return digests(path)

    def listed(self: running_downloads.Locks) -> None:
        asked["locks"] += 1
        locks(self)

    monkeypatch.setattr(ollama_removal, "digests", read)
    monkeypatch.setattr(running_downloads.Locks, "__init__", listed)
    assert status(app.database, app.volumes, app.env()).leftovers["orphan"] > 0
    assert set(asked.values()) == {1} and len(asked) == MODELS + 1
    asked.clear()
    library = library_of(app.database, this_machine())
    found = offered(app.database, app.volumes, app.env(), library, candidates(library))
    assert sum(one.rule == "orphan" for one in found) == ORPHANS
    assert set(asked.values()) == {1}


@pytest.mark.parametrize("count", [4, 40])
def test_a_plan_looks_at_each_file_as_often_however_many_are_as_large(
    app: App, home: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    """LoRAs of one training are all of one size: each was asked whether it is a link for each of the others."""
    for number in range(count):
        tree(home / f"AI/m{number}", {f"m{number}.gguf": gguf_bytes(seed=number)})
    watch.add_root(app.database, str(home / "AI"))
    app.scanner().run(Progress())
    asked: Counter[str] = Counter()
    reader = reach.lstat

    def counted(path: str) -> os.stat_result:
        asked[path] += 1
        return reader(path)

    monkeypatch.setattr(reach, "lstat", counted)
    plan(app, *known(app))
    assert max(count for path, count in asked.items() if path.endswith(".gguf")) <= 6


def test_the_files_of_one_model_are_not_compared_with_each_other(app: App, home: Path) -> None:
    """8,000 of them took 23 s: a list was searched for each."""
    count, compared = 300, 0
    names = {f"m-{number:05}-of-{count:05}.gguf": gguf_bytes(seed=number) for number in range(1, count + 1)}
    tree(home / "AI/m", names)
    watch.add_root(app.database, str(home / "AI"))
    app.scanner().run(Progress())

    def tracer(frame: object, event: str, _value: object) -> None:
        nonlocal compared
        compared += event == "call" and frame.f_code.co_name == "__eq__"  # type: ignore[attr-defined]

    sys.setprofile(tracer)
    try:
        made = plan(app, *known(app))
    finally:
        sys.setprofile(None)
    assert len(made.steps) in (1, count) and compared < 20 * count


def steps(work: Callable[[], object]) -> int:
    """Lines of the program that ran, each turn of a loop counted: what the work costs, on any machine."""
    count = 0

    def line(frame: object, event: str, _value: object) -> object:
        nonlocal count
        count += event == "line"
        return line

    def call(frame: FrameType, event: str, _value: object) -> object:
        return line if "model_manager" in frame.f_code.co_filename else None

    sys.settrace(call)
    try:
        work()
    finally:
        sys.settrace(None)
    return count


def grows_no_faster(work: Callable[[int], Callable[[], object]], small: int = 60, times: int = 8) -> bool:
    """Whether work over `times` as much costs no more than that, but for a quarter (logarithms, first looks)."""
    return steps(work(small * times)) <= 1.25 * times * steps(work(small))


def versions(count: int) -> Callable[[], object]:
    every = lines(*(row(f"Some-Model-v{number}-7B", parameters=10**6 * 2 ** (number % 40)) for number in range(count)))
    return lambda: newer_lines(every)


def one_name(count: int) -> Callable[[], object]:
    rows = [row("model", parameters=1000 * number * number) for number in range(1, count + 1)]
    return lambda: lines(*rows)


def told_apart(count: int) -> Callable[[], object]:
    """Files that one comparison read side by side and found to differ, each from all others."""
    known = [Known(sample="same", apart=f"c:{number}") for number in range(count)]
    return lambda: (same_bytes(known, lambda one: one, lambda one: None), all_differ(known))


def many_copies(count: int) -> Callable[[], object]:
    group = CopyGroup("g", "identical", True, 10, tuple(copy_of("folder", f"/{number}") for number in range(count)), 0)
    return lambda: group.reclaimable


def one_index(count: int) -> Callable[[], object]:
    """Places of one store whose models share an index: they are one unit."""
    places = [
        PlaceView(number, number, 1, "/r", "online", "invokeai", "n", "n", f"/r/{number}", {})
        for number in range(count)
    ]
    return lambda: joined_places(places, {}, frozenset({1}))


@pytest.mark.parametrize("work", [versions, one_name, told_apart, many_copies, one_index])
def test_what_is_compared_grows_with_what_there_is(work: Callable[[int], Callable[[], object]]) -> None:
    assert grows_no_faster(work)


def adapters(home: Path, count: int) -> None:
    for number in range(count):
        tree(home / "AI/loras", {f"style-v{number}.gguf": gguf_bytes({"general.name": "style"}, seed=number)})


def counted_costs(app: App, home: Path, counts: tuple[int, int], cost: Callable[[], int]) -> list[float]:
    """What each model costs, with so many of them in one folder, all of one size."""
    watch.add_root(app.database, str(home))
    found = []
    for count in counts:
        adapters(home, count)
        app.scanner().run(Progress())
        found.append(cost() / count)
    return found


def test_a_suggestion_costs_the_same_among_ten_models_and_among_eighty(app: App, home: Path) -> None:
    """Each looked through all places and titles: 30 s for 10,000 models."""

    def cost() -> int:
        library = library_of(app.database, this_machine())
        every = candidates(library, ["older-version"])
        assert len(every) == len(library.rows) - 1
        return steps(lambda: offered(app.database, app.volumes, app.env(), library, every))

    few, many = counted_costs(app, home, (10, 80), cost)
    assert many <= 1.1 * few


def test_looking_for_copies_asks_the_catalogue_and_the_folders_once(
    app: App, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each file asked for what is known of it three times, and each of its folders was resolved anew: 11 s for 10,000."""
    asked: Counter[str] = Counter()
    read, real = type(app.database).read, reach.realpath
    monkeypatch.setattr(reach, "realpath", lambda path: asked.update(["folders"]) or real(path))
    monkeypatch.setattr(type(app.database), "read", lambda self: asked.update(["catalogue"]) or read(self))

    def cost() -> int:
        flag_and_recall(app.database, app.volumes)  # reads pieces of each file, and keeps what it read
        asked.clear()
        assert flag_and_recall(app.database, app.volumes).read_bytes == 0
        return sum(asked.values())

    few, many = counted_costs(app, home, (10, 80), cost)
    assert 80 * many <= 10 * few + 2
