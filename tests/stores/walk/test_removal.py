"""What leaves a folder of plain files: the model's own, whole folders of it, nothing that may be somebody's own."""

from __future__ import annotations

import errno
import os
from collections.abc import Collection
from pathlib import Path

import pytest
from factory import tree, write

from model_manager.base.facts import Role
from model_manager.stores.discovered import FoundRoot
from model_manager.stores.host.env import Env
from model_manager.stores.parts import CannotRemove, Going, Placed, PlacedFile
from model_manager.stores.walk import removal
from model_manager.stores.walk.removal import remove_plain

ROLES: dict[str, Role] = {
    "gguf": "weights", "safetensors": "weights", "part": "weights", "json": "config", "model": "tokenizer", "png": "sidecar",
    "info": "sidecar", "txt": "sidecar", "manifest": "manifest",
}  # fmt: skip


def placed(top: Path, place: str, *names: str, elsewhere: Collection[str] = (), **roles: Role) -> Placed:
    """A model at `place` with these files, all below `top`; their roles by what follows the last dot, others by `roles`."""
    endings = {**ROLES, **roles}
    files = [PlacedFile(str(top / name), endings.get(name.rpartition(".")[2], "other"), name) for name in names]
    return Placed(Path(place).stem, str(top / place), tuple(files), frozenset(str(top / name) for name in elsewhere))


def words(
    top: Path, *places: Placed, tool: str = "a1111", left_out: tuple[str, ...] = (), **how: object
) -> dict[str, str]:
    """What goes, below `top` and in order, each with the words that are said of it."""
    env = Env(str(top), {}, left_out=left_out)
    parts = list(remove_plain(FoundRoot(tool, str(top)), places, env, **how))  # type: ignore[arg-type]
    assert all(isinstance(part, Going) for part in parts)
    return {os.path.relpath(part.path, top): part.why for part in parts if isinstance(part, Going)}


def going(top: Path, *places: Placed, **how: object) -> list[str]:
    return list(words(top, *places, **how))  # type: ignore[arg-type]


# Whole folders


def test_a_models_folder_goes_whole_when_nothing_else_is_in_it(tmp_path: Path) -> None:
    tree(tmp_path, {"llama/model.gguf": b"w", "llama/deep/config.json": b"{}", "other/x.gguf": b"x"})
    place = placed(tmp_path, "llama", "llama/model.gguf", "llama/deep/config.json")
    assert words(tmp_path, place) == {"llama": "the folder of llama: everything in it belongs to it"}


@pytest.mark.parametrize("foreign", ["llama/thesis.odt", "llama/deep/thesis.odt", "llama/deep/er/thesis.odt"])
def test_a_foreign_file_keeps_every_folder_above_it(foreign: str, tmp_path: Path) -> None:
    tree(tmp_path, {"llama/model.gguf": b"w", "llama/deep/b.gguf": b"w", foreign: b"years of work"})
    gone = going(tmp_path, placed(tmp_path, "llama", "llama/model.gguf", "llama/deep/b.gguf"))
    assert "llama/model.gguf" in gone
    assert not any(
        tmp_path / foreign == tmp_path / one or tmp_path / one in (tmp_path / foreign).parents for one in gone
    )


def test_a_link_to_a_folder_is_somebodys_own(tmp_path: Path) -> None:
    """An empty one as well: what lies behind it is not looked at, and the link is not the model's."""
    tree(tmp_path, {"llama/model.gguf": b"w"})
    (tmp_path / "empty").mkdir()
    (tmp_path / "llama/way").symlink_to("../empty")
    assert going(tmp_path, placed(tmp_path, "llama", "llama/model.gguf")) == ["llama/model.gguf"]


def test_a_category_of_the_tool_stays_without_its_last_model(tmp_path: Path) -> None:
    tree(tmp_path, {"loras/style.safetensors": b"w"})
    place = placed(tmp_path, "loras/style.safetensors", "loras/style.safetensors")
    assert words(tmp_path, place) == {"loras/style.safetensors": "its weights"}
    assert going(tmp_path, place, tops_stay=False) == ["loras"]


def test_a_folder_below_a_category_goes_with_its_last_model(tmp_path: Path) -> None:
    tree(tmp_path, {"loras/set/style.safetensors": b"w"})
    place = placed(tmp_path, "loras/set/style.safetensors", "loras/set/style.safetensors")
    assert going(tmp_path, place) == ["loras/set"]


