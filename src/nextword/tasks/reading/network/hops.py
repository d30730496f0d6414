"""Several hops of attention: to the question, then to the passage, and again."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from nextword.layers import Attention, AttentionKind, Dropout
from nextword.tensors import Lengths

Vectors = Float[Tensor, "batch hidden"]


@dataclass(frozen=True, kw_only=True)
class Encoded:
    """An encoded passage, or an encoded question with its history.

    Attributes:
        outputs: One vector for each word, (batch, source, hidden), 0 beyond a row's length.
        lengths: Number of words of each row, (batch).
        final: The last states of both directions, (batch, hidden).
    """

    outputs: Float[Tensor, "batch source hidden"]
    lengths: Lengths
    final: Vectors


@dataclass(frozen=True, kw_only=True)
class Attended:
    """What a reader has after its last hop.

    Attributes:
        state: What answers are found from, (batch, hidden).
        question_weights: Attention of each hop to the words of the question, (batch, hop, time).
        passage_weights: Attention of each hop to the words of the passage, (batch, hop, source).
    """

    state: Vectors
    question_weights: Float[Tensor, "batch hop time"]
    passage_weights: Float[Tensor, "batch hop source"]


class Hops(nn.Module):
    """Attends to the question and then to the passage, several times.

    The state s starts as tanh(W q + b), where q is the last state of the question's encoder. In
    each hop, s queries the question; s and what was found query the passage; and a GRU cell
    computes the next s from both. So a later hop can look for what an earlier one has found, such
    as the place of the person who has the object of the question.

    Args:
        num_hops: Number of hops; each has weights of its own.
        size: Size of the vectors of words and of the state.
        attention: Kind of the attention.
        attention_size: Size of the hidden layer of `additive` attention.
        dropout: Dropout probability of the state.

    Source: iterative alternating attention [sordoni2016], without its gates; several hops over
    memories [sukhbaatar2015].
    """

    def __init__(
        self,
        num_hops: int,
        *,
        size: int,
        attention: AttentionKind,
        attention_size: int = 128,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()

        def attentions() -> nn.ModuleList:
            return nn.ModuleList(
                Attention(
                    attention, query_size=size, value_size=size, attention_size=attention_size
                )
                for _ in range(num_hops)
            )

        self.start = nn.Linear(size, size)
        self.question_attentions = attentions()
        self.passage_queries = nn.ModuleList(nn.Linear(2 * size, size) for _ in range(num_hops))
        self.passage_attentions = attentions()
        self.cells = nn.ModuleList(nn.GRUCell(2 * size, size) for _ in range(num_hops))
        self.dropout = Dropout(dropout)

    def forward(self, question: Encoded, passage: Encoded) -> Attended:
        """Read a passage with a question in mind.

        Args:
            question: The encoded question.
            passage: The encoded passage.
        """
        state = torch.tanh(self.start(question.final))
        question_weights, passage_weights = [], []
        parts = zip(
            self.question_attentions,
            self.passage_queries,
            self.passage_attentions,
            self.cells,
            strict=True,
        )
        for to_question, combine, to_passage, cell in parts:
            asked, weights = _attend(to_question, state, question)
            question_weights.append(weights)
            query = torch.tanh(combine(torch.cat([state, asked], dim=1)))
            found, weights = _attend(to_passage, query, passage)
            passage_weights.append(weights)
            after = cell(torch.cat([asked, found], dim=1), state)
            state = self.dropout(after[:, None])[:, 0]
        return Attended(
            state=state,
            question_weights=torch.stack(question_weights, dim=1),
            passage_weights=torch.stack(passage_weights, dim=1),
        )


def _attend(attention: nn.Module, query: Vectors, encoded: Encoded) -> tuple[Tensor, Tensor]:
    """Return the average of vectors, (batch, hidden), and its weights, (batch, source)."""
    assert isinstance(attention, Attention)  # nn.ModuleList is not typed
    memory = attention.prepare(encoded.outputs, encoded.lengths)
    context, weights = attention(query[:, None], memory)
    return context[:, 0], weights[:, 0]
