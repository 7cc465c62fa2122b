"""What the globals of a pickle mean: known data constructors, names that run something, and everything else.

An allow-list, because lists of what is bad always miss something (of 95 malicious samples a scanner of that
kind flagged 29). Known names only build data. Of the rest, `runs` tells those that execute, load, or reach the
network or the disk, whether they are called or not. Of all others a file may name what it likes; it is not good once
it calls one that `pickle_familiar` does not know.
"""

from __future__ import annotations

from typing import NamedTuple

_STORAGES = (
    "FloatStorage DoubleStorage HalfStorage BFloat16Storage LongStorage IntStorage ShortStorage CharStorage "
    "ByteStorage BoolStorage ComplexFloatStorage ComplexDoubleStorage QInt8Storage QUInt8Storage QInt32Storage "
    "QUInt4x2Storage QUInt2x4Storage UntypedStorage"
)
_DTYPES = (
    "float32 float64 float16 bfloat16 float int64 int32 int16 int8 uint8 uint16 uint32 uint64 bool complex32 "
    "complex64 complex128 float8_e4m3fn float8_e5m2 float8_e4m3fnuz float8_e5m2fnuz float8_e8m0fnu "
    "float4_e2m1fn_x2 qint8 quint8 qint32 quint4x2 quint2x4"
)

# Each builds a value from its arguments and calls nothing that they name (torch/_weights_only_unpickler.py is
# the model; numpy's, and Python's own containers, are what its add_safe_globals is used for most).
_KNOWN = {
    "torch": f"{_STORAGES} {_DTYPES} Size device Tensor strided sparse_coo sparse_csr sparse_csc sparse_bsr "
    "sparse_bsc per_tensor_affine per_channel_affine per_tensor_symmetric per_channel_symmetric "
    "per_channel_affine_float_qparams contiguous_format preserve_format channels_last Generator",
    "torch.cuda": _STORAGES,
    "torch.storage": "UntypedStorage TypedStorage _LegacyStorage",
    "torch._utils": "_rebuild_tensor _rebuild_tensor_v2 _rebuild_tensor_v3 _rebuild_parameter "
    "_rebuild_parameter_v2 _rebuild_parameter_with_state _rebuild_sparse_tensor _rebuild_sparse_csr_tensor "
    "_rebuild_qtensor _rebuild_nested_tensor _rebuild_meta_tensor_no_storage _rebuild_wrapper_subclass "
    "_rebuild_device_tensor_from_numpy _rebuild_device_tensor_from_cpu_tensor _rebuild_xla_tensor",
    # _rebuild_from_type_v2 calls its first argument: every name is judged on its own, so is that one.
    "torch._tensor": "_rebuild_from_type _rebuild_from_type_v2",
    "torch.serialization": "_get_layout",
    "torch.nn.parameter": "Parameter Buffer UninitializedParameter",
    "torch.nn": "Parameter ParameterDict ParameterList",
    "torch.nn.modules.container": "ParameterDict ParameterList Sequential ModuleList ModuleDict",
    "torch.jit._pickle": "build_intlist build_boollist build_doublelist build_tensorlist build_tensor_from_id "
    "restore_type_tag",
    "collections": "OrderedDict defaultdict Counter deque",
    # Protocols 0 to 2 write the Python 2 module names, Python 3 maps them back.
    "builtins": "set frozenset list dict tuple int float str bool bytes bytearray complex slice range object",
    "__builtin__": "set frozenset list dict tuple int long float str unicode bool bytes bytearray complex slice "
    "xrange object",
    "copyreg": "_reconstructor __newobj__",
    "copy_reg": "_reconstructor __newobj__",
    "_codecs": "encode",  # how protocol 2 writes bytes
    "numpy": "dtype ndarray float64 float32 float16 int64 int32 int16 int8 uint8 uint16 uint32 uint64 bool_ bool",
    "numpy.core.multiarray": "_reconstruct scalar",
    "numpy._core.multiarray": "_reconstruct scalar",
    "numpy.core.numeric": "_frombuffer",
    "numpy._core.numeric": "_frombuffer",
    "numpy.dtypes": "Float64DType Float32DType Float16DType Int64DType Int32DType Int16DType Int8DType "
    "UInt8DType UInt16DType UInt32DType UInt64DType BoolDType",
    "pathlib": "Path PurePath PosixPath WindowsPath PurePosixPath PureWindowsPath",
    "datetime": "datetime date time timedelta timezone",
    "argparse": "Namespace",
    "types": "SimpleNamespace",
    "decimal": "Decimal",
    "uuid": "UUID",
}  # fmt: skip
KNOWN = frozenset((module, name) for module, names in _KNOWN.items() for name in names.split())


