"""Evidence against evidence."""

from __future__ import annotations

import pytest

from model_manager.base.facts import Claim, Companion, Facts, Health, Share
from model_manager.library.scan.understand import Sighting, WeighedFile, understand


def file(*claims: Claim, role: str = "weights", health: Health = Health(), id_: int = 1, **more: object) -> WeighedFile:
    return WeighedFile(id_, role, 1000, 1000, Facts("safetensors", claims, (Share("F16", 500, 1000),), health, **more))  # type: ignore[arg-type]


def seen(title: str = "model-x", *claims: Claim, **more: object) -> Sighting:
    return Sighting("comfyui", title, claims, None, **more)  # type: ignore[arg-type]


def test_tensors_beat_a_lying_label_and_say_so() -> None:
    lies = Claim("base_model", "SD 1.5", "metadata")
    known = understand(
        [file(Claim("category", "diffusion/lora", "tensors"), Claim("base_model", "Flux.1", "tensors"), lies)], [seen()]
    )
    assert known.values["base_model"] == "Flux.1"
    assert "label says SD 1.5, tensors say Flux.1" in known.tags


def test_a_lora_among_the_checkpoints() -> None:
    where = Claim("category", "diffusion/checkpoints", "folder")
    known = understand([file(Claim("category", "diffusion/lora", "tensors"))], [seen("x", where)])
    assert known.category == "diffusion/lora" and any("folder says diffusion/checkpoints" in tag for tag in known.tags)


@pytest.mark.parametrize(
    ("claim", "base"),
    [
        (Claim("base_model", "Pony", "sidecar"), "Pony (SDXL)"),
        (Claim("base_model", "SDXL 1.0", "metadata"), "SDXL 1.0"),
    ],
)
def test_pony_is_sdxl_by_its_tensors(claim: Claim, base: str) -> None:
    known = understand([file(Claim("base_model", "SDXL 1.0", "tensors"))], [seen("x", claim)])
    assert known.values["base_model"] == base and not known.tags


def test_the_quant_and_its_label() -> None:
    true, label = Claim("quant", "Q8_0", "tensors"), Claim("quant_label", "F16", "metadata")
    assert "label says F16, tensors say Q8_0" in understand([file(true, label)], [seen()]).tags
    kind = Claim("quant", "Q4_K_M", "tensors")
    assert not understand([file(kind)], [seen("Model-UD-Q4_K_XL")]).tags


def test_parts_are_summed_and_the_worst_is_shown() -> None:
    one, two = (
        file(Claim("parameters", 500, "tensors"), id_=1),
        file(Claim("parameters", 500, "tensors"), id_=2, health=Health("truncated", "x")),
    )
    known = understand([one, two], [seen()])
    assert known.values["parameters"] == 1000 and known.health.verdict == "truncated" and known.size == 2000


def test_a_projector_beside_it_makes_it_see() -> None:
    files = [file(Claim("category", "llm", "metadata")), file(role="projector", id_=2)]
    assert understand(files, [seen()]).category == "multimodal"


def test_a_missing_companion_is_incomplete() -> None:
    needs = file(Claim("category", "embedding", "metadata"), companions=(Companion("model.onnx_data", 5),))
    assert understand([needs], [seen()]).health.verdict == "incomplete"
    assert understand([needs], [seen(present={"model.onnx_data": 5})]).health.verdict == "good"
    assert understand([needs], [seen(present={"model.onnx_data": 4})]).health.verdict == "truncated"


def test_nothing_known_is_not_sorted() -> None:
    known = understand([], [seen("zzz")])
    assert known.category == "misc" and known.name == "zzz"
