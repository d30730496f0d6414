"""RNN + MaxEnt: a recurrent network and n-gram features that predict together."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Int64
from torch import Tensor, nn

from nextword.base import ConfigError, Values
from nextword.maxent import FeatureTable
from nextword.models.neural import NeuralLanguageModel
from nextword.models.ngram_training import counted_ngrams
from nextword.models.recurrent import RecurrentLanguageModel
from nextword.models.state import State
from nextword.models.token_window import TokenWindow
from nextword.ngrams import Successors, sentences_of, successors_of
from nextword.outputs import (
    Additions,
    FullSoftmax,
    PositionNll,
    States,
    Targets,
)
from nextword.tensors import Hidden, Lengths, LogProbs, Mask, Nll, TokenIds
from nextword.tokens import Tokenizer, TokenStore

_logger = logging.getLogger(__name__)

_LISTS = "features.lists."


class MaxEntLanguageModel(NeuralLanguageModel):
    """ŷ[t] = softmax(W_y h[t] + b_y + a[t]), h[t] from a recurrent network, a[t] from n-grams.

    Both are trained on one loss, so the network need not learn what the last few words tell by
    themselves.

    Args:
        network: Reads the text; its output scores all words.
        features: The weights of the n-grams; which n-grams there are is `count`'s to say.
        min_count: N-grams that the training text has less often get no weight.

    Raises:
        ConfigError: The network's output never makes the scores of all words.

    Source: lecture 004; Mikolov et al. (2011).
    """

    family = "maxent"
    output: FullSoftmax

    def __init__(
        self, network: RecurrentLanguageModel, *, features: FeatureTable, min_count: int
    ) -> None:
        super().__init__()
        self.vocab_size = network.vocab_size
        self.boundary_id = network.boundary_id
        self.never_ids = network.never_ids
        self.network = network
        self.embedding = network.embedding
        self.output = _full_softmax(network)
        self.features = features
        self.min_count = min_count
        self.window = TokenWindow(size=max(1, features.order - 1))

    @property
    def backends(self) -> tuple[str, ...]:
        """Name how each layer is run over time, lowest first."""
        return self.network.backends

    @property
    def lacks_kernels(self) -> bool:
        """Whether it would train faster with the compiled kernels, which are not installed."""
        return self.network.lacks_kernels

    @property
    def hashed_tables(self) -> tuple[nn.Parameter, ...]:
        """Give the features' weights."""
        return (self.features.weight,)

    def limit_state_gradient(self, threshold: float) -> None:
        """Clip the gradient that every step of the network hands back, from now on."""
        self.network.limit_state_gradient(threshold)

    @property
    def details(self) -> Values:
        """Say how many features there are, and how many share their weight with another."""
        shared = self.features.shared_slots()
        return {
            "features": shared.num_features,
            "table_size": shared.num_slots,
            "features_sharing_a_weight": shared.num_sharing,
        }

    def count(
        self, store: TokenStore, tokenizer: Tokenizer, *, temporary_folder: Path | None = None
    ) -> None:
        """Have a feature for every n-gram of a text, beside those there were.

        Order 1 has the output's bias for weights. One that was never trained starts as logarithms
        of how often each word is in the text: what a network in training has to find out first,
        and what it may else write into a state that never changes again.

        Raises:
            MismatchError: Another tokenizer made the store.
            DataError: The text has no token.
        """
        sentences, order = sentences_of(store, tokenizer), self.features.order
        # No sentence may be as long as the longest n-grams would be; then there are none.
        counted = min(order, sentences.longest)
        with counted_ngrams(sentences, order=counted, temporary_folder=temporary_folder) as counts:
            found = successors_of(counts, order=order, min_count=self.min_count)
            self._start_bias(counts.words_seen())
        self.features.replace(found.merged(self.features.contexts.successors()))
        shared = self.features.shared_slots()
        _logger.info(
            "%s n-gram features up to order %d in a table of %s; %.1f %% share a weight",
            f"{shared.num_features:,}",
            order,
            f"{shared.num_slots:,}",
            100.0 * shared.share,
        )

    @torch.no_grad()
    def _start_bias(self, counts: Int64[np.ndarray, " vocab"]) -> None:
        """Start b_y as log-probabilities of words by themselves, if it is as it was built."""
        if not self.output.bias.any():
            # Once more each, so that none is impossible.
            shares = (counts + 1) / (counts + 1).sum()
            self.output.bias.copy_(torch.from_numpy(np.log(shares)))

    @property
    def counted(self) -> object:
        """The n-grams that have a weight."""
        return self.features.contexts

    def tensors(self) -> dict[str, Tensor]:
        """Give the weights by name, and the n-grams that have one."""
        lists = self.features.contexts.successors().arrays()
        return super().tensors() | {
            f"{_LISTS}{name}": torch.from_numpy(keys) for name, keys in lists.items()
        }

    def load_tensors(self, tensors: Mapping[str, Tensor], *, source: str) -> None:
        """Put back what `tensors` gave.

        Raises:
            FormatError: The n-grams are damaged.
            MismatchError: A weight is missing, is too many, or has another shape.
        """
        lists = {
            name.removeprefix(_LISTS): tensor.cpu().numpy()
            for name, tensor in tensors.items()
            if name.startswith(_LISTS)
        }
        weights = {name: each for name, each in tensors.items() if not name.startswith(_LISTS)}
        super().load_tensors(weights, source=source)
        self.features.replace(
            Successors.from_arrays(
                lists, order=self.features.order, vocab_size=self.vocab_size, source=source
            )
        )

    def initial_state(self, batch_size: int) -> State:
        """Give the state of rows that have read nothing: the network's, and no last tokens."""
        initial = self.network.initial_state(1).initial
        return State.fresh(
            {**initial, **self.window.initial(device=self.device)},
            batch_size=batch_size,
            fingerprint=self.fingerprint,
        )

    def hidden(
        self, token_ids: TokenIds, state: State, lengths: Lengths | None = None
    ) -> tuple[Hidden, State]:
        """Read tokens and give the network's last outputs, (batch, time, hidden)."""
        hidden, after = self.network.hidden(token_ids, state, lengths)
        return hidden, self._remembering(after, token_ids, state, lengths)

    def penalized_hidden(
        self, token_ids: TokenIds, state: State, lengths: Lengths | None = None
    ) -> tuple[Hidden, State, Nll | None]:
        """Read tokens as `hidden` does, and give the price of the outputs at each position."""
        hidden, after, penalties = self.network.penalized_hidden(token_ids, state, lengths)
        return hidden, self._remembering(after, token_ids, state, lengths), penalties

    def predict(self, hidden: Hidden, token_ids: TokenIds, state: State) -> LogProbs:
        """Give the distribution of the next token from hidden vectors and last tokens, in nats."""
        additions = self._additions(token_ids, state, None)
        log_probs = self.output.added_log_probs(hidden.flatten(0, 1), additions)
        return log_probs.view(*token_ids.shape, self.vocab_size)

    def position_nll(
        self,
        hidden: States,
        target_ids: Targets,
        token_ids: TokenIds,
        state: State,
        counted: Mask | None,
    ) -> PositionNll:
        """Score targets under `predict`'s distribution."""
        additions = self._additions(token_ids, state, counted)
        return self.output.added_nll(hidden, target_ids, additions)

    def _additions(self, token_ids: TokenIds, state: State, counted: Mask | None) -> Additions:
        """Give what the features add to the scores after each token that counts."""
        words = self.window.join(token_ids, state)
        additions: Additions = self.features(words, counted, num_steps=token_ids.shape[1])
        return additions

    def _remembering(
        self, after: State, token_ids: TokenIds, state: State, lengths: Lengths | None
    ) -> State:
        """Give the network's state after reading, with the last tokens."""
        kept = self.window.kept(self.window.join(token_ids, state), lengths)
        return replace(after, tensors={**after.tensors, **kept})


def _full_softmax(network: RecurrentLanguageModel) -> FullSoftmax:
    """Give the network's output, if it makes the scores of all words at once and no others."""
    output = network.output
    # A class made from it may score otherwise: by blocks, by samples, or in a way of its own.
    if type(output) is FullSoftmax:
        return output
    raise ConfigError(
        "n-gram features are added to the scores of all words, which the output of this model, "
        f"{type(output).__name__}, does not give.",
        help="Set output.kind=full.",
    )
