"""Where the rule of a plain cache is more than "its files": what Speech Note shares, what Upscayl brings along.

Sources: mkiol/dsnote src/models_manager.cpp delete_model, config/models.json; upscayl/upscayl get-resource-paths.ts.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence

from model_manager.base.json_text import parsed
from model_manager.base.messages import said
from model_manager.base.reading import read_small
from model_manager.stores.discovered import FoundRoot
from model_manager.stores.host.env import Env
from model_manager.stores.parts import CannotRemove, Placed

_BUNDLED = os.path.join("resources", "models").lower()


def must_not_be_bundled(root: FoundRoot) -> None:
    """Upscayl's own models lie in the program: its next update would miss them."""
    if root.path.rstrip(os.sep).lower().endswith(os.sep + _BUNDLED):
        raise CannotRemove(
            said("clear away"),
            root.path,
            said("these models are a part of Upscayl"),
            said("remove Upscayl itself, if that is meant"),
        )


def must_not_be_needed(root: FoundRoot, places: Sequence[Placed], env: Env) -> None:
    """Models of Speech Note that are here and name a file of these as a helper (a vocoder) would stop working."""
    going = {os.path.relpath(file.path, root.path).split(os.sep)[0] for place in places for file in place.files}
    for record in _speech_note_models(env):
        own = record.get("file_name") or record.get("model_id")
        helpers = [sup.get("file_name") for key in ("sups", "sup_models") for sup in _records(record.get(key))]
        needed = next((name for name in helpers if isinstance(name, str) and name in going), "")
        if not needed or not isinstance(own, str) or own in going or os.sep in own:
            continue
        if os.path.lexists(os.path.join(root.path, own)):
            name = str(record.get("name") or own)[:200]
            raise CannotRemove(
                said("clear away"), os.path.join(root.path, needed), said("Speech Note's {0} needs it", name),
                said("remove that one first, or both in Speech Note"),
            )  # fmt: skip


def _speech_note_models(env: Env) -> Iterator[Mapping[str, object]]:
    """The list that the program keeps of what can be had; none when it cannot be read."""
    bases = (env.data(), env.config(), *env.flatpaks("data"), *env.flatpaks("config"))
    for base in bases:
        try:
            text = read_small(os.path.join(base, "net.mkiol", "dsnote", "models.json"))
            found = parsed(text)
        except (OSError, ValueError):
            continue
        yield from _records(found.get("models") if isinstance(found, dict) else None)


def _records(value: object) -> list[Mapping[str, object]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
