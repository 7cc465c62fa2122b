"""Code of well-known libraries that only builds an object: told as code, and no reason to distrust a file.

Two kinds, because a pickle has two ways to an object. Making one without its constructor (NEWOBJ, copyreg's
`_reconstructor`) runs no more than `__new__` and `__setstate__`: whole packages of model parts are listed for that.
Calling a name (REDUCE, OBJ, INST) runs what it stands for: there each name is listed by itself, and most are the
enumerations and configurations that trainers store. Functions that load, fetch or run live in the same libraries, so
a package's name alone never allows a call.
"""

from __future__ import annotations

import re

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

# Packages whose classes are parts of models, of their configuration or of their training.
_PARTS = (
    "torch.nn.modules torch.nn.parameter torch.nn.utils.parametrizations torch.nn.utils.parametrize "
    "torch.nn.utils.weight_norm torch.nn.utils.spectral_norm torch.nn.utils.rnn torch.nn.qat torch.nn.quantized "
    "torch.nn.intrinsic torch.ao.nn torch.optim torch.distributions torch.torch_version "
    "torch.cuda.amp.grad_scaler torch.amp.grad_scaler torch.nn.parallel.data_parallel "
    "torch.nn.parallel.distributed torch.distributed.tensor torch.distributed._tensor "
    "torch.distributed.device_mesh torch.distributed._shard torch.distributed.checkpoint.metadata torchao.dtypes "
    "torchao.quantization bitsandbytes.nn optimum.quanto quanto.tensor hqq.core.quantize torchvision.models "
    "torchvision.ops torchvision.transforms torchaudio.models torchaudio.transforms torch_geometric.nn "
    "torch_geometric.data timm.models timm.layers segmentation_models_pytorch efficientnet_pytorch.model "
    "ultralytics.nn ultralytics.utils ultralytics.yolo.utils ultralytics.yolo.v8 ultralytics.models models.yolo "
    "models.common models.experimental yolov5.models yolov6.models yolov6.layers yolov7.models "
    "transformers.models transformers.modeling_outputs transformers.training_args "
    "transformers.training_args_seq2seq transformers.trainer_utils transformers.trainer_pt_utils "
    "transformers.trainer_callback transformers.configuration_utils transformers.generation.configuration_utils "
    "transformers.tokenization_utils_base transformers.activations transformers.integrations.deepspeed "
    "transformers.deepspeed tokenizers peft.tuners peft.config peft.utils.peft_types trl.trainer trl.experimental "
    "llamafactory.hparams llmtuner.hparams axolotl.core sentence_transformers.models "
    "sentence_transformers.training_args sentence_transformers.SentenceTransformer setfit.modeling "
    "sentence_transformers.cross_encoder accelerate.state accelerate.utils.dataclasses deepspeed.runtime "
    "deepspeed.utils.tensor_fragment megatron.core pytorch_lightning.callbacks "
    "pytorch_lightning.utilities.parsing lightning.pytorch.callbacks lightning.pytorch.utilities.parsing "
    "lightning_fabric.utilities lightning.fabric.utilities omegaconf ml_collections.config_dict "
    "ml_collections.config_flexdict mmengine.config mmcv.utils.config mmengine.logging.history_buffer yacs.config "
    "addict.addict easydict munch box.box_list fairseq.data.dictionary fairseq.dataclass fairseq.models "
    "fairseq.modules fairseq.tasks fairseq.criterions fairseq.meters fairseq.logging.meters fairseq.optim "
    "TTS.tts.configs TTS.tts.models TTS.tts.layers TTS.vocoder.configs TTS.vocoder.models TTS.config "
    "TTS.utils.radam TTS.encoder.configs TTS.tts.utils.text.tokenizer trainer.trainer speechbrain.nnet "
    "speechbrain.lobes espnet2 pyannote.audio.core pyannote.audio.models pyannote.core nemo.collections "
    "nemo.core.config demucs whisper.model df.config ldm.models ldm.modules ldm.util sgm.models sgm.modules "
    "taming.models taming.modules diffusers.models diffusers.configuration_utils diffusers.schedulers "
    "insightface.app insightface.model_zoo facenet_pytorch.models basicsr.archs basicsr.models "
    "spandrel.architectures sklearn lightgbm.basic lightgbm.sklearn xgboost.core xgboost.sklearn catboost.core "
    "joblib.numpy_pickle scipy.sparse scipy.interpolate scipy.stats scipy.spatial pandas.core pandas._libs "
    "numpy.random numpy.ma numpy.core.records numpy._core.records numpy.rec numpy.matrixlib.defmatrix "
    "numpy.polynomial skops flair.data flair.embeddings flair.models flair.nn spacy.tokens spacy.vocab "
    "gensim.models gensim.corpora stable_baselines3.common gym.spaces gymnasium.spaces keras.src.models "
    "keras.src.layers detectron2.config detectron2.modeling detectron2.structures pytorch_forecasting.data "
    "torchmetrics dnnlib.util enum fractions collections "
)  # fmt: skip
_PACKAGES = frozenset(_PARTS.split())

