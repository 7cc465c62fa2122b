"""The chat templates of a folder, wherever its programs look for them, and what they reach.

Source: transformers/tokenization_utils_base.py and processing_utils.py: `chat_template.jinja`, more of them in
`additional_chat_templates`, `chat_template` in the settings of a tokenizer or processor as one text or several.
"""

from __future__ import annotations

from collections.abc import Iterator

from model_manager.base.facts import Health
from model_manager.base.json_text import JsonTooLarge, parsed
from model_manager.base.messages import figure, said
from model_manager.base.text import later
from model_manager.formats import chat_template
from model_manager.formats.folders.contract import ModelFolder
from model_manager.formats.folders.documents import bytes_of
from model_manager.formats.problem import FormatProblem

_SETTINGS = ("tokenizer_config.json", "processor_config.json", "chat_template.json")
_TEMPLATES = (".jinja", ".jinja2", ".j2")
_KEY, _KEY_TEXT = "chat_template", b"chat_template"
_LARGEST = 4 << 20
_FILES, _MOST, _CHARACTERS = 64, 64, 512 * 1024
_UNREAD = later("chat template: not told")
"""An entry of `code`: with it, what is known of the weights says nothing of the template."""


def health_of(folder: ModelFolder) -> tuple[Health | None, tuple[str, ...]]:
    """What the folder's templates reach, as a verdict and as entries of `code`; None when they only build text."""
    templates: list[str] = []
    doubt: Health | None = None
    names = [name for name in sorted(folder.sizes) if name.endswith((*_TEMPLATES, *_SETTINGS))]
    left = _CHARACTERS
    for name in names[:_FILES]:
        try:
            templates += _templates(folder, name)
        except FormatProblem as problem:
            doubt = doubt or Health(problem.kind, problem.why)
        left = _CHARACTERS - sum(len(template) for template in templates)
        if left < 0 or len(templates) > _MOST:
            break
    if left < 0:
        doubt = doubt or Health(
            "unknown", said("chat templates of over {0} characters: not all looked into", figure(_CHARACTERS))
        )
    elif len(names) > _FILES or len(templates) > _MOST:
        doubt = doubt or Health("unknown", said("more than {0} chat templates: not all looked into", _MOST))
    found, code = chat_template.health_of(templates[:_MOST])
    found = found or doubt
    return found, code or ((_UNREAD,) if found else ())


def _templates(folder: ModelFolder, name: str) -> Iterator[str]:
    raw = bytes_of(folder, name, _LARGEST)
    if name.endswith(_TEMPLATES):
        yield raw.decode("utf-8", "replace")
    elif _KEY_TEXT in raw or b"\\u" in raw:  # a letter of the key may be spelled so
        try:
            value = parsed(raw)
        except JsonTooLarge as error:
            raise FormatProblem("unknown", said("{0} is not read: {1}", name[:120], error)) from None
        except ValueError:
            return
        if isinstance(value, dict):
            yield from _texts(value.get(_KEY))


def _texts(value: object) -> Iterator[str]:
    """One text, a list of `{name, template}` or a table of texts."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in list(value.values())[: _MOST + 1]:
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value[: _MOST + 1]:
            yield from _texts(one.get("template") if isinstance(one, dict) else one)
