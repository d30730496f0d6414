"""Every family of language models, small: what the contract is held against.

A new family joins with one line in `CASES`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import ClassVar

import torch

from fakes import network_spec, random_text, store_of, tokenizer_of
from nextword.base import Values, encode
from nextword.evaluation.audit import RunTexts
from nextword.families import (
    ConvolutionalConfig,
    MaxEntConfig,
    MaxEntLanguageModel,
    MixtureConfig,
    MixtureLanguageModel,
    MixtureMethod,
    ModelSettings,
    NgramConfig,
    RecurrentConfig,
    RegularizationConfig,
    TransformerConfig,
    WindowConfig,
    train_ngram,
    with_line_resets,
)
from nextword.layers import EmbeddingConfig, OutputConfig
from nextword.models import (
    ContinuousCacheConfig,
    ContinuousCacheModel,
    LanguageModel,
    NeuralLanguageModel,
)
from nextword.storage import load_model, save_model
from nextword.tokens import Tokenizer, TokenizerKind

TRAINED = EmbeddingConfig()
ONE_HOT = EmbeddingConfig(kind="one_hot")
FULL = OutputConfig(kind="full")
NetworkConfig = (
    RecurrentConfig | MaxEntConfig | WindowConfig | ConvolutionalConfig | TransformerConfig
)
DROPOUT = RegularizationConfig(
    input_dropout=0.3, layer_dropout=0.3, output_dropout=0.3, embedding_dropout=0.3
)


@dataclass(frozen=True)
class Case:
    """One kind of model, on a made-up text of five words.

    Attributes:
        model: Its settings.
        kind: Of its tokenizer.
        embedding: What stands for tokens in a network.
        output: How a network predicts.
        regularization: What is disturbed in a network's training.
    """

    model: NetworkConfig | NgramConfig
    kind: TokenizerKind = "word"
    embedding: EmbeddingConfig = TRAINED
    output: OutputConfig = FULL
    regularization: RegularizationConfig = DROPOUT

    @cached_property
    def tokenizer(self) -> Tokenizer:
        return tokenizer_of(random_text(30, num_words=5), kind=self.kind)

    @cached_property
    def texts(self) -> RunTexts:
        """What it was trained on, and text held out."""
        return RunTexts(
            tokenizer=self.tokenizer,
            train=store_of(self.tokenizer, random_text(30, num_words=5)),
            held_out={"valid": store_of(self.tokenizer, random_text(30, seed=1, num_words=5))},
        )

    @property
    def gives_zeros(self) -> bool:
        """Whether words that were never seen are impossible."""
        return isinstance(self.model, NgramConfig) and self.model.smoothing == "maximum_likelihood"

    def build(self, seed: int) -> LanguageModel:
        """Give the same model for the same seed, another for another; networks in float64."""
        if isinstance(self.model, NgramConfig):
            store = store_of(self.tokenizer, random_text(30, seed=seed, num_words=5))
            return train_ngram(store, self.tokenizer, config=self.model)
        return self._network(self.model, seed)

    def reload(self, model: LanguageModel, folder: Path) -> LanguageModel:
        """Save a model and load it again."""
        config: Values = {
            "model": encode(self.model),
            "embedding": encode(self.embedding),
            "output": encode(self.output),
            "regularization": encode(self.regularization),
        }
        save_model(folder, model, config=config, tokenizer=self.tokenizer, card="")
        loaded = load_model(folder).model
        return loaded.double() if isinstance(loaded, torch.nn.Module) else loaded

    def _network(self, config: NetworkConfig, seed: int) -> LanguageModel:
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            model: NeuralLanguageModel = config.build(
                network_spec(
                    vocab_size=self.tokenizer.vocab_size,
                    boundary_id=self.tokenizer.boundary_id,
                    never_ids=self.tokenizer.never_ids,
                    regularization=self.regularization,
                    embedding=self.embedding,
                    output=self.output,
                )
            )
            if isinstance(model, MaxEntLanguageModel):
                model.count(self.texts.train, self.tokenizer)
            # No bias is zero, and float32 holds every weight, as a model folder does.
            for parameter in model.parameters():
                torch.nn.init.normal_(parameter, std=0.5)
        return model.double().eval()


def recurrent_cases() -> Iterator[tuple[str, Case]]:
    """Every cell, one and two layers, tied and untied."""
    cells = {
        "lstm": RecurrentConfig(cell="lstm"),
        "elman-tanh": RecurrentConfig(cell="elman", nonlinearity="tanh"),
        "elman-sigmoid": RecurrentConfig(cell="elman", nonlinearity="sigmoid"),
        "elman-relu": RecurrentConfig(cell="elman", nonlinearity="relu"),
        "elman-preactivation": RecurrentConfig(cell="elman_preactivation"),
        "linear": RecurrentConfig(cell="linear"),
        "gru": RecurrentConfig(cell="gru"),
        "lstm-projected": RecurrentConfig(cell="lstm_projected", hidden_size=7, projection_size=5),
        "lstm-layer-norm": RecurrentConfig(cell="lstm_layer_norm"),
        "min-gru": RecurrentConfig(cell="min_gru"),
        "min-lstm": RecurrentConfig(cell="min_lstm"),
        "cifg": RecurrentConfig(cell="cifg"),
        "slstm": RecurrentConfig(cell="slstm"),
        "rg-lru": RecurrentConfig(cell="rg_lru"),
        "lstm-learnt-state": RecurrentConfig(cell="lstm", learnt_initial_state=True),
    }
    for (name, config), num_layers, tied in product(cells.items(), (1, 2), (True, False)):
        yield (
            f"{name}-{num_layers}-{'tied' if tied else 'untied'}",
            Case(
                replace(
                    config,
                    num_layers=num_layers,
                    tied=tied,
                    hidden_size=7 if config.projection_size else 5,
                    embedding_size=5 if tied else 3,
                )
            ),
        )
    residual = RecurrentConfig(cell="gru", num_layers=3, hidden_size=5, residual=True)
    yield "gru-residual", Case(residual)
    zoneout = RegularizationConfig(zoneout_hidden=0.25, zoneout_cell=0.5)
    yield "lstm-zoneout", Case(RecurrentConfig(hidden_size=5), regularization=zoneout)


def maxent_cases() -> Iterator[tuple[str, Case]]:
    """N-gram features beside several cells, of every reach, crowded or not."""
    small = MaxEntConfig(hidden_size=5, order=5, table_size=500, min_count=1)
    for cell, order in (("elman", 1), ("elman", 2), ("lstm", 3), ("min_gru", 5), ("gru", 9)):
        yield f"maxent-{cell}-{order}", Case(replace(small, cell=cell, order=order))
    yield "maxent-crowded", Case(replace(small, num_layers=2, tied=False, table_size=12))
    yield "maxent-min-count-2", Case(replace(small, min_count=2))
    yield "maxent-character", Case(replace(small, learnt_initial_state=True), kind="character")


def window_cases() -> Iterator[tuple[str, Case]]:
    """Bengio's model, direct or not, with a table or without; convolutions and their pooling."""
    for window, tied, direct in (
        (1, True, False),
        (3, False, False),
        (4, True, True),
        (5, False, True),
    ):
        config = WindowConfig(
            window=window, hidden_size=5, embedding_size=3, num_layers=2, tied=tied, direct=direct
        )
        label = f"{'tied' if tied else 'untied'}{'-direct' if direct else ''}"
        yield f"window-{window}-{label}", Case(config)
    yield (
        "window-3-one-hot",
        Case(WindowConfig(window=3, hidden_size=5, tied=False), embedding=ONE_HOT),
    )
    yield "window-3-character", Case(WindowConfig(window=3, hidden_size=5), kind="character")
    sizes = {"num_channels": 4, "hidden_size": 5, "embedding_size": 3}
    for pooling, pool_size, num_layers in (("max", None, 1), ("mean", 2, 1), ("max", 1, 2)):
        config = ConvolutionalConfig(
            window=5,
            kernel_size=2,
            pooling=pooling,
            pool_size=pool_size,
            num_layers=num_layers,
            **sizes,
        )
        yield f"convolutional-{pooling}-{pool_size}", Case(config)


