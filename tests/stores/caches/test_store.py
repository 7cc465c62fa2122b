"""The plain caches: every row of the table is found where it says, first by its variables."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from conformance import GGUF, ONNX, TENSORS, Told, env_of
from factory import hub_repo, tree, write, zipped

from model_manager.stores.adapters import BY_TOOL
from model_manager.stores.caches.table import CACHES, Cache
from model_manager.stores.host.env import Env

ROWS = [pytest.param(cache, id=f"{cache.tool}-{number}") for number, cache in enumerate(CACHES)]


def paths(tool: str, env: Env) -> list[tuple[str, str]]:
    return [(os.path.relpath(root.path, env.home), root.found_by) for root in BY_TOOL[tool].find(env)
            if root.path.startswith(env.home)]  # fmt: skip


@pytest.mark.parametrize("cache", ROWS)
@pytest.mark.parametrize("system", ["linux", "macos", "windows"])
def test_every_place_of_a_row_is_found(cache: Cache, system: str, home: Path) -> None:
    env = Env(str(home), {}, system)  # type: ignore[arg-type]
    bases = {"home": env.home, "cache": env.cache(), "xdg": env.xdg_cache(), "config": env.config(), "data": env.data(),
             "named": str(home / "src")}  # fmt: skip
    for place in cache.places:
        kind, _colon, below = place.partition(":")
        if kind == "root":
            assert os.path.isabs(below)
            continue
        folder = os.path.join(bases[kind], below)
        os.makedirs(folder, exist_ok=True)
        assert (os.path.relpath(folder, home), "default") in paths(cache.tool, Env(str(home), {}, system))  # type: ignore[arg-type]


@pytest.mark.parametrize("cache", [row for row in ROWS if row.values[0].variables])
def test_variables_come_first_and_in_order(cache: Cache, home: Path) -> None:
    environ, wanted = {}, []
    for number, (name, below) in enumerate(cache.variables):
        environ.setdefault(name, str(home / f"v{number}"))
        folder = os.path.normpath(os.path.join(environ[name], below))
        os.makedirs(folder)
        wanted.append((os.path.relpath(folder, home), "environment"))
    assert paths(cache.tool, env_of(home, **environ))[: len(wanted)] == wanted


@pytest.mark.parametrize(("tool", "place"), [
    ("speech-note", "net.mkiol.SpeechNote/cache/net.mkiol/dsnote/speech-models"), ("buzz", "io.github.chidiwilliams.Buzz/cache/Buzz/models"),
    ("upscayl", "org.upscayl.Upscayl/config/Upscayl/models"), ("whisper", "org.kde.kdenlive/cache/whisper"),
    ("kdenlive", "org.kde.kdenlive/data/kdenlive/speechmodels")])  # fmt: skip
def test_inside_flatpaks(tool: str, place: str, home: Path) -> None:
    (home / ".var/app" / place).mkdir(parents=True)
    assert paths(tool, env_of(home)) == [(f".var/app/{place}", "default")]


@pytest.mark.parametrize("config", [".config", ".var/app/net.mkiol.SpeechNote/config"])
def test_speech_notes_own_settings(config: str, home: Path) -> None:
    (home / "voices").mkdir()
    write(home / config / "net.mkiol/dsnote/settings.conf", f"[service]\nmodels_dir={home}/voices\n")
    assert paths("speech-note", env_of(home)) == [("voices", "config")]


def test_kdenlives_own_settings(home: Path) -> None:
    (home / "speech").mkdir()
    write(home / ".config/kdenliverc", f"[env]\nvosk_folder_path={home}/speech\n")
    assert paths("kdenlive", env_of(home)) == [("speech", "config")]


def test_one_folder_one_model(home: Path) -> None:
    tree(home / ".insightface/models", {"buffalo_l/det.onnx": ONNX, "buffalo_l/rec.onnx": ONNX, "buffalo_l.zip": zipped({"det.onnx": ONNX}),
                                        "other.zip": b"PK"})  # fmt: skip
    told = Told("insightface", home)
    assert told.names == {"buffalo_l"} and len(told.models[0].files) == 2
    assert [(rest.kind, os.path.basename(rest.path)) for rest in told.rests] == [("archive", "buffalo_l.zip")]


def test_the_digits_in_a_name_are_a_detail_and_no_hash(home: Path) -> None:
    tree(home / ".cache/torch/hub/checkpoints", {"resnet18-f37072fd.pth": b"PK\x03\x04", "x-v2.pth": b"PK\x03\x04"})
    models = {model.name: model for model in Told("torch-hub", home).models}
    assert models["resnet18-f37072fd"].details == {"sha256_prefix": "f37072fd"} and models["x-v2"].details == {}
    assert all(file.sha256 is None for model in models.values() for file in model.files)


def test_categories_are_evidence_of_the_folder(home: Path) -> None:
    tree(home / ".cache/whisper", {"tiny.pt": b"PK\x03\x04"})
    tree(home / ".config/anythingllm-desktop/storage/models", {"downloaded/m.gguf": GGUF})
    for tool, category in (("whisper", "stt"), ("anythingllm", "llm")):
        (model,) = Told(tool, home).models
        assert [(claim.value, claim.source) for claim in model.claims if claim.field == "category"] == [
            (category, "folder")
        ]


def test_sentence_transformers_in_both_layouts(home: Path) -> None:
    tree(home / ".cache/torch/sentence_transformers/org_m", {"modules.json": "[]", "model.safetensors": TENSORS,
                                                            "0_Transformer/config.json": "{}"})  # fmt: skip
    (model,) = Told("sentence-transformers", home).models
    assert model.name == "org_m" and model.is_folder


def test_a_catalogues_old_row_number_is_harmless(home: Path) -> None:
    from conformance import facts

    from model_manager.stores.discovered import FoundRoot
    from model_manager.stores.walk.store_reader import StoreReader

    write(home / "m.gguf", GGUF)
    for row in ("99", "-1", "x", "²", ""):
        assert list(BY_TOOL["msty"].describe(FoundRoot("msty", str(home), details={"row": row}), StoreReader(facts)))


def test_nemos_caches_within_its_folder(home: Path) -> None:
    base = home / ".cache/torch/NeMo/NeMo_2.4.0"
    hub_repo(base / "hf_hub_cache/nvidia/parakeet", "nvidia/parakeet-tdt-0.6b", {"parakeet.nemo": b"x" * 600})
    tree(base, {"stt_en/0a1b/stt_en.nemo": b"y" * 600})
    told = Told("nemo", home)
    assert told.names == {"nvidia/parakeet-tdt-0.6b/parakeet", "NeMo_2.4.0/stt_en/0a1b/stt_en"}
    assert told.rests == []
