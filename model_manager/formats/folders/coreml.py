"""Core ML folders: compiled `.mlmodelc` and packages `.mlpackage`. Source: apple/coremltools and real files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from model_manager.base.facts import GOOD, Claim, Facts, Health
from model_manager.base.messages import said
from model_manager.formats.folders.contract import ModelFolder
from model_manager.formats.folders.documents import NOTHING, Text, any_json_of, bytes_of, json_of, texts, within
from model_manager.formats.metadata import bounded

NAME = "coreml"
_LARGEST_PROGRAM = 16 << 20
_MARKS = ("coremldata.bin", "Manifest.json")


def matches(names: Mapping[str, int]) -> bool:
    return _place(names) is not None


def _place(names: Mapping[str, int]) -> str | None:
    """Where the bundle begins: here, or one folder down when the listing holds the bundle's own name."""
    for name in names:
        place, _, base = name.rpartition("/")
        if base == "coremldata.bin" and (not place or place.endswith(".mlmodelc")):
            return f"{place}/" if place else ""
        if base == "Manifest.json" and (place.endswith(".mlpackage") or (not place and _packaged(names))):
            return f"{place}/" if place else ""
    return None


def _packaged(names: Mapping[str, int]) -> bool:
    return any(name.startswith("Data/com.apple.CoreML/") for name in names)


def read(folder: ModelFolder) -> Facts | None:
    """The facts of one bundle."""
    place = _place(folder.sizes)
    if place is None:
        return None
    if place + "Manifest.json" in folder.sizes:
        return _package(folder, place)
    words = _metadata(folder, place + "metadata.json")
    return Facts(
        NAME, tuple(_claims(folder.name, words)), health=_compiled_health(folder, place), metadata=bounded(words)
    )


def _metadata(folder: ModelFolder, name: str) -> Text:
    """metadata.json is a list of one object."""
    value = any_json_of(folder, name)
    first = value[0] if isinstance(value, list) and value else value
    return first if isinstance(first, dict) else NOTHING


def _compiled_health(folder: ModelFolder, place: str) -> Health:
    """Weights that model.mil points to must be there; a model without any points to none."""
    name = place + "model.mil"
    program = bytes_of(folder, name, _LARGEST_PROGRAM)
    if b"@model_path/weights/weight.bin" in program and place + "weights/weight.bin" not in folder.sizes:
        return Health("incomplete", said("weights/weight.bin is missing"))
    return GOOD


def _package(folder: ModelFolder, place: str) -> Facts:
    manifest = json_of(folder, place + "Manifest.json")
    entries = manifest.get("itemInfoEntries")
    paths = [
        path
        for entry in (list(entries.values())[:64] if isinstance(entries, dict) else [])
        for path in texts(within(entry, "path") or (entry.get("path") if isinstance(entry, dict) else None))
    ]
    missing = [path for path in paths if not _there(folder, f"{place}Data/{path}")]
    health = Health("incomplete", said("{0} is missing", missing[0][:200])) if missing else GOOD
    if not manifest:
        health = Health("corrupt", said("Manifest.json cannot be read as a JSON object"))
    return Facts(NAME, tuple(_claims(folder.name, NOTHING)), health=health, metadata=bounded(manifest))


def _there(folder: ModelFolder, path: str) -> bool:
    return path in folder.sizes or any(name.startswith(path + "/") for name in folder.sizes)


def _claims(name: str, words: Text) -> Iterator[Claim]:
    kind = within(words, "modelType").get("name")
    if isinstance(kind, str) and kind:
        yield Claim("architecture", kind.removeprefix("MLModelType_")[:100], "metadata", "metadata.json modelType")
    for field, key in (("licence", "license"), ("publisher", "author")):
        value = words.get(key)
        if isinstance(value, str) and value.strip():
            yield Claim(field, value.strip()[:500], "metadata", said("metadata.json {0}", key))
    inputs = words.get("inputSchema")
    shapes = [one for one in inputs[:32] if isinstance(one, dict)] if isinstance(inputs, list) else []
    if any(one.get("type") == "Image" for one in shapes):
        yield Claim("category", "vision", "metadata", said("metadata.json: an input is a picture"))
    elif any(one.get("name") in ("logmel_data", "melspectrogram_features", "input_features") for one in shapes):
        yield Claim("category", "stt", "metadata", said("metadata.json: an input is a spectrogram"))
    elif "whisper" in name.lower():
        yield Claim("category", "stt", "name", said("whisper in its name"))