def test_a_folder_that_is_the_model_takes_no_category_along(tmp_path: Path) -> None:
    """ComfyUI's `loras` holds one model that is a folder: the folder goes, `loras` stays; elsewhere both go."""
    tree(tmp_path, {"loras/set/model.gguf": b"w"})
    place = placed(tmp_path, "loras/set", "loras/set/model.gguf")
    assert going(tmp_path, place) == ["loras/set"]
    assert going(tmp_path, place, tops_stay=False) == ["loras"]


def test_the_root_itself_never_goes(tmp_path: Path) -> None:
    top = tmp_path / "models"
    tree(top, {"a.gguf": b"w"})
    assert going(top, placed(top, "a.gguf", "a.gguf"), tops_stay=False) == ["a.gguf"]
    assert going(top, placed(top, ".", "a.gguf"), tops_stay=False) == ["a.gguf"]


def test_parts_in_a_folder_of_their_own_go_with_it(tmp_path: Path) -> None:
    """whisper.cpp's `ggml-tiny-encoder.mlmodelc` beside a file that is somebody's own."""
    tree(tmp_path, {"ggml/tiny.part": b"w", "ggml/enc.mlmodelc/a/net.part": b"w", "ggml/enc.mlmodelc/b.part": b"w",
                    "ggml/diary.odt": b"mine", "ggml/own/diary.odt": b"mine", "ggml/own/in.part": b"w"})  # fmt: skip
    place = placed(
        tmp_path, "ggml/tiny.part", "ggml/tiny.part", "ggml/enc.mlmodelc/a/net.part", "ggml/enc.mlmodelc/b.part", "ggml/own/in.part"
    )  # fmt: skip
    assert words(tmp_path, place) == {
        "ggml/enc.mlmodelc": "a folder of tiny: everything in it belongs to it",
        "ggml/own/in.part": "its weights",
        "ggml/tiny.part": "its weights",
    }


def test_two_models_of_one_folder_take_it_together_and_one_alone_does_not(tmp_path: Path) -> None:
    tree(tmp_path, {"set/a.gguf": b"a", "set/b.gguf": b"b"})
    one, other = (placed(tmp_path, f"set/{name}.gguf", f"set/{name}.gguf") for name in "ab")
    tree(tmp_path, {"kept/x.gguf": b"x"})
    assert going(tmp_path, one) == ["set/a.gguf"]
    assert words(tmp_path, one, other, tops_stay=False) == {"set": "the folder of a: everything in it belongs to it"}


def test_a_folder_without_any_file_of_the_model_is_no_part_of_it(tmp_path: Path) -> None:
    """The place that the catalogue knows is an empty folder by now, the file lies in another."""
    (tmp_path / "sets/empty").mkdir(parents=True)
    write(tmp_path / "sets/kept/x.gguf", b"x")
    write(tmp_path / "sets/kept/own.odt", b"mine")
    assert going(tmp_path, placed(tmp_path, "sets/empty", "sets/kept/x.gguf")) == ["sets/kept/x.gguf"]


def test_a_folder_of_very_many_files_is_not_looked_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(removal, "_MOST_IN_A_FOLDER", 3)
    names = [f"set/{number}.part" for number in range(3)]
    tree(tmp_path, dict.fromkeys(names, b"w"))
    assert going(tmp_path, placed(tmp_path, "set", *names)) == ["set"]
    write(tmp_path / "set/3.part", b"w")
    assert going(tmp_path, placed(tmp_path, "set", *names, "set/3.part")) == [*names, "set/3.part"]


def test_a_folder_that_cannot_be_read_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree(tmp_path, {"set/a.gguf": b"w"})

    def denied(path: str) -> object:
        raise PermissionError(errno.EACCES, "Permission denied", path)

    monkeypatch.setattr(os, "scandir", denied)
    with pytest.raises(CannotRemove, match="Permission denied") as told:
        going(tmp_path, placed(tmp_path, "set", "set/a.gguf"))
    assert str(tmp_path / "set") in str(told.value)


def test_the_tools_own_records_do_not_keep_a_folder(tmp_path: Path) -> None:
    tree(tmp_path, {"m/org/a.gguf": b"w", "m/org/.msc": b"record"})
    place = placed(tmp_path, "m/org", "m/org/a.gguf")
    assert going(tmp_path, place) == ["m/org/a.gguf"]
    assert going(tmp_path, place, notes=frozenset({".msc"})) == ["m/org"]


