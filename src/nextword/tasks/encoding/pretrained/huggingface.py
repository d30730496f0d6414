"""Features of words from an encoder of Hugging Face transformers, such as BERT."""

import json
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from nextword.base import FormatError, Values
from nextword.storage import (
    check_huggingface_folder,
    find_huggingface_folder,
    first_sentence,
    import_transformers,
    no_progress_bar,
)
from nextword.tasks.encoding.pretrained.subwords import SubwordText, SubwordTokens
from nextword.tensors import Hidden

#: Longest window, for encoders that could read more.
_MAX_WINDOW = 512
_NAMES_SHOWN = 3


class HuggingFaceFeatures(nn.Module):
    """The last hidden states of a transformers encoder at the sub-tokens of each word.

    Args:
        network: The encoder.
        subwords: `first` for the vector of a word's first sub-token, `mean` for the mean of all.
        is_frozen: Whether its weights are not trained; it then runs in evaluation mode.

    Source: [devlin2019].
    """

    def __init__(self, network: nn.Module, *, subwords: str, is_frozen: bool) -> None:
        super().__init__()
        self.network = network
        self.subwords = subwords
        self.is_frozen = is_frozen
        config: Any = network.config
        self.output_size = int(config.hidden_size)
        for parameter in network.parameters():
            parameter.requires_grad_(not is_frozen)

    def train(self, mode: bool = True) -> "HuggingFaceFeatures":
        """Set the mode; a frozen encoder stays in evaluation mode."""
        super().train(mode)
        if self.is_frozen:
            self.network.eval()
        return self

    def forward(self, tokens: SubwordTokens) -> Hidden:
        """Return the features of each word, (batch, time, output_size).

        A word without sub-tokens, such as a control character, gets zeros.
        """
        steps = torch.arange(tokens.token_ids.shape[1], device=tokens.lengths.device)
        mask = (steps < tokens.lengths[:, None]).long()
        with torch.set_grad_enabled(torch.is_grad_enabled() and not self.is_frozen):
            outputs = self.network(input_ids=tokens.token_ids, attention_mask=mask)
        states: Tensor = outputs.last_hidden_state.flatten(0, 1)
        features = states[tokens.places]
        if self.subwords == "mean":
            features = features + self._later_states(states, tokens)
            features = features / tokens.counts.clamp(min=1)[:, :, None]
        return features * (tokens.counts > 0)[:, :, None]

    def _later_states(self, states: Tensor, tokens: SubwordTokens) -> Tensor:
        """Return the sum of the states of each word's sub-tokens after the first one."""
        total = torch.zeros_like(states[tokens.places])
        for offset in range(1, int(tokens.counts.max())):
            has_more = tokens.counts > offset
            total[has_more] += states[tokens.places[has_more] + offset]
        return total


@dataclass(frozen=True, kw_only=True)
class HuggingFaceModel:
    """A transformers encoder inside an encoder of words.

    Attributes:
        model: The network.
        tokenizer: Its tokenizer, of the library `tokenizers`.
        config: Settings of the network and of the tokens, from which it can be built again.
    """

    model: nn.Module
    tokenizer: Any
    config: Values

    def features(self, *, is_frozen: bool) -> HuggingFaceFeatures:
        """Return the module that computes the features of words."""
        subwords = self.config["subwords"]
        return HuggingFaceFeatures(self.model, subwords=subwords, is_frozen=is_frozen)

    def text(self) -> SubwordText:
        """Return what encodes sentences for the network."""
        return SubwordText(
            self.tokenizer, window=self.config["window"], pad_id=self.config["pad_id"]
        )

    def to_tokenizer(self) -> Values:
        """Return the tokenizer as JSON values."""
        values: Values = json.loads(self.tokenizer.to_str())
        return values

    @classmethod
    def from_stored(cls, config: Values, tokenizer: Values) -> "HuggingFaceModel":
        """Build a stored encoder with random weights.

        Args:
            config: The attribute `config`.
            tokenizer: What `to_tokenizer` returned.

        Raises:
            FormatError: The values are damaged, or this version of transformers cannot use them.
            MissingExtraError: transformers is not installed.
        """
        transformers = import_transformers()
        try:
            settings = transformers.AutoConfig.for_model(**config["network"])
            network = transformers.AutoModel.from_config(settings, dtype=torch.float32)
            backend = _backend(json.dumps(tokenizer))
            int(config["window"]), int(config["pad_id"]), str(config["subwords"])
        except Exception as error:
            raise FormatError(
                f"the encoder of transformers cannot be built: {first_sentence(error)}.",
                help="Copy the model folder again, or install the version of transformers that it "
                "was made with.",
            ) from error
        return cls(model=_without_pooler(network), tokenizer=backend, config=config)


