"""The settings of a tagger."""

from dataclasses import dataclass, field
from typing import Literal

from nextword.base import settings
from nextword.tasks.running import TaskConfig


@settings("tagging")
@dataclass(frozen=True, kw_only=True)
class TaggingConfig:
    """`tagging.*`: the labels and how they are predicted.

    Attributes:
        decoder: `crf` (a linear-chain conditional random field scores the labels of a sentence
            together) or `softmax` (each label is predicted on its own).
        scheme: Scheme of span labels inside the model: `bioes`, `iob2`, `none` (labels are used as
            they are), or `auto`: `bioes` if the labels of the training data are span labels. Files
            keep their own scheme.
        column: Column of the labels: a number from 1, or a name, such as `upos` or `xpos` in
            CoNLL-U files. When not set: `upos` in CoNLL-U files, the last column in others.
    """

    decoder: Literal["crf", "softmax"] = "crf"
    scheme: Literal["auto", "none", "iob2", "bioes"] = "auto"
    column: str | None = None


@settings()
@dataclass(frozen=True, kw_only=True)
class TaggingRunConfig(TaskConfig):
    """All settings of a training run of a tagger.

    Attributes:
        tagging: The labels and how they are predicted.
    """

    tagging: TaggingConfig = field(default_factory=TaggingConfig)