def test_a_root_behind_a_link_is_the_folder_that_it_leads_to(tmp_path: Path) -> None:
    tree(tmp_path / "disk", {"set/a.gguf": b"w", "set/deep/b.part": b"w"})
    (tmp_path / "way").symlink_to("disk")
    top = tmp_path / "way"
    parts = [
        *remove_plain(FoundRoot("a1111", f"{top}/"), [placed(top, "set", "set/a.gguf", "set/deep/b.part")], Env("", {}))
    ]
    assert [part.path for part in parts if isinstance(part, Going)] == [str(tmp_path / "disk/set")]


# Single files


def test_the_tools_entry_goes_first_and_each_file_says_what_it_is(tmp_path: Path) -> None:
    names = [
        "a.gguf",
        "config.json",
        "a.mmproj",
        "a.lora",
        "tokenizer.model",
        "a.civitai.info",
        "z.manifest",
        "README.md",
    ]
    tree(tmp_path, dict.fromkeys(names, b"{}"))
    place = placed(tmp_path, "a.gguf", *names, mmproj="projector", lora="adapter")
    assert list(words(tmp_path, place).items()) == [
        ("z.manifest", "the tool's entry for it"), ("README.md", "belongs to it"), ("a.civitai.info", "kept beside it by tools"),
        ("a.gguf", "its weights"), ("a.lora", "its adapter"), ("a.mmproj", "its projector"), ("config.json", "its settings"),
        ("tokenizer.model", "its tokenizer"),
    ]  # fmt: skip


def test_a_link_to_a_file_goes_as_a_link(tmp_path: Path) -> None:
    tree(tmp_path, {"store/blob.gguf": b"w"})
    (tmp_path / "a.gguf").symlink_to("store/blob.gguf")
    assert going(tmp_path, placed(tmp_path, "a.gguf", "a.gguf")) == ["a.gguf"]


def test_a_file_in_a_folder_behind_a_link_goes_by_its_real_path(tmp_path: Path) -> None:
    tree(tmp_path, {"disk/set/a.gguf": b"w", "disk/own.odt": b"mine"})
    (tmp_path / "way").symlink_to("disk")
    assert going(tmp_path, placed(tmp_path, "way/set/a.gguf", "way/set/a.gguf")) == ["disk/set"]


def test_what_other_places_name_stays(tmp_path: Path) -> None:
    tree(tmp_path, {"a.gguf": b"w", "config.json": b"{}"})
    place = placed(tmp_path, "a.gguf", "a.gguf", "config.json", elsewhere=["config.json"])
    assert going(tmp_path, place) == ["a.gguf"]
    with pytest.raises(CannotRemove, match="every file of it is named by another place that stays") as told:
        going(tmp_path, placed(tmp_path, "a.gguf", "a.gguf", elsewhere=["a.gguf"]))
    assert told.value.hint == "clear away the whole model, or that place too"


def test_a_file_outside_the_tools_folder_is_only_referred_to(tmp_path: Path) -> None:
    """Jan's model_path, KoboldCpp's .kcpps; a folder whose name only begins alike is outside too."""
    top = tmp_path / "jan"
    tree(tmp_path, {"jan/a.manifest": b"{}", "jan-mine/a.gguf": b"w"})
    entry, weights = PlacedFile(f"{top}/a.manifest", "manifest"), PlacedFile(f"{tmp_path}/jan-mine/a.gguf", "weights")
    assert going(top, Placed("a", entry.path, (entry, weights))) == ["a.manifest"]
    with pytest.raises(CannotRemove, match="the file lies outside the tool's own folder") as told:
        going(top, Placed("a", weights.path, (weights,)))
    assert told.value.hint == "add the folder it lies in, then remove it there"


# What may be somebody's own


def test_what_has_no_known_form_stays_and_is_named(tmp_path: Path) -> None:
    tree(tmp_path, {"m/a.gguf": b"w", "m/b.gguf": b"w", "m/config.json": b"{}", "m/thesis.odt": b"mine"})
    place = placed(tmp_path, "m", "m/a.gguf", "m/b.gguf", "m/config.json", "m/thesis.odt")
    assert words(tmp_path, place) == {
        "m/a.gguf": "its weights; what may be your own stays: thesis.odt",
        "m/b.gguf": "its weights",
        "m/config.json": "its settings",
    }


@pytest.mark.parametrize(("count", "said"), [(3, "0.odt, 1.odt, 2.odt"), (4, "0.odt, 1.odt, 2.odt …")])
def test_three_of_those_that_stay_are_named(count: int, said: str, tmp_path: Path) -> None:
    own = [f"m/{number}.odt" for number in range(count)]
    tree(tmp_path, {"m/a.gguf": b"w", **dict.fromkeys(own, b"mine")})
    told = words(tmp_path, placed(tmp_path, "m", "m/a.gguf", *own))
    assert told == {"m/a.gguf": f"its weights; what may be your own stays: {said}"}


