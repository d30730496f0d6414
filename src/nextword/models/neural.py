"""The base class of neural language models: hidden vectors and an output head."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from nextword.base import ConfigError, ShapeError
from nextword.layers import (
    AdaptiveEmbedding,
    FlatHidden,
    FlatNll,
    FlatTargets,
    LayerTrace,
    Output,
    TokenInput,
)
from nextword.models.contract import LanguageModel, scored
from nextword.models.identity import ContentIdentity, structure
from nextword.models.parameters import load_parameter_tensors, parameter_tensors
from nextword.models.state import State
from nextword.tensors import Embeddings, Hidden, Lengths, LogProbs, Mask, Nll, TokenIds
from nextword.tokens import VocabularySpec


class NeuralLanguageModel(LanguageModel, nn.Module):
    """A language model that consists of `hidden`, which reads tokens, and `output`, the head.

    A subclass sets `embedding`, `input` and `output`, and defines `initial_state` and `run_layers`.
    One that defines `hidden` in place of `run_layers` works too, but cannot be run from embeddings
    or traced.

    Args:
        vocabulary: Size and special ids of the vocabulary.

    Attributes:
        vocabulary: Size and special ids of the vocabulary.
        embedding: The input embedding table; None where tokens are one-hot vectors.
        input: Looks up the vectors of tokens in it.
        output: The output head: from hidden vectors to the distribution of the next token.
    """

    embedding: nn.Parameter | AdaptiveEmbedding | None
    input: TokenInput
    output: Output
    _identity: ContentIdentity | None = None

    def __init__(self, vocabulary: VocabularySpec) -> None:
        super().__init__()
        self.vocabulary = vocabulary
        self.vocab_size = vocabulary.vocab_size
        self.boundary_id = vocabulary.boundary_id
        self.never_ids = vocabulary.never_ids

    __call__ = nn.Module.__call__

    def forward(self, token_ids: TokenIds, state: State | None = None) -> tuple[LogProbs, State]:
        """Read tokens and return the log-probabilities of the next token after each, in nats.

        Args:
            token_ids: Ids to read, (batch, time).
            state: The state before them; the initial state when None.

        Returns:
            Log-probabilities, (batch, time, vocab), and the state after reading. As
            `torch.nn.functional.cross_entropy` normalizes its input, it can read them as logits.
        """
        before = self.initial_state(len(token_ids)) if state is None else state
        return self.next_log_probs(token_ids, before)

    def hidden(
        self, token_ids: TokenIds, state: State, *, lengths: Lengths | None = None
    ) -> tuple[Hidden, State]:
        """Read tokens and return the vectors that the output head predicts from.

        Args:
            token_ids: Ids to read, (batch, time).
            state: The state before them.
            lengths: Number of valid steps in each row, (batch); all when None.

        Returns:
            Hidden vectors, (batch, time, hidden_size), and the state after reading.
        """
        self.check_inputs(token_ids, state, lengths=lengths)
        embeddings = self.embed(token_ids)
        return self.run_layers(embeddings, state, token_ids=token_ids, lengths=lengths)

    def embed(self, token_ids: TokenIds) -> Embeddings:
        """Return the vectors that the layers read, (batch, time, embedding_size).

        In training mode, input dropout and embedding dropout are applied to them.

        Args:
            token_ids: Ids, (batch, time).
        """
        embeddings: Embeddings = self.input(token_ids, self.embedding)
        return embeddings

    def hidden_from_embeddings(
        self,
        embeddings: Tensor,
        state: State,
        *,
        token_ids: TokenIds,
        lengths: Lengths | None = None,
        layer_traces: list[LayerTrace] | None = None,
    ) -> tuple[Hidden, State]:
        """Return what `hidden` returns, computed from given vectors in place of the tokens' own.

        Args:
            embeddings: What the layers read, (batch, time, embedding_size); see `embed`.
            state: The state before them.
            token_ids: The ids of these vectors, (batch, time). A model whose state stores the
                last ids, or that has features of n-grams, reads them.
            lengths: Number of valid steps in each row, (batch); all when None.
            layer_traces: Gets the trace of each layer, lowest first, when it is a list.

        Returns:
            Hidden vectors, (batch, time, hidden_size), and the state after reading.

        Raises:
            ShapeError: Sizes or dtypes do not fit together.
            ConfigError: The model cannot be run from embeddings.
            VocabularyError: An id is not in the vocabulary.
        """
        self.check_inputs(token_ids, state, lengths=lengths)
        self._check_embeddings(embeddings, token_ids)
        return self.run_layers(
            embeddings, state, token_ids=token_ids, lengths=lengths, layer_traces=layer_traces
        )

    def run_layers(
        self,
        embeddings: Embeddings,
        state: State,
        *,
        token_ids: TokenIds,
        lengths: Lengths | None = None,
        layer_traces: list[LayerTrace] | None = None,
    ) -> tuple[Hidden, State]:
        """Run the layers, from embeddings to hidden vectors; a subclass defines it.

        Arguments and results are those of `hidden_from_embeddings`, which has checked them.

        Raises:
            ConfigError: The subclass does not define it.
        """
        raise ConfigError(
            f"the family {self.family!r} cannot be run from embeddings: {type(self).__name__} does "
            "not define run_layers.",
            help="Define run_layers in place of hidden; see NeuralLanguageModel.",
        )

    @property
    def device(self) -> torch.device:
        """The device of the parameters."""
        # A walk over the modules takes longer than a step of a small cell.
        table = self.embedding
        return table.device if isinstance(table, Tensor) else next(self.parameters()).device

    @property
    def num_parameters(self) -> int:
        """Number of trained parameters; shared ones are counted once."""
        return sum(parameter.numel() for parameter in self.parameters())

    def tensors(self) -> dict[str, Tensor]:
        """Return the weights by name, each once even where two layers share it."""
        return parameter_tensors(self)

    def load_tensors(self, tensors: Mapping[str, Tensor], *, source: str) -> None:
        """Copy saved weights into the model.

        Args:
            tensors: The result of `tensors`.
            source: Where the tensors come from, for error messages.

        Raises:
            MismatchError: A weight is missing, is unexpected, or has another shape.
        """
        load_parameter_tensors(self, tensors, source=source)

    def fingerprint(self) -> str:
        """Return the sha256 of the model's sizes, settings and weights.

        Settings that only affect training, such as dropout, do not change it. The hash is cached
        until a weight changes.
        """
        if self._identity is None:
            self._identity = ContentIdentity()
        ids = (self.vocab_size, self.boundary_id, self.never_ids)
        return self._identity.of(
            f"{self.family} {ids}\n{structure(self)}",
            dict(self.named_parameters()),
            tensors=self.tensors,
        )

    def advance(self, token_ids: TokenIds, state: State, lengths: Lengths | None = None) -> State:
        """Read tokens without scoring anything and return the state after them."""
        return self.hidden(token_ids, state, lengths=lengths)[1]

    def next_log_probs(
        self, token_ids: TokenIds, state: State, lengths: Lengths | None = None
    ) -> tuple[LogProbs, State]:
        """Read tokens and return the log-probabilities of the next token after each, in nats."""
        hidden, after = self.hidden(token_ids, state, lengths=lengths)
        return self.log_probs_from_hidden(hidden, state, token_ids=token_ids), after

    def log_probs_from_hidden(
        self, hidden: Hidden, state: State, *, token_ids: TokenIds
    ) -> LogProbs:
        """Return the log-probabilities of the next token, (batch, time, vocab), in nats.

        Args:
            hidden: What `hidden` returned, (batch, time, hidden_size).
            state: The state before the tokens.
            token_ids: The ids that were read, (batch, time); needed by features of n-grams.
        """
        log_probs = self.output.log_probs(hidden.flatten(0, 1))
        return log_probs.view(*token_ids.shape, self.vocab_size)

    def nll(
        self,
        token_ids: TokenIds,
        target_ids: TokenIds,
        state: State,
        lengths: Lengths | None = None,
        mask: Mask | None = None,
    ) -> tuple[Nll, State]:
        """Read tokens and return the negative log-likelihood of the target after each, in nats.

        The output head computes only the positions that are scored.
        """
        self.check_targets(token_ids, target_ids)
        hidden, after = self.hidden(token_ids, state, lengths=lengths)
        if lengths is None and mask is None:
            nll = self.nll_from_hidden(
                hidden.flatten(0, 1), target_ids.flatten(), state=state, token_ids=token_ids
            )
            return nll.view(target_ids.shape), after
        counted = scored(target_ids, lengths, mask=mask)
        nll = self.nll_from_hidden(
            hidden[counted],
            target_ids[counted],
            state=state,
            token_ids=token_ids,
            counted=counted,
        )
        return scattered(nll, counted), after

    def nll_from_hidden(
        self,
        hidden: FlatHidden,
        target_ids: FlatTargets,
        *,
        state: State,
        token_ids: TokenIds,
        counted: Mask | None = None,
    ) -> FlatNll:
        """Return the negative log-likelihood of the targets, (positions), in nats.

        Args:
            hidden: What `hidden` returned at the scored positions, (positions, hidden_size).
            target_ids: The targets at these positions, (positions).
            state: The state before the tokens.
            token_ids: The ids that were read, (batch, time); needed by features of n-grams.
            counted: Which positions of `token_ids` are scored, (batch, time); all when None.
        """
        return self.output.nll(hidden, target_ids)

    @property
    def _embedding_width(self) -> int:
        table = self.embedding
        if table is None:
            return self.vocab_size
        return table.width if isinstance(table, AdaptiveEmbedding) else table.shape[1]

    def _check_embeddings(self, embeddings: Tensor, token_ids: TokenIds) -> None:
        like = next(self.parameters())
        expected = (*token_ids.shape, self._embedding_width)
        if embeddings.shape != expected:
            raise ShapeError(
                f"embeddings have shape {tuple(embeddings.shape)}; (batch, time, embedding_size), "
                f"here {expected}, is expected."
            )
        if embeddings.dtype != like.dtype or embeddings.device != like.device:
            raise ShapeError(
                f"embeddings are {embeddings.dtype} on {embeddings.device}, the model's are "
                f"{like.dtype} on {like.device}.",
                help=f"Convert them with embeddings.to({str(like.device)!r}, {like.dtype}).",
            )


def scattered(nll: FlatNll, counted: Mask) -> Nll:
    """Return the scores as (batch, time), with 0 at positions that are not scored.

    Args:
        nll: Scores of the scored positions in order, (positions).
        counted: Mask of the scored positions, (batch, time).
    """
    zeros = torch.zeros(counted.shape, dtype=nll.dtype, device=nll.device)
    return zeros.masked_scatter(counted, nll)
