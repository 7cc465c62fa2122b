"""How a model leaves LocalAI: what its two YAML files list, less what any other model's files list, and both of them.

Source: mudler/LocalAI core/gallery/models.go DeleteModelFromSystem.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from model_manager.base.errors import reason_of
from model_manager.base.messages import said
from model_manager.base.reading import read_small
from model_manager.base.set_aside import WHY, lies_aside
from model_manager.stores.discovered import FoundRoot
from model_manager.stores.host.env import Env
from model_manager.stores.host.settings_file import yaml_settings
from model_manager.stores.localai.layout import GALLERY, files_of, is_yaml
from model_manager.stores.parts import CannotRemove, Going, Part, Placed
from model_manager.stores.walk.removal import remove_plain


def remove(root: FoundRoot, places: Sequence[Placed], env: Env) -> Iterator[Part]:
    """The YAML files first; a file that another model lists stays."""
    if aside := next(filter(lies_aside, sorted(os.listdir(root.path))), ""):
        raise CannotRemove(said("clear away"), os.path.join(root.path, aside), WHY, said("then scan again"))
    own = {path for place in places for path in _records(root.path, place)}
    listed = {path for record in own for path in files_of(root.path, yaml_settings(record))}
    kept = _kept(root.path, own, {*listed, *(file.path for place in places for file in place.files)})
    for record in sorted(own):
        yield Going(record, said("LocalAI's entry for it"))
    left = []
    for place in places:
        files = tuple(file for file in place.files if file.path not in own)
        stay = place.elsewhere.union(file.path for file in files if file.path in kept)
        if any(file.path not in stay for file in files):
            left.append(replace(place, files=files, elsewhere=stay))
    needed = kept.union(*(place.elsewhere for place in places))
    yield from remove_plain(root, left, env)
    for path in sorted(listed - needed - {file.path for place in left for file in place.files}):
        if os.path.lexists(path) and (os.path.islink(path) or not os.path.isdir(path)):
            yield Going(path, said("listed with it in LocalAI's gallery, and by no other model"))


def named_now(root: FoundRoot, gone: Collection[str], env: Env) -> Iterator[str]:
    """Those of these files, which went a moment ago, that another model's record names now."""
    yield from sorted(path for path in _kept(root.path, set(), set(gone)) if path in gone and not os.path.lexists(path))


def _records(root: str, place: Placed) -> Iterator[str]:
    """The YAML of a model and the gallery's record of it, which has the model's or the YAML's name."""
    told = [file.path for file in place.files if file.role == "manifest"]
    names = {os.path.basename(path).rpartition(".")[0] for path in told} | ({place.name} if told else set())
    yield from told
    for name in names:
        if os.sep not in name and os.path.isfile(path := os.path.join(root, f"{GALLERY}{name}.yaml")):
            yield path


def _kept(root: str, without: set[str], asked: set[str]) -> set[str]:
    """Those of the asked files that another record names. One that is no YAML keeps every file whose name is in it."""
    kept: set[str] = set()
    for name in sorted(os.listdir(root)):
        path = os.path.join(root, name)
        if not is_yaml(name) or path in without:
            continue
        if settings := yaml_settings(path):
            kept.update(files_of(root, settings))
            continue
        try:
            text = os.fsdecode(read_small(path))
        except OSError as error:
            raise CannotRemove(
                said("clear away"), path, said("LocalAI's entry of another model cannot be read: {0}", reason_of(error)),
                said("it may name the same files: make it readable, or remove it"),
            ) from error  # fmt: skip
        kept.update(file for file in asked if os.path.basename(file) in text)
    return kept
