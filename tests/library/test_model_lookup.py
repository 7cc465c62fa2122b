"""What an id, a name or a path means, and what is said where it is nothing or could be several things."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from factory import gguf_bytes, hub_repo, ollama_model, tree
from removing import records, scan

from model_manager.app import App
from model_manager.base.errors import ModelManagerError
from model_manager.base.text import shown, written
from model_manager.catalog import models, place_names
from model_manager.library.labels import user_labels
from model_manager.library.model_lookup import LookedUp, meant, model_meant, nearest, where
from model_manager.library.scan import watch


def own(app: App, home: Path, *names: str) -> Path:
    """A watched folder with a model of its own by each name."""
    top = tree(home / "models", {name: gguf_bytes(seed=50 + n) for n, name in enumerate(names)})
    watch.add_root(app.database, str(top))
    scan(app)
    return top


def place_at(app: App, path: Path | str) -> int:
    with app.database.read() as tx:
        return next(one.place for one in place_names.every(tx) if one.path == str(path))


def model_at(app: App, path: Path | str) -> int:
    with app.database.read() as tx:
        return next(one.model for one in place_names.every(tx) if one.path == str(path))


def refusal(app: App, text: str) -> ModelManagerError:
    with pytest.raises(ModelManagerError) as told:
        meant(app.database, text)
    with pytest.raises(ModelManagerError):
        if told.value.verb == "choose the place":
            raise told.value  # of one model: it can be looked at
        model_meant(app.database, text)
    return told.value


def test_an_id_is_the_model_with_all_its_places(app: App, home: Path) -> None:
    top = own(app, home, "a.gguf")
    os.link(top / "a.gguf", top / "b.gguf")
    scan(app)
    id_ = model_at(app, top / "a.gguf")
    assert meant(app.database, f"m{id_}") == LookedUp(id_, ())
    assert model_meant(app.database, f"m{id_}") == id_
    for nothing in (f"m{id_ + 9}", f"{id_}", f"M{id_}", f"x{id_}", "m", "m²", f"m{10**25}", ""):
        assert refusal(app, nothing).reason == "no model has this id, name or path"


def test_the_longest_id_there_can_be(app: App, home: Path) -> None:
    """19 characters are an id, which the catalogue can be asked for; more digits are no number that it knows."""
    own(app, home, "a.gguf")
    assert refusal(app, "m" + "9" * 18).verb == refusal(app, "m" + "9" * 19).verb == "find the model"


def test_a_model_called_like_an_id_is_found_by_it(app: App, home: Path) -> None:
    top = own(app, home, "m77.gguf")
    assert meant(app.database, "m77").model == model_at(app, top / "m77.gguf")


def test_the_only_place_is_the_model_itself(app: App, home: Path) -> None:
    top = own(app, home, "sub/a.gguf", "b.gguf")
    id_ = model_at(app, top / "sub/a.gguf")
    for text in ("sub/a", "a", str(top / "sub/a.gguf"), "a.gguf", str(top / "sub"), str(top / "sub") + "/"):
        assert meant(app.database, text) == LookedUp(id_), text


def test_one_name_of_several_is_that_place_alone(app: App, home: Path) -> None:
    store = home / ".ollama/models"
    for tag in "ab":
        ollama_model(store, f"registry.ollama.ai/library/m/{tag}", {"model": gguf_bytes()})
    scan(app)
    manifests = store / "manifests/registry.ollama.ai/library/m"
    id_, place = model_at(app, manifests / "a"), place_at(app, manifests / "b")
    assert meant(app.database, "m:b") == LookedUp(id_, (place,)) == meant(app.database, str(manifests / "b"))
    assert model_meant(app.database, "m:b") == id_
    both = (place_at(app, manifests / "a"), place)
    assert meant(app.database, str(manifests)) == LookedUp(id_, both), "a folder is all that lies in it"


def test_places_of_one_model_by_one_name_are_for_the_person_to_choose(app: App, home: Path) -> None:
    top = own(app, home, "x/a.gguf", "c.gguf")
    (top / "y").mkdir()
    os.link(top / "x/a.gguf", top / "y/a.gguf")
    scan(app)
    id_ = model_at(app, top / "x/a.gguf")
    told = refusal(app, "a")
    assert (told.verb, told.path) == ("choose the place", "a")
    assert told.reason == "2 places of one model have this name"
    assert told.hint == (
        f"the id m{id_} means all of them; name one by its path: {top / 'x/a.gguf'}; {top / 'y/a.gguf'}"
    )
    assert model_meant(app.database, "a") == id_, "to look at it, any of them will do"


def test_models_of_one_name_are_listed_with_what_tells_them_apart(app: App, home: Path) -> None:
    top = own(app, home, "x/a.gguf", "y/a.gguf", "z/b.gguf")
    first, second = model_at(app, top / "x/a.gguf"), model_at(app, top / "y/a.gguf")
    told = refusal(app, "a")
    assert (told.verb, told.path, told.reason) == ("choose the model", "a", "2 models have this name")
    listed = [f"m{first} a (folder: {top / 'x/a.gguf'})", f"m{second} a (folder: {top / 'y/a.gguf'})"]
    assert told.hint == "use an id: " + "; ".join(listed)
    assert refusal(app, str(top)).reason == "3 models lie in this folder"
    assert meant(app.database, "x/a").model == first


def test_a_model_of_several_places_is_listed_by_the_first(app: App, home: Path) -> None:
    top = own(app, home, "x/a.gguf", "y/a.gguf")
    os.link(top / "x/a.gguf", top / "x/later.gguf")
    scan(app)
    assert f"(folder: {top / 'x/a.gguf'})" in refusal(app, "a").hint and "later" not in refusal(app, "a").hint


@pytest.mark.parametrize(("count", "more"), [(20, ""), (21, "; and 1 more"), (23, "; and 3 more")])
def test_no_more_than_twenty_are_listed(app: App, home: Path, count: int, more: str) -> None:
    own(app, home, *(f"d{n:02}/a.gguf" for n in range(count)))
    hint = refusal(app, "a").hint
    assert hint.count("(folder: ") == min(count, 20)
    assert hint.endswith(f"/a.gguf){more}") and (bool(more) or hint.endswith("d19/a.gguf)"))


def test_a_name_in_just_this_case_goes_before_others(app: App, home: Path) -> None:
    top = own(app, home, "Alpha.gguf", "sub/alpha.gguf", "Beta.gguf")
    assert meant(app.database, "alpha").model == model_at(app, top / "sub/alpha.gguf")
    assert meant(app.database, "Alpha").model == model_at(app, top / "Alpha.gguf")
    assert refusal(app, "ALPHA").reason == "2 models have this name"
    assert meant(app.database, "bETA").model == model_at(app, top / "Beta.gguf")
    assert meant(app.database, "Beta.gguf").model == model_at(app, top / "Beta.gguf")


def test_the_files_own_name_counts_only_where_nothing_is_called_so(app: App, home: Path) -> None:
    top = own(app, home, "a.gguf", "a.gguf.gguf")
    assert meant(app.database, "a.gguf").model == model_at(app, top / "a.gguf.gguf")


def test_a_word_that_is_a_path_here_and_a_name_elsewhere(app: App, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The person says which; `./` or a whole path is the path alone."""
    top = own(app, home, "x/a.gguf", "a.gguf.gguf")
    monkeypatch.chdir(top / "x")
    here = model_at(app, top / "x/a.gguf")
    assert refusal(app, "a.gguf").reason == "2 models have this name"
    for path in ("./a.gguf", "../x/a.gguf", str(top / "x/a.gguf"), "~/models/x/a.gguf"):
        assert meant(app.database, path).model == here, path
    monkeypatch.chdir(top)
    assert meant(app.database, "a.gguf").model == model_at(app, top / "a.gguf.gguf"), "no path here"


