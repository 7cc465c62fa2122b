"""What a pickle calls: nothing that this program does not know is good, and what people load is not accused."""

from __future__ import annotations

import io
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_manager.base.facts import Facts
from model_manager.formats import pickle_names
from model_manager.formats.pickle_familiar import may_be_called, may_be_made
from model_manager.formats.sniff import facts_of
from tests.formats.torch_files import mapping, number, pickled, tensor, text, torch_zip

STRANGE = "calls code that this program does not know: "


def facts(content: bytes, name: str = "model.pt") -> Facts:
    return facts_of(io.BytesIO(content), len(content), name)


def named(full: str) -> bytes:
    """GLOBAL; `module:dotted.name` where the name has dots, which protocol 4 follows."""
    module, _, name = full.rpartition(":" if ":" in full else ".")
    return b"c" + module.encode() + b"\n" + name.encode() + b"\n"


def called(full: str, argument: bytes = text("x")) -> bytes:
    return named(full) + argument + b"\x85R"


def made(full: str, state: bytes = b"}") -> bytes:
    """As pickle writes an object of a class: NEWOBJ, then its state."""
    return named(full) + b")\x81" + state + b"b"


# Single calls that run, load, fetch, or write: these are unsafe, called or only named.
_UNSAFE = """
os.system os.popen os.execv os.remove os.putenv posix.system nt.system subprocess.Popen subprocess.getoutput
subprocess.check_output builtins.eval builtins.exec builtins.open builtins.compile builtins.__import__
builtins.getattr __builtin__.execfile __builtin__.apply __builtin__.input commands.getoutput
importlib.import_module importlib.util.module_from_spec runpy.run_path runpy._run_code pty.spawn shutil.rmtree
shutil.copyfile webbrowser.open socket.create_connection urllib.request.urlopen urllib.request.urlretrieve
requests.get requests.api.post http.client.HTTPConnection ftplib.FTP smtplib.SMTP telnetlib.Telnet ctypes.CDLL
ctypes.util.find_library cffi.FFI multiprocessing.process.Process asyncio.run asyncio.create_subprocess_shell
code.InteractiveInterpreter codeop.compile_command timeit.timeit cProfile.run profile.run pdb.run bdb.Bdb
doctest.debug_script trace.Trace pkgutil.resolve_name pydoc.pipepager pydoc.locate zipimport.zipimporter
marshal.loads pickle.loads _pickle.Unpickler dill.loads cloudpickle.loads types.FunctionType types.CodeType
operator.attrgetter operator.methodcaller _operator.methodcaller functools.reduce itertools.starmap
logging.config.fileConfig logging.config.dictConfig logging.FileHandler distutils.spawn.spawn
setuptools.sandbox.run_setup pip._internal.cli.main.main pip.main idlelib.run.main lib2to3.main.main
ensurepip.bootstrap venv.create torch.load torch.hub.load torch.hub.load_state_dict_from_url torch.jit.load
torch.jit._serialization.load torch.serialization.load torch.utils.cpp_extension.load
torch.package.PackageImporter torch.ops.load_library torch.fx.graph_module.reduce_graph_module torch.save
numpy.load numpy.fromfile numpy.memmap numpy.save numpy.f2py.crackfortran.myeval
numpy.testing._private.utils.runstring numpy.ctypeslib.load_library joblib.load joblib.numpy_pickle.load
pandas.read_pickle pandas.read_csv pandas.io.pickle.read_pickle huggingface_hub.hf_hub_download
transformers.pipeline transformers.dynamic_module_utils.get_class_from_dynamic_module
transformers.models.auto.modeling_auto:AutoModel.from_pretrained keras.models.load_model
keras.src.saving.saving_lib.load_model yaml.unsafe_load jsonpickle.decode tempfile.mkstemp io.open io.FileIO
codecs.open tarfile.open zipfile.ZipFile sqlite3.connect glob.glob linecache.getline inspect.getsource
gc.get_objects sys.settrace signal.signal atexit.register threading.Thread tkinter.Tk rlcompleter.Completer
site.main nose.main pytest.main unittest.main this.s antigravity.geohash gdown.download wget.download
torch_utils.persistence._reconstruct_persistent_obj pathlib:Path.write_text pathlib:Path.unlink
torch._utils:os.system torch.serialization:os.system torch:serialization.os.system collections:abc.sys.modules
collections:OrderedDict.__init__ torch:Tensor.__setstate__ numpy:ndarray.tofile torch:UntypedStorage.from_file mmcv.Config.fromfile
pandas.core.frame.DataFrame.eval
"""
UNSAFE = _UNSAFE.split()