_LOSSES = (
    "HalfSquaredError AbsoluteError PinballLoss HuberLoss HalfPoissonLoss HalfGammaLoss HalfTweedieLoss "
    "HalfTweedieLossIdentity HalfBinomialLoss ExponentialLoss HalfMultinomialLoss"
)

_SGD = (
    "Hinge SquaredHinge ModifiedHuber EpsilonInsensitive SquaredEpsilonInsensitive Log SquaredLoss Huber Classification "
    "Regression LossFunction"
)

# Names that may be called: enumerations by their value, tables, random generators, numpy's, pandas' and sklearn's makers.
_CALLS = {
    "functools": "partial",
    "io": "BytesIO",
    "_io": "BytesIO",
    "logging": "Logger",
    "fractions": "Fraction",
    "torch": "finfo iinfo layout memory_format dtype",
    "torch._C": "Generator",
    "torch.torch_version": "TorchVersion",
    "torch.nn.utils.rnn": "PackedSequence",
    "torch.distributed.tensor": "Shard Replicate Partial",
    "torch.distributed.tensor.placement_types": "Shard Replicate Partial",
    "torch.distributed._tensor.placement_types": "Shard Replicate Partial",
    "torch.return_types": "sort topk max min",
    "transformers.trainer_utils": "IntervalStrategy EvaluationStrategy SaveStrategy SchedulerType HubStrategy FSDPOption "
    "ShardedDDPOption",
    "transformers.training_args": "OptimizerNames ParallelMode",
    "transformers.utils.generic": "ExplicitEnum PaddingStrategy TensorType",
    "transformers.trainer_pt_utils": "AcceleratorConfig",
    "transformers.debug_utils": "DebugOption",
    "transformers.utils.quantization_config": "QuantizationMethod BitsAndBytesConfig",
    "accelerate.utils.dataclasses": "DistributedType PrecisionType DynamoBackend RNGType SageMakerDistributedType LoggerType "
    "ComputeEnvironment",
    "peft.utils.peft_types": "PeftType TaskType",
    "sentence_transformers.training_args": "BatchSamplers MultiDatasetBatchSamplers",
    "deepspeed.runtime.zero.config": "ZeroStageEnum",
    "deepspeed.runtime.zero.offload_config": "OffloadDeviceEnum",
    "deepspeed.runtime.fp16.loss_scaler": "LossScaler DynamicLossScaler",
    "deepspeed.utils.tensor_fragment": "fragment_address",
    "megatron.core.enums": "ModelType",
    "megatron.core.transformer.enums": "AttnBackend AttnType LayerType ModelType AttnMaskType CudaGraphScope",
    "megatron.enums": "ModelType PositionEmbeddingType",
    "fairseq.dataclass.constants": "DDP_BACKEND_CHOICES DDP_COMM_HOOK_CHOICES DATASET_IMPL_CHOICES "
    "GENERATION_CONSTRAINTS_CHOICES GENERATION_DECODING_FORMAT_CHOICES LOG_FORMAT_CHOICES PIPELINE_CHECKPOINT_CHOICES "
    "PRINT_ALIGNMENT_CHOICES SHARDED_DDP_CHOICES ZERO_SHARDING_CHOICES CLIP_CHOICES ENUM StrEnum",
    "pyannote.audio.core.task": "Specifications Problem Resolution",
    "pyannote.audio.core.model": "Introspection",
    "omegaconf.base": "ContainerMetadata Metadata",
    "omegaconf.dictconfig": "DictConfig",
    "omegaconf.listconfig": "ListConfig",
    "ultralytics.utils": "IterableSimpleNamespace",
    "pytorch_lightning.utilities.parsing": "AttributeDict",
    "lightning_fabric.utilities.data": "AttributeDict",
    "lightning.fabric.utilities.data": "AttributeDict",
    "numpy.random._pickle": "__randomstate_ctor __generator_ctor __bit_generator_ctor",
    "numpy.random.mtrand": "RandomState",
    "numpy.random._mt19937": "MT19937",
    "numpy.random._pcg64": "PCG64 PCG64DXSM",
    "numpy.random._philox": "Philox",
    "numpy.random._sfc64": "SFC64",
    "numpy.random.bit_generator": "SeedSequence __pyx_unpickle_SeedSequence",
    "numpy.ma.core": "_mareconstruct",
    "numpy": "recarray record matrix generic number",
    "pandas.core.frame": "DataFrame",
    "pandas.core.series": "Series",
    "pandas.core.indexes.base": "Index _new_Index",
    "pandas.core.indexes.range": "RangeIndex",
    "pandas.core.indexes.multi": "MultiIndex",
    "pandas.core.indexes.datetimes": "DatetimeIndex _new_DatetimeIndex",
    "pandas.core.internals.managers": "BlockManager SingleBlockManager",
    "pandas.core.internals.blocks": "new_block",
    "pandas._libs.internals": "_unpickle_block",
    "pandas._libs.tslibs.timestamps": "_unpickle_timestamp Timestamp",
    "pandas._libs.arrays": "__pyx_unpickle_NDArrayBacked",
    "sklearn.tree._tree": "Tree",
    "sklearn.linear_model._sgd_fast": _SGD,
    "sklearn.linear_model.sgd_fast": _SGD,
    "sklearn.neighbors._kd_tree": "newObj",
    "sklearn.neighbors._ball_tree": "newObj",
    "sklearn.utils._bunch": "Bunch",
    "sklearn._loss.link": "Interval",
    "sklearn._loss._loss": " ".join(f"Cy{loss} __pyx_unpickle_Cy{loss}" for loss in _LOSSES.split()),
    "sklearn.metrics._dist_metrics": "newObj DistanceMetric64 EuclideanDistance64",
    "sklearn.neighbors._dist_metrics": "newObj",
    "gymnasium.spaces.box": "Box",
    "gymnasium.spaces.discrete": "Discrete",
}  # fmt: skip
_CALLED = frozenset((module, name) for module, names in _CALLS.items() for name in names.split())


