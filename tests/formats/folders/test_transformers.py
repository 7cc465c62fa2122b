"""config.json and its weights: category, label, context, parents, what is missing."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from memory_folder import MemoryFolder, facts, values

from model_manager.formats.folders import facts_of_folder

WEIGHTS = {"model.safetensors": 1000}
LLAMA = {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "max_position_embeddings": 8192,
         "hidden_size": 4096, "vocab_size": 128256}  # fmt: skip
WHISPER = {"architectures": ["WhisperForConditionalGeneration"], "model_type": "whisper", "encoder_layers": 32,
           "decoder_layers": 4, "vocab_size": 51866, "num_mel_bins": 128}  # fmt: skip


def of(config: dict[str, object], name: str = "org/model", **files: object) -> dict[str, object]:
    return values(facts({"config.json": config, **WEIGHTS, **files}, name))


def test_a_chat_model() -> None:
    held = of(LLAMA, **{"chat_template.jinja": "{% if tools %}", "README.md": "---\nlicense: llama3.1\n---\n# Hi"})
    assert held == {
        "category": "llm", "architecture": "llama", "context_length": 8192, "embedding_length": 4096,
        "chat_template": True, "tool_use": True, "licence": "llama3.1",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("config", "category"),
    [
        ({"architectures": ["Qwen2VLForConditionalGeneration"], "vision_config": {"a": 1}}, "multimodal"),
        ({"architectures": ["LlavaLlamaForCausalLM"], "mm_vision_tower": "clip"}, "multimodal"),
        ({"architectures": ["Wav2Vec2ForCTC"]}, "stt"),
        ({"architectures": ["SpeechT5ForSpeechToText"]}, "stt"),
        ({"architectures": ["SpeechT5ForTextToSpeech"]}, "tts"),
        ({"architectures": ["VitsModel"], "model_type": "vits"}, "tts"),
        ({"architectures": ["ParlerTTSForConditionalGeneration"], "model_type": "parler_tts"}, "tts"),
        ({"architectures": ["BertModel"], "model_type": "bert"}, "embedding"),
        ({"architectures": ["XLMRobertaForSequenceClassification"], "id2label": {"0": "L"}}, "embedding/rerankers"),
        ({"architectures": ["BertForSequenceClassification"], "id2label": {"0": "a", "1": "b"}}, "text/classification"),
        ({"architectures": ["MarianMTModel"], "model_type": "marian"}, "text/translation"),
        ({"architectures": ["T5EncoderModel"], "model_type": "t5"}, "diffusion/text_encoders"),
        ({"architectures": ["CLIPVisionModelWithProjection"]}, "diffusion/clip_vision"),
        ({"architectures": ["ViTForImageClassification"], "model_type": "vit"}, "vision"),
        ({"architectures": ["T5ForConditionalGeneration"], "is_encoder_decoder": True}, "llm"),
        ({"architectures": ["MusicgenForConditionalGeneration"], "model_type": "musicgen"}, "audio"),
        ({"architectures": ["SomethingNew"]}, None),
    ],
)
def test_categories(config: dict[str, object], category: str | None) -> None:
    assert of(config).get("category") == category


def test_token_classifiers_need_their_name() -> None:
    config: dict[str, object] = {"architectures": ["BertForTokenClassification"], "model_type": "bert"}
    assert of(config, "org/arabic-tashkeel")["category"] == "text/diacritics"
    assert of(config, "org/punctuate-all")["category"] == "text/punctuation"
    assert of(config, "org/ner")["category"] == "text/classification"


def test_whisper_and_its_fine_tunes() -> None:
    assert of(WHISPER, "openai/whisper-large-v3-turbo")["category"] == "stt"
    assert of(WHISPER)["base_model"] == "whisper large-v3-turbo"
    turbo = {"README.md": "---\nbase_model:\n- openai/whisper-large-v3\n---\n"}
    assert of(WHISPER, "openai/whisper-large-v3-turbo", **turbo)["category"] == "stt"
    assert of(WHISPER, "whisper-large-v3-turbo", **turbo)["category"] == "stt"
    assert of(WHISPER, "someone/whisper-turbo-ar", **turbo)["category"] == "stt/finetunes"
    named = {**WHISPER, "_name_or_path": "openai/whisper-large-v3-turbo"}
    assert of(named, "someone/quran-whisper")["category"] == "stt/finetunes"
    assert of(named, "mlx-community/whisper-large-v3-turbo-4bit")["category"] == "stt"
    assert of({**WHISPER, "_name_or_path": "/home/me/out"}, "someone/x")["category"] == "stt"
    quantised = {"README.md": "---\nbase_model: a/whisper-ar\nbase_model_relation: quantized\n---\n"}
    assert of(WHISPER, "b/whisper-ar-int8", **quantised)["category"] == "stt"


def test_language_models_that_speak() -> None:
    orpheus = {**LLAMA, "vocab_size": 156940, "hidden_size": 3072}
    assert of(orpheus)["category"] == "tts" and of(orpheus)["base_model"] == "orpheus-3b"
    assert of(LLAMA, "OuteAI/OuteTTS-0.3")["category"] == "tts"
    assert of(LLAMA, **{"README.md": "---\npipeline_tag: text-to-speech\n---\n"})["category"] == "tts"


@pytest.mark.parametrize(
    ("config", "label"),
    [
        ({"quant_method": "gptq", "bits": 4}, "GPTQ-4bit"),
        ({"quant_method": "awq", "bits": 4}, "AWQ-4bit"),
        ({"quant_method": "exl2", "bits": 4.25}, "EXL2-4.2bpw"),
        ({"quant_method": "exl3", "bits": 3.0}, "EXL3-3.0bpw"),
        ({"quant_method": "bitsandbytes", "load_in_4bit": True, "bnb_4bit_quant_type": "nf4"}, "NF4"),
        ({"quant_method": "bitsandbytes", "load_in_8bit": True}, "INT8"),
        ({"quant_method": "fp8"}, "FP8_E4M3"),
        ({"quant_method": "mxfp4"}, "MXFP4"),
        ({"quant_method": "compressed-tensors", "config_groups": {"g": {"weights": {"num_bits": 4, "type": "int"}}}},
         "W4A16"),
        ({"quant_method": "modelopt", "quant_algo": "NVFP4"}, "NVFP4"),
    ],
)  # fmt: skip
def test_labels(config: dict[str, object], label: str) -> None:
    assert of({**LLAMA, "quantization_config": config})["quant_label"] == label


def test_labels_of_older_files() -> None:
    assert of({**LLAMA, "quantization": {"group_size": 64, "bits": 4}})["quant_label"] == "MLX-4bit"
    older = {"quantize_config.json": {"bits": 8, "group_size": 128, "desc_act": True}}
    assert of(LLAMA, **older)["quant_label"] == "GPTQ-8bit"


def test_missing_shards_are_named() -> None:
    shards = {f"model-0000{number}-of-00003.safetensors": 10 for number in (1, 3)}
    index = {"weight_map": {f"t{n}": f"model-0000{n}-of-00003.safetensors" for n in (1, 2, 3)}}
    found = facts({"config.json": LLAMA, "model.safetensors.index.json": index, **shards})
    assert found.health.verdict == "incomplete" and "model-00002-of-00003.safetensors is missing" in found.health.detail
    shards["model-00002-of-00003.safetensors"] = 10
    assert facts({"config.json": LLAMA, "model.safetensors.index.json": index, **shards}).health.verdict == "good"


def test_another_complete_set_is_enough() -> None:
    index = {"weight_map": {"a": "pytorch_model-00001-of-00002.bin", "b": "pytorch_model-00002-of-00002.bin"}}
    found = facts({"config.json": LLAMA, "pytorch_model.bin.index.json": index, **WEIGHTS})
    assert found.health.verdict == "good"


def test_no_weights() -> None:
    assert facts({"config.json": LLAMA}).health.verdict == "incomplete"
    assert facts({"config.json": LLAMA, "onnx/model.onnx": 5}).health.verdict == "good"


def test_other_json_is_none_of_ours() -> None:
    assert facts_of_folder(MemoryFolder("x", {"config.json": {"a": 1}, "x.bin": 4})) is None
    assert facts({"config.json": b"[" * 100_000, "x.bin": 4}).health.verdict == "unknown"
    broken = {"config.json": b"{", "tokenizer.json": b"{}", **WEIGHTS}
    assert facts(broken).health.verdict == "corrupt"


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
_KEYS = st.sampled_from(["architectures", "model_type", "quantization_config", "quantization", "text_config",
                         "id2label", "vocab_size", "vision_config", "thinker_config", "_class_name", "_name_or_path",
                         "model", "hidden_size", "weight_map", "chat_template", "config_groups", "bits"])  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(_KEYS, _JSON), st.dictionaries(_KEYS, _JSON), st.binary(max_size=40))
def test_any_configuration_is_survived(config: dict[str, object], other: dict[str, object], front: bytes) -> None:
    files = {
        "config.json": config, "tokenizer_config.json": other, "model.safetensors.index.json": other,
        "model.safetensors": 10, "README.md": b"---\n" + front + b"\n---\n", "quantize_config.json": other,
    }  # fmt: skip
    for extra in ("", "model_index.json", "adapter_config.json", "vocabulary.txt", "modules.json", "model.pth"):
        facts_of_folder(MemoryFolder("org/x", {**files, **({extra: other} if extra else {})}))


def test_a_class_that_nobody_knows_is_told_by_its_card() -> None:
    """The card's word is the last: a known class decides before it."""
    card = "---\npipeline_tag: {}\n---\n"
    config: dict[str, object] = {"architectures": ["SomethingNew"]}
    for pipeline, category in (("image-segmentation", "vision"), ("text-generation", "llm"), ("made-up", None)):
        assert of(config, **{"README.md": card.format(pipeline)}).get("category") == category
    assert of(LLAMA, **{"README.md": card.format("image-segmentation")})["category"] == "llm"
    assert of(config)["architecture"] == "SomethingNew"
    assert "architecture" not in of({"architectures": [], "model_type": "", "hidden_size": 4})


