"""Operations of TensorFlow that a Keras model is made of, by the name under which a layer of operations keeps them.

Source: tensorflow/python/keras/layers/core.py (TFOpLambda: the public name of the function) and
engine/base_layer.py (TensorFlowOpLayer: the node's own definition, as JSON or as text). TensorFlow also has functions under
such names that write, fetch and load files: a list of those cannot be finished, so this is the list of the others.
"""

from __future__ import annotations

import json
import re

_MODULES = frozenset({"math", "nn", "__operators__", "linalg", "image", "signal", "random", "sparse", "quantization",
    "dtypes", "bitwise", "sets", "ragged", "strings", "keras.activations", "keras.backend"})  # fmt: skip
_NEVER = re.compile(
    r"experimental|file|load|save|fetch|deserialize|_func|callback|print|eval|(?:^|\.)(?:io|utils)(?:\.|$)"
)
_FUNCTIONS = frozenset({
    "abs", "acos", "acosh", "add", "add_n", "argmax", "argmin", "argsort", "asin", "asinh", "atan", "atan2", "atanh",
    "batch_to_space", "boolean_mask", "broadcast_to", "broadcast_static_shape", "broadcast_dynamic_shape", "cast",
    "clip_by_value", "clip_by_norm", "clip_by_global_norm", "complex", "concat", "convert_to_tensor", "cos", "cosh",
    "cumsum", "cumprod", "divide", "dynamic_partition", "dynamic_stitch", "edit_distance", "einsum", "ensure_shape",
    "equal", "exp", "expand_dims", "eye", "fill", "floor", "floordiv", "floormod", "gather", "gather_nd",
    "global_norm", "greater", "greater_equal", "histogram_fixed_width", "identity", "identity_n", "less",
    "less_equal", "linspace", "logical_and", "logical_not", "logical_or", "matmul", "matrix_square_root",
    "maximum", "meshgrid", "minimum", "multiply", "negative", "norm", "not_equal", "one_hot", "ones", "ones_like",
    "pad", "pow", "range", "rank", "realdiv", "reduce_all", "reduce_any", "reduce_logsumexp", "reduce_max",
    "reduce_mean", "reduce_min", "reduce_prod", "reduce_sum", "repeat", "required_space_to_batch_paddings", "reshape",
    "reverse", "reverse_sequence", "roll", "round", "saturate_cast", "scalar_mul", "scatter_nd", "searchsorted",
    "sequence_mask", "shape", "shape_n", "sigmoid", "sign", "sin", "sinh", "size", "slice", "softmax", "sort",
    "space_to_batch", "split", "sqrt", "square", "squeeze", "stack", "stop_gradient", "strided_slice", "subtract",
    "tan", "tanh", "tensor_scatter_nd_add", "tensor_scatter_nd_max", "tensor_scatter_nd_min",
    "tensor_scatter_nd_sub", "tensor_scatter_nd_update", "tensordot", "tile", "transpose", "truediv", "truncatediv",
    "truncatemod", "unique", "unique_with_counts", "unravel_index", "unstack", "where", "zeros", "zeros_like",
    "batch_gather", "to_float", "to_int32", "depth_to_space", "space_to_depth", "floor_div", "reduce_euclidean_norm",
    "top_k", "resize", "constant", "guarantee_const", "check_numerics", "debugging.assert_equal",
})  # fmt: skip
_OPS = frozenset({
    "Abs", "Acos", "Acosh", "Add", "AddN", "AddV2", "All", "Any", "ArgMax", "ArgMin", "Asin", "Asinh", "Atan",
    "Atan2", "Atanh", "AvgPool", "BatchMatMul", "BatchMatMulV2", "BatchMatMulV3", "BatchToSpaceND", "BiasAdd",
    "Bitcast", "BroadcastTo", "Cast", "Ceil", "ClipByValue", "Complex", "Concat", "ConcatV2", "Const", "Conv2D",
    "Conv2DBackpropInput", "Conv3D", "Cos", "Cosh", "Cumprod", "Cumsum", "DepthToSpace", "DepthwiseConv2dNative",
    "Div", "DivNoNan", "Einsum", "Elu", "Equal", "Erf", "Erfc", "Exp", "ExpandDims", "Expm1", "FFT", "Fill", "Floor",
    "FloorDiv", "FloorMod", "FusedBatchNorm", "FusedBatchNormV3", "Gather", "GatherNd", "GatherV2", "Greater",
    "GreaterEqual", "IFFT", "Identity", "IdentityN", "InvertPermutation", "IRFFT", "IsFinite", "IsInf", "IsNan",
    "L2Loss", "LeakyRelu", "Less", "LessEqual", "LinSpace", "Log", "Log1p", "LogicalAnd", "LogicalNot", "LogicalOr",
    "LogSoftmax", "MatMul", "MatrixBandPart", "MatrixDiag", "MatrixInverse", "Max", "MaxPool", "Maximum", "Mean",
    "Min", "Minimum", "MirrorPad", "Mod", "Mul", "MulNoNan", "Neg", "NonMaxSuppressionV3", "NotEqual", "OneHot",
    "OnesLike", "Pack", "Pad", "PadV2", "Pow", "Prod", "RandomStandardNormal", "RandomUniform", "Range", "Rank",
    "RealDiv", "Reciprocal", "Relu", "Relu6", "Reshape", "ResizeBilinear", "ResizeNearestNeighbor", "Reverse",
    "ReverseV2", "RFFT", "Rint", "Roll", "Round", "Rsqrt", "ScatterNd", "Select", "SelectV2", "Selu", "Shape",
    "ShapeN", "Sigmoid", "Sign", "Sin", "Sinh", "Size", "Slice", "Softmax", "Softplus", "Softsign", "SpaceToBatchND",
    "SpaceToDepth", "Split", "SplitV", "Sqrt", "Square", "SquaredDifference", "Squeeze", "StopGradient",
    "StridedSlice", "Sub", "Sum", "Tan", "Tanh", "TensorScatterAdd", "TensorScatterUpdate", "Tile", "TopKV2",
    "Transpose", "TruncateDiv", "Unique", "Unpack", "Where", "Xlogy", "ZerosLike",
})  # fmt: skip
_TEXT_OP = re.compile(r"^\s{0,40}op\s{0,40}:\s{0,40}[\"']([^\"'\n]{1,200})[\"']", re.MULTILINE)
_VERSION = re.compile(r"^(?:tf\.)?(?:compat\.v[12]\.)?")


def known(function: str) -> bool:
    """Whether a public name is one of TensorFlow's functions on numbers."""
    name = _VERSION.sub("", function)
    module, _, last = name.rpartition(".")
    if not last or _NEVER.search(name):
        return False
    return name in _FUNCTIONS or module in _MODULES


def node(definition: object) -> str | None:
    """The operation of a node that is none on numbers; "?" where it cannot be read, None where there is nothing to say."""
    if isinstance(definition, str):
        named = _TEXT_OP.findall(definition)
        try:
            read = json.loads(definition)
        except (ValueError, RecursionError):
            return next((one for one in named if one not in _OPS), None) if named else "?"
        definition = read
    op = definition.get("op") if isinstance(definition, dict) else None
    if not isinstance(op, str):
        return "?"
    return None if op in _OPS else op
