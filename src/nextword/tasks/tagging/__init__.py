"""Tagging: a label for each word of a sentence."""

from nextword.tasks.tagging.annotation import tagged, with_n_best
from nextword.tasks.tagging.config import TaggingConfig, TaggingRunConfig
from nextword.tasks.tagging.evaluation import TaggingScores, evaluate_tagger
from nextword.tasks.tagging.files import Sentence
from nextword.tasks.tagging.labels import LabelCodec
from nextword.tasks.tagging.network import TaggerParts, TaggingModel
from nextword.tasks.tagging.tagger import (
    MAX_N_BEST,
    TaggedSequence,
    TaggedToken,
    Tagger,
    load_tagger,
)
from nextword.tasks.tagging.train import tagging_job, train_tagger

__all__ = [
    "MAX_N_BEST",
    "LabelCodec",
    "Sentence",
    "TaggedSequence",
    "TaggedToken",
    "Tagger",
    "TaggerParts",
    "TaggingConfig",
    "TaggingModel",
    "TaggingRunConfig",
    "TaggingScores",
    "evaluate_tagger",
    "load_tagger",
    "tagged",
    "tagging_job",
    "train_tagger",
    "with_n_best",
]
