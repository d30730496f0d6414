"""Generation with nextword and packed weights."""

from collections.abc import Callable

import torch
from torch import Tensor

from nextword.benchmarking.generation.peer import GeneratePeer, GenerateSizes
from nextword.cells import LstmCell
from nextword.families import NetworkSpec, RecurrentConfig, RecurrentLanguageModel
from nextword.generation import GeneratedToken, Session, generate_from
from nextword.layers import FullSoftmax
from nextword.models import LanguageModel
from nextword.tokens import VocabularySpec

_FIRST_ID = 1


def our_model(peer: GeneratePeer, sizes: GenerateSizes) -> RecurrentLanguageModel:
    """Return a model with the weights of the peer.

    Args:
        peer: The network in PyTorch.
        sizes: Its sizes.
    """
    vocabulary = VocabularySpec(
        vocab_size=sizes.vocab_size, boundary_id=_FIRST_ID, start_id=_FIRST_ID
    )
    config = RecurrentConfig(
        cell="lstm", num_layers=sizes.num_layers, hidden_size=sizes.hidden_size, tied=True
    )
    model = config.build(NetworkSpec(vocabulary=vocabulary))
    assert isinstance(model.embedding, torch.nn.Parameter)  # the configuration has a table
    assert isinstance(model.output, FullSoftmax)
    with torch.no_grad():
        model.embedding.copy_(peer.encoder.weight)
        model.output.bias.copy_(peer.decoder.bias)
        for depth, cell in enumerate(model.core.layers):
            assert isinstance(cell, LstmCell)
            theirs = dict(peer.rnn.named_parameters())
            cell.weight_ih.copy_(theirs[f"weight_ih_l{depth}"])
            cell.weight_hh.copy_(theirs[f"weight_hh_l{depth}"])
            cell.bias.copy_(theirs[f"bias_ih_l{depth}"] + theirs[f"bias_hh_l{depth}"])
    return model.eval()


def our_step(model: LanguageModel, sizes: GenerateSizes) -> Callable[[], list[GeneratedToken]]:
    """Return a function that generates tokens and returns them.

    Args:
        model: A model, packed or not.
        sizes: Number of streams and tokens.
    """
    session = Session(model)

    def step() -> list[GeneratedToken]:
        tokens = generate_from(session, max_tokens=sizes.num_tokens, num_samples=sizes.num_streams)
        return list(tokens)

    return step


def our_log_probs(model: LanguageModel, token_ids: Tensor) -> Tensor:
    """Return log-probabilities after each token, computed one step at a time, (time, rows, vocab).

    Args:
        model: A model, packed or not.
        token_ids: Ids, (time, rows).
    """
    session = Session(model, num_rows=token_ids.shape[1])
    scores = []
    for ids in token_ids:
        session.feed(ids[:, None])
        scores.append(session.log_probs)
    return torch.stack(scores)
