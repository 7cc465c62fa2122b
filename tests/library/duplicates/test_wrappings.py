"""The same weights under other bytes: found, proved by reading, never linked, and never confused with other weights."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from factory import gguf_bytes, safetensors_bytes, tree

from model_manager.app import App
from model_manager.base.errors import ModelManagerError
from model_manager.jobs import Progress
from model_manager.library.duplicates import search as duplicates
from model_manager.library.duplicates.search import Duplicates
from model_manager.library.duplicates.sharing import plan_sharing
from model_manager.library.scan import watch

TENSORS = {f"blocks.{number}.attn.weight": ("F16", (64, 48)) for number in range(24)}


def own(app: App, home: Path, files: dict[str, bytes], name: str = "models") -> Path:
    tree(home / name, files)
    watch.add_root(app.database, str(home / name))
    app.scanner().run(Progress())
    return home / name


def prove(app: App) -> Duplicates:
    return duplicates.prove(app.database, app.volumes)


def kinds(found: Duplicates) -> list[tuple[str, set[str]]]:
    return [(group.kind, {os.path.basename(copy.path) for copy in group.copies}) for group in found.groups]


def test_edited_metadata(app: App, home: Path) -> None:
    own(app, home, {
        "a.safetensors": safetensors_bytes(TENSORS, {"title": "mine"}),
        "b.safetensors": safetensors_bytes(TENSORS, {"title": "another and longer one"}),
        "tuned.safetensors": safetensors_bytes(TENSORS, {"title": "other weights, same table"}, seed=2),
    })  # fmt: skip
    expected = [("same-weights", {"a.safetensors", "b.safetensors"})]
    flagged = duplicates.flag(app.database, app.volumes)
    assert kinds(flagged) == expected and not flagged.groups[0].proved
    found = prove(app)
    assert kinds(found) == expected and found.groups[0].proved and found.groups[0].id == flagged.groups[0].id
    assert prove(app).read_bytes == 0 and duplicates.flag(app.database, app.volumes).read_bytes == 0
    assert duplicates.flag_and_recall(app.database, app.volumes) == prove(app)
    with pytest.raises(ModelManagerError, match="bytes around them"):
        plan_sharing(app.database, app.volumes, app.env(), found.groups)
    plan = plan_sharing(app.database, app.volumes, app.env(), found.groups, "trash")
    assert plan.frees == found.reclaimable > 0


def test_metadata_of_the_same_length(app: App, home: Path) -> None:
    own(app, home, {
        "a.safetensors": safetensors_bytes(TENSORS, {"title": "mine"}),
        "b.safetensors": safetensors_bytes(TENSORS, {"title": "your"}),
    })  # fmt: skip
    for _ in range(2):
        assert kinds(prove(app)) == [("same-weights", {"a.safetensors", "b.safetensors"})]
    assert prove(app).read_bytes == 0


def test_one_byte_in_the_midst_of_a_tensor(app: App, home: Path) -> None:
    other = bytearray(safetensors_bytes(TENSORS, {"title": "longer metadata than the other"}))
    other[len(other) // 2 + 3001] ^= 1
    own(app, home, {"a.safetensors": safetensors_bytes(TENSORS), "b.safetensors": bytes(other)})
    assert prove(app).groups == ()


def test_shards_beside_the_whole(app: App, home: Path) -> None:
    """One file, and the same tensors over two: the sum has no order and no borders."""
    whole = safetensors_bytes(TENSORS)
    data = whole[8 + int.from_bytes(whole[:8], "little") :]
    names = list(TENSORS)
    parts = {}
    for number, chosen in enumerate((names[:10], names[10:]), 1):
        part = safetensors_bytes({name: TENSORS[name] for name in chosen})
        start = 0 if number == 1 else len(data) // 24 * 10
        head = part[: 8 + int.from_bytes(part[:8], "little")]
        parts[f"sharded/model-{number:05}-of-00002.safetensors"] = head + data[start : start + len(part) - len(head)]
    own(app, home, {"whole.safetensors": whole, "sharded/config.json": b'{"model_type": "llama"}', **parts})
    (group,) = prove(app).groups
    assert group.kind == "same-weights" and group.proved and len(group.copies) == 2
    sizes = {copy.bytes for copy in group.copies}
    assert group.reclaimable in sizes


def test_gguf_with_another_name_in_it(app: App, home: Path) -> None:
    own(app, home, {
        "a.gguf": gguf_bytes({"general.name": "A"}, seed=5),
        "b.gguf": gguf_bytes({"general.name": "B, renamed by somebody with a long breath"}, seed=5),
        "c.gguf": gguf_bytes({"general.name": "C"}, seed=6),
    })  # fmt: skip
    assert kinds(prove(app)) == [("same-weights", {"a.gguf", "b.gguf"})]


def test_copies_of_each_wrapping_are_counted_once(app: App, home: Path) -> None:
    one, two = safetensors_bytes(TENSORS, {"title": "mine"}), safetensors_bytes(TENSORS, {"title": "yours, longer"})
    top = own(app, home, {"a.safetensors": one, "b.safetensors": one, "c.safetensors": two, "d.safetensors": two})
    found = prove(app)
    assert sorted(kind for kind, _names in kinds(found)) == ["identical", "identical", "same-weights"]
    sizes = sorted(min(path.stat().st_size, 512 * path.stat().st_blocks) for path in top.iterdir())
    assert found.reclaimable in (sum(sizes) - sizes[0], sum(sizes) - sizes[-1])


def test_precisions_and_trailing_bytes_are_not_the_same_weights(app: App, home: Path) -> None:
    half = {name: ("F16", shape) for name, (_dtype, shape) in TENSORS.items()}
    full = {name: ("F32", shape) for name, (_dtype, shape) in TENSORS.items()}
    own(app, home, {
        "fp16.safetensors": safetensors_bytes(half), "fp32.safetensors": safetensors_bytes(full),
        "tail.gguf": gguf_bytes(seed=5) + b"x" * 9000, "other.gguf": gguf_bytes(seed=5) + b"y" * 9001,
    })  # fmt: skip
    assert prove(app).groups == ()


def _near(seed: int) -> bytes:
    """Other weights under heads and tails that are the same."""
    data = bytearray(safetensors_bytes(TENSORS, {"title": "x" * seed}))
    data[len(data) // 2 + 3001] ^= seed
    return bytes(data)


def test_what_was_read_and_differs_stays_known_when_copies_were_shared_and_put_back(app: App, home: Path) -> None:
    """Undo gives a copy its own bytes again: that file is new and unread, the others are what they were."""
    own(app, home, {f"{seed}.safetensors": _near(seed) for seed in range(1, 5)} | {"twin.safetensors": _near(1)})
    flagged = duplicates.flag_and_recall(app.database, app.volumes)
    assert len(dict(kinds(flagged))["same-weights"]) == 4, "nothing is read yet"
    twins = [("identical", {"1.safetensors", "twin.safetensors"})]
    assert kinds(prove(app)) == twins
    done = app.operations.apply(plan_sharing(app.database, app.volumes, app.env(), prove(app).groups))
    assert app.operations.undo(done.id).state == "undone"
    app.scanner().run(Progress())
    assert kinds(duplicates.flag_and_recall(app.database, app.volumes)) == twins
    assert kinds(prove(app)) == twins


def test_one_that_came_later_may_be_what_was_read(app: App, home: Path) -> None:
    top = own(app, home, {f"{seed}.safetensors": _near(seed) for seed in range(1, 4)})
    assert prove(app).groups == ()
    tree(top, {"late.safetensors": _near(7)})
    app.scanner().run(Progress())
    (group,) = duplicates.flag_and_recall(app.database, app.volumes).groups
    assert not group.proved and len(group.copies) == 2 and "late.safetensors" in str(group.copies)
    assert prove(app).groups == () and duplicates.flag_and_recall(app.database, app.volumes).groups == ()
