"""What is known of each tool, said once: its name for people, its programs, its habits, how far we checked it.

Nothing is loaded for it: the window shows names before any adapter is read. Sources stand in each adapter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from model_manager.base.text import later

Checked = Literal["verified", "partly-verified", "unverified"]


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool, by the key that its adapter, the catalogue and the JSON give it."""

    label: str
    """Its name for people, as it writes it itself."""
    leaves: str
    """How a model leaves it, in words: what its rule of removal takes (the README's table)."""
    checked: Checked = "verified"
    """How far its layout was compared with its own source: all of it, the greater part, or not at all."""
    programs: tuple[str, ...] = ()
    """Its programs or scripts in a list of processes, in lower case: `ollama`, `main.py`; `koboldcpp*` is a beginning."""
    follows_links: bool = False
    """Whether its source opens what a symbolic link leads to, and deletes the link alone."""
    hub: str = ""
    """Where its own downloads come from (`huggingface`, `ollama`, `modelscope`); empty: anywhere, or it loads none."""
    covers: str = ""
    """What else is found by it, in words: `all layouts, and what shares it: transformers, diffusers`."""
    must_close: bool = False
    """Whether it has to be closed before its files change, since it keeps an index in memory."""
    stays: int = 1
    """Of several copies the one in the tool with the highest number stays: 5 where an index of its own names it, 4 where
    the blob is called after its bytes, 2 and 3 where it is found by its name alone, 0 in a plain folder."""


_FILES = "its files"
_FOLLOWING = "its files with what follows them by name"
_EMPTY_FOLDERS = "its files, and folders that are then empty"

TOOLS: dict[str, Tool] = {
    "ollama": Tool(
        "Ollama", "its manifest, then the blobs that no other names; by Ollama itself where the folder is the service's",
        programs=("ollama",), follows_links=True, hub="ollama", stays=4,
    ),
    "huggingface": Tool(
        later("Hugging Face cache"), "the names of a revision, then the blobs that none leads to any more",
        follows_links=True, hub="huggingface",
        covers="all layouts, and what shares it: transformers, diffusers, faster-whisper, MLX …", stays=4,
    ),
    "docker-model-runner": Tool(
        "Docker Model Runner",
        "its line of the index, then its files, while no runner is at work; else by `docker model rm`",
        programs=("model-runner", "com.docker.backend", "docker-desktop"), hub="docker", stays=5,
    ),
    "ramalama": Tool(
        "RamaLama", "the record of its tag, its names in the snapshot, then the blobs that no other tag names",
        programs=("ramalama",), stays=4,
    ),
    "invokeai": Tool(
        "InvokeAI", "asked of its service, which alone may change its database", programs=("invokeai-web",), stays=5,
    ),
    "localai": Tool("LocalAI", "its YAML first; files that another model lists stay", programs=("local-ai",),
                    follows_links=True),
    "gpt4all": Tool("GPT4All", "its files, and what a download of that name left", programs=("chat", "gpt4all"), stays=3),
    "modelscope": Tool("ModelScope", "its folder with ModelScope's records of it", "partly-verified", hub="modelscope"),
    "lm-studio": Tool("LM Studio", _EMPTY_FOLDERS, "partly-verified", ("lm-studio", "lms"), hub="huggingface", stays=2),
    "jan": Tool("Jan", _EMPTY_FOLDERS, "partly-verified", ("jan",), hub="huggingface", stays=3),
    "comfyui": Tool("ComfyUI", _FOLLOWING, programs=("main.py",), follows_links=True,
                    covers="and Desktop, with `extra_model_paths.yaml`"),
    "a1111": Tool("AUTOMATIC1111", _FOLLOWING, programs=("launch.py", "webui.py"), follows_links=True),
    "forge": Tool("Forge", _FOLLOWING, programs=("launch.py", "webui.py"), follows_links=True),
    "sdnext": Tool("SD.Next", _FOLLOWING, programs=("launch.py", "webui.py"), follows_links=True),
    "fooocus": Tool("Fooocus", _FOLLOWING, programs=("launch.py", "entry_with_update.py"), follows_links=True),
    "swarmui": Tool("SwarmUI", _FOLLOWING, programs=("swarmui", "swarmui.dll")),
    "stability-matrix": Tool("Stability Matrix", _FOLLOWING, programs=("stabilitymatrix.avalonia",), follows_links=True),
    "text-generation-webui": Tool("text-generation-webui", _FOLLOWING, programs=("server.py",), follows_links=True),
    "llama-cpp": Tool("llama.cpp", _FOLLOWING, programs=("llama-server", "llama-cli"), follows_links=True,
                      hub="huggingface"),
    "whisper": Tool("Whisper (OpenAI)", _FILES, follows_links=True),
    "whisper-cpp": Tool("whisper.cpp", _FILES, follows_links=True, hub="huggingface"),
    "buzz": Tool("Buzz", _FILES, follows_links=True),
    "coqui": Tool("Coqui TTS", _FILES, follows_links=True),
    "vosk": Tool("Vosk", _FILES, follows_links=True),
    "nemo": Tool("NVIDIA NeMo", _FILES, follows_links=True),
    "sentence-transformers": Tool("sentence-transformers", _FILES, follows_links=True, hub="huggingface"),
    "torch-hub": Tool("torch hub", _FILES, follows_links=True),
    "rembg": Tool("rembg", _FILES, follows_links=True),
    "insightface": Tool("InsightFace", _FILES, follows_links=True),
    "easyocr": Tool("EasyOCR", _FILES, follows_links=True),
    "koboldcpp": Tool("KoboldCpp", _FILES, "partly-verified", ("koboldcpp*",)),
    "kdenlive": Tool("Kdenlive", _FILES, "partly-verified"),
    "speech-note": Tool("Speech Note", _FILES, "partly-verified"),
    "piper": Tool("Piper", _FILES, "partly-verified"),
    "fish-speech": Tool("Fish Speech", _FILES, "partly-verified"),
    "upscayl": Tool("Upscayl", _FILES, "partly-verified"),
    "kokoro": Tool("Kokoro", _FILES, "unverified"),
    "timm": Tool("timm", _FILES, "unverified"),
    "msty": Tool("Msty", "its files; where it keeps an Ollama store, as Ollama", "unverified"),
    "anythingllm": Tool("AnythingLLM", _FILES, "unverified"),
    "folder": Tool(later("Own folders"), _FOLLOWING, follows_links=True, covers="any folder of yours", stays=0),
    "store": Tool(later("Base folder"), _FOLLOWING, follows_links=True, stays=2),
}  # fmt: skip
"""In the order of the README's table."""
