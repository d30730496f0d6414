"""Several hops of attention: to the question, then to the passage, and again."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Bool, Float, Int64
from torch import Tensor, nn

from nextword.layers import Attention, AttentionKind, Dropout
from nextword.recurrent import BidirectionalStack, RecurrentStack
from nextword.tensors import Embeddings, Lengths

Vectors = Float[Tensor, "batch hidden"]
Layers = RecurrentStack | BidirectionalStack


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
class PassageWords:
    """Which words of a passage are the same, and in which sentences they are.

    Attributes:
        places: A number for each word, equal for equal words, (batch, source).
        sentences: Sentence of each word, from 0, (batch, source).
        mask: True for words, False for padding, (batch, source).
        embeddings: The embedding of each word, (batch, source, embedding).
        target_ids: The target token id of each word, (batch, source); None unless words are copied.
    """

    places: Int64[Tensor, "batch source"]
    sentences: Int64[Tensor, "batch source"]
    mask: Bool[Tensor, "batch source"]
    embeddings: Float[Tensor, "batch source embedding"]
    target_ids: Int64[Tensor, "batch source"] | None = None

    def sentence_shares(self, weights: Float[Tensor, "batch source"]) -> Tensor:
        """Return the share of attention in the sentence of each word, (batch, source).

        Args:
            weights: The attention to each word, (batch, source).
        """
        sums = weights.new_zeros(len(weights), int(self.sentences.max()) + 1)
        sums = sums.scatter_add(1, self.sentences, weights)
        return sums.gather(1, self.sentences).masked_fill(~self.mask, 0.0)

    def shares(self, weights: Float[Tensor, "batch source"]) -> Float[Tensor, "batch source"]:
        """Return the largest share of attention in any sentence that contains the same word.

        Args:
            weights: The attention to each word, (batch, source).

        Example:
            >>> words = PassageWords(
            ...     places=torch.tensor([[0, 1, 2, 0, 3]]),
            ...     sentences=torch.tensor([[0, 0, 0, 1, 1]]),
            ...     mask=torch.ones(1, 5, dtype=torch.bool),
            ...     embeddings=torch.zeros(1, 5, 2),
            ... )
            >>> words.shares(torch.tensor([[0.0, 0.5, 0.25, 0.0, 0.25]])).tolist()
            [[0.75, 0.75, 0.75, 0.75, 0.25]]
        """
        shares = self.sentence_shares(weights)
        of_word = weights.new_zeros(len(weights), int(self.places.max()) + 1)
        of_word = of_word.scatter_reduce(1, self.places, shares, "amax")
        return of_word.gather(1, self.places)


def run_layers(layers: Layers, inputs: Embeddings, *, lengths: Lengths) -> Encoded:
    """Run recurrent layers over sequences.

    Args:
        layers: The layers.
        inputs: (batch, time, input).
        lengths: Number of steps of each row, at least 1, (batch).
    """
    if isinstance(layers, BidirectionalStack):
        outputs, states = layers(inputs, lengths)
        final = torch.cat([state[0] for state in states[-1]], dim=1)
    else:
        outputs, last = layers(inputs, layers.initial_state(len(inputs)), lengths)
        final = last[-1][0]
    return Encoded(outputs=outputs, lengths=lengths, final=final)


@dataclass(frozen=True, kw_only=True)
class Attended:
    """What a reader has after its last hop.

    Attributes:
        state: What answers are found from, (batch, hidden).
        passage: The passage as the last hop has read it.
        words: The words of the passage.
        question_weights: Attention of each hop to the words of the question, (batch, hop, time).
        passage_weights: Attention of each hop to the words of the passage, (batch, hop, source).
    """

    state: Vectors
    passage: Encoded
    words: PassageWords
    question_weights: Float[Tensor, "batch hop time"]
    passage_weights: Float[Tensor, "batch hop source"]


class Hops(nn.Module):
    """Attends to the question and then to the passage, several times.

    The state s starts as tanh(W q + b), where q is the last state of the question's encoder. In
    each hop, s queries the question; s and what was found query the passage; and a GRU cell
    computes the next s from both. So a later hop can look for what an earlier one has found, such
    as the place of the person who has the object of the question.

    With layers for it, every hop but the first reads the passage again: what matters about a word,
    such as whether a later sentence says otherwise, may depend on what was found. Further inputs of
    every word are s, and how much attention the hop before paid to a sentence with the same word.

    Args:
        num_hops: Number of hops; each has weights of its own.
        size: Size of the vectors of words and of the state.
        attention: Kind of the attention.
        attention_size: Size of the hidden layer of `additive` attention.
        dropout: Dropout probability of the state, and of the outputs of `rereaders`.
        rereaders: The recurrent layers of every hop but the first; none to read the passage once.

    Source: iterative alternating attention [sordoni2016], without its gates; several hops over
    memories [sukhbaatar2015]; recurrent layers between the hops [dhingra2017], here with the state
    as an input instead of gates.
    """

    def __init__(
        self,
        num_hops: int,
        *,
        size: int,
        attention: AttentionKind,
        attention_size: int = 128,
        dropout: float = 0.0,
        rereaders: Sequence[Layers] = (),
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
        self.rereaders = nn.ModuleList(rereaders)

    @staticmethod
    def reread_size(size: int) -> int:
        """Return the size of the inputs of `rereaders`.

        Args:
            size: Size of the vectors of words and of the state.
        """
        return 2 * size + 1

    def forward(self, question: Encoded, passage: Encoded, *, words: PassageWords) -> Attended:
        """Read a passage with a question in mind.

        Args:
            question: The encoded question.
            passage: The encoded passage.
            words: The words of the passage.
        """
        state = torch.tanh(self.start(question.final))
        question_weights: list[Tensor] = []
        passage_weights: list[Tensor] = []
        parts = zip(
            self.question_attentions,
            self.passage_queries,
            self.passage_attentions,
            self.cells,
            strict=True,
        )
        for hop, (to_question, combine, to_passage, cell) in enumerate(parts):
            if hop and len(self.rereaders):
                shares = words.shares(passage_weights[-1])
                passage = self._reread(hop, passage, state, shares)
            asked, weights = _attend(to_question, state, question)
            question_weights.append(weights)
            query = torch.tanh(combine(torch.cat([state, asked], dim=1)))
            found, weights = _attend(to_passage, query, passage)
            passage_weights.append(weights)
            after = cell(torch.cat([asked, found], dim=1), state)
            state = self.dropout(after[:, None])[:, 0]
        return Attended(
            state=state,
            passage=passage,
            words=words,
            question_weights=torch.stack(question_weights, dim=1),
            passage_weights=torch.stack(passage_weights, dim=1),
        )

    def _reread(self, hop: int, passage: Encoded, state: Vectors, shares: Tensor) -> Encoded:
        """Return the passage, read again with the state and shares as further inputs."""
        layers = self.rereaders[hop - 1]
        assert isinstance(layers, RecurrentStack | BidirectionalStack)  # nn.ModuleList is not typed
        wide = state[:, None].expand(-1, passage.outputs.shape[1], -1)
        inputs = torch.cat([passage.outputs, wide, shares[:, :, None].to(wide.dtype)], dim=2)
        found = run_layers(layers, inputs, lengths=passage.lengths)
        return replace(found, outputs=self.dropout(found.outputs))


def _attend(attention: nn.Module, query: Vectors, encoded: Encoded) -> tuple[Tensor, Tensor]:
    """Return the average of vectors, (batch, hidden), and its weights, (batch, source)."""
    assert isinstance(attention, Attention)  # nn.ModuleList is not typed
    memory = attention.prepare(encoded.outputs, encoded.lengths)
    context, weights = attention(query[:, None], memory)
    return context[:, 0], weights[:, 0]
