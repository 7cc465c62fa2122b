"""What trainers and editors write into a safetensors header: kohya's `ss_*` and `modelspec.*`.

These words can be wrong (ai-toolkit writes `sd_1.5` into Flux LoRAs), so they are `metadata`, below the tensors.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from model_manager.base.facts import Claim
from model_manager.base.json_text import parsed
from model_manager.base.messages import counted, figure, said

_MOST_WORDS = 20
_LONGEST = 2 << 20
_BASES = (
    ("stable-diffusion-xl", "SDXL 1.0"), ("sdxl", "SDXL 1.0"), ("stable-diffusion-v1", "SD 1.5"), ("sd_v1", "SD 1.5"),
    ("sd_1.5", "SD 1.5"), ("sd1", "SD 1.5"), ("stable-diffusion-v2", "SD 2.1"), ("sd_v2", "SD 2.1"), ("sd2", "SD 2.1"),
    ("stable-diffusion-3", "SD 3"), ("sd3", "SD 3"), ("flux-2", "Flux.2"), ("flux2", "Flux.2"),
    ("flux-1-schnell", "Flux.1 schnell"), ("flux-1", "Flux.1"), ("flux1", "Flux.1"), ("flux", "Flux.1"),
    ("chroma", "Chroma"), ("lumina", "Lumina 2"), ("hunyuan-image", "HunyuanImage"), ("hunyuan", "Hunyuan Video"),
    ("anima", "Anima"), ("wan", "Wan Video"), ("qwen", "Qwen-Image"), ("zimage", "Z-Image"), ("z-image", "Z-Image"),
)  # fmt: skip


def claims_of(metadata: Mapping[str, str]) -> Iterator[Claim]:
    """Name, base model, category, licence, publisher, trigger words and tags, as far as the header says them."""
    for field, key in (
        ("name", "modelspec.title"), ("name", "ss_output_name"), ("licence", "modelspec.license"),
        ("publisher", "modelspec.author"),
    ):  # fmt: skip
        if text := metadata.get(key, "").strip():
            yield Claim(field, text[:500], "metadata", key)
    yield from _base(metadata)
    architecture = metadata.get("modelspec.architecture", "").lower()
    if architecture.endswith("/lora") or metadata.get("ss_network_module"):
        yield Claim(
            "category", "diffusion/lora", "metadata", "modelspec.architecture" if architecture else "ss_network_module"
        )
    elif architecture.endswith("/textual-inversion"):
        yield Claim("category", "diffusion/embeddings", "metadata", "modelspec.architecture")
    if metadata.get("modelspec.merged_from"):
        yield Claim("tag", "merge", "metadata", "modelspec.merged_from")
    if "lycoris" in metadata.get("ss_network_module", ""):
        yield Claim("tag", "lycoris", "metadata", "ss_network_module")
    yield from _words(metadata)


def _base(metadata: Mapping[str, str]) -> Iterator[Claim]:
    for key in ("modelspec.architecture", "ss_base_model_version"):
        text = metadata.get(key, "").lower().strip()
        base = next((base for start, base in _BASES if text.startswith(start)), None)
        if base:
            yield Claim("base_model", base, "metadata", said("{0} is {1}", key, text[:80]))


def _words(metadata: Mapping[str, str]) -> Iterator[Claim]:
    """The trigger phrase, else the commonest tags of the training pictures."""
    if phrase := metadata.get("modelspec.trigger_phrase", "").strip():
        yield Claim("trigger_words", phrase[:200], "metadata", "modelspec.trigger_phrase")
        return
    text = metadata.get("ss_tag_frequency", "")
    if not text or len(text) > _LONGEST:
        return
    try:
        record = parsed(text.encode("utf-8", "surrogatepass"))
    except ValueError:
        return
    counts: dict[str, int] = {}
    for folder in record.values() if isinstance(record, dict) else ():
        for tag, count in folder.items() if isinstance(folder, dict) else ():
            if isinstance(count, int) and isinstance(tag, str) and tag.strip():
                counts[tag.strip()[:100]] = counts.get(tag.strip()[:100], 0) + min(count, 1 << 40)
    for tag in sorted(counts, key=lambda word: (-counts[word], word))[:_MOST_WORDS]:
        yield Claim(
            "trigger_words",
            tag,
            "metadata",
            counted(
                "ss_tag_frequency: {0} picture", "ss_tag_frequency: {0} pictures", counts[tag], figure(counts[tag])
            ),
        )
