"""Pickles of numpy's, scipy's and scikit-learn's: real ones are not accused, and what their makers would call is told."""

from __future__ import annotations

import io
import json
import sys
import time
import zipfile

import pytest

from model_manager.base.facts import Facts
from model_manager.formats.pickle_familiar import may_be_kept, may_be_made
from model_manager.formats.sniff import facts_of
from tests.formats.real_pickles import REAL
from tests.formats.test_pickle_facts import STRANGE, called, made, named
from tests.formats.torch_files import mapping, pickled, tensor, text, torch_zip


def facts(content: bytes, name: str = "model.pkl") -> Facts:
    return facts_of(io.BytesIO(content), len(content), name)


@pytest.mark.parametrize("name", REAL)
def test_a_real_small_model_is_good(name: str) -> None:
    found = facts(REAL[name], name)
    assert (found.health.verdict, found.format) == ("good", "pickle"), found


ARRAY = named("numpy._core.multiarray._reconstruct") + named("numpy.ndarray") + b"K\0\x85C\1b\x87R"
GENERATORS = ("__generator_ctor", "__randomstate_ctor")
DATA = {
    "a tree's values": made("sklearn.tree._tree.Tree", mapping({"nodes": ARRAY, "values": ARRAY})),
    "items that are a frame": made("sklearn.base.Mine", mapping({"items": made("pandas.core.frame.DataFrame")})),
    "torch's own generator": called("torch._C.Generator", called("torch.device", text("cpu"))),
    "a loss with its threshold": called("sklearn.linear_model._sgd_fast.SquaredHinge", b"G" + bytes(8)),
    "a generator of old numpy": named("numpy.random._pickle.__randomstate_ctor") + text("MT19937") + b"\x85R",
    "a generator with its maker": named("numpy.random._pickle.__randomstate_ctor") + text("MT19937")
    + named("numpy.random._pickle.__bit_generator_ctor") + b"\x86R",
    "a bit generator by its class": called("numpy.random._pickle.__bit_generator_ctor", named("numpy.random._pcg64.PCG64")),
    "an index by its class": named("pandas.core.indexes.base._new_Index") + named("pandas.core.indexes.base.Index") + b"}\x86R",
    "a score's function": made("sklearn.feature_selection._univariate_selection.SelectKBest", mapping(
        {"score_func": named("sklearn.feature_selection._univariate_selection.f_classif")})),
    "a layer's own method": made("torch.nn.modules.linear.Linear", mapping({"hook": named("builtins.getattr")
        + made("torch.nn.modules.linear.Linear") + text("load_state_dict") + b"\x86R"})),
}  # fmt: skip


@pytest.mark.parametrize("kind", DATA)
def test_what_libraries_write_accuses_nobody(kind: str) -> None:
    found = facts(torch_zip(pickled(mapping({"w": tensor("0", (2,)), "more": DATA[kind]}), 4), {"0": b"\1" * 8}))
    assert found.health.verdict == "good", found


# Functions of familiar packages that load, fetch, run or take away.
DOERS = """
sklearn.datasets.clear_data_home sklearn.datasets._base.clear_data_home sklearn.datasets.fetch_file scipy.sparse.load_npz
sklearn.utils._testing.create_memmap_backed_data models.experimental.attempt_load timm.models._helpers.load_state_dict
timm.models.create_model ultralytics.nn.tasks.torch_safe_load ultralytics.nn.tasks.parse_model
ultralytics.utils.downloads.Downloader gensim.models.keyedvectors:KeyedVectors.load lightgbm.basic:Booster.save_model
fairseq.models.register_model skops.io.dump
""".split()  # noqa: SIM905


def given(full: str) -> bytes:
    """As protocol 4 names it, with dots."""
    module, _, name = full.rpartition(":" if ":" in full else ".")
    return b"\x8c" + bytes([len(module)]) + module.encode() + b"\x8c" + bytes([len(name)]) + name.encode() + b"\x93"


@pytest.mark.parametrize("full", DOERS)
def test_what_a_maker_calls_is_told(full: str) -> None:
    dotted = full.replace(":", ".")
    bodies = [
        *(named(f"numpy.random._pickle.{ctor}") + text("/models") + given(full) + b"\x86R" for ctor in GENERATORS),
        called("numpy.random._pickle.__bit_generator_ctor", given(full)),
        b"(" + named("numpy.random._pickle.__generator_ctor") + text("/models") + given(full) + b"o",
        named("pandas.core.indexes.base._new_Index") + given(full) + b"}\x86R",
        called("transformers.utils.generic.ExplicitEnum", b"](" + text("_generate_next_value_") + given(full) + b"\x86e"),
        called("fractions.Fraction", made("argparse.Namespace", mapping({"as_integer_ratio": given(full)}))),
        made("torch.optim.adamw.AdamW", mapping({"defaults": made("argparse.Namespace", mapping({"setdefault": given(full)}))})),
    ]  # fmt: skip
    for body in bodies:
        health = facts(pickled(body, 4)).health
        assert health.verdict in ("unknown", "unsafe"), (body, health)
        assert dotted in health.detail


@pytest.mark.parametrize("full", DOERS)
def test_such_a_function_is_no_part_of_a_model(full: str) -> None:
    module, _, name = full.rpartition(":" if ":" in full else ".")
    assert (may_be_made(module, name), may_be_kept(module, name)) == (False, False)


