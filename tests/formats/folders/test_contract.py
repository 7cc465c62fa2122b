"""What a folder is to the folder formats, and that every folder format offers what it has to."""

from __future__ import annotations

import inspect
from types import ModuleType

import pytest
from memory_folder import MemoryFolder

from model_manager.base.facts import Facts
from model_manager.formats.folders import FOLDER_FORMATS
from model_manager.formats.folders.contract import FolderFormat, ModelFolder

FORMATS = pytest.mark.parametrize("one", FOLDER_FORMATS, ids=lambda one: str(one.NAME))
OTHERS = {"notes.txt": b"words", "model.bin.part": 7, "a/b/c.xyz": 1}


def members(protocol: type) -> set[str]:
    return {name for name in vars(protocol) if not name.startswith("_")}


@FORMATS
def test_a_folder_format_offers_everything(one: FolderFormat) -> None:
    assert members(FolderFormat) == {"NAME", "matches", "read"}
    assert isinstance(one, ModuleType) and isinstance(one.NAME, str) and one.NAME
    assert list(inspect.signature(one.matches).parameters) == ["names"]
    assert list(inspect.signature(one.read).parameters) == ["folder"]


def test_their_names_are_their_own() -> None:
    assert len({one.NAME for one in FOLDER_FORMATS}) == len(FOLDER_FORMATS) > 5


@FORMATS
@pytest.mark.parametrize("files", [{}, OTHERS], ids=["empty", "of others"])
def test_none_takes_a_folder_that_is_nobodys(one: FolderFormat, files: dict[str, object]) -> None:
    assert not one.matches(MemoryFolder("m", files).sizes)


class Asked:
    """A folder that offers what the contract says and nothing else, and whose every file is missing."""

    def __init__(self, sizes: dict[str, int]) -> None:
        self._sizes = sizes

    @property
    def name(self) -> str:
        return "org/model"

    @property
    def sizes(self) -> dict[str, int]:
        return self._sizes

    def read(self, name: str, limit: int = 4 << 20) -> bytes:
        raise PermissionError(name)


NAMED = ("config.json", "model_index.json", "adapter_config.json", "modules.json", "config_sentence_transformers.json", "model.bin",
         "am/final.mdl", "conf/model.conf", "Manifest.json", "metadata.json", "coremldata.bin", "vocabulary.json", "config.pth")  # fmt: skip


@FORMATS
@pytest.mark.parametrize("size", [5, 1 << 40])
def test_what_a_folder_refuses_to_give_is_no_error_of_the_format(one: FolderFormat, size: int) -> None:
    from model_manager.formats.problem import FormatProblem

    folder: ModelFolder = Asked(dict.fromkeys(NAMED, size))
    assert members(ModelFolder) == {"name", "sizes", "read"}
    try:
        found = one.read(folder)
    except FormatProblem as problem:
        assert problem.kind in ("unknown", "corrupt") and problem.why
    else:
        assert found is None or isinstance(found, Facts)
