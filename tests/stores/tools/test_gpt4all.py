"""GPT4All: its settings' folder, the Python binding's, unfinished downloads; stubs are no models."""

from __future__ import annotations

from pathlib import Path

from conformance import GGUF, Told, env_of
from factory import tree, write

from model_manager.stores.host.env import Env, Process
from model_manager.stores.tools import gpt4all


def test_where_it_looks(home: Path) -> None:
    places = (
        "chosen",
        ".local/share/nomic.ai/GPT4All",
        ".cache/gpt4all",
        ".var/app/io.gpt4all.gpt4all/data/nomic.ai/GPT4All",
    )
    for place in places:
        (home / place).mkdir(parents=True)
    write(home / ".config/nomic.ai/GPT4All.ini", f"[General]\nmodelPath={home}/chosen\nother=%2\n")
    found = {root.path.removeprefix(f"{home}/"): root.found_by for root in gpt4all.find(env_of(home))}
    assert found == dict.fromkeys(places, "default") | {"chosen": "config"}


def test_stubs_and_downloads_are_no_models(home: Path) -> None:
    tree(
        home / ".cache/gpt4all",
        {"m.gguf": GGUF, "sub/n.gguf": GGUF, "gpt4all-x.rmodel": "{}", "incomplete-o.gguf": b"half"},
    )
    told = Told("gpt4all", home)
    assert told.names == {"m", "sub/n"}
    assert [(rest.kind, rest.of) for rest in told.rests] == [("partial", "o.gguf")]


def test_another_program_called_chat_is_not_it(home: Path) -> None:
    other, own = Process(1, ("/usr/bin/chat",), {}, "/"), Process(2, ("/home/x/gpt4all/bin/chat",), {}, "/")
    assert gpt4all.STORE.in_use(Env(str(home), {}, processes=(other,))) is None
    assert gpt4all.STORE.in_use(Env(str(home), {}, processes=(other, own))) == "GPT4All is running (process 2)"
