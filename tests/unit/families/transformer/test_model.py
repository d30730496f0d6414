"""The Transformer as a language model: its state, its ties, and that it learns."""

from typing import Any

import pytest
import torch

from fakes import network_spec
from nextword.base import ConfigError
from nextword.families import RegularizationConfig, TransformerConfig, TransformerLanguageModel
from nextword.layers import AdaptiveEmbedding, AdaptiveSoftmax, EmbeddingConfig, OutputConfig

VOCAB_SIZE = 40
ADAPTIVE = OutputConfig(kind="adaptive", cutoffs=(8, 20))
DROPOUT = RegularizationConfig(input_dropout=0.2, layer_dropout=0.2, output_dropout=0.2)


def model_of(
    *,
    regularization: RegularizationConfig | None = None,
    embedding: EmbeddingConfig | None = None,
    output: OutputConfig | None = None,
    **sizes: Any,
) -> TransformerLanguageModel:
    torch.manual_seed(0)
    given = {"hidden_size": 16, "num_heads": 2, "num_layers": 2, "context_size": 5, **sizes}
    return TransformerConfig(**given).build(
        network_spec(
            vocab_size=VOCAB_SIZE,
            boundary_id=3,
            never_ids=(0, 2),
            regularization=regularization or RegularizationConfig(),
            embedding=embedding,
            output=output,
        )
    )


def ids(batch_size: int, num_steps: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randint(VOCAB_SIZE, (batch_size, num_steps), generator=generator)


def test_transformer_num_parameters_is_that_of_the_paper_and_the_bias_by_distance() -> None:
    model = model_of(feedforward_size=24)

    table = VOCAB_SIZE * 16 + VOCAB_SIZE
    attention = 4 * (16 * 16 + 16) + 2 * 5
    feedforward = 2 * 16 * 24 + 24 + 16
    assert model.num_parameters == table + 2 * (attention + feedforward + 4 * 16) + 2 * 16


def test_transformer_adaptive_inputs_are_the_adaptive_output_s() -> None:
    model = model_of(output=ADAPTIVE)

    assert isinstance(model.embedding, AdaptiveEmbedding)
    assert isinstance(model.output, AdaptiveSoftmax)
    assert model.output.words is model.embedding


def test_transformer_tied_adaptive_table_is_saved_once() -> None:
    tied, untied = model_of(output=ADAPTIVE), model_of(output=ADAPTIVE, tied=False)

    tables = [name for name in tied.tensors() if name.endswith(".table")]
    assert len(tables) == 3
    assert tied.num_parameters < untied.num_parameters


def test_transformer_state_does_not_grow_with_what_is_read() -> None:
    model = model_of(context_size=6)

    states = [model.advance(ids(2, length), model.initial_state(2)) for length in (1, 50)]

    shapes = [{name: part.shape for name, part in state.tensors.items()} for state in states]
    assert shapes[0] == shapes[1]
    assert set(shapes[0].values()) == {(2, 5, 16)}


def test_transformer_tokens_beyond_its_reach_change_nothing() -> None:
    model = model_of(num_layers=2, context_size=4).double().eval()
    first, second = ids(1, 30), ids(1, 30).flip(1)
    reach = 2 * 3
    ending = first[:, -reach - 1 :]

    scores = [
        model.next_log_probs(torch.cat([text, ending], dim=1), model.initial_state(1))[0][:, -1]
        for text in (first, second)
    ]

    torch.testing.assert_close(scores[0], scores[1], rtol=0, atol=1e-12)


def test_transformer_gradient_stops_at_the_detached_state() -> None:
    model = model_of()
    state = model.advance(ids(2, 7), model.initial_state(2))

    hidden, _ = model.hidden(ids(2, 4), state.detach())
    hidden.sum().backward()

    assert any(part.requires_grad for part in state.tensors.values())
    assert not any(part.requires_grad for part in state.detach().tensors.values())


@pytest.mark.parametrize("locked", [True, False])
def test_transformer_drops_in_training_alone(locked: bool) -> None:
    regularization = RegularizationConfig(layer_dropout=0.5, locked=locked)
    model = model_of(regularization=regularization)

    def read() -> torch.Tensor:
        return model.hidden(ids(2, 4), model.initial_state(2))[0]

    model.train()
    assert not torch.equal(read(), read())
    model.eval()
    assert torch.equal(read(), read())


@pytest.mark.parametrize("output", [None, ADAPTIVE], ids=["full", "adaptive"])
def test_transformer_learns_to_look_back(output: OutputConfig | None) -> None:
    """Each word repeats the one four before it, which only attention can know."""
    model = model_of(regularization=DROPOUT, output=output, hidden_size=32, context_size=8)
    generator = torch.Generator().manual_seed(0)
    text = torch.randint(4, VOCAB_SIZE, (32, 4), generator=generator).repeat(1, 6)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)

    for _ in range(60):
        optimizer.zero_grad()
        nll, _ = model.train().nll(text[:, :-1], text[:, 1:], model.initial_state(32))
        nll[:, 4:].mean().backward()
        optimizer.step()

    nll, _ = model.eval().nll(text[:, :-1], text[:, 1:], model.initial_state(32))
    assert float(nll[:, 4:].detach().mean()) < 0.5


def test_transformer_one_hot_vectors_are_projected() -> None:
    model = model_of(embedding=EmbeddingConfig(kind="one_hot"), tied=False)

    hidden, _ = model.hidden(ids(2, 4), model.initial_state(2))

    assert hidden.shape == (2, 4, 16)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"embedding_size": 8}, r"model\.tied needs equal sizes, .* 8 and hidden_size 16"),
        (
            {"embedding": EmbeddingConfig(kind="one_hot")},
            r"model\.tied needs an embedding table",
        ),
    ],
)
def test_transformer_ties_that_cannot_be_are_refused(
    settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        model_of(**settings)
