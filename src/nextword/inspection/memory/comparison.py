"""The memory of several models on one text."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from nextword.base import ConfigError, Values
from nextword.evaluation import vocabulary_fingerprint
from nextword.inspection.memory.completion import Completion, completion_by_typed
from nextword.inspection.memory.context import ContextCurve, context_curve
from nextword.inspection.memory.influence import Influence, token_influence
from nextword.inspection.memory.recall import Recall, RecallItem, recall
from nextword.inspection.memory.targets import (
    DEFAULT_CHARACTERS,
    beginning,
    draw_positions,
    draw_shared_positions,
    incomparable,
    read_memory_text,
)
from nextword.models import LanguageModel
from nextword.text import Corpus
from nextword.tokens import Tokenizer

#: A model with its tokenizer.
ModelPair = tuple[LanguageModel, Tokenizer]


@dataclass(frozen=True, kw_only=True)
class ModelMemory:
    """The memory of one model.

    Attributes:
        model: Name of the model.
        family: Its family.
        tokenizer: Its tokenizer in a few words.
        influence: The effect of a changed token by distance.
        context: The loss with contexts of different lengths.
        completion: Accuracy by characters typed; None for models of words or subwords.
        recall: Accuracy on the recall items; None without items.
    """

    model: str
    family: str
    tokenizer: str
    influence: Influence
    context: ContextCurve
    completion: Completion | None
    recall: Recall | None

    def to_dict(self) -> Values:
        """Return the result as JSON values."""
        return {
            "model": self.model,
            "family": self.family,
            "tokenizer": self.tokenizer,
            "influence": self.influence.to_dict(),
            "context": self.context.to_dict(),
            "completion": None if self.completion is None else self.completion.to_dict(),
            "recall": None if self.recall is None else self.recall.to_dict(),
        }


@dataclass(frozen=True, kw_only=True)
class MemoryResult:
    """The memory of several models on one text.

    Attributes:
        text: Source of the text.
        per_byte: Whether the losses are compared per byte, because the vocabularies differ.
        models: One result per model.
    """

    text: str
    per_byte: bool
    models: tuple[ModelMemory, ...]

    def to_dict(self) -> Values:
        """Return the result as JSON values."""
        return {
            "text": self.text,
            "per_byte": self.per_byte,
            "models": [each.to_dict() for each in self.models],
        }


def inspect_memory(
    models: Mapping[str, ModelPair],
    corpus: Corpus | str,
    *,
    max_distance: int = 200,
    num_positions: int = 200,
    max_characters: int = DEFAULT_CHARACTERS,
    items: Sequence[RecallItem] = (),
    seed: int = 0,
    on_progress: Callable[[str], None] | None = None,
) -> MemoryResult:
    """Measure the memory of models on the same text.

    Models with the same vocabulary are scored on the same randomly drawn tokens. Models with
    different vocabularies are scored on the tokens that contain the same randomly drawn bytes, and
    compared per byte.

    Args:
        models: Models with their tokenizers, by name, at least one.
        corpus: The text.
        max_distance: The largest distance and the longest context, in tokens.
        num_positions: Number of positions to average over.
        max_characters: Number of characters to read.
        items: Recall items.
        seed: Seed of positions and of replaced tokens.
        on_progress: Called with the name of each stage.

    Returns:
        The memory of each model.

    Raises:
        ConfigError: The models cannot be compared, or a number is out of range.
        DataError: The text is too short.
    """
    texts = {
        name: read_memory_text(corpus, tokenizer, max_characters=max_characters)
        for name, (_, tokenizer) in models.items()
    }
    fingerprints = {vocabulary_fingerprint(tokenizer) for _, tokenizer in models.values()}
    per_byte = len(fingerprints) > 1
    if per_byte and (reason := incomparable(texts)):
        raise ConfigError(
            f"these models cannot be compared: {reason}.",
            help="Inspect them one at a time, or compare models with the same vocabulary.",
        )
    if per_byte:
        positions = draw_shared_positions(
            list(texts.values()), first=max_distance, number=num_positions, seed=seed
        )
    else:
        drawn = draw_positions(
            next(iter(texts.values())), first=max_distance, number=num_positions, seed=seed
        )
        positions = [drawn] * len(texts)
    results = []
    for (name, pair), chosen in zip(models.items(), positions, strict=True):
        if on_progress is not None:
            on_progress(f"measuring {name}")
        model, tokenizer = pair
        text = texts[name]
        results.append(
            ModelMemory(
                model=name,
                family=model.family,
                tokenizer=tokenizer.description,
                influence=token_influence(
                    model, text, max_distance=max_distance, num_positions=num_positions, seed=seed
                ),
                context=context_curve(
                    model, text, positions=chosen, max_length=max_distance, are_bytes=per_byte
                ),
                completion=_completion(pair, corpus, num_characters=max_characters, seed=seed),
                recall=recall(model, tokenizer, items=items) if items else None,
            )
        )
    description = next(iter(texts.values())).description
    return MemoryResult(text=description, per_byte=per_byte, models=tuple(results))


def _completion(
    pair: ModelPair, corpus: Corpus | str, *, num_characters: int, seed: int
) -> Completion | None:
    model, tokenizer = pair
    if tokenizer.unit not in ("character", "byte") or tokenizer.is_backward:
        return None
    return completion_by_typed(model, tokenizer, text=beginning(corpus, num_characters), seed=seed)
