"""Loading `hf:NAME-or-folder`: weights and tokenizer of a causal language model, no code with them.

Only safetensors are read, and no code that lies beside them is run: a pickled weight file may do
anything when it is opened.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from nextword.base import FormatError, MismatchError, Values
from nextword.interop.huggingface.files import (
    check_folder,
    find_folder,
    first_line,
    import_transformers,
)
from nextword.interop.huggingface.model import HuggingFaceLanguageModel
from nextword.interop.huggingface.reading import CausalModel
from nextword.interop.huggingface.recurrent import RecurrentHuggingFaceModel, is_recurrent
from nextword.interop.huggingface.tokenizer import HuggingFaceTokenizer
from nextword.interop.huggingface.windowed import WindowedHuggingFaceModel
from nextword.storage import StoredModel

_NAMES_SHOWN = 3
#: Positions of a model that does not say how many it has.
_DEFAULT_CONTEXT_SIZE = 1024
_POSITION_NAMES = ("max_position_embeddings", "n_positions", "n_ctx", "max_seq_len", "seq_length")


def load_huggingface(name: str, *, device: torch.device | str = "cpu") -> StoredModel:
    """Load a causal language model that transformers knows, in float32.

    Args:
        name: A folder that `save_pretrained` wrote, or a name on the hub; without `hf:`.
        device: Where it shall compute.

    Raises:
        CheckpointError: There is no such folder, nor such a name within reach.
        FormatError: The folder lacks weights, settings or a tokenizer, or they are damaged.
        MismatchError: Weights and tokenizer do not belong together.
        MissingExtraError: transformers is not installed.
    """
    folder = find_folder(name)
    check_folder(folder)
    network = _load_network(folder).to(device)
    settings = network.config.get_text_config()
    causal, recurrent = _tried(network, folder)
    tokenizer = _load_tokenizer(folder, settings, vocab_size=causal.vocab_size)
    model = _model_of(causal, settings, recurrent=recurrent, boundary_id=tokenizer.boundary_id)
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


def _tried(network: Any, folder: Path) -> tuple[CausalModel, bool]:
    """Read a few ids with a network; say as well whether its memory is a recurrent one."""
    try:
        causal = CausalModel(network)
        return causal, is_recurrent(causal)
    except Exception as error:
        raise FormatError(
            f"{folder} holds a {type(network).__name__} that cannot read: {first_line(error)}.",
            help="Its settings and this version of transformers do not go together.",
        ) from error


def _model_of(
    causal: CausalModel, settings: Any, *, recurrent: bool, boundary_id: int
) -> HuggingFaceLanguageModel:
    if recurrent:
        return RecurrentHuggingFaceModel(causal, boundary_id=boundary_id)
    sizes = (getattr(settings, name, None) for name in _POSITION_NAMES)
    return WindowedHuggingFaceModel(
        causal,
        boundary_id=boundary_id,
        context_size=next((size for size in sizes if size), _DEFAULT_CONTEXT_SIZE),
    )


def _load_network(folder: Path) -> Any:
    transformers = import_transformers()
    try:
        with _no_progress_bar():
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
            f"{folder} cannot be loaded as a causal language model: {first_line(error)}.",
            help="Try transformers.AutoModelForCausalLM.from_pretrained on it.",
        ) from error
    missing = sorted(found["missing_keys"])
    if missing:
        shown = ", ".join(missing[:_NAMES_SHOWN]) + (", ..." if missing[_NAMES_SHOWN:] else "")
        raise FormatError(
            f"{folder} lacks {len(missing)} of the weights of a {type(network).__name__}: {shown}.",
            help="It may be a model without the layer that predicts the next token.",
        )
    return network.eval()


def _load_tokenizer(folder: Path, settings: Any, *, vocab_size: int) -> HuggingFaceTokenizer:
    transformers = import_transformers()
    try:
        found = transformers.AutoTokenizer.from_pretrained(
            folder, trust_remote_code=False, local_files_only=True
        )
        backend = found.backend_tokenizer
    except Exception as error:
        raise FormatError(
            f"the tokenizer in {folder} cannot be loaded: {first_line(error)}.",
            help="Save it beside the weights, with save_pretrained; it must be a fast one.",
        ) from error
    _check_size(backend.get_vocab_size(), vocab_size, folder)
    start = _first_id(found.bos_token_id, getattr(settings, "bos_token_id", None))
    end = _first_id(found.eos_token_id, getattr(settings, "eos_token_id", None))
    boundary = end if start is None else start
    if boundary is None:
        raise FormatError(
            f"{folder} names no token that a text begins or ends with.",
            help="Set bos_token in its tokenizer_config.json.",
        )
    return HuggingFaceTokenizer(
        backend,
        vocab_size=vocab_size,
        boundary_id=boundary,
        sentence_end_id=boundary if end is None else end,
        unknown_id=found.unk_token_id,
        pad_id=found.pad_token_id,
    )


def _check_size(num_tokens: int, vocab_size: int, folder: Path) -> None:
    if num_tokens > vocab_size:
        raise MismatchError(
            f"the tokenizer in {folder} has {num_tokens:,} tokens, the weights know "
            f"{vocab_size:,}.",
            help="They come from two models; save both from one.",
        )


def _first_id(*candidates: int | list[int] | None) -> int | None:
    """Give the first id there is; some settings list several."""
    for candidate in candidates:
        if isinstance(candidate, list):
            candidate = candidate[0] if candidate else None
        if candidate is not None:
            return candidate
    return None


@contextmanager
def _no_progress_bar() -> Iterator[None]:
    """Keep transformers from drawing on the terminal, which is the command line's."""
    logging = import_transformers().utils.logging
    was_enabled = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if was_enabled:
            logging.enable_progress_bar()
