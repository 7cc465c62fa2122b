"""A realistic folder of every tool: found without configuring anything, named and sorted as the tool means it."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from factory import gguf_bytes, hub_repo, ollama_model, safetensors_bytes, sha256, tree, write, zipped

from model_manager.base.reading import open_quietly
from model_manager.formats.sniff import facts_of
from model_manager.stores.adapters import BY_TOOL, STORES
from model_manager.stores.discovered import FoundModel, FoundRoot, Leftover
from model_manager.stores.host.env import Env
from model_manager.stores.walk.store_reader import StoreReader

GGUF, OTHER = gguf_bytes(seed=1), gguf_bytes(seed=2)
TENSORS = safetensors_bytes({"x.weight": ("F16", (8, 8))})


def reader() -> StoreReader:
    def facts(path: str, stat: os.stat_result):
        with open_quietly(path) as file:
            return facts_of(file, stat.st_size, os.path.basename(path))

    return StoreReader(facts)


def env_of(home: Path, **environ: str) -> Env:
    return Env(str(home), {"HOME": str(home), **environ}, scratch=str(home.parent / "scratch"))


def lm_studio(home: Path) -> None:
    tree(home / ".lmstudio/models/unsloth/Qwen3-GGUF", {"Qwen3-Q4_K_M.gguf": GGUF, "mmproj-F16.gguf": OTHER})


def comfyui(home: Path) -> None:
    tree(home / "ai/ComfyUI", {"main.py": "", "folder_paths.py": "", "models/checkpoints/xl.safetensors": TENSORS})


def a1111(home: Path) -> None:
    tree(home / "stable-diffusion-webui", {"webui.py": "", "launch.py": "", "modules/x.py": "",
         "models/Lora/style.safetensors": TENSORS, "models/Lora/style.civitai.info": '{"baseModel": "Pony"}'})  # fmt: skip


def forge(home: Path) -> None:
    tree(home / "forge", {"webui.py": "", "launch.py": "", "modules/x.py": "", "modules_forge/x.py": "",
                          "models/VAE/v.safetensors": TENSORS})  # fmt: skip


def sdnext(home: Path) -> None:
    base = tree(home / "sdnext", {"webui.py": "", "launch.py": "", "installer.py": "", "modules/x.py": "",
                                  "models/Stable-diffusion/m.safetensors": TENSORS})  # fmt: skip
    hub_repo(base / "models/Diffusers", "org/pipe", {"unet.safetensors": TENSORS})


def fooocus(home: Path) -> None:
    tree(
        home / "Fooocus",
        {"launch.py": "", "fooocus_version.py": "", "modules/config.py": "", "models/loras/l.safetensors": TENSORS},
    )


def swarmui(home: Path) -> None:
    tree(home / "SwarmUI", {"SwarmUI.sln": "", "src/x": "", "Data/Settings.fds": "Paths:\n\tModelRoot: Models\n",
                            "Models/Lora/l.safetensors": TENSORS})  # fmt: skip


def invokeai(home: Path) -> None:
    base = tree(home / "invokeai", {"invokeai.yaml": "schema_version: 4.0.2\n", "models/k1/m.safetensors": TENSORS,
                                    "models/orphan/x.safetensors": TENSORS})  # fmt: skip
    (base / "databases").mkdir()
    database = sqlite3.connect(base / "databases/invokeai.db")
    database.execute("CREATE TABLE models (id TEXT, config TEXT)")
    record = {"name": "My model", "type": "lora", "base": "sdxl", "path": "k1/m.safetensors"}
    database.execute("INSERT INTO models VALUES ('k1', ?)", (json.dumps(record),))
    database.commit()
    database.close()


def stability_matrix(home: Path) -> None:
    library = tree(home / "SM", {"Models/StableDiffusion/m.safetensors": TENSORS})
    write(home / ".config/StabilityMatrix/library.json", json.dumps({"LibraryPath": str(library)}))


def jan(home: Path) -> None:
    outside = write(home / "else/x.gguf", OTHER)
    base = home / ".local/share/Jan/data/llamacpp/models"
    tree(base, {"org/m/model.yml": "model_path: llamacpp/models/org/m/model.gguf\n", "org/m/model.gguf": GGUF,
                "in/place/model.yml": f"model_path: {outside}\n"})  # fmt: skip


def gpt4all(home: Path) -> None:
    tree(home / "gpt", {"m.gguf": GGUF, "incomplete-n.gguf": b"x" * 30})
    write(home / ".config/nomic.ai/GPT4All.ini", f"[General]\nmodelPath={home}/gpt\n")


def llama_cpp(home: Path) -> None:
    tree(
        home / ".cache/llama.cpp",
        {"org_repo_m.gguf": GGUF, "org_repo_m.gguf.etag": "x", "y.gguf.downloadInProgress": b"zz"},
    )


def text_generation_webui(home: Path) -> None:
    data = f"url: x\nsha256sum:\n    {sha256(TENSORS)} model.safetensors\n"
    tree(home / "tgw", {"server.py": "", "download-model.py": "", "modules/x.py": "", "user_data/models/a.gguf": GGUF,
         "user_data/models/org_m/config.json": "{}", "user_data/models/org_m/model.safetensors": TENSORS,
         "user_data/models/org_m/huggingface-metadata.txt": data})  # fmt: skip


def localai(home: Path) -> None:
    yaml = f"files:\n- filename: m.gguf\n  sha256: {sha256(GGUF)}\n"
    tree(
        home / "localai",
        {"local-ai": "", "models/m.gguf": GGUF, "models/m.yaml": "name: m\n", "models/._gallery_m.yaml": yaml},
    )


def docker(home: Path) -> None:
    base, digest = home / ".docker/models", sha256(GGUF)
    long_since = time.time() - 3 * 86_400
    manifest = json.dumps(
        {"layers": [{"mediaType": "application/vnd.docker.ai.gguf.v3", "digest": f"sha256:{digest}"}]}
    )
    index = {"models": [{"id": "sha256:" + "1" * 64, "tags": ["ai/m:latest"], "files": [f"sha256:{digest}"]}]}
    tree(base, {"models.json": json.dumps(index), f"blobs/sha256/{digest}": GGUF, f"manifests/sha256/{'1' * 64}": manifest,
                f"blobs/sha256/{'2' * 64}": b"o"})  # fmt: skip
    os.utime(base / "blobs/sha256" / ("2" * 64), (long_since, long_since))
    (base / "bundles/sha256/x").mkdir(parents=True)
    os.link(base / "blobs/sha256" / digest, base / "bundles/sha256/x/model.gguf")


def modelscope(home: Path) -> None:
    tree(home / ".cache/modelscope/hub/models/Qwen/Qwen3-0___6B", {"config.json": "{}", "model.safetensors": TENSORS})


def koboldcpp(home: Path) -> None:
    path = write(home / "else/k.gguf", GGUF)
    write(home / "kobold/my.kcpps", json.dumps({"model_param": str(path), "sdmodel": "", "lora": None}))


def caches(home: Path) -> None:
    voice = json.dumps({"audio": {}, "phoneme_id_map": {}})
    tree(home, {
        ".cache/whisper/tiny.pt": b"PK\x03\x04 not really", ".local/share/piper/en.onnx": b"\x08\x07",
        ".local/share/piper/en.onnx.json": voice, ".insightface/models/pack/det.onnx": b"\x08\x07",
        ".insightface/models/pack.zip": zipped({"det.onnx": b"\x08\x07"}), ".cache/vosk/vosk-model-en/am/final.mdl": b"x",
        ".cache/vosk/vosk-model-en/conf/mfcc.conf": "", ".local/share/tts/tts_models--en--x/model_file.pth": b"x",
        ".local/share/tts/tts_models--en--x/config.json": "{}", ".u2net/u2net.onnx": b"\x08\x07",
        ".var/app/net.mkiol.SpeechNote/cache/net.mkiol/dsnote/speech-models/ggml.gguf": GGUF,
    })  # fmt: skip
    hub_repo(home / ".cache/Buzz/models", "ggerganov/whisper", {"ggml-tiny.gguf": GGUF})
    ollama_model(home / ".config/Msty/models", "registry.ollama.ai/library/m/x", {"model": GGUF})


TREES: dict[str, tuple[Callable[[Path], None], dict[str, set[str]]]] = {
    "lm-studio": (lm_studio, {"lm-studio": {"unsloth/Qwen3-GGUF/Qwen3-Q4_K_M"}}),
    "comfyui": (comfyui, {"comfyui": {"checkpoints/xl"}}),
    "a1111": (a1111, {"a1111": {"Lora/style"}}),
    "forge": (forge, {"forge": {"VAE/v"}}),
    "sdnext": (sdnext, {"sdnext": {"Stable-diffusion/m", "org/pipe/unet"}}),
    "fooocus": (fooocus, {"fooocus": {"loras/l"}}),
    "swarmui": (swarmui, {"swarmui": {"Lora/l"}}),
    "invokeai": (invokeai, {"invokeai": {"k1"}}),
    "stability-matrix": (stability_matrix, {"stability-matrix": {"StableDiffusion/m"}}),
    "jan": (jan, {"jan": {"org/m", "in/place"}}),
    "gpt4all": (gpt4all, {"gpt4all": {"m"}}),
    "llama-cpp": (llama_cpp, {"llama-cpp": {"org_repo_m"}}),
    "text-generation-webui": (text_generation_webui, {"text-generation-webui": {"a", "org_m"}}),
    "localai": (localai, {"localai": {"m"}}),
    "docker-model-runner": (docker, {"docker-model-runner": {"ai/m:latest"}}),
    "modelscope": (modelscope, {"modelscope": {"Qwen/Qwen3-0.6B"}}),
    "koboldcpp": (koboldcpp, {"koboldcpp": {"my.kcpps: k.gguf"}}),
    "caches": (caches, {"whisper": {"tiny"}, "piper": {"en"}, "insightface": {"pack"}, "vosk": {"vosk-model-en"},
                        "coqui": {"tts_models--en--x"}, "rembg": {"u2net"}, "speech-note": {"ggml"},
                        "buzz": {"ggerganov/whisper/ggml-tiny"}, "msty": {"m:x"}}),
}  # fmt: skip


def everything(env: Env) -> tuple[dict[str, set[str]], list[FoundModel], list[Leftover]]:
    names: dict[str, set[str]] = {}
    models: list[FoundModel] = []
    rests: list[Leftover] = []
    found: dict[str, FoundRoot] = {}
    for store in STORES:
        for root in store.find(env):
            found.setdefault(os.path.realpath(root.path), root)
    for root in found.values():
        looking = reader()
        looking.skip = frozenset(path for path in found if path != root.path and path.startswith(root.path + os.sep))
        for item in BY_TOOL[root.tool].describe(root, looking):
            if isinstance(item, FoundModel):
                names.setdefault(root.tool, set()).add(item.name)
                models.append(item)
            else:
                rests.append(item)
    return names, models, rests


@pytest.mark.parametrize("tool", TREES)
def test_every_tool_is_found_by_itself(tool: str, home: Path) -> None:
    build, expected = TREES[tool]
    build(home)
    before = {path: (os.lstat(path).st_mtime_ns, os.lstat(path).st_size) for path in home.rglob("*")}
    names, _models, _rests = everything(env_of(home))
    assert names == expected
    assert {path: (os.lstat(path).st_mtime_ns, os.lstat(path).st_size) for path in home.rglob("*")} == before


def test_all_of_them_together(home: Path) -> None:
    expected: dict[str, set[str]] = {}
    for build, wanted in TREES.values():
        build(home)
        for tool, names in wanted.items():
            expected[tool] = expected.get(tool, set()) | names
    assert everything(env_of(home))[0] == expected


def test_leftovers(home: Path) -> None:
    for build in (invokeai, gpt4all, llama_cpp, docker, caches):
        build(home)
    kinds = sorted((rest.kind, os.path.basename(rest.path)) for rest in everything(env_of(home))[2])
    assert kinds == [("archive", "pack.zip"), ("orphan", "2" * 64), ("orphan", "orphan"), ("partial", "incomplete-n.gguf"),
                     ("partial", "y.gguf.downloadInProgress")]  # fmt: skip


def test_an_empty_home_has_nothing(home: Path) -> None:
    assert everything(env_of(home)) == ({}, [], [])


def test_extra_model_paths_give_categories(home: Path) -> None:
    comfyui(home)
    write(home / "pool/l/style.safetensors", TENSORS)
    write(
        home / "ai/ComfyUI/extra_model_paths.yaml",
        f"mine:\n  base_path: {home}/pool\n  is_default: true\n  loras: l\nempty:\n",
    )
    _names, models, _rests = everything(env_of(home))
    style = next(model for model in models if model.name == "style")
    assert ("category", "diffusion/lora", "folder") in {(c.field, c.value, c.source) for c in style.claims}


def test_hashes_that_lie_on_disk_are_taken(home: Path) -> None:
    text_generation_webui(home)
    localai(home)
    docker(home)
    hashes = {
        file.sha256: file.sha256_source for model in everything(env_of(home))[1] for file in model.files if file.sha256
    }
    assert hashes[sha256(TENSORS)] == "index" and sha256(GGUF) in hashes


HOSTILE = (b"", b"\0\xff\xfe" * 200, b"[" * 60_000, b"{}", b"[]", b"null", b'{"models": 3, "files": {}, "path": []}',
           b'{"LibraryPath": "../../../etc", "data_folder": "/etc", "downloadsFolder": 7}', b"a: &a [*a, *a]\n")  # fmt: skip
SETTINGS = (".lmstudio/settings.json", ".lmstudio-home-pointer", ".config/StabilityMatrix/library.json", ".docker/models/models.json",
            ".local/share/Jan/settings.json", ".config/nomic.ai/GPT4All.ini", "ai/ComfyUI/extra_model_paths.yaml",
            "invokeai/invokeai.yaml", "invokeai/databases/invokeai.db", "SwarmUI/Data/Settings.fds", "kobold/my.kcpps",
            "Fooocus/config.txt", "sdnext/config.json", "localai/models/._gallery_m.yaml", "stable-diffusion-webui/webui-user.sh",
            ".local/share/Jan/data/llamacpp/models/org/m/model.yml", "tgw/user_data/CMD_FLAGS.txt")  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_settings_end_in_nothing_worse_than_a_problem(text: bytes, home: Path) -> None:
    for build, _wanted in TREES.values():
        build(home)
    for name in SETTINGS:
        write(home / name, text)
    for model in everything(env_of(home))[1]:
        for file in model.files:
            assert file.path.startswith(str(home))


def test_hostile_names_and_loops_in_every_root(home: Path) -> None:
    for build, _wanted in TREES.values():
        build(home)
    env = env_of(home)
    for store in STORES:
        for root in store.find(env):
            inside = Path(root.path)
            if not (inside / "again").exists():
                (inside / "again").symlink_to("..")
                (inside / "gone.gguf").symlink_to("nowhere")
                os.mkfifo(inside / "pipe.gguf")
                write(Path(os.fsdecode(os.fsencode(root.path) + b"/\xff\n\xe2\x80\xae.gguf")), GGUF)
    names = everything(env_of(home))[0]
    assert set(names) >= {"ollama", "huggingface"} or "comfyui" in names
