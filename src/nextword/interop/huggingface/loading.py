"""Load `hf:NAME-or-folder`: the weights and the tokenizer of a causal language model.

Only safetensors are read, because a pickled weights file can run code when it is opened. Code in
the folder is never run.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch

from nextword.base import FormatError, MismatchError, NextwordError, Values
from nextword.interop.huggingface.export import EXPORTED_MODEL_TYPE, register_causal_classes
from nextword.interop.huggingface.model import HuggingFaceLanguageModel
from nextword.interop.huggingface.positions import find_context_size
from nextword.interop.huggingface.reading import CausalModel
from nextword.interop.huggingface.recurrent import RecurrentHuggingFaceModel, is_recurrent
from nextword.interop.huggingface.tokenizer import HuggingFaceTokenizer
from nextword.interop.huggingface.trial import check_network
from nextword.interop.huggingface.windowed import WindowedHuggingFaceModel
from nextword.storage import (
    StoredModel,
    check_huggingface_folder,
    find_huggingface_folder,
    first_sentence,
    import_transformers,
    no_progress_bar,
)

_NAMES_SHOWN = 3
_DIGITS = re.compile(r"\d+")


def load_huggingface(name: str, *, device: torch.device | str = "cpu") -> StoredModel:
    """Load a causal language model of transformers, in float32.

    Args:
        name: A folder written by `save_pretrained`, or a name on the hub; without `hf:`.
        device: Device of the model.

    Returns:
        The model with its tokenizer and the settings of the model.

    Raises:
        CheckpointError: There is no such folder, and the hub has no such model or is not reachable.
        FormatError: The weights, the settings or the tokenizer are missing or damaged.
        MismatchError: The tokenizer has more tokens than the weights.
        MissingExtraError: transformers is not installed.
    """
    folder = find_huggingface_folder(name)
    check_huggingface_folder(folder)
    network = _load_network(folder).to(device)
    settings = network.config.get_text_config()
    causal, context_size = _tried(network, folder)
    tokenizer = _load_tokenizer(folder, settings, causal)
    model: HuggingFaceLanguageModel
    if context_size is None:
        model = RecurrentHuggingFaceModel(causal, boundary_id=tokenizer.boundary_id)
    else:
        model = WindowedHuggingFaceModel(
            causal, boundary_id=tokenizer.boundary_id, context_size=context_size
        )
    described: Values = {
        "family": model.family,
        "architecture": str(network.config.model_type),
        "name": name,
    }
    if isinstance(model, WindowedHuggingFaceModel):
        described["context_size"] = model.context_size
    return StoredModel(
        model=model, tokenizer=tokenizer, config={"model": described}, card="", path=folder
    )


def _tried(network: Any, folder: Path) -> tuple[CausalModel, int | None]:
    """Check a network, and return its context size; None for a recurrent network."""
    try:
        causal = CausalModel(network)
        recurrent = is_recurrent(causal)
        size = None if recurrent else find_context_size(causal, network.config.get_text_config())
        check_network(causal, folder, context_size=size)
        return causal, size
    except NextwordError:
        raise
    except Exception as error:
        raise FormatError(
            f"{folder} contains a {type(network).__name__} that cannot run: "
            f"{first_sentence(error)}.",
            help="Its settings do not fit this version of transformers.",
        ) from error


def _load_network(folder: Path) -> Any:
    transformers = import_transformers()
    # Folders that nextword exported then load without the code in them.
    register_causal_classes()
    try:
        with no_progress_bar():
            network, found = transformers.AutoModelForCausalLM.from_pretrained(
                folder,
                dtype=torch.float32,
                use_safetensors=True,
                trust_remote_code=False,
                local_files_only=True,
                output_loading_info=True,
            )
    except Exception as error:
        raise FormatError(
            f"{folder} cannot be loaded as a causal language model: {first_sentence(error)}.",
            help="Try transformers.AutoModelForCausalLM.from_pretrained on it.",
        ) from error
    _check_layers(network, found["unexpected_keys"], folder)
    missing = sorted(found["missing_keys"])
    if missing:
        shown = ", ".join(missing[:_NAMES_SHOWN]) + (", ..." if missing[_NAMES_SHOWN:] else "")
        raise FormatError(
            f"{folder} lacks {len(missing)} of the weights of a {type(network).__name__}: {shown}.",
            help="The model may lack the layer that predicts the next token.",
        )
    return network.eval()


def _check_layers(network: Any, unexpected: Iterable[str], folder: Path) -> None:
    """Refuse weights of more layers than the settings have; transformers would ignore them."""
    known = {_DIGITS.sub("#", name) for name in network.state_dict()}
    left_out = sorted(name for name in unexpected if _DIGITS.sub("#", name) in known)
    if left_out:
        raise FormatError(
            f"{folder} has weights of layers that its config.json does not have: {left_out[0]} and "
            f"{len(left_out) - 1} more.",
            help="Correct the number of layers in config.json.",
        )


def _load_tokenizer(folder: Path, settings: Any, causal: CausalModel) -> HuggingFaceTokenizer:
    transformers = import_transformers()
    try:
        found = transformers.AutoTokenizer.from_pretrained(
            folder, trust_remote_code=False, local_files_only=True
        )
        backend = found.backend_tokenizer
    except Exception as error:
        raise FormatError(
            f"the tokenizer in {folder} cannot be loaded: {first_sentence(error)}.",
            help="Save a fast tokenizer beside the weights with save_pretrained.",
        ) from error
    num_ids = max(backend.get_vocab().values(), default=-1) + 1
    _check_size(num_ids, min(causal.vocab_size, causal.num_ids), folder)
    special = {number for number, token in backend.get_added_tokens_decoder().items()}
    named = (_first_id(getattr(settings, name, None)) for name in ("bos_token_id", "eos_token_id"))
    # Settings may name ids of another vocabulary, but not those of an exported folder.
    is_own = settings.model_type == EXPORTED_MODEL_TYPE
    bos, eos = (number if is_own or number in special else None for number in named)
    start, end = _first_id(found.bos_token_id, bos), _first_id(found.eos_token_id, eos)
    boundary = end if start is None else start
    if boundary is None:
        raise FormatError(
            f"{folder} defines no token for the start or the end of a text.",
            help="Set bos_token in its tokenizer_config.json.",
        )
    return HuggingFaceTokenizer(
        backend,
        vocab_size=causal.vocab_size,
        boundary_id=boundary,
        sentence_end_id=boundary if end is None else end,
        unknown_id=found.unk_token_id,
        pad_id=found.pad_token_id,
    )


def _check_size(num_tokens: int, vocab_size: int, folder: Path) -> None:
    if num_tokens > vocab_size:
        raise MismatchError(
            f"the tokenizer in {folder} has {num_tokens:,} tokens, the weights have "
            f"{vocab_size:,}.",
            help="They belong to different models; save both from one model.",
        )


def _first_id(*candidates: int | list[int] | None) -> int | None:
    """Return the first id that is not None; some settings list several ids."""
    for candidate in candidates:
        if isinstance(candidate, list):
            candidate = candidate[0] if candidate else None
        if candidate is not None:
            return candidate
    return None
