"""RNN + MaxEnt: a recurrent network and n-gram features that predict together."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import torch
from jaxtyping import Int64
from pydantic import Field
from torch import Tensor

from nextword.base import ConfigError, PositiveInt, ProgressCallback, Values, settings
from nextword.families.contract import FitJob, NetworkSpec, NeuralModelConfig
from nextword.families.maxent.features import MAX_ORDER, FeatureTable
from nextword.families.recurrent import RecurrentLanguageModel, RecurrentSettings
from nextword.layers import Additions, FlatHidden, FlatNll, FlatTargets, FullSoftmax, LayerTrace
from nextword.models import (
    LanguageModel,
    NeuralLanguageModel,
    State,
    TokenWindow,
)
from nextword.ngrams import Successors, counted_ngrams, sentences_of, successors_of
from nextword.tensors import Embeddings, Hidden, Lengths, LogProbs, Mask, TokenIds
from nextword.tokens import Tokenizer, TokenStore

_logger = logging.getLogger(__name__)

_LISTS = "features.lists."


class MaxEntLanguageModel(NeuralLanguageModel):
    """ŷ[t] = softmax(W_y h[t] + b_y + a[t]), h[t] from a recurrent network, a[t] from n-grams.

    Both are trained on one loss, so the network does not have to learn what the last few words
    already predict.

    Args:
        network: The recurrent network; its output head must be a full softmax.
        features: The weights of the n-gram features; `count` decides which n-grams have one.
        min_count: N-grams that occur less often in the training text have no feature.

    Raises:
        ConfigError: The output head of the network is not a full softmax.

    Source: [lecture-004], [mikolov2011].
    """

    family = "maxent"
    output: FullSoftmax
    _fingerprinted_keys: Tensor | None = None

    def __init__(
        self,
        network: RecurrentLanguageModel,
        *,
        features: FeatureTable,
        min_count: int,
    ) -> None:
        super().__init__(network.vocabulary)
        self.network = network
        self.embedding = network.embedding
        self.output = _full_softmax(network)
        self.features = features
        self.min_count = min_count
        self.window = TokenWindow(size=max(1, features.order - 1))

    @property
    def details(self) -> Values:
        """Number of features, size of the table, and number of features that share a weight."""
        shared = self.features.shared_slots()
        return {
            "features": shared.num_features,
            "table_size": shared.num_slots,
            "features_sharing_a_weight": shared.num_sharing,
        }

    def count(
        self,
        store: TokenStore,
        tokenizer: Tokenizer,
        *,
        temporary_folder: Path | None = None,
        on_progress: ProgressCallback | None = None,
    ) -> None:
        """Add a feature for every frequent n-gram of a text.

        The output bias takes the role of order 1. If it is still zero, it is initialized to the
        log-frequency of each word, which the network would otherwise have to learn first.

        Args:
            store: The training text.
            tokenizer: The tokenizer that encoded it.
            temporary_folder: Folder to which counts of a large text are spilled; they are kept in
                memory when None.
            on_progress: Called with (stage, done, total) after each part of a text that is spilled.

        Raises:
            MismatchError: The store was encoded by another tokenizer.
            DataError: The text has no token.
        """
        sentences, order = sentences_of(store, tokenizer), self.features.order
        # There are no n-grams longer than the longest sentence.
        counted = min(order, sentences.longest)
        with counted_ngrams(
            sentences, order=counted, temporary_folder=temporary_folder, on_progress=on_progress
        ) as counts:
            found = successors_of(counts, order=order, min_count=self.min_count)
            self._start_bias(counts.words_seen())
        self.features.replace(found.merged(self.features.contexts.successors()))
        shared = self.features.shared_slots()
        _logger.info(
            "%s n-gram features up to order %d in a table of size %s; %.1f %% share a weight",
            f"{shared.num_features:,}",
            order,
            f"{shared.num_slots:,}",
            100.0 * shared.share,
        )

    @torch.no_grad()
    def _start_bias(self, counts: Int64[np.ndarray, " vocab"]) -> None:
        """Initialize b_y to the log-frequencies of the words, if it is still zero."""
        if not self.output.bias.any():
            # Add one to every count, because log(0) is -inf.
            shares = (counts + 1) / (counts + 1).sum()
            self.output.bias.copy_(torch.from_numpy(np.log(shares)))

    def fingerprint(self) -> str:
        """Return the sha256 of what the model computes: its sizes, weights and n-grams."""
        keys = self.features.contexts.keys
        if self._fingerprinted_keys is not keys:
            # The cached hash is checked against the weights only, not against the n-grams.
            self._fingerprinted_keys, self._identity = keys, None
        return super().fingerprint()

    def tensors(self) -> dict[str, Tensor]:
        """Return the weights by name, and the n-grams that have a feature."""
        lists = self.features.contexts.successors().arrays()
        return super().tensors() | {
            f"{_LISTS}{name}": torch.from_numpy(keys) for name, keys in lists.items()
        }

    def load_tensors(self, tensors: Mapping[str, Tensor], *, source: str) -> None:
        """Copy saved weights and n-grams into the model.

        Raises:
            FormatError: The n-grams are damaged.
            MismatchError: A weight is missing, is unexpected, or has another shape.
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
        """Return the state of rows that have read nothing: the network's, and no last tokens."""
        initial = self.network.initial_state(1).initial
        return State.fresh(
            {**initial, **self.window.initial(device=self.device)},
            batch_size=batch_size,
            fingerprint=self.fingerprint,
        )

    def embed(self, token_ids: TokenIds) -> Embeddings:
        """Return the vectors that the network reads, (batch, time, embedding_size)."""
        return self.network.embed(token_ids)

    def run_layers(
        self,
        embeddings: Embeddings,
        state: State,
        *,
        token_ids: TokenIds,
        lengths: Lengths | None = None,
        layer_traces: list[LayerTrace] | None = None,
    ) -> tuple[Hidden, State]:
        """Return the network's outputs, (batch, time, hidden_size), and the state after reading."""
        hidden, after = self.network.run_layers(
            embeddings, state, token_ids=token_ids, lengths=lengths, layer_traces=layer_traces
        )
        return hidden, self._remembering(after, token_ids, state, lengths)

    def log_probs_from_hidden(
        self, hidden: Hidden, state: State, *, token_ids: TokenIds
    ) -> LogProbs:
        """Return the log-probabilities of the next token with the n-gram features, in nats."""
        additions = self._additions(token_ids, state, None)
        log_probs = self.output.added_log_probs(hidden.flatten(0, 1), additions)
        return log_probs.view(*token_ids.shape, self.vocab_size)

    def nll_from_hidden(
        self,
        hidden: FlatHidden,
        target_ids: FlatTargets,
        *,
        state: State,
        token_ids: TokenIds,
        counted: Mask | None = None,
    ) -> FlatNll:
        """Return the negative log-likelihood with the n-gram features, (positions), in nats."""
        additions = self._additions(token_ids, state, counted)
        return self.output.added_nll(hidden, target_ids, additions=additions)

    def _additions(self, token_ids: TokenIds, state: State, counted: Mask | None) -> Additions:
        """Return what the features add to the logits after each counted token."""
        words = self.window.join(token_ids, state)
        additions: Additions = self.features(words, counted, num_steps=token_ids.shape[1])
        return additions

    def _remembering(
        self, after: State, token_ids: TokenIds, state: State, lengths: Lengths | None
    ) -> State:
        """Return the network's state after reading, with the last tokens added."""
        kept = self.window.kept(self.window.join(token_ids, state), lengths)
        return replace(after, tensors={**after.tensors, **kept})