def test_what_a_download_recorded_is_known_whatever_its_name(tmp_path: Path) -> None:
    """A file of an odd name that `hf download --local-dir` fetched; its records go with it, others' stay."""
    records = ".cache/huggingface/download"
    tree(tmp_path / "m", {"a.gguf": b"w", "odd.bin2": b"w", "own.odt": b"mine", f"{records}/odd.bin2.metadata": b"x",
                          f"{records}/a.gguf.metadata": b"x", f"{records}/a.gguf.lock": b"", f"{records}/other.metadata": b"x"})  # fmt: skip
    assert words(tmp_path, placed(tmp_path, "m", "m/a.gguf", "m/odd.bin2", "m/own.odt")) == {
        "m/a.gguf": "its weights; what may be your own stays: own.odt",
        "m/odd.bin2": "belongs to it",
        f"m/{records}/a.gguf.lock": "what the download of a.gguf left behind",
        f"m/{records}/a.gguf.metadata": "what the download of a.gguf left behind",
        f"m/{records}/odd.bin2.metadata": "what the download of odd.bin2 left behind",
    }


def test_a_download_goes_with_its_folder(tmp_path: Path) -> None:
    """Its records, and the two files that every such download puts beside these, keep nothing."""
    tree(tmp_path, {"m/a.gguf": b"w", "m/.cache/huggingface/download/a.gguf.metadata": b"x",
                    "m/.cache/huggingface/.gitignore": b"*", "m/.cache/huggingface/CACHEDIR.TAG": b"x"})  # fmt: skip
    assert going(tmp_path, placed(tmp_path, "m", "m/a.gguf")) == ["m"]
    write(tmp_path / "m/.gitignore", b"somebody's own")
    assert "m" not in going(tmp_path, placed(tmp_path, "m", "m/a.gguf"))


def test_records_above_a_file_are_found_up_to_the_root_and_no_further(tmp_path: Path) -> None:
    records = ".cache/huggingface/download"
    top = tmp_path / "models"
    tree(top, {"m/sub/a.gguf": b"w", "m/own.odt": b"mine", f"{records}/m/sub/a.gguf.metadata": b"x"})
    write(tmp_path / records / "models/m/sub/a.gguf.metadata", b"of another tool")
    assert going(top, placed(top, "m/sub/a.gguf", "m/sub/a.gguf")) == ["m/sub", f"{records}/m/sub/a.gguf.metadata"]


def test_a_picture_beside_a_model_is_a_tools_that_shows_such(tmp_path: Path) -> None:
    tree(tmp_path, {"style.gguf": b"w", "style.png": b"p"})
    place = placed(tmp_path, "style.gguf", "style.gguf", "style.png")
    assert going(tmp_path, place) == ["style.gguf", "style.png"]
    assert going(tmp_path, place, tool="lm-studio") == ["style.gguf"]
    write(tmp_path / "style.preview.png", b"p")
    shown = placed(tmp_path, "style.gguf", "style.gguf", "style.preview.png")
    assert going(tmp_path, shown, tool="lm-studio") == ["style.gguf", "style.preview.png"]


@pytest.mark.parametrize(
    ("beside", "role", "goes"),
    [("style.civitai.info", "sidecar", True), ("style.civitai.info", "config", False), ("style.txt", "sidecar", False),
     ("style.preview.png", "sidecar", False), ("other.civitai.info", "sidecar", False), ("style2.civitai.info", "sidecar", False)],
)  # fmt: skip
def test_a_picture_with_a_record_of_its_model(beside: str, role: Role, goes: bool, tmp_path: Path) -> None:
    """A record of the very same name, written by a tool: then the picture is the model's too."""
    tree(tmp_path, {"style.gguf": b"w", "style.png": b"p", beside: b"{}"})
    place = placed(tmp_path, "style.gguf", "style.gguf", "style.png", beside, **{beside.rpartition(".")[2]: role})
    if beside.endswith("png"):
        place = placed(tmp_path, "style.gguf", "style.gguf", "style.png", beside)
    assert ("style.png" in going(tmp_path, place, tool="lm-studio")) is goes


def test_words_beside_a_model_are_somebodys_own(tmp_path: Path) -> None:
    """`<name>.txt`: people write these, and no tool needs them."""
    tree(tmp_path, {"style.gguf": b"w", "style.txt": b"my prompts", "style.civitai.info": b"{}"})
    told = words(tmp_path, placed(tmp_path, "style.gguf", "style.gguf", "style.txt", "style.civitai.info"))
    assert list(told) == ["style.civitai.info", "style.gguf"]
    assert told["style.civitai.info"] == "kept beside it by tools; what may be your own stays: style.txt"


