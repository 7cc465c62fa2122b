"""What a configuration would call: `_target_` and `target` name a class or function, which its loader imports.

Source: hydra.utils.instantiate, ldm.util.instantiate_from_config, nemo.core.classes.common.Serialization. The text is
matched and not parsed: a parser takes seconds for what a hostile file can hold, and knows aliases and tags.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from model_manager.base.facts import Health
from model_manager.base.messages import said
from model_manager.base.text import shown
from model_manager.formats.pickle_facts import called
from model_manager.formats.pickle_names import known, runs

_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))")
_KEY = re.compile(
    r"(?<![\w.])[\"']?(?:_{0,2}target_{0,2}|_partial_target_|_{0,2}(?:cls|class|class_name|class_type|callable|factory|func|function|"
    r"fn|method|module_path|import_path|constructor|entry_point|handler|callback)_{0,2}|class_path|type_)[\"']?"
    r"\s{0,40}:\s{0,200}([\"']?)([^\s,}\]#\"']{1,300})"
)
"""Hydra's own keys, and what programs that make objects of a configuration call theirs."""
_PYTHON = re.compile(
    r"(?:[:\[,{]|^[ \t]{0,80}-)[ \t]{0,40}[\"']?((?:[A-Za-z_]\w{0,60}\.){0,12}?(?:os|posix|nt|subprocess|builtins|__builtin__|"
    r"importlib|runpy|sys|shutil|socket|pty|ctypes|pickle|marshal|dill|cloudpickle|code|commands|_posixsubprocess)"
    r"\.[A-Za-z_][\w.]{0,200})[\"']?[ \t]{0,40}(?=$|[,\]}#])",
    re.MULTILINE,
)
"""Values that are nothing but the name of one of Python's own functions, whatever their key."""
_FILE = re.compile(
    r"\.(?:json|jsonl|ya?ml|txt|wav|mp3|flac|ogg|tar|t?gz|zip|model|vocab|bin|pt|pth|ckpt|nemo|[ct]sv|logs?|md|html?|xml|cfg|"
    r"ini|toml|lock|png|jpe?g|onnx|npy|npz|h5|safetensors|gguf|nb?est|lm|arpa|fst|far)$"
)
_TAG = re.compile(r"!!?python/[\w/]{1,40}:?([\w.]{0,200})|tag:yaml\.org,2002:python/[\w/]{1,40}:?([\w.]{0,200})")
_FOLDED = re.compile(r"\\(?:\r\n|[\n\r\x85\u2028\u2029])[ \t]{0,400}")
"""An escaped end of line in a text: YAML reads on with the next line's first letter."""
_HIDDEN = re.compile(
    r"(^%TAG\b)|(![\w!/.:,-]{0,80}%[0-9a-fA-F]{2})|(!<[^>\n]{0,80}%)|((?:^|[\s{\[,])\*[\w.-]{1,80}\s{0,40}:(?=\s))"
    r"|((?:^|[\n{\[,])[ \t-]{0,80}\?[ \t]+[|>*&!])|(^[ \t-]{0,80}\?[ \t]+[^\n]{0,80}#)|(\0)",
    re.MULTILINE,
)
"""Tags and keys that are spelled another way than they are read."""
_DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")
_OWN = re.compile(
    r"(?:nemo\.(?:collections|core)|nemo_text_processing|torch\.(?:nn|optim)|pytorch_lightning|lightning|megatron\.core)\."
)
"""Where the classes of NeMo's own configurations lie. What runs or loads is judged by its name before."""
_MOST = 2_000


def judged(text: str, is_json: bool = False) -> tuple[tuple[str, ...], list[Health]]:
    """The code that a configuration names, and what that says of its health; JSON has no tags and no aliases."""
    names: set[tuple[str, str]] = set()
    odd = []
    text = _FOLDED.sub("", text)
    for name in _named(_ESCAPE.sub(lambda hit: chr(min(int(hit[1] or hit[2] or hit[3], 16), 0x10FFFF)), text)):
        if _DOTTED.fullmatch(name):
            module, _, attribute = name.rpartition(".")
            names.add((module, attribute))
            names |= _through(name.split("."))
        else:
            odd.append(name)
        if len(names) > _MOST:
            break
    code, healths = called(names, lambda pair: _OWN.match(".".join(pair)) is not None)
    if tag := None if is_json else _TAG.search(text):
        healths.append(Health("unsafe", said("its configuration makes Python objects: {0}", tag[0][:80])))
    if python := [name for hit in _PYTHON.finditer(text) if not _FILE.search(name := hit[1])][:_MOST]:
        healths.append(Health("unknown", said("its configuration names Python's own code: {0}", shown(python[0])[:80])))
        code = tuple(sorted({*code, *(shown(name)[:200] for name in python[:20])}))
    if hidden := None if is_json else _HIDDEN.search(text):
        odd.append(shown(" ".join(hit) if (hit := hidden[0].split()) else "NUL"))
    if odd:
        healths.append(Health("unknown", said("calls code that is computed when it is loaded: {0}", odd[0][:80])))
    return code, healths


def _through(parts: list[str]) -> set[tuple[str, str]]:
    """What is reached through another module's own imports: `nemo.core.config.os.system` is os.system."""
    behind = [(".".join(parts[at:-1]), parts[-1]) for at in range(1, min(len(parts) - 1, 20))]
    return {pair for pair in behind if runs(*pair) and not known(*pair)}


def _named(text: str) -> Iterator[str]:
    for hit in _KEY.finditer(text):
        name = hit[2]
        hydra = "_target_" in hit[0] and name.lower() not in ("null", "~", "none", "true", "false")
        # A plain `target` or `class` is a class, or a word of the data.
        if hydra or (_DOTTED.fullmatch(name) and ("target" in hit[0] or not _FILE.search(name))):
            yield name
