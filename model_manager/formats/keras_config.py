"""What a Keras configuration would run: Lambda layers with their bytecode, and names of other programs' code.

Source: keras/src/saving/serialization_lib.py and legacy/serialization.py. A class is named by `class_name`, in newer files
with the module that is imported for it; functions are named so too (CVE-2025-1550, CVE-2025-8747).
"""

from __future__ import annotations

import builtins
import re

from model_manager.base.facts import Health
from model_manager.base.messages import figure, said
from model_manager.base.text import shown
from model_manager.formats import keras_operations, keras_reads, twin_keys
from model_manager.formats.pickle_facts import called

LONGEST = 2 << 20
_MOST = 100_000
_NAMES = 1_000
_NAMELESS = "without a name"
_OWN = ("keras", "tf_keras", "keras_hub", "keras_nlp", "keras_cv", "tensorflow.keras")
_FUNCTIONS = frozenset({"activations", "losses", "metrics", "initializers", "regularizers", "constraints", "ops"})
_PARTS = _FUNCTIONS | {"layers", "models", "optimizers", "applications", "dtype_policies", "quantizers", "random",
                       "mixed_precision", "engine", "legacy", "tokenizers", "src", "api", "feature_column"}  # fmt: skip
"""Modules of Keras that hold what a model is made of; `utils` and `saving` read files and fetch them."""
_FETCHING = frozenset({"get_file", "load_model", "load_weights", "model_from_json", "model_from_config", "model_from_yaml",
    "deserialize", "deserialize_keras_object", "enable_unsafe_deserialization", "load_img", "load_data"})  # fmt: skip
_LOADING = frozenset({"TorchModuleWrapper", "TFSMLayer", "JaxLayer", "FlaxLayer", "KerasLayer"})
"""Layers that run or load what a file names: Keras' own, and TensorFlow Hub's."""
_OPERATIONS = ("TFOpLambda", "SlicingOpLambda", "TensorFlowOpLayer")
_HELPERS = frozenset({"backend", "ops", "utils", "tree", "np", "math", "warnings", "os", "inspect", "importlib", "types",
    "serialization_lib", "saving", "keras_export", "any_symbolic_tensors", "json", "re", "dtypes"})  # fmt: skip
"""What Keras' modules of functions import for themselves."""
_BY_NAME = re.compile(r"(?:\w{1,40}_)?(?:activation|initializer|regularizer|constraint)|loss|optimizer|standardize|split|"
                      r"fn|func|metrics|weighted_metrics|dtype_policy|call|rnn_cell|merge_mode|reduction")  # fmt: skip
"""Keys whose texts name a function or a class."""
_DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")
_REGISTERED = frozenset({"keras", "tf_keras", "keras_core", "keras_hub", "keras_nlp", "keras_cv"})
"""Packages under which Keras' own programs register what they have, as `package>Name`."""
_TEXT = re.compile(r"""\s{0,40}(?:\{\s{0,40}["']|\[\s{0,40}[\[{]|"\s{0,40}[{\[])""")
"""How a configuration begins that is kept as a text within another one."""


def judged(text: bytes) -> tuple[tuple[str, ...], list[Health]]:
    """The code that a configuration names, and what that says of its health."""
    if len(text) > LONGEST:
        return (), [
            Health(
                "unknown",
                said("a configuration of {0} bytes is over the limit of {1}", figure(len(text)), figure(LONGEST)),
            )
        ]
    found, visited = _Found(), 0
    waiting: list[object] = []
    try:
        found.parse(text, waiting)
    except (ValueError, RecursionError):
        return (), [Health("unknown", said("its configuration cannot be read as JSON"))]
    while waiting:
        value = waiting.pop()
        visited += 1
        if visited > _MOST or len(found.names) > _NAMES:
            limit = Health(
                "unknown", said("a configuration of more than {0} values: not read to its end", figure(_MOST))
            )
            code, healths = called(found.names, lambda pair: False)
            return code, [*healths, limit]
        if isinstance(value, dict):
            found.look(value)
            waiting += [one for one in value.values() if isinstance(one, dict | list | str)]
        elif isinstance(value, list):
            waiting += [one for one in value if isinstance(one, dict | list | str)]
        elif isinstance(value, str):
            found.within(value, waiting)
    code, healths = called(found.names, lambda pair: False)
    if found.lambdas:
        # The function within a Lambda layer is met by itself too; it has no name of its own.
        found.lambdas = [name for name in found.lambdas if name != _NAMELESS] or [_NAMELESS]
        healths.append(
            Health(
                "unsafe", said("a Lambda layer holds Python code that runs when it is loaded: {0}", found.lambdas[0])
            )
        )
        code = tuple(sorted({*code, *(f"Lambda: {name}" for name in found.lambdas[:20])}))
    if found.fetching:
        named = shown(found.fetching[0])[:80]
        healths.append(Health("unsafe", said("its configuration calls what loads or fetches files: {0}", named)))
        code = tuple(sorted({*code, *(shown(name)[:200] for name in found.fetching[:20])}))
    return code, [*healths, *found.odd]


def _own(place: str, name: str) -> bool:
    """Whether a class is one of Keras' own that a model is made of."""
    package = next((own for own in _OWN if place == own or place.startswith(own + ".")), None)
    if package is None or not name[:1].isupper():
        return False
    parts = [
        part for part in place[len(package) + 1 :].split(".") if part not in ("", "src", "api", "_tf_keras", "keras")
    ]
    return (
        not parts
        or parts[0] in _PARTS
        or (parts[0] == "backend" and "optimizers" in parts[1:3])
        or (package in ("keras_hub", "keras_nlp", "keras_cv") and parts[0] != "utils")
    )