# Calls that no list of bad names has: only an allow-list can tell.
_UNKNOWN = """
evil.payload mine.Model numpy.lib.npyio.zipfile_factory torch.utils._config_module.load_config
torch._C._jit_pass_inline torch.distributed.init_process_group torch.distributed.launcher.api.launch_agent
torch.cuda.memory._dump_snapshot torch._utils._import_dotted_name torch.nn.functional.relu
torch._C.PyTorchFileReader torch.utils.data.dataloader.DataLoader numpy.core._internal._ctypes
numpy.lib.utils.source numpy.vectorize numpy.apply_along_axis numpy.piecewise pandas.DataFrame.query
transformers.utils.import_utils._LazyModule transformers.trainer.Trainer
ultralytics.nn.tasks.attempt_load_weights ultralytics.nn.autobackend.AutoBackend
ultralytics.engine.model.Model ultralytics.utils.SettingsManager sklearn.utils.fixes._eval
sklearn.utils.parallel._FuncWrapper fairseq.utils.import_user_module
fairseq.checkpoint_utils.load_model_ensemble TTS.utils.generic_utils.get_import_path
nemo.utils.model_utils.import_class_by_path omegaconf._utils._resolve hydra.utils.instantiate
hydra._internal.utils._locate ldm.util.instantiate_from_config sgm.util.get_obj_from_str ast.literal_eval
string.Formatter contextlib.ExitStack copyreg.dispatch_table.get copyreg._slotnames
torch.nn.modules.module.register_module_forward_hook torch.optim.swa_utils.update_bn timm.models.create_model
diffusers.pipelines.pipeline_utils.DiffusionPipeline getpass.getuser select.epoll xml.etree.ElementTree.parse
cgi.test netrc.netrc encodings.search_function stringprep.b1_set lightgbm.basic.Booster xgboost.core.Booster
reprlib.repr copy.deepcopy pprint.pprint random.Random email.message_from_file configparser.ConfigParser.read
zoneinfo.ZoneInfo locale.setlocale torch:_utils._rebuild_tensor_v2 torch:nn.Parameter
collections:abc.Mapping.register
"""
UNKNOWN = _UNKNOWN.split()


@pytest.mark.parametrize("full", UNSAFE)
def test_names_that_run_load_fetch_or_write_are_unsafe(full: str) -> None:
    found = facts(pickled(called(full)))
    assert found.health.verdict == "unsafe", found
    dotted = full.replace(":", ".")
    assert dotted in found.health.detail or "getattr" in found.health.detail
    assert found.health.verdict == facts(torch_zip(pickled(mapping({"w": called(full)})), {})).health.verdict


@pytest.mark.parametrize("full", UNKNOWN)
def test_calls_that_nobody_here_knows_are_never_good(full: str) -> None:
    dotted = full.replace(":", ".")
    for body in (
        called(full),
        named(full) + b")R",
        b"(" + text("x") + b"i" + named(full)[1:],
        b"(" + named(full) + text("x") + b"o",
        b"\x8c" + bytes([len(named(full).split(b"\n")[0]) - 1]) + named(full).split(b"\n")[0][1:]
        + b"\x8c" + bytes([len(named(full).split(b"\n")[1])]) + named(full).split(b"\n")[1] + b"\x93)R",
    ):  # fmt: skip
        found = facts(pickled(body))
        assert (found.health.verdict, found.health.detail) == ("unknown", STRANGE + dotted)
        assert dotted in found.code