def load_huggingface_encoder(name: str, *, subwords: str) -> HuggingFaceModel:
    """Load an encoder of transformers, in float32.

    Args:
        name: A folder written by `save_pretrained`, or a name on the hub.
        subwords: `first` or `mean`.

    Raises:
        CheckpointError: There is no such folder, and the hub has no such model or is not reachable.
        FormatError: The weights, the settings or the tokenizer are missing or damaged.
        MissingExtraError: transformers is not installed.
    """
    folder = find_huggingface_folder(name)
    check_huggingface_folder(folder)
    transformers = import_transformers()
    options = {"trust_remote_code": False, "local_files_only": True}
    try:
        with no_progress_bar():
            network, found = transformers.AutoModel.from_pretrained(
                folder,
                dtype=torch.float32,
                use_safetensors=True,
                output_loading_info=True,
                **options,
            )
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder, **options)
        backend = _backend(tokenizer.backend_tokenizer.to_str())
    except Exception as error:
        raise FormatError(
            f"{folder} cannot be loaded as an encoder: {first_sentence(error)}.",
            help="Try transformers.AutoModel.from_pretrained and AutoTokenizer on it.",
        ) from error
    found_config, network = network.config, _without_pooler(network.eval())
    _refuse_missing(network, found["missing_keys"], name)
    settings = found_config.to_dict()
    for name_of_place in ("auto_map", "_name_or_path"):
        settings.pop(name_of_place, None)
    pad_id = 0 if tokenizer.pad_token_id is None else int(tokenizer.pad_token_id)
    config = {
        "network": json.loads(json.dumps(settings, default=str)),
        "window": _window(network, tokenizer, pad_id=pad_id, name=name),
        "pad_id": pad_id,
        "subwords": subwords,
    }
    return HuggingFaceModel(model=network, tokenizer=backend, config=config)


def _backend(text: str) -> Any:
    """Return a tokenizer that neither cuts nor pads."""
    import tokenizers

    backend = tokenizers.Tokenizer.from_str(text)
    backend.no_truncation()
    backend.no_padding()
    return backend


def _without_pooler(network: Any) -> nn.Module:
    """Remove the layer over the first token, which no feature depends on."""
    if isinstance(getattr(network, "pooler", None), nn.Module):
        network.pooler = None
    module: nn.Module = network
    return module


def _refuse_missing(network: nn.Module, missing: set[str], name: str) -> None:
    known = dict(network.named_parameters())
    lost = sorted(key for key in missing if key in known)
    if lost:
        shown = ", ".join(lost[:_NAMES_SHOWN]) + (", ..." if lost[_NAMES_SHOWN:] else "")
        raise FormatError(
            f"{name} lacks {len(lost)} of the weights of a {type(network).__name__}: {shown}.",
            help="Save the model again with save_pretrained.",
        )


@torch.no_grad()
def _window(network: Any, tokenizer: Any, *, pad_id: int, name: str) -> int:
    """Return how many tokens an encoder reads at once, which is found by running it."""
    positions = getattr(network.config, "max_position_embeddings", None) or _MAX_WINDOW
    limit = int(min(_MAX_WINDOW, positions, tokenizer.model_max_length))
    # The positions of RoBERTa begin after the id of the padding.
    for window in (limit, limit - pad_id - 1):
        token_ids = torch.full((1, max(1, window)), int(pad_id == 0))
        try:
            network(input_ids=token_ids, attention_mask=torch.ones_like(token_ids))
        except IndexError:
            continue
        except Exception as error:
            raise _cannot_run(name, error) from error
        return window
    raise FormatError(
        f"{name} cannot read the {limit:,} tokens that its settings allow.",
        help="Correct max_position_embeddings in its config.json.",
    )


def _cannot_run(name: str, error: Exception) -> FormatError:
    return FormatError(
        f"{name} cannot run as an encoder: {first_sentence(error)}.",
        help="Name an encoder such as BERT, DistilBERT or RoBERTa.",
    )
