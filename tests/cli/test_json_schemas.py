"""The JSON of every command, held against its schema in `notes/json/`: no field more, none less, none undescribed."""

from __future__ import annotations

import contextlib
import copy
import io
import json
import os
import pickle
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from factory import gguf_bytes, hub_repo, ollama_model, safetensors_bytes, tree, write, zipped
from isolation import is_foreign
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from model_manager.base.facts import SOURCES, VERDICTS, Role
from model_manager.cli import main
from model_manager.cli.commands import NAMES
from model_manager.library.clean.candidate import RULES, Confidence
from model_manager.library.duplicates.groups import Kind
from model_manager.library.labels import verdicts
from model_manager.library.removal.plan_words import VERBS
from model_manager.operations.operation import State, StepShown
from model_manager.operations.trashed import Where
from model_manager.stores.discovered import FoundBy, LeftoverKind, Sha256Source

FOLDER = Path(__file__).resolve().parents[2] / "notes" / "json"
SCHEMAS: dict[str, Any] = {path.stem: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}
SHARED = {"objects", "error"}
OBJECTS = SCHEMAS["objects"]["$defs"]
REGISTRY: Registry[Any] = Registry().with_resources(
    (f"{name}.json", Resource.from_contents(schema)) for name, schema in SCHEMAS.items()
)
Answers = list[tuple[str, Any]]


def valid(name: str, answer: object) -> bool:
    return Draft202012Validator(SCHEMAS[name], registry=REGISTRY).is_valid(answer)


def faults(name: str, answer: object) -> list[str]:
    found = Draft202012Validator(SCHEMAS[name], registry=REGISTRY).iter_errors(answer)
    return [f"{name} at {error.json_path}: {error.message[:200]}" for error in found]


def parts(schema: object, at: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Each schema that is an object in this one, by where it stands."""
    if isinstance(schema, dict):
        yield at, schema
        for key, value in schema.items():
            yield from parts(value, f"{at}/{key}")
    elif isinstance(schema, list):
        for number, value in enumerate(schema):
            yield from parts(value, f"{at}/{number}")


class Terminal:
    """Runs commands as a script does and keeps each answer."""

    def __init__(self) -> None:
        self.answers: Answers = []

    def __call__(self, *words: str, status: int | None = 0) -> Any:
        """`status`: what the command has to exit with; None where that is this machine's to say."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            exited = main([*words, "--json"])
        assert status in (None, exited), (words, out.getvalue(), err.getvalue())
        answer = json.loads(out.getvalue())
        self.answers.append(("error" if "error" in answer else words[0], answer))
        return answer


def lived_in(home: Path) -> Path:
    """A small home of somebody who uses several tools; answers their own folder."""
    llama, twin = gguf_bytes(seed=1), gguf_bytes(seed=2)
    ollama_model(home / ".ollama/models", "registry.ollama.ai/library/llama3.1/8b", {"model": llama, "license": b"MIT"})
    write(home / ".ollama/models/blobs" / f"sha256-{'0' * 64}", gguf_bytes(seed=3))
    write(home / ".ollama/models/blobs" / f"sha256-{'1' * 64}-partial", b"GGUF")
    hub_repo(home / ".cache/huggingface/hub", "org/small", {
        "config.json": b'{"model_type": "bert", "architectures": ["BertModel"]}',
        "model.safetensors": safetensors_bytes({"embeddings.word_embeddings.weight": ("F16", (64, 8))}),
        "README.md": b"---\nlicense: apache-2.0\n---\n",
    })  # fmt: skip
    own = tree(home / "AI", {
        "one.gguf": twin, "copies/two.gguf": twin, "also llama.gguf": llama, "broken.gguf": gguf_bytes(seed=4)[:-40],
        "some-7B-Q4_0.gguf": gguf_bytes({"general.file_type": 2}, {"blk.0.attn_q.weight": ("Q4_0", (256, 16))}, seed=5),
        "some-7B-Q8_0.gguf": gguf_bytes({"general.file_type": 7}, {"blk.0.attn_q.weight": ("Q8_0", (256, 16))}, seed=6),
        "lora.safetensors": safetensors_bytes({"lora_unet_down_blocks_0.lora_down.weight": ("F16", (4, 8))},
                                              {"ss_base_model_version": "sd_v1-5", "modelspec.title": "A style"}),
        "names code.pt": pickle.dumps(os.path.join), "not a model.safetensors": b"<html>no</html>",
        "packed.zip": zipped({"inside.gguf": gguf_bytes(seed=8)}), "fetched.gguf.part": b"GGUF",
    })  # fmt: skip
    write(own / os.fsdecode(b"n\xe4me.gguf"), gguf_bytes(seed=9))
    os.link(own / "one.gguf", own / "another name.gguf")
    (own / "nothing in it").mkdir()
    month_ago = time.time() - 30 * 86_400
    for path in home.rglob("*"):
        os.utime(path, (month_ago, month_ago), follow_symlinks=False)
    return own


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answers]:
    """What every command prints over such a home, one after the other, in each of its ways."""
    home = tmp_path_factory.mktemp("lived-in")
    with pytest.MonkeyPatch.context() as patch:
        for name in filter(is_foreign, list(os.environ)):
            patch.delenv(name)
        patch.setenv("HOME", str(home))
        patch.setenv("MODEL_MANAGER_DATA", str(home / "data"))
        yield list(every_answer(home, patch))