class _Found:
    def __init__(self) -> None:
        self.names: set[tuple[str, str]] = set()
        self.lambdas: list[str] = []
        self.fetching: list[str] = []
        self.odd: list[Health] = []
        self._left = LONGEST
        """Characters of texts within the configuration that may still be read."""

    def parse(self, text: str | bytes, waiting: list[object]) -> None:
        """Adds what a text says to what is looked at. Raises ValueError and RecursionError."""
        parsed = twin_keys.parsed(text)
        waiting += [parsed.value, *parsed.others]
        if parsed:
            self.odd.append(parsed.health())

    def within(self, text: str, waiting: list[object]) -> None:
        """A text of the configuration, which may be a configuration itself."""
        if not _TEXT.match(text) or not ("class_name" in text or "\\u" in text):
            return
        self._left -= len(text)
        try:
            if self._left < 0:
                raise ValueError
            self.parse(text, waiting)
        except (ValueError, RecursionError):
            if len(self.odd) < _NAMES:
                self.odd.append(
                    Health("unknown", said("a configuration within a text of its configuration cannot be read"))
                )

    def look(self, value: dict[str, object]) -> None:
        """One object of the configuration."""
        called, module, config = value.get("class_name"), value.get("module"), value.get("config")
        if len(self.odd) < _NAMES:
            self.odd += [
                Health("unknown", said("its configuration reads or fetches something else when it is loaded: {0}", one))
                for one in keras_reads.read(value)
            ]
        self._by_name(value)
        if called is None:
            return
        for key in ("class_name", "module", "registered_name"):
            if not isinstance(value.get(key), str | None) and len(self.odd) < _NAMES:
                self.odd.append(
                    Health("unknown", said("its configuration names code by something that is no text: {0}", key))
                )
        place = module[:200] if isinstance(module, str) else ""
        if not isinstance(called, str):
            return
        name = called[:200]
        registered = value.get("registered_name")
        self._registered(registered, name, config)
        if name in ("Lambda", "__lambda__") or registered == "Lambda" or name.endswith(">Lambda"):
            self._lambda(config)
        elif name in _LOADING:
            self.names.add((place or "keras.layers", name))
        elif name in _OPERATIONS:
            self._operation(name, config)
        elif name == "function":
            self._function(place, str(config)[:200])
        elif name in _FETCHING:
            self.fetching.append(f"{place}.{name}" if place else name)
        elif place and not _own(place, name):
            self.names.add((place, name))

    def _registered(self, registered: object, name: str, config: object) -> None:
        """What the loading program has of its own under a name is taken before what the module has."""
        for one in (registered, name):
            package, mark, own = str(one or "")[:200].rpartition(">")
            if mark and package not in _REGISTERED:
                self.names.add((package or "registered", own))
        if isinstance(registered, str) and ">" not in registered and registered not in ("", "function", name, config):
            self.names.add(("registered", registered[:200]))

    def _by_name(self, value: dict[str, object]) -> None:
        """Texts that stand for a function: one with dots is no name of Keras' own tables."""
        for key, one in value.items():
            if not _BY_NAME.fullmatch(key):
                continue
            waiting = [one]
            for _ in range(_NAMES):
                if not waiting:
                    break
                text = waiting.pop()
                if isinstance(text, list):
                    waiting += text
                elif isinstance(text, str) and _DOTTED.fullmatch(text[:300]):
                    self._function(*text[:300].rsplit(".", 1))
            else:
                self.odd.append(
                    Health(
                        "unknown", said("a configuration of more than {0} values: not read to its end", figure(_NAMES))
                    )
                )

    def _lambda(self, config: object) -> None:
        """A function as bytecode, or by its name where the loading program has it."""
        config = config if isinstance(config, dict) else {}
        function = config.get("function")
        if isinstance(function, str) and config.get("function_type", "function") != "lambda":
            self.names.add(("Lambda", function[:200]))
        elif not isinstance(function, dict) or function.get("class_name") in (None, "__lambda__"):
            self.lambdas.append(shown(str(config.get("name") or _NAMELESS))[:80])

    def _function(self, place: str, name: str) -> None:
        parts = place.split(".")
        if name in _FETCHING:
            self.fetching.append(f"{place}.{name}" if place else name)
        elif place in ("", "builtins"):
            # Searched in what the loading program registered, then in Python's own names.
            self.names.add(("builtins" if hasattr(builtins, name) else "function", name))
        elif parts[0] not in ("keras", "tf_keras") or not _FUNCTIONS.intersection(parts[1:3]) or name in _HELPERS:
            self.names.add((place, name))

    def _operation(self, name: str, config: object) -> None:
        """TensorFlow's own functions, by their public name or as a node of its graph."""
        config = config if isinstance(config, dict) else {}
        if name == "TensorFlowOpLayer":
            if operation := keras_operations.node(config.get("node_def")):
                self.names.add(("tensorflow", operation[:200]))
        elif isinstance(function := config.get("function"), str) and not keras_operations.known(function):
            if function.rpartition(".")[2] in _FETCHING:
                self.fetching.append(function[:200])
            self.names.add(("tensorflow", function[:200]))
