"""What a test must never reach: the real home, the tools' variables, the network."""

# Every variable by which a tool, or this program, is told where its files or its servers are.
VARIABLES = (
    "OLLAMA_MODELS", "OLLAMA_HOST", "OLLAMA_NOPRUNE",
    "HUGGINGFACE_HUB_CACHE", "LLAMA_CACHE",
    "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME",
    "COMMANDLINE_ARGS", "SD_WEBUI_CACHE_FILE", "SD_WEBUI_CACHE_DIR",
    "SD_MODELSDIR", "SD_DATADIR", "SD_CONFIG", "SD_HFCACHEDIR",
    "config_path", "path_checkpoints", "path_loras", "path_embeddings", "path_vae", "path_vae_approx",
    "path_upscale_models", "path_inpaint", "path_controlnet", "path_clip_vision", "path_fooocus_expansion",
    "path_safety_checker", "path_sam",
    "INVOKEAI_ROOT", "INVOKEAI_MODELS_DIR", "INVOKEAI_DB_DIR", "INVOKEAI_DOWNLOAD_CACHE_DIR", "VIRTUAL_ENV",
    "JAN_DATA_FOLDER", "APP_NAME", "MODELS_PATH", "LOCALAI_MODELS_PATH", "LOCALAI_BACKENDS_PATH", "STORAGE_DIR",
    "BUZZ_MODEL_ROOT", "TTS_HOME", "SENTENCE_TRANSFORMERS_HOME", "TORCH_HOME", "TORCH_MODEL_ZOO",
    "REMBG_HOME", "U2NET_HOME", "EASYOCR_MODULE_PATH", "MODULE_PATH", "VOSK_MODEL_PATH",
    "NEMO_CACHE_DIR", "NEMO_HOME", "MODELSCOPE_CACHE",
)  # fmt: skip

# Families that grow with every release of their library: all of them.
PREFIXES = ("HF_", "MODEL_MANAGER_")


def is_foreign(name: str) -> bool:
    """Whether a test must not see this variable of the person who runs it."""
    return name in VARIABLES or name.startswith(PREFIXES)


def is_local(host: object) -> bool:
    """Whether an address is this computer's own; "" and None mean "every address of mine"."""
    text = host.decode("ascii", "replace") if isinstance(host, bytes) else host
    return text in (None, "", "localhost", "::1", "0.0.0.0", "::") or str(text).startswith("127.")
