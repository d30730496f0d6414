"""The folder that transformers loads: settings, code, weights, tokenizer and model card."""

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from nextword.base import ConfigError, FormatError
from nextword.interop.huggingface.export.card import huggingface_card
from nextword.interop.huggingface.export.registration import register_causal_classes
from nextword.interop.huggingface.export.tokenizer_files import fast_tokenizer
from nextword.interop.huggingface.export.weights import huggingface_settings, huggingface_weights
from nextword.models import LanguageModel
from nextword.storage import import_transformers, no_progress_bar
from nextword.tokens import Tokenizer

#: Largest difference of log-probabilities between the two implementations, in nats.
_LARGEST_DIFFERENCE = 1e-3
_NUM_ROWS, _NUM_STEPS = 2, 16


@dataclass(frozen=True, kw_only=True)
class HuggingFaceExport:
    """What was written.

    Attributes:
        num_parameters: Number of parameters in the folder. The layers of torch have two biases for
            each gate where nextword has one; the second ones are 0.
        max_difference: Largest difference of log-probabilities from those of the model on random
            tokens, in nats.
    """

    num_parameters: int
    max_difference: float


def write_huggingface_folder(
    model: LanguageModel, tokenizer: Tokenizer, *, folder: Path, name: str, card: str = ""
) -> HuggingFaceExport:
    """Write a model as a folder for `AutoModelForCausalLM` and `AutoTokenizer`.

    Args:
        model: A recurrent network of LSTM, projected LSTM, GRU or Elman layers.
        tokenizer: Its tokenizer.
        folder: An empty folder.
        name: Name of the model, for its card.
        card: The model card of the model; its measurements are copied.

    Raises:
        ConfigError: The folder cannot hold this model or tokenizer; the message says why.
        FormatError: The two implementations differ; the model has weights that are not finite.
        MissingExtraError: transformers is not installed.
    """
    settings = huggingface_settings(model)
    fast = fast_tokenizer(tokenizer)
    network = _network(model, settings | _token_ids(tokenizer))
    difference = _max_difference(model, network)
    network.generation_config = _generation_config(tokenizer)
    # `save_pretrained` adds the entries of the saved class and of the settings.
    network.config.auto_map = {"AutoModel": "modeling_nextword.NextwordModel"}
    with no_progress_bar():
        network.save_pretrained(folder)
    fast.save_pretrained(folder)
    text = huggingface_card(settings, tokenizer, name=name, card=card)
    (folder / "README.md").write_text(text, encoding="utf-8")
    return HuggingFaceExport(num_parameters=network.num_parameters(), max_difference=difference)


def _network(model: LanguageModel, settings: dict[str, Any]) -> Any:
    register_causal_classes()
    from nextword.interop.huggingface.export.configuration_nextword import NextwordConfig
    from nextword.interop.huggingface.export.modeling_nextword import NextwordForCausalLM

    network = NextwordForCausalLM(NextwordConfig(**settings))
    missing, unexpected = network.load_state_dict(huggingface_weights(model), strict=False)
    tied = {"lm_head.weight", "model.embedding.weight"}
    if set(missing) - tied or unexpected:
        raise ConfigError(f"weights do not fit: {missing} are missing, {unexpected} unexpected.")
    network.tie_weights()
    return network.eval()


def _token_ids(tokenizer: Tokenizer) -> dict[str, Any]:
    return {"pad_token_id": tokenizer.pad_id, "bos_token_id": tokenizer.boundary_id}


def _generation_config(tokenizer: Tokenizer) -> Any:
    """Return settings with which `generate` takes the tokens that nextword does."""
    return import_transformers().GenerationConfig(
        **_token_ids(tokenizer), suppress_tokens=list(tokenizer.banned_ids) or None
    )


@torch.no_grad()
def _max_difference(model: LanguageModel, network: Any) -> float:
    """Return the largest difference of log-probabilities on random tokens, in nats.

    Raises:
        FormatError: It is too large, or a log-probability is not a number.
    """
    generator = torch.Generator().manual_seed(0)
    shape = (_NUM_ROWS, _NUM_STEPS)
    token_ids = torch.randint(model.vocab_size, shape, generator=generator)
    expected, _ = model.next_log_probs(token_ids, model.initial_state(_NUM_ROWS))
    with warnings.catch_warnings():
        # torch has no fast path for projections on some processors; the result is the same.
        warnings.filterwarnings("ignore", message="LSTM with projections")
        found = network(token_ids).logits.log_softmax(dim=-1)
    differences = (found - expected).abs().masked_fill(found == expected, 0.0)
    difference = float(differences.max())
    if not difference <= _LARGEST_DIFFERENCE:
        raise FormatError(
            f"log-probabilities computed by transformers differ by {difference:.2g} nats from "
            "those of the model.",
            help="Its weights may not be finite; evaluate the model with nextword evaluate.",
        )
    return difference
