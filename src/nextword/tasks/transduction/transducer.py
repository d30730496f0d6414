"""The transducer: one or more trained models with their symbols, for prediction."""

import copy
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float64

from nextword.base import ConfigError, MismatchError, Values
from nextword.models import load_parameter_tensors
from nextword.storage import load_model
from nextword.tasks.decoding.search import Hypothesis, SearchConfig, TargetLanguageModel
from nextword.tasks.embedding import VectorEncoder
from nextword.tasks.storing import load_task
from nextword.tasks.transduction.network import KIND, EncoderDecoder, TransducerParts
from nextword.tasks.transduction.predictor import READ_AHEAD, TransductionSearch
from nextword.tensors import exact_copy


@dataclass(frozen=True, kw_only=True)
class Transduction:
    """A target that was found for a source.

    Attributes:
        text: The target.
        log_prob: log p(target | source) of the model, nats.
        score: What targets are ranked by: `log_prob` unless penalties or a language model are used.
        is_cut: Whether the target was ended because it reached its maximum length.
        alignment: Attention weights, (target tokens + 1, source tokens + 2): start and end tokens
            are included. None if they were not asked for.
    """

    text: str
    log_prob: float
    score: float
    is_cut: bool = False
    alignment: Float64[np.ndarray, "time source"] | None = None

    def to_dict(self) -> Values:
        """Return the fields as JSON values, without the alignment."""
        return {
            "target": self.text,
            "log_prob": self.log_prob,
            "score": self.score,
            "is_cut": self.is_cut,
        }


class Transducer:
    """Maps a source to targets.

    Search uses float64, so that neither the other sources of a batch nor padding change a result.

    Args:
        parts: Vocabularies and settings.
        models: The networks: one, or several with the same symbols, whose probabilities are
            averaged.
        card: The model card.
        path: The model folder; None for a transducer in training.
        config: The content of `config.json`.

    Example:
        `nextword.load("runs/dates").transduce("5 March 1987")`
    """

    task = KIND

    def __init__(
        self,
        parts: TransducerParts,
        models: Sequence[EncoderDecoder],
        *,
        card: str = "",
        path: Path | None = None,
        config: Values | None = None,
    ) -> None:
        self.parts = parts
        self.models = [exact_copy(model) for model in models]
        self.card = card
        self.path = path
        self.config = {} if config is None else config
        self._search = TransductionSearch(parts=parts, models=self.models, config=SearchConfig())

    @property
    def num_parameters(self) -> int:
        """Number of parameters of all models."""
        return sum(parameter.numel() for model in self.models for parameter in model.parameters())

    def with_search(
        self,
        config: SearchConfig,
        *,
        language_model: str | Path | None = None,
        batch_size: int = 64,
    ) -> "Transducer":
        """Return a transducer with the same models and another search.

        Args:
            config: The settings of the search.
            language_model: Folder of a language model of the target side, for shallow fusion with
                the weight `config.fusion_weight`.
            batch_size: Largest number of sources in a batch; only the speed depends on it.

        Raises:
            CheckpointError: The language model cannot be loaded.
            ConfigError: The language model has other units than the targets.
        """
        fused = None
        if language_model is not None:
            stored = load_model(Path(language_model), device=self.models[0].device)
            fused = TargetLanguageModel(
                stored.model,
                tokenizer=stored.tokenizer,
                targets=self.parts.target.tokenizer,
                name=str(language_model),
            )
        changed = copy.copy(self)
        changed._search = replace(
            self._search, config=config, language_model=fused, batch_size=batch_size
        )
        return changed

    def transduce(self, text: str) -> str:
        """Return the best target of a source.

        Args:
            text: The source.
        """
        return next(self.transduce_texts([text], read_ahead=1))[0].text

    def transduce_texts(
        self,
        texts: Iterable[str],
        *,
        with_alignment: bool = False,
        read_ahead: int = READ_AHEAD,
    ) -> Iterator[list[Transduction]]:
        """Iterate over the `n_best` best targets of sources, in order and in bounded memory.

        Args:
            texts: The sources.
            with_alignment: Whether to return the attention weights.
            read_ahead: Number of sources that are read before the first result is returned, to
                batch those of similar length.

        Yields:
            For each source, at least one target, best first.
        """
        found = self._search.predict(
            (self.parts.source.encode(text) for text in texts),
            with_alignment=with_alignment,
            read_ahead=read_ahead,
        )
        for hypotheses in found:
            yield [self._transduction(each) for each in hypotheses]

    def _transduction(self, hypothesis: Hypothesis) -> Transduction:
        return Transduction(
            text=self.parts.target.decode(hypothesis.token_ids),
            log_prob=hypothesis.log_prob,
            score=hypothesis.score,
            is_cut=hypothesis.is_cut,
            alignment=hypothesis.alignment,
        )

    def vector_encoder(
        self, *, pooling: str = "mean", layer: int = -1, batch_size: int | None = None
    ) -> VectorEncoder:
        """Refuse to encode texts as vectors, which the models of other tasks do.

        Raises:
            ConfigError: Always.
        """
        raise ConfigError(
            f"{self.path or 'the model'} is a sequence-to-sequence model; vectors of texts are "
            "computed by language models, taggers and text classifiers.",
            help="Use a model of one of these.",
        )

    def num_unknown(self, text: str) -> int:
        """Return how many symbols of a source are not in the vocabulary of the training data."""
        return self.parts.source.num_unknown(self.parts.source.encode(text))


def load_transducer(path: Path, *others: Path, device: torch.device | str = "cpu") -> Transducer:
    """Load a transducer from its model folder or run folder, or an ensemble from several.

    Args:
        path: The folder.
        others: Folders of further models with the same symbols, whose probabilities are averaged.
        device: Device of the parameters.

    Raises:
        CheckpointError: There is no such folder, or the run has no model yet.
        FormatError: It is damaged, or holds a model of another kind.
        MismatchError: The weights do not fit the settings, or models have other symbols.
    """
    first = _load(path, device)
    models = list(first.models)
    for other in others:
        more = _load(other, device)
        for side in ("source", "target"):
            here, there = (getattr(each.parts, side).tokenizer for each in (first, more))
            if here.fingerprint != there.fingerprint:
                raise MismatchError(
                    f"the {side} symbols of {other} are not those of {path}.",
                    help="An ensemble needs models that were trained on the same pairs with the "
                    "same symbols and other seeds.",
                )
        models.extend(more.models)
    return Transducer(first.parts, models, card=first.card, path=first.path, config=first.config)


def _load(path: Path, device: torch.device | str) -> Transducer:
    stored = load_task(path, kind=KIND)
    parts = TransducerParts.from_stored(stored)
    model = parts.build()
    load_parameter_tensors(model, stored.tensors, source=f"{stored.path}/model.safetensors")
    return Transducer(
        parts, [model.to(device)], card=stored.card, path=stored.path, config=stored.config
    )
