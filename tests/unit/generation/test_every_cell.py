"""Every cell generates, predicts and scores alike, by the compiled generator or by its layers."""

import pytest
import torch

from nextword.cells import CELLS
from nextword.families import NetworkSpec, RecurrentConfig
from nextword.generation import SamplingConfig, Session, generate
from nextword.packed import fast_model
from nextword.tensors import kernels_are_installed, load_kernels
from nextword.tokens import VocabularySpec

VOCAB_SIZE = 23
#: Cells of the compiled generator.
PACKED = {"lstm", "lstm_projected", "gru", "elman"}


@pytest.mark.parametrize("cell", sorted(CELLS))
def test_generated_tokens_are_those_of_the_distributions(cell: str) -> None:
    torch.manual_seed(0)
    vocabulary = VocabularySpec(vocab_size=VOCAB_SIZE, boundary_id=1, start_id=1)
    projection = {"projection_size": 5} if cell == "lstm_projected" else {}
    config = RecurrentConfig(cell=cell, hidden_size=9, num_layers=2, **projection)  # type: ignore[arg-type]
    model = config.build(NetworkSpec(vocabulary=vocabulary))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.2 * torch.randn_like(parameter))

    greedy = SamplingConfig(temperature=0.0)
    tokens = list(generate(model, [3, 4], max_tokens=40, config=greedy))

    ids = [token.token_id for token in tokens]
    session = Session(model)
    session.feed([[3, 4]])
    for token in tokens:
        assert token.token_id == int(session.log_probs[0].argmax())
        session.feed([[token.token_id]])
    session = Session(model)
    session.feed([[3, 4]])
    scores = session.score([ids])[0]
    assert [token.log_prob for token in tokens] == pytest.approx(scores.tolist(), abs=2e-5)
    has_generator = kernels_are_installed() and hasattr(load_kernels(), "RecurrentNetwork")
    assert (fast_model(model) is not None) == (has_generator and cell in PACKED)