def test_what_a_language_model_was_made_from() -> None:
    assert of(LLAMA, **{"README.md": "---\nbase_model: meta-llama/Llama-3.1-8B\n---\n"})["base_model"] == (
        "meta-llama/Llama-3.1-8B"
    )


@pytest.mark.parametrize(
    ("files", "tools"),
    [
        ({"tokenizer_config.json": {"chat_template": "{% for m in messages %}"}}, None),
        ({"tokenizer_config.json": {"chat_template": [{"name": "default", "template": "x"},
                                                      {"name": "tool_use", "template": "{{ tools }}"}, "strange"]}}, True),
        ({"chat_template.json": 99, "tokenizer_config.json": {"chat_template": "{{ tools }}"}}, True),
    ],
)  # fmt: skip
def test_where_a_chat_template_lies(files: dict[str, object], tools: bool | None) -> None:
    """A file of its own, one text, or several by name; one that cannot be read is passed over."""
    held = of(LLAMA, **files)
    assert held["chat_template"] is True and held.get("tool_use") is tools


@pytest.mark.parametrize("value", ["", [], 5, None, {"a": "b"}])
def test_what_is_no_chat_template(value: object) -> None:
    assert "chat_template" not in of(LLAMA, **{"tokenizer_config.json": {"chat_template": value}})


@pytest.mark.parametrize(
    ("config", "label"),
    [
        ({"quant_method": "a-new-one", "bits": 4}, "a-new-one"),
        ({"quant_method": "compressed-tensors", "config_groups": {"g": {"weights": {"num_bits": 8, "type": "float"}}}},
         "FP8_E4M3"),
        ({"quant_method": "compressed-tensors", "config_groups": {"g": {"weights": {"num_bits": 6, "type": "float"}}}},
         "compressed-tensors"),
        ({"quant_method": "compressed-tensors", "config_groups": ["strange"]}, "compressed-tensors"),
    ],
)  # fmt: skip
def test_labels_of_methods_that_say_less(config: dict[str, object], label: str) -> None:
    assert of({**LLAMA, "quantization_config": config})["quant_label"] == label


def test_a_vocoder_is_sound_and_no_voice() -> None:
    assert of({"architectures": ["SpeechT5HifiGan"]})["category"] == "audio"
    assert of({"architectures": ["NewModelForConditionalGeneration"]}).get("category") is None