def test_a_path_however_it_is_written(app: App, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    top = own(app, home, "sub/a.gguf", "b.gguf", "sub/c.gguf")
    id_ = model_at(app, top / "sub/a.gguf")
    os.symlink(top / "sub", home / "way")
    monkeypatch.chdir(top / "sub")
    for text in (
        "a.gguf", "./a.gguf", "../sub/a.gguf", "~/models/sub/a.gguf", "~/models//sub/./a.gguf", f"{home}/way/a.gguf",
        f"{home}/way/../sub/a.gguf", f"{top}/sub/a.gguf/", f"{top}/sub/../sub/a.gguf",
    ):  # fmt: skip
        assert meant(app.database, text) == LookedUp(id_), text
    # Behind the link `..` is the folder of what it leads to, which has no `models`.
    assert refusal(app, f"{home}/way/../models/sub/a.gguf").verb == "find the model"
    assert refusal(app, f"{home}/way").hint == f"it leads to {top}/sub: name that"
    assert refusal(app, ".").reason == "2 models lie in this folder"
    assert refusal(app, "..").reason == "3 models lie in this folder"
    assert refusal(app, f"{top}/su").reason == "no model has this id, name or path"


def test_the_root_of_all_is_nobodys_folder(app: App, home: Path) -> None:
    own(app, home, "a.gguf")
    assert refusal(app, "/").reason == "no model has this id, name or path"


def test_where_a_folder_that_we_stood_in_was_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert where("a/b").literal == "/a/b" and where(str(tmp_path)).literal == str(tmp_path)


def test_a_file_of_a_model_means_it(app: App, home: Path) -> None:
    """Of a folder with several files the place is the folder; of a tool's store, the entry."""
    store = home / ".ollama/models"
    ollama_model(store, "registry.ollama.ai/library/m/a", {"model": gguf_bytes()})
    ollama_model(store, "registry.ollama.ai/library/n/b", {"model": gguf_bytes(seed=2)})
    scan(app)
    manifest = store / "manifests/registry.ollama.ai/library/m/a"
    with app.database.read() as tx:
        blob = next(file.path for file in models.files(tx) if file.role == "weights" and "sha256-" in file.path)
        id_ = next(file.model for file in models.files(tx) if file.path == blob)
    assert meant(app.database, blob) == LookedUp(id_)
    os.symlink(store / "blobs", home / "way")
    assert meant(app.database, str(home / "way" / os.path.basename(blob))) == LookedUp(id_)
    assert manifest.exists()


def test_a_repository_of_hugging_face_by_its_folder(app: App, home: Path) -> None:
    hub = home / ".cache/huggingface/hub"
    repository = hub_repo(hub, "org/some-7B", {"some-7B-Q8_0.gguf": gguf_bytes(seed=7)})
    hub_repo(hub, "org/some-7B-chat", {"chat.gguf": gguf_bytes(seed=8)})
    scan(app)
    id_ = meant(app.database, "some-7B-Q8_0").model
    assert meant(app.database, str(repository)) == LookedUp(id_), "not the one whose name only begins so"
    assert meant(app.database, "org/some-7B/some-7B-Q8_0") == LookedUp(id_)
    os.symlink(hub, home / "way")
    assert meant(app.database, str(home / "way" / repository.name)) == LookedUp(id_)


def test_a_link_that_is_no_model_says_where_it_leads(app: App, home: Path) -> None:
    top = own(app, home, "a.gguf")
    os.symlink(top / "a.gguf", home / "shortcut")
    told = refusal(app, str(home / "shortcut"))
    assert (told.verb, told.path) == ("find the model", str(home / "shortcut"))
    assert told.reason == "this link is no model of a tool"
    assert told.hint == f"it leads to {top / 'a.gguf'}: name that"


def test_a_name_as_it_was_printed(app: App, home: Path) -> None:
    """What cannot be written as it is: both ways in which our own output writes it are taken back."""
    top = own(app, home, "li\nne.gguf", "b.gguf", "c/li\nne2.gguf")
    name = str(top / "li\nne.gguf")
    id_ = model_at(app, name)
    assert "\\" in shown(name)
    for text in (name, shown(name), written(name), shown("li\nne")):
        assert meant(app.database, text) == LookedUp(id_), text
    assert refusal(app, "li\\qne").reason == "no model has this id, name or path"


def test_a_file_as_it_was_printed(app: App, home: Path) -> None:
    store = home / "o\nllama"
    ollama_model(store, "registry.ollama.ai/library/m/a", {"model": gguf_bytes()})
    ollama_model(store, "registry.ollama.ai/library/n/a", {"model": gguf_bytes(seed=5)})
    watch.add_root(app.database, str(store), "ollama")
    scan(app)
    with app.database.read() as tx:
        blob = next(file for file in models.files(tx) if file.role == "weights")
    assert meant(app.database, shown(blob.path)) == LookedUp(blob.model)


def test_a_path_that_is_written_like_another(app: App, home: Path) -> None:
    """One has the very characters in its name that a line break of the other is shown by: the person says which."""
    top = own(app, home, "x\ny.gguf", "x\\x0ay.gguf")
    printed = shown(str(top / "x\ny.gguf"))
    assert os.path.exists(printed)
    assert refusal(app, printed).reason == "2 models have this name"


def test_nothing_by_this_name_says_what_is_like_it(app: App, home: Path) -> None:
    top = own(app, home, "alpha-instruct.gguf", "other.gguf")
    id_ = model_at(app, top / "alpha-instruct.gguf")
    told = refusal(app, "alpha-instrukt")
    assert (told.verb, told.path, told.reason) == (
        "find the model", "alpha-instrukt", "no model has this id, name or path",
    )  # fmt: skip
    assert told.hint == f"did you mean alpha-instruct (m{id_})?"
    assert refusal(app, "zzzz").hint == "`model-manager list WORD` searches"
    assert refusal(app, "alpha\0").reason == "no model has this id, name or path"


def test_a_note_on_a_model_is_on_the_one_that_was_named(app: App, home: Path) -> None:
    top = own(app, home, "a.gguf", "b.gguf")
    user_labels.set_note(app.database, model_meant(app.database, str(top / "b.gguf")), "of b")
    noted = {id_: model["note"] for id_, model in records(app).items() if model["note"]}
    assert noted == {f"m{model_at(app, top / 'b.gguf')}": "of b"}


NAMES = [(1, "llama-3-8b"), (2, "llama-3-70b"), (3, "mistral"), (4, "LLAMA-3-8B"), (5, "x")]


def test_what_is_most_like_a_text_comes_first() -> None:
    assert nearest("llama-3-8", NAMES)[0] == (1, "llama-3-8b"), "of names that differ in case only the first"
    assert (4, "LLAMA-3-8B") not in nearest("llama-3-8", NAMES)
    assert nearest("/some/where/mistrall/", NAMES) == [(3, "mistral")], "the last name of a path"
    assert nearest("MISTRAL", NAMES)[0] == (3, "mistral")
    assert nearest("", NAMES) == nearest("/", NAMES) == nearest("qqqq", NAMES) == []


def test_a_part_of_a_name_is_like_it_and_a_name_that_is_a_part() -> None:
    long = [(1, "the-quick-brown-fox-and-friends-of-the-forest"), (2, "abc"), (3, "zz")]
    assert nearest("fox", long) == [long[0]]
    assert nearest("fox.gguf", long) == [long[0]], "without what is behind the last dot"
    assert nearest("ox", long) == [], "two letters are in too many"
    assert nearest("model-for-abc-and-zz-in-a-very-long-name", long) == [(2, "abc")]


def test_no_more_than_five_are_like_it() -> None:
    many = [(n, f"model-number-{n}") for n in range(9)]
    assert len(nearest("model-number", many)) == 5
    assert len(nearest("mod", many)) == 5


def test_of_a_very_long_name_its_beginning_is_compared() -> None:
    long = "a" * 300
    assert nearest(long, [(1, "a" * 200 + "b" * 50), (2, "a" * 199 + "b" * 99)])[0] == (1, "a" * 200 + "b" * 50)
