"""What a transformers model is for, by its class name and model_type.

Source: huggingface/transformers `models/auto/modeling_auto.py`. The class (`architectures[0]`) says the task, the
model_type the family; where both know something, the class wins.
"""

from __future__ import annotations

from collections.abc import Mapping

from model_manager.base.messages import said

# Families that have one use whatever their class is called.
_FAMILIES = {
    "whisper": "stt", "moonshine": "stt", "moonshine_streaming": "stt", "wav2vec2-conformer": "stt",
    "speech_to_text": "stt", "parakeet_ctc": "stt", "parakeet": "stt", "kyutai_speech_to_text": "stt",
    "canary": "stt", "lasr_ctc": "stt", "cohere_asr": "stt", "granite_speech": "stt", "qwen3_asr": "stt",
    "bark": "tts", "vits": "tts", "parler_tts": "tts", "csm": "tts", "dia": "tts", "fastspeech2_conformer": "tts",
    "fish_qwen3_omni": "tts", "dual_ar": "tts", "xcodec": "audio", "qwen3_tts": "tts", "higgs_audio": "tts",
    "higgs_audio_v2": "tts", "chatterbox": "tts", "zonos": "tts", "kokoro": "tts", "vibevoice": "tts",
    "indextts": "tts", "spark-tts": "tts", "styletts2": "tts", "f5_tts": "tts", "xtts": "tts",
    "encodec": "audio", "dac": "audio", "mimi": "audio", "musicgen": "audio", "musicgen_melody": "audio",
    "clap": "audio", "audio-spectrogram-transformer": "audio", "snac": "audio", "pop2piano": "audio",
    "clip_vision_model": "diffusion/clip_vision", "siglip_vision_model": "diffusion/clip_vision",
    "marian": "text/translation", "m2m_100": "text/translation", "nllb_moe": "text/translation",
    "nllb-moe": "text/translation", "fsmt": "text/translation", "seamless_m4t": "text/translation",
    "seamless_m4t_v2": "text/translation", "trocr": "vision", "detr": "vision", "rt_detr": "vision", "yolos": "vision",
    "sam": "vision", "sam2": "vision", "sam3": "vision", "depth_anything": "vision", "dpt": "vision", "glpn": "vision",
    "vit": "vision", "vit_mae": "vision", "swin": "vision", "swin2sr": "vision", "segformer": "vision",
    "beit": "vision", "deit": "vision", "convnext": "vision", "convnextv2": "vision", "resnet": "vision",
    "dinov2": "vision", "dinov3_vit": "vision", "mobilenet_v2": "vision", "mobilevit": "vision", "owlvit": "vision",
    "owlv2": "vision", "grounding-dino": "vision", "birefnet": "vision", "SegformerForSemanticSegmentation": "vision",
    "mask2former": "vision", "maskformer": "vision", "oneformer": "vision", "table-transformer": "vision",
    "upernet": "vision", "zoedepth": "vision", "vitpose": "vision", "layoutlm": "vision", "layoutlmv3": "vision",
    "clipseg": "vision", "donut-swin": "vision", "nougat": "vision", "timm_wrapper": "vision",
    "jina_clip": "embedding", "colpali": "embedding", "colqwen2": "embedding", "nomic_bert": "embedding",
}  # fmt: skip
_CLASSES = (
    # (the class ends in, category); the first that fits
    ("ForCTC", "stt"), ("ForSpeechToText", "stt"), ("ForTextToSpeech", "tts"), ("ForTextToWaveform", "tts"),
    ("TextModelWithProjection", "diffusion/text_encoders"), ("CLIPTextModel", "diffusion/text_encoders"),
    ("SiglipTextModel", "diffusion/text_encoders"), ("T5EncoderModel", "diffusion/text_encoders"),
    ("VisionModelWithProjection", "diffusion/clip_vision"), ("CLIPVisionModel", "diffusion/clip_vision"),
    ("SiglipVisionModel", "diffusion/clip_vision"), ("CLIPModel", "diffusion/clip_vision"),
    ("SiglipModel", "diffusion/clip_vision"), ("StableDiffusionSafetyChecker", "vision"),
    ("ForImageClassification", "vision"), ("ForObjectDetection", "vision"), ("ForSemanticSegmentation", "vision"),
    ("ForUniversalSegmentation", "vision"), ("ForDepthEstimation", "vision"), ("ForImageSegmentation", "vision"),
    ("ForZeroShotObjectDetection", "vision"), ("ForKeypointDetection", "vision"),
    ("VisionEncoderDecoderModel", "vision"),
    ("ForAudioClassification", "audio"), ("ForAudioFrameClassification", "audio"), ("ForXVector", "audio"),
    ("ForMaskedLM", "embedding"), ("LMHeadModel", "llm"), ("ForCausalLM", "llm"),
)  # fmt: skip
_ENCODERS = ("bert", "roberta", "xlm-roberta", "mpnet", "deberta", "deberta-v2", "electra", "distilbert", "albert",
             "modernbert", "new", "gte", "jina", "nomic_bert", "eurobert", "camembert", "luke", "funnel", "ernie",
             "neobert", "xlm-roberta-xl", "gemma3_text_encoder")  # fmt: skip