def every_answer(home: Path, patch: pytest.MonkeyPatch) -> Answers:
    run, own = Terminal(), lived_in(home)
    run("scan", str(own))
    run("roots", "add", str(write(home / "more/third.gguf", gguf_bytes(seed=10)).parent))
    run("categories", "add", "llm/roleplay")
    run("set", "one", "note=kept for tests", "pinned=yes", "category=llm/roleplay")
    run("tag", "one", "--add", "favourite")
    run("status"), run("list"), run("list", "llm"), run("show", "llama3.1:8b"), run("show", "one")
    run("show", str(write(home / "Downloads/stray.gguf", gguf_bytes(seed=11))))
    run("check"), run("check", "--deep"), run("export")
    run("duplicates"), run("duplicates", "--prove")
    run("store"), run("store", str(home / "more")), run("store", "--make-folders", "--dry-run")
    run("empty", "--dry-run"), run("empty", "--list")
    found = run("clean")["candidates"]
    run("clean", "--take", found[0]["id"], "--dry-run")
    shared = run("dedupe", "--by", "hardlink", "--dry-run")
    run("apply", shared["plan"]["id"], "--yes")
    run("trash", "third", "broken", "--yes")
    run("undo", "--dry-run"), run("undo", "--yes")
    run("trash", "third", "--yes"), run("empty", "--list"), run("empty", "--yes")
    run("delete", "broken", "--yes"), run("history"), run("doctor", status=None)
    run("show", "no such model", status=1), run("list", "health:no-such-word", status=2)
    patch.setattr(sys, "argv", ["model-manager", "list", "--no-such-option", "--json"])
    run("list", "--no-such-option", status=2)
    return run.answers


def test_each_command_has_a_schema_and_each_schema_a_command() -> None:
    assert set(SCHEMAS) - SHARED == set(NAMES)
    for name, schema in SCHEMAS.items():
        Draft202012Validator.check_schema(schema)
        assert "$id" not in schema, "then a checker finds the others beside the file"
        assert name in SHARED or schema["title"].startswith(f"model-manager {name}")


def test_what_every_command_prints_is_what_its_schema_says(answers: Answers) -> None:
    assert {name for name, _answer in answers} == set(SCHEMAS) - {"objects"}, "each command is run, and one fails"
    assert [fault for name, answer in answers for fault in faults(name, answer)] == []