def test_a_maker_that_calls_a_familiar_class_is_told() -> None:
    """Called with a path, it would load a model's file."""
    for body in (
        called("numpy.random._pickle.__bit_generator_ctor", named("ultralytics.models.YOLO")),
        named("numpy.random._pickle.__generator_ctor") + text("evil.pt") + named("ultralytics.models.YOLO") + b"\x86R",
        called(
            "transformers.utils.generic.ExplicitEnum", b"](" + text("x") + named("ultralytics.models.YOLO") + b"\x86e"
        ),
    ):
        health = facts(pickled(body)).health
        assert (health.verdict, health.detail) == ("unknown", STRANGE + "ultralytics.models.YOLO")


OWN = "import os\nos.system('touch ran')\n"
DISTRIBUTION = "scipy.stats._continuous_distns.gamma_gen"
TEXTS = {
    "another text": made(DISTRIBUTION, mapping({"_parse_arg_template": text(OWN)})),
    "behind the usual one": made(DISTRIBUTION, mapping({"_parse_arg_template": text(
        "\ndef _parse_args(self, a,  loc=0, scale=1):\n    return (a, ), loc, scale\n" + OWN)})),
    "a default that calls": made(DISTRIBUTION, mapping({"_parse_arg_template": text(
        "\ndef _parse_args(self, a=print(),  loc=0, scale=1):\n    return (a, ), loc, scale\n")})),
    "too long to be kept": made(DISTRIBUTION, mapping({"_parse_arg_template": text(OWN + "#" * 70_000)})),
    "a spelled name": made(DISTRIBUTION, b"}" + called("builtins.str", text("_parse_arg_template")) + text(OWN) + b"s"),
    "an ordered table": made(DISTRIBUTION, named("collections.OrderedDict") + b")R" + text("_parse_arg_template") + text(OWN) + b"s"),
    "pairs": made(DISTRIBUTION, b"(" + text("_parse_arg_template") + text(OWN) + b"\x86" + text("ab") + b"t"),
    "a table as a pair": made(DISTRIBUTION, b"(" + mapping({"_parse_arg_template": b"N", OWN: b"N"}) + text("ab") + b"t"),
    "by call": called(DISTRIBUTION, b"N") + mapping({"_parse_arg_template": text(OWN)}) + b"b",
}  # fmt: skip


@pytest.mark.parametrize("kind", TEXTS)
def test_a_distribution_runs_only_its_own_text(kind: str) -> None:
    found = facts(pickled(TEXTS[kind]))
    assert found.health.verdict == "unsafe", found


def test_a_method_that_is_computed_stays_an_alarm() -> None:
    for value in (called("functools.partial", named("mine.loss")), made("torch.nn.modules.linear.Linear")):
        body = made("argparse.Namespace", mapping({"append": value})) + text("x") + b"a"
        assert facts(pickled(body)).health.verdict == "unsafe"


def schema(content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("schema.json", content)
    return out.getvalue()


def skops_function(module: str, name: str) -> dict[str, object]:
    content = {"module_path": module, "function": name}
    return {"__class__": name, "__module__": module, "__loader__": "FunctionNode", "content": content}


def test_a_skops_function_on_arrays_is_good() -> None:
    for module, name, verdict in (
        ("numpy", "mean", "good"),
        ("scipy._lib.array_api_compat.numpy._aliases", "asarray", "good"),
        ("sklearn.feature_selection._univariate_selection", "f_classif", "good"),
        ("numpy", "vectorize", "unknown"),
        ("sklearn.datasets._base", "clear_data_home", "unknown"),
        ("numpy", "load", "unsafe"),
    ):
        found = facts(schema(json.dumps({"__root__": skops_function(module, name)}).encode()), "x.skops")
        assert found.health.verdict == verdict, (module, name)


def test_skops_schemas_up_to_the_bound() -> None:
    node = {"__class__": "Tree", "__module__": "sklearn.tree._tree", "__loader__": "TreeNode", "text": "x" * 400}
    assert facts(schema(json.dumps({"trees": [node] * 5_000}).encode()), "x.skops").health.verdict == "good"
    for hostile in (b"[" + b"{}," * 1_300_000 + b"{}]", b"[" + b"0," * 2_000_000 + b"0]", b"[" * 4_000_000):
        started = time.process_time()
        health = facts(schema(hostile), "x.skops").health
        assert time.process_time() - started < 0.5 or sys.gettrace()
        assert (health.verdict, "more than 100,000 values" in health.detail) == ("unknown", True)


@pytest.mark.parametrize("wrapper", ["NDArrayWrapper", "ZNDArrayWrapper"])
def test_an_array_of_old_joblibs_lies_in_another_file(wrapper: str) -> None:
    """joblib loads that file, and the pickles in it."""
    for package in ("joblib", "sklearn.externals.joblib"):
        body = made(f"{package}.numpy_pickle.{wrapper}", mapping({"filename": text("/elsewhere/x.npy")}))
        health = facts(pickled(body), "x.joblib").health
        assert health.verdict in ("unknown", "unsafe"), health


@pytest.mark.parametrize("ctor", GENERATORS)
def test_a_maker_that_calls_something_computed_is_told(ctor: str) -> None:
    """What a partial calls may be harmless by its name alone, and run a path that it gets here."""
    partial = called("functools.partial", named("builtins.str"))
    body = named(f"numpy.random._pickle.{ctor}") + text("/models") + partial + b"\x86R"
    assert facts(pickled(body)).health.verdict == "unsafe"