class HandedOn(NamedTuple):
    """A known callable that calls one of its arguments: the place of it, and of the arguments that it gets."""

    calls: int
    args: int = 0


# Those that call nothing themselves make objects of the classes they get, or keep what is called later (hooks).
HANDS_ON = {
    pair: HandedOn(-1)
    for pair in KNOWN | {("functools", "partial")}
    if pair[0] in ("torch._utils", "copyreg", "copy_reg", "functools") or pair[1] in ("_reconstruct", "_frombuffer")
} | {
    ("collections", "defaultdict"): HandedOn(0),
    ("torch._tensor", "_rebuild_from_type"): HandedOn(0, 2),
    ("torch._tensor", "_rebuild_from_type_v2"): HandedOn(0, 2),
    ("copyreg", "_reconstructor"): HandedOn(1),
    ("copy_reg", "_reconstructor"): HandedOn(1),
    ("numpy.random._pickle", "__generator_ctor"): HandedOn(1),
    ("numpy.random._pickle", "__randomstate_ctor"): HandedOn(1),
    ("numpy.random._pickle", "__bit_generator_ctor"): HandedOn(0),
}

# Modules whose every name can run, load, reach out or look behind. By their first part.
_MODULE_WORDS = (
    # the interpreter and the operating system
    "os posix nt posixpath ntpath sys subprocess _posixsubprocess pty commands platform signal atexit _winapi "
    "ctypes _ctypes cffi mmap resource multiprocessing concurrent threading _thread asyncio sched "
    # loading and running code
    "runpy importlib imp _imp pkgutil zipimport code codeop compileall py_compile marshal pickle _pickle cPickle "
    "dill cloudpickle joblib shelve timeit cProfile profile pdb bdb trace doctest unittest ensurepip pip "
    "setuptools distutils venv idlelib lib2to3 test this antigravity inspect gc linecache site nose pytest "
    "_pytest IPython zipapp cgitb mailcap modulefinder tabnanny pickletools _testcapi _xxsubinterpreters "
    "_interpreters jsonpickle numexpr pexpect ptyprocess plumbum sh invoke xmlrpclib tkinter _tkinter turtledemo "
    # the network
    "socket _socket ssl socketserver http urllib urllib2 urllib3 requests httpx aiohttp httplib ftplib smtplib "
    "poplib imaplib nntplib telnetlib xmlrpc webbrowser paramiko fabric asyncore asynchat wsgiref pydoc "
    "gdown wget pycurl websocket websockets zmq fsspec s3fs boto3 botocore smart_open kaggle pooch "
    # the disk
    "shutil tempfile fileinput glob io _io codecs _pyio tarfile zipfile sqlite3 dbm bz2 gzip lzma logging "
    # calls and attributes at one remove
    "operator _operator functools _functools itertools weakref rlcompleter"
)
_MODULES = frozenset(_MODULE_WORDS.split())
_HARMLESS = {
    ("functools", "partial"),
    ("io", "BytesIO"),
    ("_io", "BytesIO"),
    ("logging", "Logger"),
    ("joblib.numpy_pickle", "NumpyArrayWrapper"),
}
"""Of those modules: what the loader's own libraries write. Code, but what they wrap is named on its own."""
_PYTHON_MODULES = {"builtins", "__builtin__", "__builtins__"}
_TEXTS = {"Exception", "ValueError", "KeyError", "RuntimeError", "TypeError", "NotImplemented", "Ellipsis"}
_PREFIXES = (
    "torch.hub", "torch.package", "torch.jit.frontend", "torch.utils.cpp_extension", "torch.utils.model_zoo",
    "torch.utils.collect_env", "torch.utils.bottleneck", "torch.utils.data.datapipes.utils", "torch._inductor",
    "torch._dynamo", "torch.distributed.rpc", "torch.multiprocessing", "torch.testing", "torch.ops", "torch.classes",
    "torch.fx.graph_module", "torch._export", "torch.jit", "torch._appdirs", "torch._ops",
    "torchvision.datasets.utils", "torchvision.io", "torchaudio.io", "transformers.dynamic_module_utils",
    "transformers.utils.hub", "transformers.commands", "diffusers.utils.dynamic_modules_utils", "tensorflow.io",
    "tensorflow.keras.models", "keras.models", "keras.src.saving", "keras.saving", "keras.engine.saving",
    "ultralytics.utils.downloads", "ultralytics.hub", "ultralytics.utils.checks", "timm.models._hub",
    "timm.models.hub", "scipy.weave", "skimage.io", "imageio", "PIL.ImageShow",
    "pandas.core.computation", "joblib.numpy_pickle_utils", "accelerate.commands", "datasets.load",
    "numpy.testing", "numpy.f2py",
    "numpy.distutils", "numpy.ctypeslib", "numpy.lib._datasource", "pandas.io", "huggingface_hub",
)  # fmt: skip
_NAME_WORDS = (
    "torch.load torch.save torch.jit.load torch.jit.save torch.jit._serialization.load torch.serialization.load "
    "torch.serialization._load torch.serialization._legacy_load torch.storage._load_from_bytes torch.compile "
    "numpy.load numpy.loadtxt numpy.fromfile numpy.memmap numpy.save numpy.savetxt numpy.genfromtxt "
    "numpy.DataSource numpy.lib.npyio.load numpy.lib._npyio_impl.load "
    "pandas.read_pickle pandas.read_csv pandas.eval copyreg.add_extension copyreg.pickle types.FunctionType "
    "types.CodeType types.MethodType types.LambdaType types.ModuleType transformers.pipeline torch.export.load "
    "torch.export.save torch.from_file torch.fx.reduce_graph_module torch.serialization.save numpy.savez "
    "numpy.savez_compressed numpy.fromregex numpy.core.multiarray.fromfile numpy._core.multiarray.fromfile "
    "numpy.core._multiarray_umath.fromfile pandas.read_json pandas.read_html pandas.read_parquet pandas.read_hdf "
    "pandas.read_excel pandas.read_sql pandas.read_table pandas.read_xml pandas.read_feather pandas.to_pickle "
    "torchaudio.load torchaudio.save torchvision.utils.save_image scipy.io.loadmat "
    "tensorflow.load_library tensorflow.load_op_library tensorflow.py_function keras.models.load_model "
    "joblib.numpy_pickle.load joblib.numpy_pickle.dump transformers.AutoModel skops.io.load onnx.load "
    "onnxruntime.InferenceSession safetensors.torch.save_file safetensors.torch.load_file "
    "sympy.sympify sympy.parsing.sympy_parser.parse_expr yaml.load yaml.unsafe_load yaml.full_load jinja2.Template "
    # StyleGAN's files: they carry source text and run it
    "torch_utils.persistence._reconstruct_persistent_obj dnnlib.tflib.network.Network"
)
_NAMES = frozenset(_NAME_WORDS.split())
# Anywhere behind the module: protocol 4 follows dots, so `torch` + `serialization.os.system` is os.system.
_WITHIN_WORDS = (
    "os posix nt sys _sys _os subprocess builtins importlib ctypes shutil socket pty pickle runpy system popen "
    "Popen exec eval execfile check_output check_call _execvpe spawnl spawnv startfile rmtree urlopen urlretrieve "
    "import_module run_module run_path from_pretrained load_state_dict_from_url load_from_checkpoint "
    "hf_hub_download snapshot_download load_library from_file tofile fromfile memmap open_url download_url "
    "download_file safe_download write_text write_bytes read_text read_bytes unlink rmdir symlink_to hardlink_to "
    "func_globals gi_frame cr_frame f_globals f_builtins"
)
_WITHIN = frozenset(_WITHIN_WORDS.split())


def known(module: str, name: str) -> bool:
    """True when the name only builds data."""
    return (module, name) in KNOWN


def runs(module: str, name: str) -> bool:
    """True when what the name stands for executes, loads, or reaches network, disk or the interpreter itself."""
    if (module, name) in KNOWN or (module, name) in _HARMLESS:
        return False
    parts = f"{module}.{name}".split(".")
    if parts[0] in _PYTHON_MODULES:
        # eval, exec, compile, open, getattr, __import__ …: of the interpreter's own names, exceptions alone are data.
        return not (len(parts) == 2 and (name in _TEXTS or name.endswith(("Error", "Exception", "Warning"))))
    if parts[0] in _MODULES:
        return True
    full = ".".join(parts)
    if full in _NAMES or any(full == prefix or full.startswith(prefix + ".") for prefix in _PREFIXES):
        return True
    return any(part in _WITHIN or (part.startswith("__") and part.endswith("__")) for part in parts[1:])