def test_the_home_has_something_of_each_object(answers: Answers) -> None:
    """A schema that nothing is held against would prove nothing."""
    told = json.dumps([answer for _name, answer in answers])
    for word in ('"identical"', '"truncated"', '"not-a-model"', '"orphan"', '"partial"', '"rule": "', '"applied"',
                 '"undone"', '"trashed": [{', '"needs": [', '"plan": null', '"id": ""', '"code": ["', "n\\\\xe4me",
                 '"blob-name"', '"evidence": [{', '"repo": "org/small"', '"reclaimable": '):  # fmt: skip
        assert word in told, word
    for name, schema in SCHEMAS.items():
        for number, way in enumerate(schema.get("oneOf", ())):
            one = Draft202012Validator(way, registry=REGISTRY)
            assert any(one.is_valid(answer) for of, answer in answers if of == name), f"{name}: way {number} is not run"


def objects(answer: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where objects stand in an answer; of a list the first three, maps with names of their own left out."""
    if isinstance(answer, dict):
        yield at
        for key, value in answer.items():
            if key not in ("metadata", "health", "leftovers") or "verdict" in value:
                yield from objects(value, (*at, key))
    elif isinstance(answer, list):
        for number, value in enumerate(answer[:3]):
            yield from objects(value, (*at, number))


def test_a_field_that_is_not_written_down_is_noticed_and_so_is_one_that_goes(answers: Answers) -> None:
    first = {name: answer for name, answer in reversed(answers) if answer}
    for name, answer in first.items():
        for place in objects(answer):
            more, less = copy.deepcopy(answer), copy.deepcopy(answer)
            for key in place:
                more, less = more[key], less[key]
            more["a new field"] = 1
            assert not valid(name, _with(answer, place, more)), (name, place)
            for field in less:
                rest = {key: value for key, value in less.items() if key != field}
                assert not valid(name, _with(answer, place, rest)), (name, place, field)


def _with(answer: Any, place: tuple[Any, ...], value: object) -> Any:
    """The answer with something else at this place."""
    if not place:
        return value
    changed = copy.copy(answer)
    changed[place[0]] = _with(answer[place[0]], place[1:], value)
    return changed


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_field_says_what_it_is(name: str) -> None:
    """In words, by its own or by the object that it is; figures with their unit."""
    for at, schema in parts(SCHEMAS[name]):
        if at.endswith("/properties"):
            for field, value in schema.items():
                told = value.get("description") or OBJECTS[value["$ref"].rpartition("/")[2]].get("description")
                assert told and told[-1] in '.…"', f"{name}{at}/{field}"
        if schema.get("type") == "object" and "properties" in schema and at != "/$defs/plan":
            assert schema["additionalProperties"] is False, f"{name}{at} is open"
            assert set(schema["required"]) == set(schema["properties"]), f"{name}{at}: a field that may be missing"


def test_the_words_in_the_schemas_are_those_of_the_program() -> None:
    def words(name: str, field: str = "") -> list[Any]:
        return list((OBJECTS[name]["properties"][field] if field else OBJECTS[name])["enum"])

    assert words("verdict") == list(VERDICTS) and set(words("verdict")) == set(verdicts.VERDICTS)
    assert words("leftover_kind") == list(get_args(LeftoverKind))
    assert words("evidence", "from") == words("model", "category_evidence") == list(SOURCES)
    assert words("root", "found_by") == list(get_args(FoundBy))
    assert words("root", "state") == list(verdicts.STATES)
    assert words("file", "role") == list(get_args(Role))
    assert words("file", "sha256_source") == [*get_args(Sha256Source), None]
    assert words("group", "kind") == list(get_args(Kind))
    assert words("candidate", "rule") == list(RULES)
    assert words("candidate", "confidence") == list(get_args(Confidence))
    assert words("plan", "state") == list(get_args(State))
    assert words("step", "state") == list(get_args(StepShown))
    assert words("step", "verb") == list(VERBS)
    where = SCHEMAS["empty"]["oneOf"][2]["properties"]["trashed"]["items"]["properties"]["where"]
    assert where["enum"] == list(get_args(Where))
