"""The settings of a text classifier."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import Field

from nextword.base import (
    NonNegativeFloat,
    PositiveFloat,
    PositiveInt,
    Probability,
    require,
    settings,
)
from nextword.families.regularization import DropoutProbability
from nextword.tasks.classification.files import ColumnsConfig
from nextword.tasks.running import TaskConfig

_MIN_CHARACTERS = 3


@settings("classification")
@dataclass(frozen=True, kw_only=True)
class ClassificationConfig:
    """`classification.*`: the labels, and how they are predicted.

    Attributes:
        words: How a text is split into words: at `blanks`; at blanks and around `punctuation`; or
            into `characters`.
        multi_label: Whether a text may have any number of labels. Each label then has a
            probability of its own (a sigmoid instead of a softmax).
        threshold: Probability from which a label is predicted if a text may have several.
        pooling: How the vectors of the words become one: `last`, `mean`, `max` or `attention`.
        dropout: Dropout probability of the pooled vector.
        class_weights: Weight of each label in the loss: `none`; `balanced` (inverse to its
            frequency in the training data); or a list with a number for each label, in sorted
            order.
        label_smoothing: Share of the target probability that is spread over all labels.
        unfreeze_every: Gradual unfreezing of fine-tuned language models: number of epochs after
            which one more layer is trained, from the top to the embedding. All layers are trained
            from the start when not set.
    """

    words: Literal["blanks", "punctuation", "characters"] = "punctuation"
    multi_label: bool = False
    threshold: Annotated[float, Field(gt=0, lt=1)] = 0.5
    pooling: Literal["last", "mean", "max", "attention"] = "max"
    dropout: DropoutProbability = 0.5
    class_weights: Literal["none", "balanced"] | tuple[PositiveFloat, ...] = "none"
    label_smoothing: Probability = 0.0
    unfreeze_every: PositiveInt | None = None


@settings("ngrams")
@dataclass(frozen=True, kw_only=True)
class NgramsConfig:
    """`ngrams.*`: n-gram features, wired straight to the output.

    Attributes:
        words: Number of words of the longest n-grams of words; 0 for none.
        characters: Number of characters of the longest n-grams inside words, from 3 on; 0 for none.
        table_size: Number of slots of the hash table; each has a weight for each label.
        dropout: Probability in training that an n-gram is left out.
        text_dropout: Probability in training that all n-grams of a text are left out, so that the
            encoder learns to classify without them.
        naive_bayes: Factor of the naive-Bayes weights that training starts from; 0 starts from
            zeros.
    """

    words: Annotated[int, Field(ge=0, le=5)] = 0
    characters: Annotated[int, Field(ge=0, le=8)] = 0
    table_size: Annotated[int, Field(ge=1, le=1 << 28)] = 1 << 18
    dropout: DropoutProbability = 0.0
    text_dropout: DropoutProbability = 0.0
    naive_bayes: NonNegativeFloat = 0.0

    def __post_init__(self) -> None:
        require(
            self.characters == 0 or self.characters >= _MIN_CHARACTERS,
            f"characters is {self.characters}; n-grams of characters have at least "
            f"{_MIN_CHARACTERS}.",
            help="Set ngrams.characters=0 for none, or 3 to 8.",
        )

    @property
    def has_features(self) -> bool:
        """Whether there are any n-gram features."""
        return self.words > 0 or self.characters > 0


@settings()
@dataclass(frozen=True, kw_only=True)
class ClassificationRunConfig(TaskConfig):
    """All settings of a training run of a text classifier.

    Attributes:
        columns: The format of files, and their columns.
        classification: The labels, and how they are predicted.
        ngrams: N-gram features.
    """

    columns: ColumnsConfig = field(default_factory=ColumnsConfig)
    classification: ClassificationConfig = field(default_factory=ClassificationConfig)
    ngrams: NgramsConfig = field(default_factory=NgramsConfig)

    def idle_settings(self) -> dict[str, str]:
        """Return the settings that another setting leaves without effect, with the reasons."""
        idle = super().idle_settings()
        if not self.classification.multi_label:
            for name in ("classification.threshold", "columns.label_separator"):
                idle[name] = "classification.multi_label is false"
        if self.ngrams.has_features:
            del idle["optimizer.table_learning_rate"]
        else:
            reason = "ngrams.words and ngrams.characters are 0"
            for name in ("table_size", "dropout", "text_dropout", "naive_bayes"):
                idle[f"ngrams.{name}"] = reason
        return idle
