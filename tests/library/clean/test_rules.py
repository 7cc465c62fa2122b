"""What is offered, why, what it frees and what stays: over real adapters."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path

from factory import gguf_bytes, hub_repo, ollama_model, safetensors_bytes, tree, write

from model_manager.app import App
from model_manager.jobs import Progress
from model_manager.library.clean.candidate import RULES, Candidate, library_of
from model_manager.library.clean.memory import Machine
from model_manager.library.clean.offers import reclaimable, wanted_of
from model_manager.library.clean.rules import candidates
from model_manager.library.labels import user_labels
from model_manager.library.removal.planning import plan_removal
from model_manager.library.scan import watch

BIG = Machine(64 << 30)
Q4 = {"general.name": "Some", "general.file_type": 2}
TENSORS = {"token_embd.weight": ("F16", (256, 32)), "blk.0.attn_q.weight": ("Q4_0", (256, 64))}
BETTER = {"token_embd.weight": ("F16", (256, 32)), "blk.0.attn_q.weight": ("Q8_0", (256, 64))}


def offered(app: App, *rules: str, now: float | None = None) -> list[Candidate]:
    app.scanner().run(Progress())
    library = library_of(app.database, BIG)
    return candidates(library, rules or RULES, now)


def own(app: App, home: Path, files: dict[str, bytes | str]) -> Path:
    tree(home / "models", files)
    watch.add_root(app.database, str(home / "models"))
    return home / "models"


def two_quants(app: App, home: Path) -> Path:
    return own(app, home, {"some-7B-Q4_0.gguf": gguf_bytes(Q4, TENSORS), "some-7B-Q8_0.gguf": gguf_bytes({}, BETTER)})


def test_a_lower_quant_where_a_better_one_stays(app: App, home: Path) -> None:
    two_quants(app, home)
    (one,) = offered(app, "old-quant")
    assert one.paths[0].endswith("some-7B-Q4_0.gguf") and one.confidence == "likely"
    assert "Q8_0 of the same model stays" in one.reason and one.keeps is not None
    size = os.lstat(one.paths[0])
    assert one.frees == min(size.st_size, 512 * size.st_blocks)


def test_pinned_is_never_offered(app: App, home: Path) -> None:
    two_quants(app, home)
    (one,) = offered(app, "old-quant")
    user_labels.set_pinned(app.database, one.model or 0, True)
    assert offered(app, "old-quant") == []


def test_when_the_better_one_goes_too_the_review_says_so(app: App, home: Path) -> None:
    two_quants(app, home)
    found = offered(app, now=time.time() + 400 * 86_400)
    (old,) = [one for one in found if one.rule == "old-quant"]
    library = library_of(app.database, BIG)
    better = replace(old, id="c1", rule="unused", model=old.keeps, keeps=None)
    assert wanted_of(library, [old]).warnings == ()
    wanted = wanted_of(library, [old, better])
    assert wanted.warnings == ("some-7B-Q4_0 was offered because some-7B-Q8_0 stays, and that goes too",)
    assert wanted.warnings[0] in plan_removal(app.database, app.volumes, app.env(), wanted).warnings


def test_what_can_be_had_again_says_where(app: App, home: Path) -> None:
    hub_repo(home / ".cache/huggingface/hub", "org/m", {"m.gguf": gguf_bytes()[:-500]})
    own(app, home, {"cut.gguf": gguf_bytes(seed=4)[:-600]})  # of another size: it cannot be the same
    reasons = {one.name: one.reason for one in offered(app, "broken")}
    assert "it may be had again from Hugging Face org/m" in reasons["m"]
    assert "again" not in reasons["cut"] and "only copy" in reasons["cut"]


def test_earlier_epochs_of_one_training(app: App, home: Path) -> None:
    """Other trainings beside it, and files of another size, are left alone."""
    lora = safetensors_bytes(
        {"lora_unet_a.lora_down.weight": ("F16", (8, 320)), "lora_unet_a.lora_up.weight": ("F16", (320, 8))}
    )
    other = safetensors_bytes(
        {"lora_unet_a.lora_down.weight": ("F16", (64, 320)), "lora_unet_a.lora_up.weight": ("F16", (320, 64))}
    )
    names = {"style-000002": lora, "style-000010": lora, "style": lora, "style-000004": other, "face-000003": lora,
             "face-step00000500": lora, "girl-2024": lora, "girl": lora, "sub/style-000001": lora}  # fmt: skip
    own(app, home, {f"loras/{name}.safetensors": data for name, data in names.items()})
    found = offered(app, "training-leftover")
    assert {one.name.rsplit("/")[-1] for one in found} == {"style-000002", "style-000010", "face-000003"}
    assert {one.confidence for one in found} == {"maybe"} and all(one.keeps for one in found)


def test_what_does_not_fit_is_no_reason(app: App, home: Path) -> None:
    two_quants(app, home)
    app.scanner().run(Progress())
    assert candidates(library_of(app.database, Machine(1000)), ["old-quant"]) == []


def test_a_tool_that_has_only_the_lower_one(app: App, home: Path) -> None:
    ollama_model(home / ".ollama/models", "registry.ollama.ai/library/some/7b", {"model": gguf_bytes(Q4, TENSORS)})
    own(app, home, {"some-7B-Q8_0.gguf": gguf_bytes({}, BETTER)})
    (one,) = offered(app, "old-quant")
    assert one.confidence == "maybe" and "Ollama has only this one" in one.reason


def test_a_tool_that_has_a_copy_of_the_better_one(app: App, home: Path) -> None:
    """Two copies of the better one: what is said of each tool counts both."""
    hub_repo(home / ".cache/huggingface/hub", "org/some-7B", {"some-7B-Q8_0.gguf": gguf_bytes({}, BETTER)})
    folder = home / ".lmstudio/models/org/some-7B"
    tree(folder, {"some-7B-Q8_0.gguf": gguf_bytes({}, BETTER), "some-7B-Q4_0.gguf": gguf_bytes(Q4, TENSORS)})
    (one,) = offered(app, "old-quant")
    assert one.confidence == "likely" and "only this one" not in one.reason


def test_downloads_that_stopped_more_than_a_day_ago(app: App, home: Path) -> None:
    hub = home / ".cache/huggingface/hub"
    hub_repo(hub, "org/m", {"m.gguf": gguf_bytes()})
    partial = write(hub / "models--org--m/blobs" / f"{'e' * 64}.incomplete", b"half" * 2000)
    assert offered(app, "partial") == []
    os.utime(partial, (time.time() - 3 * 86_400,) * 2)
    (one,) = offered(app, "partial")
    assert one.confidence == "certain" and one.paths == (str(partial),) and "3 days" in one.reason


def test_orphans_and_revisions_without_a_name(app: App, home: Path) -> None:
    store = home / ".ollama/models"
    ollama_model(store, "registry.ollama.ai/library/m/a", {"model": gguf_bytes()})
    orphan = write(store / "blobs" / f"sha256-{'a' * 64}", b"x" * 9000)
    os.utime(orphan, (1.7e9, 1.7e9))
    hub = home / ".cache/huggingface/hub"
    hub_repo(hub, "org/m", {"m.gguf": gguf_bytes(seed=2)}, "1" * 40)
    hub_repo(hub, "org/m", {"m.gguf": gguf_bytes(seed=3)}, "2" * 40, ref=None)
    found = {one.rule: one for one in offered(app, "orphan", "unnamed-revision")}
    assert found["orphan"].paths == (str(orphan),) and found["orphan"].confidence == "certain"
    assert "2" * 40 in found["unnamed-revision"].paths[0] and found["unnamed-revision"].frees > 1000


def test_broken_files_say_whether_they_are_the_only_copy(app: App, home: Path) -> None:
    own(app, home, {"cut.gguf": gguf_bytes()[:-500], "page.safetensors": b"<!DOCTYPE html><html>sign in</html>"})
    found = offered(app, "broken")
    assert {one.name for one in found} == {"cut", "page"} and all("the only copy" in one.reason for one in found)


def test_unused_only_with_evidence(app: App, home: Path) -> None:
    top = own(app, home, {"a.gguf": gguf_bytes()})
    assert offered(app, "unused") == []
    assert all("last used" in one.reason for one in offered(app, "unused", now=time.time() + 400 * 86_400))
    assert top.is_dir()


def test_ids_stay_and_everything_offered_can_be_planned(app: App, home: Path) -> None:
    two_quants(app, home)
    own(app, home, {"cut.gguf": gguf_bytes()[:-500]})
    first, second = offered(app), offered(app)
    assert first == second and len({one.id for one in first}) == len(first)
    plan = plan_removal(app.database, app.volumes, app.env(), wanted_of(library_of(app.database, BIG), first))
    library = library_of(app.database, BIG)
    assert plan.frees == reclaimable(library, first) > 0
    done = app.operations.apply(plan)
    assert done.state == "applied"
    assert (home / "models/some-7B-Q8_0.gguf").exists()
    assert offered(app) == []


def test_shared_names_free_nothing(app: App, home: Path) -> None:
    top = two_quants(app, home)
    os.link(top / "some-7B-Q4_0.gguf", home / "elsewhere.gguf")
    (one,) = offered(app, "old-quant")
    assert one.frees == 0


def test_the_only_copy_is_said_only_where_no_other_file_can_be_one(app: App, home: Path) -> None:
    """A file of holes is as large as the whole one beside it, and two damaged files of one size may be the same."""
    shape = {"token_embd.weight": ("F16", (1024, 1024))}
    whole = gguf_bytes({}, shape, seed=3)
    own(
        app,
        home,
        {"whole.gguf": whole, "cut.gguf": gguf_bytes({}, shape, seed=4)[:-5000], "page.safetensors": b"<html>" * 9},
    )
    with open(home / "models/hollow.gguf", "wb") as file:
        file.write(whole[:65536])
        file.truncate(len(whole))
    reasons = {one.name: one.reason for one in offered(app, "broken")}
    assert "only copy" not in reasons["hollow"] and reasons["hollow"].startswith("it is incomplete")
    assert "the only copy" in reasons["cut"] and "the only copy" in reasons["page"]