def transformer_cases() -> Iterator[tuple[str, Case]]:
    """One layer and several, contexts of one token and more, adaptive inputs, no table."""
    small = TransformerConfig(hidden_size=6, num_heads=2, num_layers=2, context_size=4)
    yield "transformer-2", Case(small)
    yield "transformer-1-context-1", Case(replace(small, num_layers=1, context_size=1))
    yield "transformer-3-long", Case(replace(small, num_layers=3, context_size=40))
    yield (
        "transformer-untied-projected",
        Case(replace(small, tied=False, embedding_size=3, feedforward_size=5)),
    )
    yield "transformer-one-hot", Case(replace(small, tied=False), embedding=ONE_HOT)
    yield "transformer-character", Case(small, kind="character")
    adaptive = OutputConfig(kind="adaptive", cutoffs=(4, 6))
    yield "transformer-adaptive", Case(replace(small, hidden_size=20), output=adaptive)


def output_cases() -> Iterator[tuple[str, Case]]:
    """Every output but the full one, tied and untied, and an adaptive one in a window model."""
    outputs = {
        "chunked": OutputConfig(kind="chunked"),
        "sampled": OutputConfig(kind="sampled", num_samples=3),
        "adaptive": OutputConfig(kind="adaptive", cutoffs=(4, 6)),
    }
    for (kind, output), tied in product(outputs.items(), (True, False)):
        # Wide enough for the vectors of rare words to be narrower.
        config = RecurrentConfig(hidden_size=20, tied=tied)
        yield f"lstm-{kind}-{'tied' if tied else 'untied'}", Case(config, output=output)
    window = WindowConfig(window=3, hidden_size=5, embedding_size=20)
    yield "window-3-adaptive", Case(window, output=outputs["adaptive"])