HANDED_ON = {
    "defaultdict": called("collections.defaultdict", named("evil.payload")),
    "partial": named("functools.partial") + named("evil.payload") + b"\x85R",
    "partial's state": made("functools.partial", b"(" + named("evil.payload") + b")}Nt"),
    "reconstructor": named("copyreg._reconstructor") + named("evil.Kind") + named("builtins.object") + b"N\x87R",
    "reconstructor's base": named("copy_reg._reconstructor") + named("torch.Tensor") + named("evil.Kind") + b"N\x87R",
    "newobj by copyreg": named("copyreg.__newobj__") + named("evil.Kind") + b"\x85R",
    "newobj": made("evil.Kind"),
    "newobj ex": named("evil.Kind") + b")}\x92",
    "type of a tensor": named("torch._tensor._rebuild_from_type_v2")
    + b"(" + named("evil.rebuild") + named("torch.Tensor") + b")}tR",
    "class of a tensor": named("torch._tensor._rebuild_from_type_v2")
    + b"(" + named("torch._utils._rebuild_tensor") + named("evil.Tensor") + b")}tR",
    "call within": named("torch._tensor._rebuild_from_type_v2")
    + b"(" + named("copyreg._reconstructor") + named("torch.Tensor")
    + b"(" + named("torch.Tensor") + named("evil.Kind") + b"Nt}tR",
    "wrapper": named("torch._utils._rebuild_wrapper_subclass") + named("evil.Tensor") + named("torch.float32") + b")\x87R",
    "hooks": named("torch._utils._rebuild_parameter") + b"N\x89}" + text("h") + named("evil.hook") + b"s\x87R",
    "array of a class": named("numpy.core.multiarray._reconstruct") + named("evil.Array") + b")C\1b\x87R",
    "method put in front": named("collections.OrderedDict") + b")R" + mapping({"items": named("evil.payload")}) + b"b",
    "setstate put in place": made("argparse.Namespace", mapping({"__setstate__": named("evil.payload")})) + text("x") + b"b",
    "setstate in slots": made("torch.nn.parameter.Parameter", b"N" + mapping({"__setstate__": named("evil.payload")}) + b"\x86"),
    "extend put in place": made("types.SimpleNamespace", mapping({"extend": named("evil.payload")})) + b"(" + text("x") + b"e",
    "a familiar class's setstate": made("torch.nn.modules.linear.Linear", mapping({"__setstate__": named("evil.payload")})),
    "storage": b"(" + text("storage") + named("evil.Storage") + text("0") + text("cpu") + number(1) + b"tQ",
}  # fmt: skip


@pytest.mark.parametrize("kind", HANDED_ON)
def test_what_a_known_name_calls_counts_as_called(kind: str) -> None:
    found = facts(pickled(HANDED_ON[kind]))
    assert found.health.verdict == "unknown", found
    assert found.health.detail.startswith(STRANGE + "evil.")


@pytest.mark.parametrize(
    "body",
    [
        called("collections.defaultdict", called("functools.partial", named("evil.x"))),
        named("torch.serialization._package_registry") + text("x") + b"a",
        named("torch.serialization._package_registry") + b"(" + text("x") + b"e",
        named("sys.modules") + text("x") + b"Ns",
        made("argparse.Namespace", mapping({"__setstate__": made("torch.nn.modules.linear.Linear")}))
        + text("x")
        + b"b",
        called("functools.partial", named("builtins.getattr"))
        + named("builtins.getattr")
        + named("torch.Tensor")
        + text("x")
        + b"\x86R",
        named("builtins.getattr") + made("evil.Kind") + text("run") + b"\x86R",
        named("torch._tensor._rebuild_from_type_v2") + b"(" + called("collections.Counter") + b"N)}tR",
    ],
)
def test_what_changes_or_calls_something_computed_is_unsafe(body: bytes) -> None:
    assert facts(pickled(body)).health.verdict == "unsafe"


def test_objects_that_only_a_loader_has_are_unknown() -> None:
    for body in (text("anything") + b"Q", b"Panything\n", b"(" + text("dataset") + text("7") + b"tQ"):
        found = facts(pickled(body)).health
        assert (found.verdict, found.detail) == (
            "unknown",
            "asks its loader for objects that this program does not know",
        )


def test_long_lists_of_names_do_not_push_out_what_is_called() -> None:
    padding = b"".join(named(f"aaa.a{count}") + b"0" for count in range(300))
    found = facts(pickled(padding + called("zzz.payload")))
    assert (found.health.verdict, "zzz.payload" in found.code, len(found.code)) == ("unknown", True, 100)


