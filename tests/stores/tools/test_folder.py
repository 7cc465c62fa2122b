"""A folder of the user's own: found by nobody, any layout, the names of our categories as evidence."""

from __future__ import annotations

from pathlib import Path

import pytest
from conformance import facts
from factory import gguf_bytes, safetensors_bytes, tree
from looking import env_of

from model_manager.library.labels.categories import BUILT_IN, GROUPS
from model_manager.stores.discovered import FoundModel, FoundRoot, Leftover
from model_manager.stores.hub.by_layout import BY_LAYOUT
from model_manager.stores.tools import folder
from model_manager.stores.walk.store_reader import StoreReader

GGUF = gguf_bytes(seed=41)
TENSORS = safetensors_bytes({"x.weight": ("F16", (8, 8))}, seed=42)


def described(root: Path) -> dict[str, FoundModel | Leftover]:
    items = list(folder.describe(FoundRoot("folder", str(root)), StoreReader(facts)))
    return {item.name if isinstance(item, FoundModel) else Path(item.path).name: item for item in items}


def category(one: FoundModel | Leftover) -> tuple[object, str] | None:
    assert isinstance(one, FoundModel)
    return next(((claim.value, claim.source) for claim in one.claims if claim.field == "category"), None)


def test_nothing_is_found_by_itself(home: Path) -> None:
    tree(home, {"models/a.gguf": GGUF})
    assert list(folder.find(env_of(home))) == []


def test_both_stores_describe_alike_and_remove_by_layout() -> None:
    assert [(store.tool, store.describe, store.removal) for store in folder.STORES] == [
        ("folder", folder.describe, BY_LAYOUT),
        ("store", folder.describe, BY_LAYOUT),
    ]


def test_every_category_of_ours_is_a_folder_and_what_only_groups_is_none() -> None:
    assert set(folder.FOLDERS) == set(BUILT_IN) - GROUPS
    assert all(slug == name for name, slug in folder.FOLDERS.items())


@pytest.mark.parametrize("place", ["llm", "LLM", "diffusion/lora", "tts/voices"])
def test_a_folders_name_is_evidence(place: str, home: Path) -> None:
    tree(home / "m", {f"{place}/a.safetensors": TENSORS, "b.safetensors": TENSORS, "mine/c.safetensors": TENSORS})
    found = described(home / "m")
    assert found.keys() == {f"{place}/a", "b", "mine/c"}
    assert category(found[f"{place}/a"]) == (place.lower(), "folder")
    assert category(found["b"]) is category(found["mine/c"]) is None


def test_any_layout(home: Path) -> None:
    tree(home / "m", {
        "deep/er/a.gguf": GGUF, "repo/config.json": '{"architectures": ["LlamaForCausalLM"], "model_type": "llama"}', "repo/model.safetensors": TENSORS,
        "data.bin": b"anything at all", "empty.bin": b"", "b.gguf.part": b"x" * 5000,
    })  # fmt: skip
    found = described(home / "m")
    assert found.keys() == {"deep/er/a", "repo", "b.gguf.part"}
    assert isinstance(found["b.gguf.part"], Leftover) and found["b.gguf.part"].kind == "partial"
    assert isinstance(found["repo"], FoundModel) and {file.name for file in found["repo"].files} == {
        "config.json",
        "model.safetensors",
    }


def test_the_hash_of_a_download_is_taken(home: Path) -> None:
    record = home / "m/.cache/huggingface/download/a.gguf.metadata"
    tree(home / "m", {"a.gguf": GGUF})
    record.parent.mkdir(parents=True)
    record.write_text(f"commit\n{'ab' * 32}\n{(home / 'm/a.gguf').stat().st_mtime + 5}\n")
    one = described(home / "m")["a"]
    assert isinstance(one, FoundModel) and (one.files[0].sha256, one.files[0].sha256_source) == ("ab" * 32, "index")