def _full_softmax(network: RecurrentLanguageModel) -> FullSoftmax:
    """Return the output head of the network, which must be a full softmax."""
    output = network.output
    # A subclass may compute its scores in another way: in blocks, by samples, and so on.
    if type(output) is FullSoftmax:
        return output
    raise ConfigError(
        "n-gram features are added to the logits of all words, which the output head of this "
        f"model, {type(output).__name__}, does not compute.",
        help="Set output.kind=full.",
    )


@settings("model")
@dataclass(frozen=True, kw_only=True)
class MaxEntConfig(RecurrentSettings, NeuralModelConfig):
    """`model.*` of the family `maxent`: a recurrent network plus n-gram features.

    Attributes:
        family: `maxent`.
        order: Words in the longest n-gram features; 1 means no features.
        table_size: Number of weights in the hash table that all features share.
        min_count: N-grams that occur less often in the training text have no feature.
    """

    family: Literal["maxent"] = "maxent"
    order: Annotated[int, Field(ge=1, le=MAX_ORDER)] = 5
    table_size: PositiveInt = 2**22
    min_count: PositiveInt = 2

    def describe(self) -> str:
        """Return a short description of the architecture.

        Example:
            >>> MaxEntConfig(cell="elman", hidden_size=400, order=9).describe()
            '1 elman layer of 400, n-grams up to 9'
        """
        return f"{super().describe()}, n-grams up to {self.order}"

    def build(self, network: NetworkSpec) -> MaxEntLanguageModel:
        """Build the model, the network's weights random from torch's default generator.

        Raises:
            ConfigError: The table is smaller than the vocabulary, or embedding, output or backend
                do not fit.
        """
        features = FeatureTable(
            vocab_size=network.vocabulary.vocab_size,
            boundary_id=network.vocabulary.boundary_id,
            start_id=network.vocabulary.start_id,
            order=self.order,
            table_size=self.table_size,
        )
        return MaxEntLanguageModel(
            self.build_network(network), features=features, min_count=self.min_count
        )

    def fit(self, job: FitJob) -> LanguageModel:
        """Find the n-gram features of the training text, then train by gradient descent."""
        model = job.build(self.build)
        model.count(
            job.train,
            job.tokenizer,
            temporary_folder=job.temporary_folder,
            on_progress=job.on_progress,
        )
        job.minimize(model)
        return model
