"""The one table of families: how each is built, and put together again from a folder."""

from collections.abc import Mapping

from torch import Tensor

from nextword.base import Values, decode
from nextword.embeddings import EmbeddingConfig
from nextword.models import (
    ConvolutionalConfig,
    LanguageModel,
    NeuralLanguageModel,
    RecurrentConfig,
    RegularizationConfig,
    TransformerConfig,
    WindowConfig,
    ngram_from_arrays,
)
from nextword.outputs import OutputConfig
from nextword.storage import Family, neural_family
from nextword.tokens import Tokenizer

NeuralConfig = RecurrentConfig | WindowConfig | ConvolutionalConfig | TransformerConfig

#: The settings of each neural family, which build its models.
NEURAL_CONFIGS: Mapping[str, type[NeuralConfig]] = {
    "recurrent": RecurrentConfig,
    "window": WindowConfig,
    "convolutional": ConvolutionalConfig,
    "transformer": TransformerConfig,
}


def build_neural(config: Values, tokenizer: Tokenizer) -> NeuralLanguageModel:
    """Build a neural model from the settings of a run or a model folder."""
    model = decode(NEURAL_CONFIGS[config["model"]["family"]], config["model"], source="model")
    regularization = decode(
        RegularizationConfig, config.get("regularization", {}), source="regularization"
    )
    return model.build(
        vocab_size=tokenizer.vocab_size,
        boundary_id=tokenizer.boundary_id,
        never_ids=tokenizer.never_ids,
        regularization=regularization,
        embedding=decode(EmbeddingConfig, config.get("embedding", {}), source="embedding"),
        output=decode(OutputConfig, config.get("output", {}), source="output"),
        backend=config.get("training", {}).get("backend", "auto"),
    )


def load_ngram(
    config: Values, tokenizer: Tokenizer, tensors: Mapping[str, Tensor], source: str
) -> LanguageModel:
    """Put an n-gram model together from its tables."""
    return ngram_from_arrays(
        {name: tensor.numpy() for name, tensor in tensors.items()},
        vocab_size=tokenizer.vocab_size,
        boundary_id=tokenizer.boundary_id,
        start_id=tokenizer.sentence_start_id,
        never_ids=tokenizer.never_ids,
        source=source,
    )


#: Every family by name; the one place a new one is entered.
FAMILIES: Mapping[str, Family] = {
    **{name: neural_family(build_neural) for name in NEURAL_CONFIGS},
    "ngram": Family(load=load_ngram, is_mapped=True),
}
