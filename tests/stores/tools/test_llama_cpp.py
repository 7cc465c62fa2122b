"""llama.cpp: the flat cache, the newer layout where LLAMA_CACHE names it, and not everybody's hub."""

from __future__ import annotations

import json
from pathlib import Path

from conformance import GGUF, OTHER, Told, env_of
from factory import hub_repo, tree

from model_manager.stores.host.env import Env, Process
from model_manager.stores.tools import llama_cpp

CACHE = ".cache/llama.cpp"


def test_the_usual_hub_is_not_claimed(home: Path) -> None:
    hub = home / ".cache/huggingface/hub"
    hub_repo(hub, "org/m", {"m.gguf": GGUF})
    assert list(llama_cpp.find(env_of(home))) == []
    (root,) = llama_cpp.find(env_of(home, LLAMA_CACHE=str(hub)))
    assert (root.path, root.found_by) == (str(hub), "environment")
    running = Process(3, ("llama-server",), {"LLAMA_CACHE": str(hub)}, "/")
    env = Env(str(home), {}, processes=(running,))
    assert [root.found_by for root in llama_cpp.find(env)] == ["process"]
    assert llama_cpp.STORE.in_use(env) == "llama.cpp is running (process 3)"


def test_the_flat_cache(home: Path) -> None:
    manifest = json.dumps({"ggufFile": {"rfilename": "Q4/m-v1-Q4_K_M.gguf"}})
    name = "some_org_m-v1-GGUF_Q4_m-v1-Q4_K_M.gguf"
    tree(home / CACHE, {name: GGUF, f"{name}.etag": "x", "some_org_m-v1-GGUF_mmproj-model-f16.gguf": OTHER,
                        "manifest=some_org=m-v1-GGUF=Q4_K_M.json": manifest, "y.gguf.downloadInProgress": b"zz",
                        "ai_smollm2_latest.gguf": OTHER})  # fmt: skip
    told = Told("llama-cpp", home)
    models = {model.name: model for model in told.models}
    assert set(models) == {"some_org_m-v1-GGUF_Q4_m-v1-Q4_K_M", "ai_smollm2_latest"}
    model = models["some_org_m-v1-GGUF_Q4_m-v1-Q4_K_M"]
    assert model.title == "Q4_m-v1-Q4_K_M" and model.source and model.source.repo == "some_org/m-v1-GGUF"
    assert sorted(file.role for file in model.files) == ["manifest", "projector", "sidecar", "weights"]
    assert [rest.kind for rest in told.rests] == ["partial"] and told.problems == []
    assert models["ai_smollm2_latest"].source is None


def test_parts_of_the_flat_cache(home: Path) -> None:
    tree(home / CACHE, {"o_r_m-00001-of-00002.gguf": GGUF, "o_r_m-00002-of-00002.gguf": OTHER})
    (model,) = Told("llama-cpp", home).models
    assert len(model.files) == 2 and model.health is None


def test_both_generations_in_one_folder(home: Path) -> None:
    hub_repo(home / CACHE, "org/new", {"n.gguf": OTHER}, shared=True)
    tree(home / CACHE, {"org_old_m.gguf": GGUF})
    told = Told("llama-cpp", home)
    assert told.names == {"org/new/n", "org_old_m"} and told.rests == []
