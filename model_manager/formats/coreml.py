"""Core ML's `.mlmodel`: one protobuf message; what it is stands in its first fields.

Source: apple/coremltools mlmodel/format/Model.proto. 1 specificationVersion, 2 description, then one field whose
number names the kind of model. Weights are sought past.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from model_manager.base.facts import GOOD, Claim, Facts, Health
from model_manager.base.messages import said
from model_manager.formats.byte_window import ByteWindow
from model_manager.formats.metadata import bounded
from model_manager.formats.problem import FormatProblem, Limits
from model_manager.formats.protobuf import MessageWalker

NAME = "coreml"
SUFFIXES = (".mlmodel",)
_NEWEST = 30
_KINDS = {
    200: "pipelineClassifier", 201: "pipelineRegressor", 202: "pipeline", 300: "glmRegressor",
    301: "supportVectorRegressor", 302: "treeEnsembleRegressor", 303: "neuralNetworkRegressor",
    304: "bayesianProbitRegressor", 400: "glmClassifier", 401: "supportVectorClassifier",
    402: "treeEnsembleClassifier", 403: "neuralNetworkClassifier", 404: "kNearestNeighborsClassifier",
    500: "neuralNetwork", 501: "itemSimilarityRecommender", 502: "mlProgram", 555: "customModel",
    556: "linkedModel", 560: "classConfidenceThresholding", 2000: "wordTagger", 2001: "soundAnalysis",
    2002: "textClassifier", 2003: "visionFeaturePrint", 2004: "gazetteer", 2005: "wordEmbedding",
    2006: "audioFeaturePrint", 3000: "serializedModel",
}  # fmt: skip
_CATEGORIES = {"textClassifier": "text/classification", "visionFeaturePrint": "vision", "soundAnalysis": "audio",
               "audioFeaturePrint": "audio", "wordEmbedding": "embedding"}  # fmt: skip
_MOST_FEATURES = 64
_IMAGE = 4  # FeatureType.imageType


def matches(head: bytes) -> bool:
    """specificationVersion, a description, and in it an input feature: ONNX begins alike but has a name there."""
    if len(head) < 8 or head[0] != 0x08 or not 1 <= head[1] <= _NEWEST or head[2] != 0x12:
        return False
    at = 3
    while at < 8 and head[at] >= 0x80:
        at += 1
    return head[at + 1 : at + 2] == b"\x0a" and head[3] >= 4


def read(file: BinaryIO, size: int, limits: Limits) -> Facts:
    """The facts of one .mlmodel."""
    window = ByteWindow(file, size, piece=16 * 1024)
    if window.peek(1) not in (b"\x08", b"\x12"):  # its version or description, in whichever order
        raise FormatProblem("corrupt", said("does not begin as a Core ML model"))
    walker = MessageWalker(window)
    words: dict[str, object] = {}
    pictures: list[str] = []
    health = GOOD
    try:
        for field, start, end in walker.fields(0, size):
            if field == 1 and end < 0:
                words["specification_version"] = start
            elif field == 2 and end >= 0:
                _description(walker, start, end, words, pictures)
            elif field in _KINDS and end >= 0:
                words["kind"] = _KINDS[field]
    except FormatProblem as problem:
        if problem.kind == "unknown":
            raise
        health = Health(problem.kind, problem.why)
    if health == GOOD and "kind" not in words:
        health = Health("truncated", said("has a description and no model behind it"))
    return Facts(NAME, tuple(_claims(words, pictures)), health=health, metadata=bounded(words))


def _description(walker: MessageWalker, start: int, end: int, words: dict[str, object], pictures: list[str]) -> None:
    """ModelDescription: 1 input, 10 output, 100 metadata {1 description, 2 version, 3 author, 4 licence}."""
    inputs: list[str] = []
    for field, low, high in walker.fields(start, end):
        if field == 1 and high >= 0 and len(inputs) < _MOST_FEATURES:
            name, picture = _feature(walker, low, high)
            inputs.append(name)
            pictures += [name] if picture else []
        elif field == 100 and high >= 0:
            for part, first, last in walker.fields(low, high):
                key = {1: "description", 2: "version", 3: "author", 4: "license"}.get(part)
                if key and last >= 0:
                    words[key] = walker.text(first, last)
    words["inputs"] = ", ".join(inputs)


def _feature(walker: MessageWalker, start: int, end: int) -> tuple[str, bool]:
    """FeatureDescription: 1 name, 3 type; whether it is a picture."""
    name, picture = "", False
    for field, low, high in walker.fields(start, end):
        if field == 1 and high >= 0:
            name = walker.text(low, high, 200)
        elif field == 3 and high >= 0:
            picture = any(part == _IMAGE for part, _, _ in walker.fields(low, high))
    return name, picture


def _claims(words: dict[str, object], pictures: list[str]) -> Iterator[Claim]:
    kind = str(words.get("kind", ""))
    if kind in _CATEGORIES:
        yield Claim("category", _CATEGORIES[kind], "metadata", said("a Core ML {0}", kind))
    elif pictures:
        yield Claim("category", "vision", "metadata", said("input {0} is a picture", pictures[0]))
    for field, key in (("licence", "license"), ("publisher", "author")):
        value = words.get(key)
        if isinstance(value, str) and value.strip():
            yield Claim(field, value.strip()[:500], "metadata", said("the model's {0}", key))


__all__ = ["NAME", "SUFFIXES", "matches", "read"]
