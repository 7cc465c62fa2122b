"""Models that hear or speak, where the class alone does not tell."""

from __future__ import annotations

import pytest
from memory_folder import MemoryFolder

from model_manager.base.facts import Claim
from model_manager.formats.folders.speech import heard, speaks, whisper_base

LLAMA = {"architectures": ["LlamaForCausalLM"], "model_type": "llama"}
SMALL = {"model_type": "whisper", "encoder_layers": 12, "decoder_layers": 12, "vocab_size": 51865, "num_mel_bins": 80}


def told(found: tuple[Claim, ...]) -> dict[str, object]:
    assert len({one.field for one in found}) == len(found)
    return {one.field: one.value for one in found}


def spoken(config: dict[str, object], name: str = "org/model", **front: list[str]) -> dict[str, object]:
    return told(speaks(MemoryFolder(name, {}), config, front))


def hears(name: str = "org/model", config: dict[str, object] = SMALL, **front: list[str]) -> dict[str, object]:
    return told(heard(MemoryFolder(name, {}), config, front, "the class"))


@pytest.mark.parametrize(
    ("words", "hidden", "base"),
    [(156_940, 3072, "orpheus-3b"), (156_928, 2048, "orpheus"), (157_057, 3072, "orpheus-3b"), (157_058, 3072, None), (156_927, 3072, None), (128_256, 3072, None)],
)  # fmt: skip
def test_a_vocabulary_with_the_codes_of_an_audio_codec(words: int, hidden: int, base: str | None) -> None:
    expected = {"category": "tts", "base_model": base} if base else {}
    assert spoken({**LLAMA, "vocab_size": words, "hidden_size": hidden}) == expected
    assert spoken({**LLAMA, "model_type": "qwen2", "vocab_size": words}) == {}


def test_what_the_readme_or_the_name_says() -> None:
    assert spoken(LLAMA, pipeline_tag=["text-to-speech"]) == {"category": "tts"}
    assert spoken(LLAMA, pipeline_tag=["text-generation"]) == {}
    assert spoken(LLAMA, "OuteAI/OuteTTS-0.2") == {"category": "tts", "base_model": "outetts"}
    (category, base) = speaks(MemoryFolder("a/Spark-TTS-0.5B", {}), LLAMA, {})
    assert category.source == base.source == "name"


@pytest.mark.parametrize("names", [None, [], ["LlamaModel"], "LlamaForCausalLM", ["A", "B", "C", "D", "XForCausalLM"]])
def test_only_a_language_model_can_speak_so(names: object) -> None:
    assert spoken({**LLAMA, "architectures": names}, "x/orpheus", pipeline_tag=["text-to-speech"]) == {}


def test_whispers_size() -> None:
    assert whisper_base(SMALL) == "whisper small"
    assert whisper_base({**SMALL, "vocab_size": 51864}) == "whisper small.en"
    assert (
        whisper_base({**SMALL, "encoder_layers": 5}) == "whisper"
        and whisper_base({**SMALL, "model_type": "wav2vec2"}) == ""
    )


def test_a_published_size_has_no_parent() -> None:
    for name in (
        "openai/whisper-small",
        "Systran/faster-whisper-small",
        "x/whisper-small-ct2-int8",
        "mlx-community/whisper-small-mlx-q4",
    ):
        assert hears(name, base_model=["openai/whisper-tiny"]) == {"category": "stt", "base_model": "whisper small"}


def test_a_fine_tune_names_its_parent() -> None:
    found = heard(MemoryFolder("me/kitchen-talk", {}), SMALL, {"base_model": ["openai/whisper-small"]}, "the class")
    assert told(found) == {"category": "stt/finetunes", "tag": "finetune", "base_model": "whisper small"}
    assert found[0].detail == "README.md base_model names openai/whisper-small"
    assert hears("me/talk", {**SMALL, "_name_or_path": "openai/whisper-small"})["category"] == "stt/finetunes"
    other = hears("me/talk", {"model_type": "wav2vec2"}, base_model=["facebook/wav2vec2-large"])
    assert other == {"category": "stt/finetunes", "tag": "finetune", "base_model": "facebook/wav2vec2-large"}


@pytest.mark.parametrize("path", ["./out", "/home/me/model", "checkpoint", "a/b/c", ["x/y"], None])
def test_a_path_on_the_trainers_disk_is_no_parent(path: object) -> None:
    assert hears("me/talk", {**SMALL, "_name_or_path": path})["category"] == "stt"


def test_the_same_publisher_its_own_name_and_a_quantisation_are_no_parents() -> None:
    assert hears("openai/talk", base_model=["OpenAI/whisper-small"])["category"] == "stt"
    assert hears("me/talk-ct2", base_model=["you/talk"])["category"] == "stt"
    assert hears("me/talk", base_model=["you/speech"], base_model_relation=["quantized"])["category"] == "stt"
    assert hears("openai/talk", base_model=["openai/other", "you/speech"])["category"] == "stt/finetunes"


def test_without_a_parent_the_class_is_the_reason() -> None:
    assert heard(MemoryFolder("me/talk", {}), {}, {}, "the class")[0].detail == "config.json: the class"