REAL = {
    "argparse": made("argparse.Namespace", mapping({"lr": number(1), "func": named("train.main")})),
    "ordered dict with metadata": named("collections.OrderedDict") + b")R" + mapping({"_metadata": b"}"}) + b"b",
    "defaultdict of dicts": called("collections.defaultdict", named("builtins.dict")),
    "numpy scalar": named("numpy.core.multiarray.scalar")
    + named("numpy.dtype") + text("f8") + b"\x89\x88\x87R" + b"C\x08" + bytes(8) + b"\x86R",
    "numpy random state": called("numpy.random._pickle.__randomstate_ctor", text("MT19937")),
    "python 2 object": named("copy_reg._reconstructor") + named("argparse.Namespace") + named("__builtin__.object") + b"N\x87R",
    "lightning callback": mapping({"callbacks": named("pytorch_lightning.callbacks.model_checkpoint.ModelCheckpoint")}),
    "lightning hyper-parameters": made("pytorch_lightning.utilities.parsing.AttributeDict"),
    "lightning 2": made("lightning.fabric.utilities.data.AttributeDict"),
    "training arguments": made("transformers.training_args.TrainingArguments"),
    "interval": called("transformers.trainer_utils.IntervalStrategy", text("no")),
    "scheduler": called("transformers.trainer_utils.SchedulerType", text("linear")),
    "hub strategy": called("transformers.trainer_utils.HubStrategy", text("every_save")),
    "optimizer's name": called("transformers.training_args.OptimizerNames", text("adamw_torch")),
    "distributed type": called("accelerate.utils.dataclasses.DistributedType", text("NO")),
    "accelerate": made("accelerate.state.PartialState"),
    "trl": made("trl.trainer.sft_config.SFTConfig"),
    "llama factory": made("llamafactory.hparams.training_args.TrainingArguments"),
    "sentence transformers": called("sentence_transformers.training_args.BatchSamplers", text("batch_sampler")),
    "omegaconf": made("omegaconf.dictconfig.DictConfig", mapping({"_metadata": made("omegaconf.base.ContainerMetadata")})),
    "omegaconf's nodes": made("omegaconf.nodes.AnyNode", mapping({"ref_type": named("typing.Any")})),
    "omegaconf's list": made("omegaconf.listconfig.ListConfig"),
    "fairseq": made("fairseq.data.dictionary.Dictionary"),
    "fairseq choices": called("fairseq.dataclass.constants.DDP_BACKEND_CHOICES", text("pytorch_ddp")),
    "pyannote": made("pyannote.audio.core.task.Specifications"),
    "pyannote's problem": called("pyannote.audio.core.task.Problem", number(1)),
    "torch version": named("torch.torch_version.TorchVersion") + text("2.1.0+cu121") + b"\x85\x81",
    "xtts": made("TTS.tts.configs.xtts_config.XttsConfig"),
    "xtts arguments": made("TTS.tts.models.xtts.XttsArgs"),
    "coqui optimizer": made("TTS.utils.radam.RAdam"),
    "yolo 8": made("ultralytics.nn.tasks.DetectionModel", mapping({"act": made("torch.nn.modules.activation.SiLU")})),
    "yolo 8 block": made("ultralytics.nn.modules.block.C2f"),
    "yolo 8's old names": made("ultralytics.yolo.utils.IterableSimpleNamespace"),
    "yolo 8 bound method": named("__builtin__.getattr") + made("ultralytics.nn.modules.conv.Conv") + text("forward_fuse") + b"\x86R",
    "partial beside a bound method": b"(" + called("functools.partial", named("torch.nn.modules.normalization.LayerNorm"))
    + named("builtins.getattr") + made("torch.nn.modules.conv.Conv2d") + text("forward") + b"\x86Rt",
    "yolo 5": made("models.yolo.DetectionModel", mapping({"model": made("models.common.C3")})),
    "layers": made("torch.nn.modules.conv.Conv2d"),
    "partial of a layer": named("functools.partial") + named("torch.nn.modules.normalization.LayerNorm") + b"\x85R",
    "optimizer": made("torch.optim.adamw.AdamW"),
    "scaler": made("torch.cuda.amp.grad_scaler.GradScaler"),
    "deepspeed": made("deepspeed.runtime.fp16.loss_scaler.LossScaler"),
    "deepspeed's stage": called("deepspeed.runtime.zero.config.ZeroStageEnum", number(2)),
    "megatron": called("megatron.core.transformer.enums.AttnBackend", number(5)),
    "demucs": mapping({"klass": named("demucs.htdemucs.HTDemucs"), "segment": called("fractions.Fraction", text("39/5"))}),
    "rvc": mapping({"weight": b"}", "config": b"]", "info": text("200epoch"), "f0": number(1), "version": text("v2")}),
    "taming": made("taming.modules.losses.vqperceptual.DummyLoss"),
    "latent diffusion": made("ldm.modules.ema.LitEma"),
    "sklearn": made("sklearn.linear_model._logistic.LogisticRegression"),
    "sklearn tree": called("sklearn.tree._tree.Tree", number(3)),
    "lightgbm": made("lightgbm.basic.Booster"),
    "data frame": made("pandas.core.frame.DataFrame"),
    "scipy": made("scipy.sparse._csr.csr_matrix"),
    "paths": called("pathlib.PosixPath", text("/models")),
    "dates": called("datetime.timedelta", number(1)),
    "bytes of protocol 2": named("_codecs.encode") + text("x") + text("latin1") + b"\x86R",
    "dtensor": named("torch._utils._rebuild_wrapper_subclass")
    + named("torch.distributed.tensor.DTensor") + named("torch.float32") + b")\x87R",
    "quantised": named("torch._tensor._rebuild_from_type_v2")
    + b"(" + named("torch._utils._rebuild_tensor") + named("bitsandbytes.nn.modules.Params4bit") + b")}tR",
    "exceptions": called("builtins.ValueError"),
    "named only": mapping({"activation": named("torch.nn.functional.silu"), "loss": named("mine.loss")}),
}  # fmt: skip


