"""A place that leads by a link to what would go keeps it, whatever tool it is of; the review never contradicts itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from factory import gguf_bytes, hub_repo, safetensors_bytes, sha256, write
from removing import known, look, scan

from model_manager.actions.removal import plan_named
from model_manager.app import App
from model_manager.base.errors import ModelManagerError
from model_manager.catalog import models
from model_manager.library.removal.planning import plan_removal
from model_manager.library.removal.selection import wanted_of
from model_manager.library.scan import watch
from model_manager.operations.plan_builder import Way

GGUF = gguf_bytes(seed=41)


@pytest.mark.parametrize("way", ["delete", "trash"])
@pytest.mark.parametrize("watched", ["first", "second"])
def test_a_blob_that_leads_into_another_cache(watched: str, way: Way, app: App, home: Path) -> None:
    """The caches are of two tools, or one is a folder that the person watches."""
    own, far = (
        hub_repo(home / ".cache/huggingface/hub", "o/x", {"w.gguf": GGUF}),
        hub_repo(home / "two/hub", "o/x", {"w.gguf": GGUF}),
    )
    keeps, leads = (far, own) if watched == "first" else (own, far)
    blob = leads / "blobs" / sha256(GGUF)
    blob.unlink()
    blob.symlink_to(keeps / "blobs" / sha256(GGUF))
    watch.add_root(app.database, str(home / "two/hub"))
    scan(app)
    before = look(home)
    (entry,) = (keeps / "snapshots").rglob("w.gguf")
    with pytest.raises(ModelManagerError, match="uses it"):
        plan_removal(app.database, app.volumes, app.env(), wanted_of(app.database, [str(entry)]), way)
    assert look(home) == before
    # The other way round only links go, and that is said truly.
    (entry,) = (leads / "snapshots").rglob("w.gguf")
    plan = plan_named(app, [str(entry)], way=way).plan
    assert not any("lead nowhere" in one for one in plan.warnings) and any("stays" in one for one in plan.warnings)
    assert app.operations.apply(plan).state == "applied"
    assert (keeps / "blobs" / sha256(GGUF)).read_bytes() == GGUF


def test_the_whole_model_goes_with_all_its_links(app: App, home: Path) -> None:
    far, own = (
        hub_repo(home / "two/hub", "o/x", {"w.gguf": GGUF}),
        hub_repo(home / ".cache/huggingface/hub", "o/x", {"w.gguf": GGUF}),
    )
    blob = own / "blobs" / sha256(GGUF)
    blob.unlink()
    blob.symlink_to(far / "blobs" / sha256(GGUF))
    watch.add_root(app.database, str(home / "two/hub"))
    scan(app)
    (id_,) = known(app)
    plan = plan_removal(app.database, app.volumes, app.env(), wanted_of(app.database, [id_]), "delete")
    assert app.operations.apply(plan).state == "applied"
    assert not far.exists() and not own.exists()


def test_weights_that_a_link_of_another_model_leads_to(app: App, home: Path) -> None:
    """A tuned model that has one part of its own and links the other: it would lose its last bytes."""
    first, second = (f"model-0000{n}-of-00002.safetensors" for n in (1, 2))
    for name, seed in (("base", 1), ("tuned", 2)):
        write(home / f"AI/{name}/config.json", '{"architectures": ["LlamaForCausalLM"], "model_type": "llama"}')
        write(home / f"AI/{name}/{second}", safetensors_bytes({f"b{seed}": ("F16", (64, 64))}))
    write(home / f"AI/base/{first}", safetensors_bytes({"a": ("F16", (64, 64))}))
    (home / f"AI/tuned/{first}").symlink_to(home / f"AI/base/{first}")
    watch.add_root(app.database, str(home / "AI"))
    scan(app)
    with app.database.read() as tx:
        by_path = {file.path: file.model for file in models.files(tx)}
    base, tuned = by_path[str(home / f"AI/base/{first}")], by_path[str(home / f"AI/tuned/{first}")]
    assert base != tuned
    before = look(home)
    with pytest.raises(ModelManagerError, match="of another model uses it"):
        plan_removal(app.database, app.volumes, app.env(), wanted_of(app.database, [f"m{base}"]), "delete")
    both = plan_removal(
        app.database, app.volumes, app.env(), wanted_of(app.database, [f"m{base}", f"m{tuned}"]), "delete"
    )
    assert len(both.steps) and look(home) == before
