"""The summary: what is where, what it weighs, what would come back."""

from __future__ import annotations

from pathlib import Path

from factory import gguf_bytes, safetensors_bytes, tree
from removing import scan

from model_manager.app import App
from model_manager.library.listing import status as module
from model_manager.library.listing.status import Status, by_category, seen_twice, status
from model_manager.library.scan import watch

LARGE = gguf_bytes(seed=61) + bytes(range(256)) * 8192
SMALL = safetensors_bytes({"x.weight": ("F16", (8, 8))}, seed=62)


def of(app: App) -> Status:
    return status(app.database, app.volumes, app.env())


def test_nothing_is_nothing(app: App) -> None:
    assert of(app) == Status(0, 0, 0, 0, (), (), {}, {}) and by_category(app.database) == ()


def test_models_by_tool_category_and_health(app: App, home: Path) -> None:
    tree(
        home / "AI",
        {
            "llm/a.gguf": LARGE,
            "diffusion/lora/b.safetensors": SMALL,
            "c.gguf": b"GGUF" + bytes(60),
            "d.gguf.part": b"x" * 5000,
        },
    )
    watch.add_root(app.database, str(home / "AI"))
    scan(app)
    found = of(app)
    size = len(LARGE) + len(SMALL) + 64
    assert (found.models, found.bytes, found.apparent) == (3, size, size)
    assert found.tools == (("folder", 3, size),)
    assert sum(count for _, count, _ in found.categories) == 3 and found.categories[0][0] == "llm"
    assert [size for _, _, size in found.categories] == sorted((size for _, _, size in found.categories), reverse=True)
    assert sum(found.health.values()) == 3 and sum(count for word, count in found.health.items() if word != "good") >= 1
    assert found.leftovers == {"partial": 5000} and found.rests == 5000 and found.reclaimable == 0
    assert found.away == found.again == found.unproved == found.unsure == 0
    assert by_category(app.database) == found.categories


def test_names_of_one_file_count_once_and_copies_can_be_had_back(app: App, home: Path) -> None:
    tree(home / "AI", {"a.gguf": LARGE, "b.gguf": LARGE})
    (home / "AI/c.gguf").hardlink_to(home / "AI/a.gguf")
    watch.add_root(app.database, str(home / "AI"))
    scan(app)
    found = of(app)
    assert (found.bytes, found.apparent) == (2 * len(LARGE), 3 * len(LARGE))
    assert found.reclaimable == found.unproved  # looks the same, and was not read
    assert found.reclaimable in (0, len(LARGE))


def test_what_is_away_counts_nowhere_else(app: App, home: Path) -> None:
    tree(home / "AI", {"a.gguf": LARGE})
    watch.add_root(app.database, str(home / "AI"))
    scan(app)
    (home / "AI").rename(home / "elsewhere")
    scan(app)
    found = of(app)
    assert (found.away, found.models, found.bytes) == (1, 0, 0) and found.tools == ()


def test_what_is_seen_twice_is_said() -> None:
    nothing = Status(0, 0, 0, 0, (), (), {}, {})
    assert seen_twice(nothing) == []
    both = Status(0, 0, 0, 0, (), (), {}, {}, again=2_000_000_000, unsure=3_000_000)
    first, second = seen_twice(both)
    assert first.startswith("2") and "by a folder and by a mount that shows it, and count once" in first
    assert second.startswith("3") and "this cannot be told here, so they count once" in second


def test_heaviest_first_and_by_name_where_they_weigh_the_same() -> None:
    assert module._ordered({"b": (1, 5), "a": (2, 5), "c": (1, 9)}) == (("c", 1, 9), ("a", 2, 5), ("b", 1, 5))
