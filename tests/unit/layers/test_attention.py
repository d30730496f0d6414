"""Attention against its equations, one query and one position at a time."""

import pytest
import torch
from torch import Tensor

from nextword.base import ConfigError
from nextword.layers import Attention, AttentionKind

KINDS: tuple[AttentionKind, ...] = ("additive", "dot", "general")


def make(kind: AttentionKind, *, location_width: int = 0) -> Attention:
    torch.manual_seed(3)
    attention = Attention(
        kind, query_size=3, value_size=3, attention_size=4, location_width=location_width
    )
    return attention.double()


def inputs() -> tuple[Tensor, Tensor, Tensor]:
    torch.manual_seed(4)
    queries, values = torch.randn(2, 3, 3), torch.randn(2, 5, 3)
    return queries.double(), values.double(), torch.tensor([5, 2])


def score(attention: Attention, query: Tensor, value: Tensor) -> Tensor:
    if attention.kind == "dot":
        return query @ value
    if attention.kind == "general":
        return query @ (attention.key.weight @ value)
    hidden = attention.query(query) + attention.key.weight @ value
    return attention.score.weight[0] @ torch.tanh(hidden)


@pytest.mark.parametrize("kind", KINDS)
def test_attention_equals_its_equations(kind: AttentionKind) -> None:
    attention, (queries, values, lengths) = make(kind), inputs()

    contexts, weights = attention(queries, attention.prepare(values, lengths))

    for row, length in enumerate(lengths.tolist()):
        for time in range(3):
            scores = [score(attention, queries[row, time], values[row, s]) for s in range(length)]
            expected = torch.softmax(torch.stack(scores), 0)
            torch.testing.assert_close(weights[row, time, :length], expected)
            torch.testing.assert_close(contexts[row, time], expected @ values[row, :length])


@pytest.mark.parametrize("kind", KINDS)
def test_attention_values_beyond_the_length_change_nothing(kind: AttentionKind) -> None:
    attention, (queries, values, lengths) = make(kind), inputs()
    changed = values.clone()
    changed[1, 2:] = 9.0

    contexts, _ = attention(queries, attention.prepare(values, lengths))
    others, _ = attention(queries, attention.prepare(changed, lengths))

    assert torch.equal(contexts, others)


def test_attention_location_kernel_moves_the_previous_weights() -> None:
    attention, (queries, values, _) = make("dot", location_width=2), inputs()
    previous = torch.zeros(2, 3, 5).double()
    previous[:, :, 1] = 1.0
    with torch.no_grad():
        attention.location_kernel.zero_()
        attention.location_kernel[2 + 1] = 5.0

    _, weights = attention(queries * 0, attention.prepare(values), previous=previous)

    assert weights.argmax(2).unique().tolist() == [2]


def test_attention_select_repeats_rows() -> None:
    attention, (queries, values, lengths) = make("general"), inputs()
    memory = attention.prepare(values, lengths)

    contexts, _ = attention(queries[[1, 1]], memory.select(torch.tensor([1, 1])))

    torch.testing.assert_close(contexts[0], attention(queries, memory)[0][1])


def test_attention_dot_with_other_sizes_names_both() -> None:
    with pytest.raises(ConfigError, match="output size 3 and the encoder 4"):
        Attention("dot", query_size=3, value_size=4)
