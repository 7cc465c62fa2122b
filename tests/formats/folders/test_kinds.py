"""What a transformers model is for, by class and family."""

from __future__ import annotations

import pytest

from model_manager.formats.folders.kinds import category_of, senses


@pytest.mark.parametrize(
    ("name", "config", "category"),
    [
        ("WhisperForConditionalGeneration", {"model_type": "whisper"}, "stt"), ("LlamaForCausalLM", {"model_type": "llama"}, "llm"), ("GPT2LMHeadModel", {}, "llm"),
        ("BertForMaskedLM", {"model_type": "bert"}, "embedding"), ("BertModel", {}, "embedding"), ("Anything", {"model_type": "modernbert"}, "embedding"),
        ("XForSequenceClassification", {"id2label": {"0": "a"}}, "embedding/rerankers"), ("XForSequenceClassification", {"id2label": {"0": "a", "1": "b"}}, "text/classification"),
        ("XForSequenceClassification", {"num_labels": 1}, "embedding/rerankers"), ("XForSequenceClassification", {}, "text/classification"),
        ("Qwen3ForSequenceClassification", {}, "embedding/rerankers"), ("XForSequenceClassification", {"model_type": "vit"}, "text/classification"),
        ("SpeechT5ForTextToSpeech", {}, "tts"), ("SpeechT5ForSpeechToText", {}, "stt"), ("SpeechT5ForSpeechToSpeech", {}, "tts"), ("SpeechT5HifiGan", {}, "audio"),
        ("LlavaForCausalLM", {"vision_config": {"a": 1}}, "multimodal"), ("XForConditionalGeneration", {"is_encoder_decoder": True}, "llm"), ("T5ForConditionalGeneration", {}, "llm"),
        ("MBartForConditionalGeneration", {}, "text/translation"), ("XForConditionalGeneration", {}, ""), ("Unheard", {}, ""), ("", {}, ""), ("", {"model_type": "sam"}, "vision"),
        ("CLIPModel", {}, "diffusion/clip_vision"), ("Wav2Vec2ForCTC", {}, "stt"), ("ViTForImageClassification", {}, "vision"), ("Wav2Vec2ForXVector", {}, "audio"),
    ],
)  # fmt: skip
def test_the_class_says_the_task_and_the_family_the_rest(name: str, config: dict[str, object], category: str) -> None:
    found, why = category_of(name, config, "org/model")
    assert found == category and bool(why) == bool(category)


@pytest.mark.parametrize(
    ("repo", "category"),
    [
        ("org/arabic-diacritizer", "text/diacritics"),
        ("org/Punctuator", "text/punctuation"),
        ("org/ner", "text/classification"),
        ("TASHKEEL", "text/diacritics"),
    ],
)
def test_of_token_classifiers_the_name_says_more(repo: str, category: str) -> None:
    assert category_of("BertForTokenClassification", {}, repo)[0] == category


def test_senses_are_parts_that_are_there() -> None:
    assert senses({"vision_config": {"a": 1}, "audio_config": {}}) == {"vision": "vision_config"}
    assert senses({"thinker_config": {"vision_config": 1, "audio_config": 1}}) == {
        "vision": "vision_config",
        "audio": "audio_config",
    }
    assert (
        senses({"mm_vision_tower": "clip"}) == {"vision": "mm_vision_tower"}
        and senses({"thinker_config": "x"}) == senses({}) == {}
    )
