"""Bases by diffusers' classes and figures."""

from __future__ import annotations

import pytest
from memory_folder import MemoryFolder, facts, values

from model_manager.formats.folders import documents, readme
from model_manager.formats.folders.diffusion_bases import is_audio, of_class, of_component, of_pipeline

FLUX, FLUX2, WAN, SD3 = ({"_class_name": f"{name}Model"} for name in ("FluxTransformer2D", "Flux2Transformer2D", "WanTransformer3D", "SD3Transformer2D"))  # fmt: skip


@pytest.mark.parametrize(
    ("config", "base"),
    [
        (FLUX, "Flux.1"), ({**FLUX, "guidance_embeds": True}, "Flux.1 dev"), ({**FLUX, "guidance_embeds": False}, "Flux.1 schnell"),
        ({**FLUX, "in_channels": 384}, "Flux.1 Fill"), ({**FLUX, "in_channels": 128}, "Flux.1 Canny/Depth"),
        (FLUX2, "Flux.2"), ({**FLUX2, "joint_attention_dim": 7680}, "Flux.2 klein 4B"), ({**FLUX2, "joint_attention_dim": 15360}, "Flux.2 dev"),
        ({**WAN, "in_channels": 48}, "Wan 2.2 TI2V 5B"), ({**WAN, "num_attention_heads": 12}, "Wan 2.1 T2V 1.3B"),
        ({**WAN, "in_channels": 36, "image_dim": 1280}, "Wan 2.1 I2V 14B"), ({**WAN, "in_channels": 36}, "Wan 2.2 I2V A14B"), (WAN, "Wan Video"),
        ({**SD3, "num_layers": 38}, "SD 3.5 Large"), ({**SD3, "num_layers": 24, "dual_attention_layers": [1]}, "SD 3.5 Medium"), (SD3, "SD 3"),
        ({"_class_name": "QwenImageControlNetModel"}, "Qwen-Image"), ({"_class_name": "SanaTransformer2DModel"}, "Sana"),
        ({"cross_attention_dim": 768}, "SD 1.5"), ({"cross_attention_dim": [1024, 1024]}, "SD 2.1"),
        ({"cross_attention_dim": 1024, "use_linear_projection": False}, "SD 2.0"), ({"cross_attention_dim": 1280}, "SDXL Refiner"),
        ({"cross_attention_dim": 2048}, "SDXL 1.0"), ({"cross_attention_dim": 2048, "transformer_layers_per_block": [1, 2, 4]}, "SSD-1B"),
        ({"cross_attention_dim": [1, 2]}, ""), ({"_class_name": None}, ""), ({"_class_name": ["x"] * 999}, ""),
    ],
)  # fmt: skip
def test_components(config: dict[str, object], base: str) -> None:
    found, why = of_component(config)
    assert found == base and bool(why) == bool(base)


def test_the_longest_name_of_a_pipeline_decides() -> None:
    assert of_pipeline("FluxFillPipeline") == "Flux.1 Fill" and of_pipeline("FluxPipeline") == "Flux.1"
    assert of_pipeline("LTX2Pipeline") == "LTXV2" and of_pipeline("Other") == "" and of_class("Other") == ""
    assert is_audio("StableAudioPipeline") and not is_audio("StableDiffusionPipeline")


FRONT = """---
license: other
license_name: my-licence
tags: [merge, 'MoE', unknown]
base_model:
- org/parent
- "not a repo at all"
nested:
  key: value
- stray: list
key2: |
# comment
odd line
- ignored
---
text
"""


def test_front_matter() -> None:
    front = documents.front_matter(MemoryFolder("a", {"README.md": FRONT}))
    assert (
        front["license"] == ["other"]
        and front["base_model"] == ["org/parent", "not a repo at all"]
        and front["key2"] == []
    )
    assert [(claim.field, claim.value) for claim in readme.claims_of(front)] == [
        ("licence", "my-licence"), ("tag", "merge"), ("tag", "moe"),
    ]  # fmt: skip
    assert readme.parents(front) == ["org/parent"] and readme.is_repo("a/b") and not readme.is_repo("/a/b")
    assert readme.parents({**front, "base_model_relation": ["quantized"]}) == []
    assert [claim.value for claim in readme.claims_of({"license": ["mit"], "license_name": ["other name"]})] == ["mit"]
    assert list(readme.claims_of({})) == []


@pytest.mark.parametrize("text", ["", "# a title", "---\nlicense: mit\n", 5, "---\nlicense: mit", b"\xff\xfe---"])
def test_a_readme_without_front_matter(text: object) -> None:
    assert documents.front_matter(MemoryFolder("a", {"README.md": text})) == {}


def test_a_list_has_an_end() -> None:
    long = "---\ntags:\n" + "- a\n" * 5000 + "---\n"
    assert 0 < len(documents.front_matter(MemoryFolder("a", {"README.md": long}))["tags"]) < 5000


def test_json_that_is_none() -> None:
    for content in (b"[1]", b"{", b"\xff", 7):
        assert documents.json_of(MemoryFolder("a", {"config.json": content}), "config.json") == {}


META = [{"modelType": {"name": "MLModelType_mlProgram"}, "author": "me", "inputSchema": [{"name": "logmel_data"}]}]


@pytest.mark.parametrize(
    ("files", "verdict", "expected"),
    [
        ({"coremldata.bin": 9, "metadata.json": META}, "good", {"category": "stt", "architecture": "mlProgram", "publisher": "me"}),
        ({"coremldata.bin": 9, "metadata.json": b"[["}, "good", {}),
        ({"coremldata.bin": 9, "metadata.json": 5}, "good", {}),
        ({"coremldata.bin": 9, "metadata.json": b"3"}, "good", {}),
        ({"coremldata.bin": 9, "model.mil": 7}, "good", {}),
        ({"Manifest.json": b"{", "Data/com.apple.CoreML/x": 4}, "corrupt", {}),
        ({"Manifest.json": {"itemInfoEntries": {"a": 5, "b": {"path": 7}}}, "Data/com.apple.CoreML/x": 4}, "good", {}),
        ({"Manifest.json": {"itemInfoEntries": {"a": {"path": "com.apple.CoreML"}}}, "Data/com.apple.CoreML/x": 4}, "good", {}),
    ],
)  # fmt: skip
def test_core_ml_bundles(files: dict[str, object], verdict: str, expected: dict[str, object]) -> None:
    found = facts(files, "a")
    assert found.format == "coreml" and found.health.verdict == verdict and values(found) == expected


def test_a_bundle_is_known_by_its_name_last() -> None:
    assert values(facts({"coremldata.bin": 9}, "ggml-whisper-encoder")) == {"category": "stt"}