# Names that are left out


def test_a_model_whose_weights_are_left_out_by_now_is_not_removed(tmp_path: Path) -> None:
    tree(tmp_path, {"old/a.gguf": b"w", "old/b.gguf": b"w"})
    for pattern in ("old", "b.gguf"):
        with pytest.raises(CannotRemove, match="its name is one of those that you leave out") as told:
            going(tmp_path, placed(tmp_path, "old", "old/a.gguf", "old/b.gguf"), left_out=(pattern,))
        assert told.value.hint == "scan again, or change the names under Settings, Folders"
    assert going(tmp_path, placed(tmp_path, "old", "old/a.gguf", "old/b.gguf"), left_out=("*.bak",)) == ["old"]
    with pytest.raises(CannotRemove, match="you leave out"):
        going(tmp_path, placed(tmp_path, "old", "old/a.gguf", "old/b.gguf", gguf="adapter"), left_out=("b.*",))


def test_what_else_is_left_out_by_now_stays(tmp_path: Path) -> None:
    tree(tmp_path, {"m/a.gguf": b"w", "m/config.json": b"{}", "m/README.md": b"#"})
    place = placed(tmp_path, "m", "m/a.gguf", "m/config.json", "m/README.md")
    assert going(tmp_path, place, left_out=("readme*", "config.json")) == ["m/a.gguf"]


def test_the_names_above_the_root_say_nothing(tmp_path: Path) -> None:
    tree(tmp_path / "old", {"m/a.gguf": b"w"})
    assert going(tmp_path / "old", placed(tmp_path / "old", "m", "m/a.gguf"), left_out=("old",)) == ["m"]


@pytest.mark.parametrize(
    ("other", "shares"),
    [("old.gguf", True), ("onnx/old.onnx", True), ("openvino/old.bin", True), ("old.txt", False), ("new.gguf", False),
     ("deep/old.gguf", False)],
)  # fmt: skip
def test_what_weights_need_that_are_left_out_stays(other: str, shares: bool, tmp_path: Path) -> None:
    """Nobody looked at these weights: the settings and the tokenizer beside them may be theirs too."""
    tree(tmp_path, {"m/a.gguf": b"w", "m/config.json": b"{}", "m/tokenizer.model": b"t", "m/README.md": b"#", f"m/{other}": b"x",
                    "n/b.gguf": b"w", "n/config.json": b"{}"})  # fmt: skip
    place = placed(
        tmp_path, "m", "m/a.gguf", "m/config.json", "m/tokenizer.model", "m/README.md", "n/b.gguf", "n/config.json"
    )
    needed = [] if shares else ["m/README.md", "m/config.json", "m/tokenizer.model"]
    gone = going(tmp_path, place, left_out=("old*",))
    assert sorted(gone) == sorted([*needed, "m/a.gguf", "n/b.gguf", "n/config.json"])


def test_a_folder_that_is_left_out_and_not_there_shares_nothing(tmp_path: Path) -> None:
    tree(tmp_path, {"m/a.gguf": b"w", "m/config.json": b"{}", "m/own.odt": b"mine"})
    assert going(tmp_path, placed(tmp_path, "m", "m/a.gguf", "m/config.json"), left_out=("onnx",)) == [
        "m/a.gguf", "m/config.json"]  # fmt: skip


def test_nothing_is_shared_where_no_name_is_left_out(tmp_path: Path) -> None:
    tree(tmp_path, {"m/a.gguf": b"w", "m/config.json": b"{}", "m/old.gguf": b"other"})
    assert going(tmp_path, placed(tmp_path, "m", "m/a.gguf", "m/config.json")) == ["m/a.gguf", "m/config.json"]


def test_a_folder_that_cannot_be_listed_may_hold_such_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree(tmp_path, {"m/a.gguf": b"w", "m/config.json": b"{}", "m/own.odt": b"mine"})
    place = placed(tmp_path, "m", "m/a.gguf", "m/config.json")
    assert going(tmp_path, place, left_out=("old*",)) == ["m/a.gguf", "m/config.json"]

    def denied(path: str) -> list[str]:
        raise PermissionError(errno.EACCES, "Permission denied", path)

    monkeypatch.setattr(os, "listdir", denied)
    assert going(tmp_path, place, left_out=("old*",)) == ["m/a.gguf"]
