"""Tagging: a label for each word of a sentence."""

from nextword.tasks.tagging.codec import LabelCodec
from nextword.tasks.tagging.config import TaggingConfig, TaggingRunConfig
from nextword.tasks.tagging.evaluation import TaggingScores, evaluate_tagger
from nextword.tasks.tagging.files import Sentence
from nextword.tasks.tagging.model import TaggingModel
from nextword.tasks.tagging.tagger import TaggedToken, Tagger, TaggerParts, load_tagger, tagged
from nextword.tasks.tagging.train import tagging_job, train_tagger

__all__ = [
    "LabelCodec",
    "Sentence",
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
]
