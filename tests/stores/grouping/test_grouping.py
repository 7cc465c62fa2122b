"""Which files of a folder are one model: shards, projectors, pairs, pipelines, and names that only look alike."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_manager.stores.grouping.file_names import is_projector, is_weights, role_of
from model_manager.stores.grouping.grouping import FileGroup, group


def labels(*names: str) -> list[str]:
    return sorted(one.label for one in group(names))


def one(label: str, *names: str) -> FileGroup:
    return next(found for found in group(names) if found.label == label)


def roles(found: FileGroup) -> dict[str, str]:
    return dict(found.files)


APART = (
    ("Qwen3-4B-Instruct-2507-Q4_K_M.gguf", "Qwen3-4B-Thinking-2507-Q4_K_M.gguf"),
    ("Qwen2.5-7B-Q4_K_M.gguf", "Qwen2.5-Coder-7B-Q4_K_M.gguf"),
    ("m-UD-Q4_K_XL.gguf", "m-Q4_K_M.gguf", "m-i1-Q4_K_M.gguf"),
    ("gemma-3-12b-it-Q4_0.gguf", "gemma-3-12b-it-qat-q4_0.gguf"),
    ("wan2.2_t2v_high_noise_14B_fp8_scaled.safetensors", "wan2.2_t2v_low_noise_14B_fp8_scaled.safetensors"),
    ("flux1-dev.safetensors", "flux1-schnell.safetensors"),
    ("v1-5-pruned.safetensors", "v1-5-pruned-emaonly.safetensors"),
    ("sd_xl_base_1.0.safetensors", "sd_xl_refiner_1.0.safetensors"),
    ("t5xxl_fp16.safetensors", "t5xxl_fp8_e4m3fn.safetensors"),
    ("style.safetensors", "style-000010.safetensors", "style-000005.safetensors"),
    ("af_heart.pt", "am_adam.pt"),
    ("ggml-large-v2.bin", "ggml-large-v3.bin", "ggml-large-v3-turbo.bin"),
    ("mtp-DeepSeek-V3.gguf", "DeepSeek-V3-Q4_K_M.gguf"),
)


@pytest.mark.parametrize("names", APART, ids=lambda names: names[0])
def test_names_that_only_look_alike_are_models_of_their_own(names: tuple[str, ...]) -> None:
    assert labels(*names) == sorted(name.rpartition(".")[0] for name in names)


def test_numbered_parts_are_one_model_and_what_is_missing_is_named() -> None:
    parts = [f"big-Q4_K_M-{number:05}-of-00003.gguf" for number in (1, 2, 3)]
    assert one("big-Q4_K_M", *parts).missing == () and labels(*parts) == ["big-Q4_K_M"]
    assert one("big-Q4_K_M", parts[0], parts[2]).missing == (parts[1],)


def test_a_whole_file_and_sets_of_other_counts_are_other_models() -> None:
    names = ["m.gguf", "m-00001-of-00002.gguf", "m-00002-of-00002.gguf", "m-00001-of-00003.gguf"]
    assert labels(*names) == ["m", "m-of-00002", "m-of-00003"]
    assert one("m-of-00002", *names).missing == ()
    assert one("m-of-00003", *names).missing == ("m-00002-of-00003.gguf", "m-00003-of-00003.gguf")
    assert labels(*names[1:]) == ["m-of-00002", "m-of-00003"]


def test_a_count_in_a_name_is_not_a_number_of_things_to_make() -> None:
    assert len(one("m", "m-00001-of-99999.gguf").missing) < 10_001
    assert one("m", "m-00001-of-00000.gguf").missing == ()


def test_raw_parts_say_so() -> None:
    found = one("m", "m.gguf.part1of2", "m.gguf.part2of2")
    assert found.raw_parts and len(found.files) == 2


@pytest.mark.parametrize("projector", ["mmproj-F16.gguf", "mmproj-model-f16.gguf", "gemma-3-4b-it-mmproj-f16.gguf",
                                       "mmproj-gemma-3-4b-it-f16.gguf", "mmproj.gguf",
                                       "MMPROJ-F16.GGUF"])  # fmt: skip
def test_a_projector_is_a_part_and_no_quant(projector: str) -> None:
    assert is_projector(projector)
    names = ("gemma-3-4b-it-Q4_K_M.gguf", "gemma-3-4b-it-Q8_0.gguf", projector)
    assert labels(*names) == ["gemma-3-4b-it-Q4_K_M", "gemma-3-4b-it-Q8_0"]
    assert all(roles(found)[projector] == "projector" for found in group(names))


def test_a_projector_with_a_name_goes_to_its_own_model() -> None:
    names = ("a-7b-Q4_K_M.gguf", "b-7b-Q4_K_M.gguf", "mmproj-b-7b-f16.gguf")
    assert "mmproj-b-7b-f16.gguf" in roles(one("b-7b-Q4_K_M", *names))
    assert "mmproj-b-7b-f16.gguf" not in roles(one("a-7b-Q4_K_M", *names))


def test_llama_cpps_flat_names_keep_projector_and_model_together() -> None:
    projector = "ggml-org_gemma-3-4b-it-GGUF_mmproj-model-f16.gguf"
    names = (
        "ggml-org_gemma-3-4b-it-GGUF_gemma-3-4b-it-Q4_K_M.gguf",
        projector,
        projector + ".etag",
        "org_x_y-Q4_0.gguf",
    )
    found = one("ggml-org_gemma-3-4b-it-GGUF_gemma-3-4b-it-Q4_K_M", *names)
    assert roles(found)[projector] == "projector" and roles(found)[projector + ".etag"] == "sidecar"
    assert labels(*names) == ["ggml-org_gemma-3-4b-it-GGUF_gemma-3-4b-it-Q4_K_M", "org_x_y-Q4_0"]


def test_a_projector_alone_is_shown() -> None:
    assert labels("mmproj-F16.gguf") == ["mmproj-F16"]
    assert labels("mmproj-F16.gguf", "mmproj-F16.gguf.etag") == ["mmproj-F16"]


def test_a_configured_folder_takes_its_main_weights() -> None:
    names = ("config.json", "tokenizer.json", "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors",
             "model.safetensors.index.json", "original.pth", "m-Q4_K_M.gguf")  # fmt: skip
    found = group(names)
    main = next(one for one in found if one.whole)
    assert main.label == "" and {"config.json", "tokenizer.json"} <= set(roles(main))
    assert {one.label for one in found} == {"", "original", "m-Q4_K_M"}
    assert "config.json" not in roles(next(one for one in found if one.label == "m-Q4_K_M"))


def test_a_pipeline_is_one_model_and_lacks_its_parts() -> None:
    names = ["model_index.json", "unet/config.json", "unet/diffusion_pytorch_model-00001-of-00002.safetensors",
             "vae/diffusion_pytorch_model.safetensors", "sd_xl.safetensors"]  # fmt: skip
    whole = next(found for found in group(names) if found.whole)
    assert whole.missing == ("unet/diffusion_pytorch_model-00002-of-00002.safetensors",)
    assert labels(*names) == ["", "sd_xl"]


def test_pairs_and_onnx_parts() -> None:
    assert roles(one("x4", "x4.param", "x4.bin")) == {"x4.param": "weights", "x4.bin": "weights"}
    assert roles(one("openvino_model", "openvino_model.xml", "openvino_model.bin")).keys() == {
        "openvino_model.xml", "openvino_model.bin"}  # fmt: skip
    assert labels("readme.xml") == []
    assert labels("encoder_model_fp16.onnx", "decoder_model_merged_fp16.onnx") == ["encoder+decoder_fp16"]


def test_whispers_core_ml_half_belongs_to_its_model() -> None:
    names = ("ggml-tiny.bin", "ggml-tiny-encoder.mlmodelc/model.mil", "other.mlmodelc/weights/weight.bin")
    assert labels(*names) == ["ggml-tiny", "other.mlmodelc"]
    assert roles(one("ggml-tiny", *names))["ggml-tiny-encoder.mlmodelc/model.mil"] == "other"


def test_sidecars_follow_by_name() -> None:
    names = ("style.safetensors", "style.civitai.info", "style.preview.png", "style.json", "other.json")
    assert set(roles(one("style", *names))) == {
        "style.safetensors",
        "style.civitai.info",
        "style.preview.png",
        "style.json",
    }


def test_rests_of_training_are_no_weights() -> None:
    assert labels("optimizer.pt", "scheduler.pt", "rng_state_0.pth", "model.safetensors") == ["model"]
    assert role_of("checkpoint-5/optimizer.pt") == "other"


_NAMES = st.lists(st.sampled_from([
    "m.gguf", "m-Q4_K_M.gguf", "mmproj-m-f16.gguf", "mmproj-F16.gguf", "config.json", "model.safetensors", "tokenizer.json",
    "m-00001-of-00002.gguf", "m-00002-of-00002.gguf", "m-00001-of-00004.gguf", "modules.json", "model_index.json",
    "unet/x.safetensors", "1_Pooling/config.json", "onnx/model.onnx", "onnx/model_fp16.onnx", "x.xml", "x.bin", "x.param",
    "a.mlmodelc/w.bin", "m.gguf.part1of2", "m.json", "m.png", "pytorch_model.bin", "adapter_model.safetensors",
]) | st.text(st.sampled_from("aF.-_/1\n\u202e0"), min_size=1, max_size=12), max_size=14, unique=True)  # fmt: skip


@given(_NAMES, st.booleans())
def test_every_name_is_given_once_and_no_weights_are_lost(names: list[str], whole: bool) -> None:
    found = group(names, whole)
    weights: list[str] = []
    for one_ in found:
        members = [name for name, _role in one_.files]
        assert set(members) <= set(names) and len(set(members)) == len(members)
        weights += [name for name, role in one_.files if role in ("weights", "adapter")]
    if not whole:
        assert len(set(weights)) == len(weights)
        assert len({one_.label for one_ in found}) == len(found)
        gguf = {name for name in names if name.endswith(".gguf") and is_weights(name)}
        assert gguf <= {name for one_ in found for name, _role in one_.files}