def ngram_cases() -> Iterator[tuple[str, Case]]:
    """Every smoothing, orders 1 to 5, of words; and of characters, whose boundary is `<s>`."""
    for smoothing, order in product(("kneser_ney", "add_k", "maximum_likelihood"), range(1, 6)):
        yield f"ngram-{order}-{smoothing}", Case(NgramConfig(order=order, smoothing=smoothing))
    for order in range(1, 6):
        yield f"ngram-{order}-character", Case(NgramConfig(order=order), kind="character")
    yield "ngram-3-pruned", Case(NgramConfig(order=3, prune=(0, 0, 1)))


@dataclass(frozen=True)
class MixtureCase:
    """A mixture of models of other cases, which have the same tokenizer.

    Attributes:
        members: Its members.
        method: Of mixing.
        weights: One row for each bucket.
        line_resets: Numbers of the members that are reset at each line.
    """

    members: tuple[Case, ...]
    method: MixtureMethod = "linear"
    weights: tuple[tuple[float, ...], ...] = ((0.3, 0.7),)
    line_resets: tuple[int, ...] = ()

    @property
    def tokenizer(self) -> Tokenizer:
        return self.members[0].tokenizer

    @property
    def texts(self) -> RunTexts:
        return self.members[0].texts

    @property
    def gives_zeros(self) -> bool:
        return all(member.gives_zeros for member in self.members)

    def build(self, seed: int) -> LanguageModel:
        members = with_line_resets(
            [member.build(seed) for member in self.members],
            self.line_resets,
            line_end_ids=self.tokenizer.vocabulary_spec.line_end_ids,
        )
        return MixtureLanguageModel(
            members,
            method=self.method,
            weights=self.weights,
        ).eval()

    def reload(self, model: LanguageModel, folder: Path) -> LanguageModel:
        """Save a mixture and load it again."""
        settings = MixtureConfig(
            method=self.method,
            weights=self.weights,
            line_resets=self.line_resets,
            members=tuple(
                ModelSettings(
                    model=member.model,
                    embedding=member.embedding,
                    output=member.output,
                    regularization=member.regularization,
                )
                for member in self.members
            ),
        )
        config: Values = {"model": encode(settings)}
        save_model(folder, model, config=config, tokenizer=self.tokenizer, card="")
        loaded = load_model(folder).model
        return loaded.double() if isinstance(loaded, torch.nn.Module) else loaded


