"""Small recurrent models with weights that are large enough for distributions with a shape."""

import torch

from nextword.families import NetworkSpec, RecurrentConfig, RecurrentLanguageModel
from nextword.layers import EmbeddingConfig, OutputConfig
from nextword.tensors import load_kernels
from nextword.tokens import VocabularySpec

VOCAB_SIZE = 37

#: Settings of every kind of network that the kernels run.
CASES: dict[str, dict[str, object]] = {
    "lstm": {"cell": "lstm", "num_layers": 2},
    "gru": {"cell": "gru", "num_layers": 2, "tied": False},
    "elman": {"cell": "elman", "num_layers": 2},
    "relu": {"cell": "elman", "nonlinearity": "relu"},
    "projected": {"cell": "lstm_projected", "projection_size": 5, "num_layers": 2},
    "residual": {"cell": "gru", "num_layers": 3, "residual": True},
    "narrow": {"cell": "lstm", "num_layers": 2, "last_hidden_size": 6, "embedding_size": 6},
    "learnt": {"cell": "lstm", "learnt_initial_state": True},
}


def has_adaptive_kernels() -> bool:
    """Return whether the installed kernels have an adaptive softmax."""
    return hasattr(load_kernels().RecurrentNetwork, "num_tails")


def made_model(
    name: str = "lstm", *, embedding: str = "trained", output: str = "full", seed: int = 0
) -> RecurrentLanguageModel:
    """Build a model of a case in evaluation mode."""
    torch.manual_seed(seed)
    vocabulary = VocabularySpec(vocab_size=VOCAB_SIZE, boundary_id=1, start_id=1, never_ids=(0,))
    settings = {"hidden_size": 13, **CASES[name]}
    if embedding == "one_hot":
        settings["tied"] = False
    config = RecurrentConfig(**settings)  # type: ignore[arg-type]
    model = config.build(
        NetworkSpec(
            vocabulary=vocabulary,
            embedding=EmbeddingConfig(kind=embedding),  # type: ignore[arg-type]
            output=OutputConfig(
                kind=output,
                num_samples=8,
                cutoffs=(10,) if output == "adaptive" else None,
            ),
        )
    )
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.4 * torch.randn_like(parameter))
    return model.eval()