@pytest.mark.parametrize("kind", REAL)
def test_what_people_load_is_not_accused(kind: str) -> None:
    table = pickled(mapping({"state_dict": mapping({"w": tensor("0", (2,))}), "more": REAL[kind]}))
    found = facts(torch_zip(table, {"0": b"\1" * 8}))
    assert found.health.verdict == "good", found
    assert STRANGE not in found.health.detail


def test_there_are_enough_of_each() -> None:
    assert (len(UNSAFE) + len(UNKNOWN) >= 80, len(REAL) >= 40) == (True, True)


_WORD = st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True)


@settings(max_examples=300, deadline=None)
@given(st.lists(_WORD, min_size=1, max_size=4), _WORD, st.sampled_from(["R", "o", "i"]))
def test_whatever_is_called_is_in_a_list_or_not_good(module: list[str], name: str, how: str) -> None:
    full = (".".join(module), name)
    line = f"{full[0]}\n{name}\n".encode()
    body = {"R": b"c" + line + b")R", "o": b"(c" + line + b"o", "i": b"(i" + line}[how]
    verdict = facts(pickled(body)).health.verdict
    assert (verdict == "good") == (pickle_names.known(*full) or may_be_called(*full))


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(pickle_names.KNOWN)), _WORD)
def test_behind_a_known_name_nothing_is_allowed(pair: tuple[str, str], attribute: str) -> None:
    """Protocol 4 follows dots: what a known thing has inside is not known for that."""
    module, name = pair[0].encode(), f"{pair[1]}.{attribute}".encode()
    body = b"X" + struct.pack("<I", len(module)) + module + b"X" + struct.pack("<I", len(name)) + name + b"\x93)R"
    assert facts(pickled(body, 4)).health.verdict in ("unknown", "unsafe")


def test_what_may_be_made_may_not_be_called() -> None:
    assert may_be_made("ultralytics.nn.tasks", "DetectionModel") and not may_be_called(
        "ultralytics.nn.tasks", "DetectionModel"
    )
    assert not may_be_made("ultralytics", "YOLO") and not may_be_made("torch.nn.modules", "conv.os.system")
    for pair in pickle_names.KNOWN:
        assert not pickle_names.runs(*pair)