_SENTENCES = "ForSequenceClassification"
_TOKENS = "ForTokenClassification"
_DIACRITICS = ("diacri", "tashkeel", "vocalis", "vocaliz", "nakdan", "nikud", "niqqud")
_PUNCTUATION = ("punct",)


def category_of(name: str, config: Mapping[str, object], repo: str) -> tuple[str, str]:
    """Category and why; both empty where neither class nor family says. `repo` only refines token classifiers."""
    family = str(config.get("model_type", ""))[:80]
    if name.endswith(_SENTENCES):
        return _classifier(name, config)
    if name.endswith(_TOKENS):
        return _token_classifier(name, repo)
    if name in ("SpeechT5ForTextToSpeech", "SpeechT5ForSpeechToText", "SpeechT5ForSpeechToSpeech"):
        return {"ToText": "stt", "ToSpee": "tts"}.get(name[-6:], "tts"), said("class {0}", name)
    if name == "SpeechT5HifiGan":
        return "audio", said("class {0}", name)
    if family in _FAMILIES:
        return _FAMILIES[family], f"model_type {family}"
    for ending, category in _CLASSES:
        if name.endswith(ending) and not (category == "llm" and senses(config)):
            return category, said("class {0}", name)
    if name.endswith(("ForConditionalGeneration", "ForCausalLM", "ForImageTextToText", "LMHeadModel")):
        return _generates(name, config)
    if family in _ENCODERS or name.endswith(("BertModel", "RobertaModel", "MPNetModel")):
        return "embedding", said("an encoder of text ({0})", name or family)
    return "", ""


def senses(config: Mapping[str, object]) -> dict[str, str]:
    """Which of `vision` and `audio` a configuration has a part for, and the part's name."""
    parts = {
        "vision": ("vision_config", "vision_tower", "mm_vision_tower", "visual", "vit_config", "img_processor"),
        "audio": ("audio_config", "audio_encoder_config", "speech_config", "audio_processor"),
    }
    found = {}
    for sense, keys in parts.items():
        held = [key for key in keys if config.get(key)]
        if isinstance(thinker := config.get("thinker_config"), dict):
            held += [key for key in keys if thinker.get(key)]
        if held:
            found[sense] = held[0]
    return found


def _classifier(name: str, config: Mapping[str, object]) -> tuple[str, str]:
    """One label ranks, several classify. transformers writes two labels when none were set."""
    labels = config.get("id2label")
    count = len(labels) if isinstance(labels, dict) else config.get("num_labels", 0)
    if count == 1 or name.startswith("Qwen3ForSequence"):
        return "embedding/rerankers", said("class {0} with one label", name)
    return "text/classification", said("class {0} with {1} labels", name, count or 2)


def _token_classifier(name: str, repo: str) -> tuple[str, str]:
    low = repo.lower()
    if any(word in low for word in _DIACRITICS):
        return "text/diacritics", said("class {0}, and the name", name)
    if any(word in low for word in _PUNCTUATION):
        return "text/punctuation", said("class {0}, and the name", name)
    return "text/classification", said("class {0}", name)


def _generates(name: str, config: Mapping[str, object]) -> tuple[str, str]:
    if held := senses(config):
        return "multimodal", said("class {0} with {1}", name, " and ".join(sorted(held.values())))
    if config.get("is_encoder_decoder") or name.startswith(("T5", "MT5", "UMT5", "Bart", "MBart", "Pegasus", "Led")):
        return ("text/translation" if "MBart" in name else "llm"), said("class {0}", name)
    return "", ""