@dataclass(frozen=True)
class CacheCase:
    """A model of another case with a continuous cache.

    Attributes:
        model: The case.
        size: Of the cache.
        weight: Of the cache.
    """

    model: Case
    size: int = 4
    weight: float = 0.3
    gives_zeros: ClassVar[bool] = False

    @property
    def tokenizer(self) -> Tokenizer:
        return self.model.tokenizer

    @property
    def texts(self) -> RunTexts:
        return self.model.texts

    def build(self, seed: int) -> LanguageModel:
        return self._with_cache(self.model.build(seed))

    def reload(self, model: LanguageModel, folder: Path) -> LanguageModel:
        assert isinstance(model, ContinuousCacheModel)
        return self._with_cache(self.model.reload(model.model, folder))

    def _with_cache(self, model: LanguageModel) -> LanguageModel:
        assert isinstance(model, NeuralLanguageModel)
        config = ContinuousCacheConfig(size=self.size, theta=0.7, weight=self.weight)
        return ContinuousCacheModel(model, config=config).eval()


def wrapped_cases() -> Iterator[tuple[str, "MixtureCase | CacheCase"]]:
    """Mixtures, with and without buckets; caches around several families."""
    lstm = Case(RecurrentConfig(hidden_size=5))
    trigram = Case(NgramConfig(order=3))
    transformer = dict(transformer_cases())["transformer-2"]
    maxent = dict(maxent_cases())["maxent-lstm-3"]
    yield "mixture-linear", MixtureCase((lstm, trigram))
    yield (
        "mixture-three",
        MixtureCase((transformer, maxent, trigram), weights=((0.2, 0.3, 0.5),)),
    )
    yield "mixture-log-linear", MixtureCase((lstm, trigram), "log-linear", ((0.6, 0.5),))
    buckets = ((0.9, 0.1), (0.2, 0.8))
    yield "mixture-linear-buckets", MixtureCase((lstm, trigram), weights=buckets)
    yield "mixture-log-linear-buckets", MixtureCase((lstm, trigram), "log-linear", buckets)
    yield "mixture-line-resets", MixtureCase((transformer, lstm), line_resets=(0,))
    characters = tuple(
        Case(config, kind="character")
        for config in (RecurrentConfig(hidden_size=5), NgramConfig(order=3))
    )
    yield (
        "mixture-line-resets-buckets",
        MixtureCase(characters, weights=buckets, line_resets=(0, 1)),
    )
    for name, case in {"lstm": lstm, "transformer": transformer, "maxent": maxent}.items():
        yield f"cache-{name}", CacheCase(case)
    yield "cache-window", CacheCase(Case(WindowConfig(window=3, hidden_size=5)), size=1)
    yield "cache-character", CacheCase(Case(RecurrentConfig(hidden_size=5), kind="character"))


CASES: dict[str, "Case | MixtureCase | CacheCase"] = {
    **dict(recurrent_cases()),
    "lstm-one-hot": Case(RecurrentConfig(hidden_size=5, tied=False), embedding=ONE_HOT),
    **dict(maxent_cases()),
    **dict(window_cases()),
    **dict(transformer_cases()),
    **dict(output_cases()),
    **dict(ngram_cases()),
    **dict(wrapped_cases()),
}