# Functions on tensors and arrays, and what annotations say: an object may hold them, since called with anything else
# they only fail. (`name.method` of a familiar class is how a bound method is told.)
_KEPT = {
    "typing": "Any Union Optional List Dict Tuple Set Callable Type Literal Iterable Sequence Mapping",
    "torch.nn.functional": "relu relu6 gelu silu mish elu selu celu leaky_relu hardtanh hardswish hardsigmoid sigmoid tanh "
    "softmax log_softmax softplus logsigmoid softsign glu normalize interpolate cross_entropy nll_loss mse_loss l1_loss "
    "smooth_l1_loss huber_loss binary_cross_entropy binary_cross_entropy_with_logits kl_div cosine_similarity",
    "torch": "relu sigmoid tanh softmax log_softmax selu celu sum mean max min abs exp log sin cos",
    "torch._C._nn": "gelu silu mish leaky_relu hardtanh hardswish hardsigmoid elu softplus log_sigmoid relu6 gelu",
    "torch._C._VariableFunctions": "relu sigmoid tanh softmax log_softmax selu celu sum mean max min abs exp log",
    "numpy": "log log1p log2 log10 exp expm1 sqrt square abs absolute sin cos tanh mean median sum min max std var",
    "scipy._lib.array_api_compat.numpy._aliases": "asarray",
}
_HELD = frozenset((module, name) for module, names in _KEPT.items() for name in names.split())


