"""What every adapter must hold, run against each by `test_conformance`. A new tool adds one line to TREES.

A tree is a function that lays a realistic folder of the tool below a home folder; `at` says where the roots of tools
that find nothing by themselves lie.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import test_tools
from factory import gguf_bytes, hub_repo, ollama_model, safetensors_bytes, sha256, tree, zipped

from model_manager.base.facts import Facts, Health
from model_manager.base.reading import open_quietly
from model_manager.formats.sniff import facts_of
from model_manager.stores.adapters import BY_TOOL
from model_manager.stores.discovered import FoundModel, FoundRoot, Leftover, Problem
from model_manager.stores.host.env import Env
from model_manager.stores.walk.store_reader import StoreReader

Tree = Callable[[Path], object]
GGUF, OTHER = gguf_bytes(seed=11), gguf_bytes(seed=12)
TENSORS = safetensors_bytes({"x.weight": ("F16", (8, 8))}, seed=13)
ONNX = bytes.fromhex("0808") + b"\x12\x07pytorch"


def at(place: str, files: dict[str, bytes | str]) -> Tree:
    return lambda home: tree(home / place, files)


def aged(top: Path, days: float = 3) -> Path:
    """A folder whose files were last written to some days ago, as what was fetched long since is."""
    then = time.time() - days * 86_400
    for path in top.rglob("*"):
        if path.is_file() and not path.is_symlink():
            os.utime(path, (then, then))
    return top


def _ollama(home: Path) -> None:
    base = home / ".ollama/models"
    ollama_model(base, "registry.ollama.ai/library/m/latest", {"model": GGUF, "template": b"{{ .Prompt }}"})
    ollama_model(base, "hf.co/org/repo/Q4_K_M", {"model": GGUF, "projector": OTHER}, {"file_type": "Q4_K_M"})
    tree(base, {f"blobs/sha256-{'0' * 64}": b"orphan", f"blobs/sha256-{'1' * 64}-partial": b"half"})
    aged(base)


def _huggingface(home: Path) -> None:
    base = home / ".cache/huggingface/hub"
    hub_repo(base, "org/m", {"config.json": b"{}", "model.safetensors": TENSORS})
    hub_repo(base, "org/shared", {"m-Q4_K_M.gguf": GGUF}, shared=True)
    listed = {"files": {"model.safetensors": {"lfs_sha256": sha256(TENSORS), "lfs_size": len(TENSORS)}}}
    tree(base, {f"models--org--m/trees/{'a' * 40}.json": json.dumps(listed),
                f"models--org--m/blobs/{'e' * 64}.1234abcd.incomplete": b"half",
                f"models--org--m/blobs/{'c' * 64}": b"orphan", f"blobs/dd/{'d' * 64}": b"payload",
                f"blobs/dd/{'d' * 64}.refs": ""})  # fmt: skip
    hub_repo(base, "org/m", {"README.md": b"an older card"}, commit="b" * 40, ref=None)


def _docker(home: Path) -> None:
    base, weights = home / ".docker/models", sha256(GGUF)
    config = json.dumps({"config": {"format": "gguf", "quantization": "Q4_K_M", "architecture": "llama"}}).encode()
    manifest = json.dumps({
        "config": {"digest": f"sha256:{sha256(config)}"},
        "layers": [{"mediaType": "application/vnd.docker.ai.gguf.v3", "digest": f"sha256:{weights}"}],
    })  # fmt: skip
    index = {"models": [{"id": "sha256:" + "1" * 64, "tags": ["ai/m:latest", "ai/m:small"],
                         "files": [f"sha256:{weights}", f"sha256:{sha256(config)}"]}]}  # fmt: skip
    tree(base, {"models.json": json.dumps(index), "layout.json": '{"version": "1.0.0"}', f"blobs/sha256/{weights}": GGUF,
                f"blobs/sha256/{sha256(config)}": config, f"manifests/sha256/{'1' * 64}": manifest,
                f"blobs/sha256/{'2' * 64}": b"orphan", f"blobs/sha256/{'3' * 64}.incomplete": b"half"})  # fmt: skip
    for name in ("1" * 64, "4" * 64):
        (base / "bundles/sha256" / name).mkdir(parents=True)
        os.link(base / "blobs/sha256" / weights, base / "bundles/sha256" / name / "model.gguf")
    aged(base)


def _ramalama(home: Path) -> None:
    base = home / ".local/share/ramalama/store/ollama/library/m"
    blob, shared = f"sha256-{sha256(GGUF)}", f"sha256-{sha256(OTHER)}"
    for tag, snapshot, files in (
        ("small", "s1", [(blob, "m", "gguf"), (shared, "mmproj", "mmproj")]),
        ("vision", "s2", [(shared, "m", "gguf")]),
    ):
        listed = [{"hash": hash_.replace("-", ":"), "name": name, "type": kind} for hash_, name, kind in files]
        record = {"hash": snapshot, "path": "", "version": "v1.0.1", "files": listed}
        tree(base, {f"refs/{tag}.json": json.dumps(record)})
        for name, data in ((blob, GGUF), (shared, OTHER)):
            tree(base, {f"blobs/{name}": data})
        for hash_, name, _kind in files:
            (base / "snapshots" / snapshot).mkdir(parents=True, exist_ok=True)
            os.link(base / "blobs" / hash_, base / "snapshots" / snapshot / name)
    tree(base, {f"blobs/sha256-{'2' * 64}": b"orphan", f"blobs/sha256-{'3' * 64}.partial": b"half"})
    aged(home / ".local/share/ramalama")


def _jan(home: Path) -> None:
    outside = tree(home / "else", {"x.gguf": OTHER}) / "x.gguf"
    tree(home / ".local/share/Jan/data/llamacpp/models", {
        "org/m/model.yml": "model_path: llamacpp/models/org/m/model.gguf\nmmproj_path: llamacpp/models/org/m/mmproj.gguf\n",
        "org/m/model.gguf": GGUF, "org/m/mmproj.gguf": OTHER, "in/place/model.yml": f"model_path: {outside}\n",
    })  # fmt: skip
    tree(home / ".local/share/Jan", {"settings.json": json.dumps({"data_folder": str(home / ".local/share/Jan/data")})})


def _llama_cpp(home: Path) -> None:
    manifest = json.dumps({"ggufFile": {"rfilename": "m-Q4_K_M.gguf"}})
    tree(home / ".cache/llama.cpp", {"org_repo_m-Q4_K_M.gguf": GGUF, "org_repo_m-Q4_K_M.gguf.etag": "x",
         "manifest=org=repo=Q4_K_M.json": manifest, "y.gguf.downloadInProgress": b"zz"})  # fmt: skip
    hub_repo(home / ".cache/llama.cpp", "org/new", {"n-Q4_K_M.gguf": OTHER})


def _localai(home: Path) -> None:
    gallery = f"files:\n- filename: m.gguf\n  sha256: {sha256(GGUF)}\n"
    settings = "name: my-model\nparameters:\n  model: m.gguf\nmmproj: vision/mmproj.gguf\n"
    tree(home / ".localai/models", {"m.gguf": GGUF, "vision/mmproj.gguf": OTHER, "my-model.yaml": settings,
         "._gallery_my-model.yaml": gallery, ".artifacts/.partial/k/x.gguf": b"half"})  # fmt: skip


def _gpt4all(home: Path) -> None:
    tree(home, {"gpt/m.gguf": GGUF, "gpt/gpt4all-cloud.rmodel": "{}", "gpt/incomplete-n.gguf": b"half",
                ".config/nomic.ai/GPT4All.ini": f"[General]\nmodelPath={home}/gpt\n"})  # fmt: skip


def _lm_studio(home: Path) -> None:
    tree(home, {"studio/pub/repo/m-Q4_K_M.gguf": GGUF, "studio/pub/repo/mmproj-F16.gguf": OTHER,
                "studio/mlx-community/m-4bit/config.json": "{}", "studio/mlx-community/m-4bit/model.safetensors": TENSORS,
                ".lmstudio-home-pointer": f"{home}/.lmstudio",
                ".lmstudio/settings.json": json.dumps({"downloadsFolder": f"{home}/studio"})})  # fmt: skip


def _buzz(home: Path) -> None:
    hub_repo(home / ".cache/Buzz/models", "ggerganov/whisper.cpp", {"ggml-tiny.gguf": GGUF})
    tree(home / ".cache/Buzz/models", {"whisper/tiny.pt": b"PK\x03\x04"})


def _msty(home: Path) -> None:
    ollama_model(home / ".config/Msty/models", "registry.ollama.ai/library/m/x", {"model": GGUF})
    tree(home / ".config/MstyStudio/models-llamacpp/org/repo", {"m.gguf": OTHER})


def _sentence_transformers(home: Path) -> None:
    tree(home / ".cache/torch/sentence_transformers/org_m", {
        "modules.json": "[]", "config.json": "{}", "model.safetensors": TENSORS, "1_Pooling/config.json": "{}"})  # fmt: skip


_VOSK = {"am/final.mdl": b"x", "conf/mfcc.conf": "--x=1\n", "graph/HCLr.fst": b"x"}
_VOICE = json.dumps({"audio": {"sample_rate": 22050}, "phoneme_id_map": {}, "language": {"code": "en_GB"}})

TREES: dict[str, Tree] = {
    "ollama": _ollama,
    "huggingface": _huggingface,
    "lm-studio": _lm_studio,
    "jan": _jan,
    "gpt4all": _gpt4all,
    "docker-model-runner": _docker,
    "ramalama": _ramalama,
    "localai": _localai,
    "modelscope": at(".cache/modelscope", {
        "hub/models/Qwen/Qwen3-0___6B/config.json": "{}", "hub/models/Qwen/Qwen3-0___6B/model.safetensors": TENSORS,
        "hub/models/Qwen/Qwen3-0___6B/.msc": b"\x80\x04.", "hub/org/older/m.gguf": GGUF,
        "models/org--new/snapshots/master/m.gguf": OTHER, "hub/models/._____temp/org/x/m.gguf": b"half"}),
    "stability-matrix": test_tools.stability_matrix,
    "invokeai": test_tools.invokeai,
    "sdnext": test_tools.sdnext,
    "a1111": test_tools.a1111,
    "forge": test_tools.forge,
    "fooocus": test_tools.fooocus,
    "swarmui": test_tools.swarmui,
    "text-generation-webui": test_tools.text_generation_webui,
    "comfyui": test_tools.comfyui,
    "koboldcpp": test_tools.koboldcpp,
    "whisper": at(".cache/whisper", {"tiny.pt": b"PK\x03\x04"}),
    "whisper-cpp": at("src/whisper.cpp/models", {"ggml-tiny.gguf": GGUF, "download-ggml-model.sh": "#!/bin/sh\n"}),
    "buzz": _buzz,
    "kdenlive": at(".local/share/kdenlive/speechmodels", {f"vosk-model-en/{name}": data for name, data in _VOSK.items()}),
    "speech-note": at(".var/app/net.mkiol.SpeechNote", {
        "cache/net.mkiol/dsnote/speech-models/ggml.gguf": GGUF,
        "config/net.mkiol/dsnote/settings.conf": "[service]\nmodels_dir=\n"}),
    "piper": at(".local/share/piper", {"en_GB-alan-low.onnx": ONNX, "en_GB-alan-low.onnx.json": _VOICE}),
    "coqui": at(".local/share/tts", {"tts_models--en--x--y/model_file.pth": b"PK\x03\x04", "tts_models--en--x--y/config.json": "{}"}),
    "kokoro": at(".cache/kokoro", {"kokoro-v1.0.onnx": ONNX}),
    "fish-speech": at("fish-speech/checkpoints", {"openaudio/model.pth": b"PK\x03\x04", "openaudio/config.json": "{}"}),
    "vosk": at(".cache/vosk", {f"vosk-model-en/{name}": data for name, data in _VOSK.items()} | {"vosk-model-en.zip": zipped(_VOSK)}),
    "nemo": at(".cache/torch/NeMo/NeMo_2.0/parakeet/abc", {"parakeet.nemo": b"x" * 600}),
    "sentence-transformers": _sentence_transformers,
    "torch-hub": at(".cache/torch/hub/checkpoints", {"resnet18-f37072fd.pth": b"PK\x03\x04"}),
    "timm": at(".cache/timm", {"vit.safetensors": TENSORS}),
    "rembg": at(".rembg/models", {"u2net/u2net.onnx": ONNX}),
    "insightface": at(".insightface/models", {"buffalo_l/det.onnx": ONNX, "buffalo_l/rec.onnx": ONNX, "buffalo_l.zip": zipped({"det.onnx": ONNX, "rec.onnx": ONNX})}),
    "easyocr": at(".EasyOCR/model", {"craft_mlt_25k.pth": b"PK\x03\x04"}),
    "upscayl": at(".local/share/upscayl/models", {"x4.param": "7767517\n1 1\nInput in 0 1 in\n", "x4.bin": b"\0" * 64}),
    "msty": _msty,
    "anythingllm": at(".config/anythingllm-desktop/storage/models", {"downloaded/m.gguf": GGUF}),
    "llama-cpp": _llama_cpp,
    "folder": at("models", {"llm/m.gguf": GGUF, "m.json": "{}"}),
    "store": at("models", {"llm/m.gguf": GGUF, "diffusion/lora/l.safetensors": TENSORS}),
}  # fmt: skip
BY_HAND = {"folder": "models", "store": "models"}
"""Roots that the user adds."""
IN_PLACE = frozenset({"jan", "koboldcpp", "invokeai"})
"""Tools whose records may name a file anywhere by an absolute path."""


def env_of(home: Path, **environ: str) -> Env:
    return Env(str(home), {"HOME": str(home), **environ}, scratch=str(home.parent / "scratch"))


def facts(path: str, stat: os.stat_result) -> Any:
    try:
        with open_quietly(path) as file:
            return facts_of(file, stat.st_size, os.path.basename(path))
    except OSError as error:
        return Facts("unknown", health=Health("unknown", str(error)))


def roots_of(tool: str, home: Path) -> list[FoundRoot]:
    """The tool's roots below this home; a computer may have some elsewhere."""
    found = (
        [FoundRoot(tool, str(home / BY_HAND[tool]), "user")] if tool in BY_HAND else BY_TOOL[tool].find(env_of(home))
    )
    return [root for root in found if root.path.startswith(str(home))]


class Told:
    """Everything that an adapter says of a home folder."""

    def __init__(self, tool: str, home: Path) -> None:
        self.models: list[FoundModel] = []
        self.rests: list[Leftover] = []
        self.problems: list[Problem] = []
        self.roots = roots_of(tool, home)
        paths = {os.path.realpath(root.path) for root in self.roots}
        for root in self.roots:
            reader = StoreReader(facts, frozenset(path for path in paths if path.startswith(root.path + os.sep)))
            for item in BY_TOOL[tool].describe(root, reader):
                (self.models if isinstance(item, FoundModel) else self.rests).append(item)  # type: ignore[arg-type]
            self.problems += reader.problems

    @property
    def names(self) -> set[str]:
        return {model.name for model in self.models}

    @property
    def paths(self) -> Iterator[str]:
        for model in self.models:
            yield model.path
            yield from (file.path for file in model.files)
        yield from (rest.path for rest in self.rests)


@contextmanager
def within(seconds: int) -> Iterator[None]:
    """Fails what hangs."""

    def late(*_: object) -> None:
        raise TimeoutError(f"not done after {seconds} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