_DOES_WORDS = (
    "attempt clear close connect create delete del dispatch download dump eval exec execute export "
    "fetch file fromfile hub import instantiate install load loads locate main mkdir move open parse popen post "
    "pull push put read register remove rename request resolve run rm rmtree save send serve shell spawn "
    "system unlink unpack unzip upload url write yaml"
)
_DOES = frozenset(_DOES_WORDS.split())
"""Words of functions that load, fetch, run or write: such a one is not kept beside a model's parts without a word."""
_BESIDE_WORDS = (
    "datasets _testing testing tests test conftest hub _hub downloads cli commands scripts demo demos benchmark benchmarks "
    "build_tools io"
)
_BESIDE = frozenset(_BESIDE_WORDS.split())
"""What a package has beside its models: nothing there becomes a part of one."""
_METHODS = frozenset({"load_state_dict", "_load_from_state_dict"})
"""Methods of every layer, which take their values from a table in memory."""
_TAKE_CLASSES = {
    ("pandas.core.indexes.base", "_new_Index"),
    ("pandas.core.indexes.datetimes", "_new_DatetimeIndex"),
    ("pandas._libs.arrays", "__pyx_unpickle_NDArrayBacked"),
    ("numpy.ma.core", "_mareconstruct"),
    ("sklearn.neighbors._kd_tree", "newObj"),
    ("sklearn.neighbors._ball_tree", "newObj"),
    ("sklearn.neighbors._dist_metrics", "newObj"),
    ("sklearn.metrics._dist_metrics", "newObj"),
}
"""Of the names that may be called: those that make an object of the class they get, without its constructor."""


# What is no function, nor made one by any state: arrays, tables, numbers and texts as their libraries write them.
_DATA = {
    (module, name)
    for module, names in {
        "numpy": "ndarray dtype recarray record matrix",
        "numpy.core.multiarray": "_reconstruct scalar",
        "numpy._core.multiarray": "_reconstruct scalar",
        "numpy.core.numeric": "_frombuffer",
        "numpy._core.numeric": "_frombuffer",
        "numpy.ma.core": "_mareconstruct MaskedArray",
        "joblib.numpy_pickle": "NumpyArrayWrapper",
        "sklearn.externals.joblib.numpy_pickle": "NumpyArrayWrapper",
        "collections": "OrderedDict Counter deque defaultdict",
        "datetime": "datetime date time timedelta timezone",
        "pandas.core.frame": "DataFrame",
        "pandas.core.series": "Series",
        "pandas.core.indexes.base": "Index _new_Index",
        "pandas.core.indexes.range": "RangeIndex",
        "scipy.sparse._csr": "csr_matrix csr_array",
        "scipy.sparse._csc": "csc_matrix csc_array",
        "scipy.sparse.csr": "csr_matrix",
        "scipy.sparse.csc": "csc_matrix",
        "sklearn.utils._bunch": "Bunch",
        "omegaconf.dictconfig": "DictConfig",
        "omegaconf.listconfig": "ListConfig",
    }.items()
    for name in names.split()
}  # fmt: skip


def may_be_kept(module: str, name: str) -> bool:
    """Whether a familiar object may hold this in its state, beside what may be made: it runs nothing if it is called."""
    owner, dot, method = name.partition(".")
    if (module, name) in _HELD:
        return True
    return bool(
        dot and _NAME.fullmatch(method) and may_be_made(module, owner) and (method in _METHODS or not _does(method))
    )


def is_held(module: str, name: str) -> bool:
    """Whether it is a function on arrays, which is harmless whatever it is called with."""
    return (module, name) in _HELD


def may_be_given(maker: tuple[str, str], module: str, name: str) -> bool:
    """Whether a maker that may be called may get this as an argument, although it may call what it gets."""
    if is_held(module, name):
        return True
    return (maker in _TAKE_CLASSES or name.startswith("__pyx_")) and is_class(name) and may_be_made(module, name)


def is_data_class(module: str, name: str) -> bool:
    """Whether what this makes is an array, a table, a number or a text, which nothing can call."""
    return (module, name) in _DATA


def is_class(name: str) -> bool:
    """Whether a name is spelled as classes are."""
    return name.lstrip("_")[:1].isupper()


def _does(name: str) -> bool:
    """Whether a function's or a method's name says that it loads, fetches, runs or writes."""
    return not is_class(name) and not _DOES.isdisjoint(name.lower().strip("_").split("_"))


def may_be_called(module: str, name: str) -> bool:
    """Whether calling this name only builds a value, though it is some library's code."""
    if module in ("builtins", "exceptions"):
        return name.endswith(("Error", "Exception", "Warning"))
    return (module, name) in _CALLED


def may_be_made(module: str, name: str) -> bool:
    """Whether an object of this class may be made without its constructor."""
    if (module, name) in _CALLED:
        return True
    if not _NAME.fullmatch(name) or _does(name) or not _BESIDE.isdisjoint(module.split(".")):
        return False
    while module:
        if module in _PACKAGES:
            return True
        module = module.rpartition(".")[0]
    return False
