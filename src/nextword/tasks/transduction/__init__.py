"""Sequence to sequence: an encoder of the source, a decoder of the target, and a search."""

from nextword.tasks.decoding.search import SearchConfig
from nextword.tasks.transduction.config import TransductionRunConfig
from nextword.tasks.transduction.evaluation import (
    ScoreCounter,
    ScoredPair,
    TransductionScores,
    edit_distance,
    evaluate_transducer,
    scored_pairs,
)
from nextword.tasks.transduction.files import Pair, read_pairs
from nextword.tasks.transduction.network import EncoderDecoder
from nextword.tasks.transduction.train import train_transducer
from nextword.tasks.transduction.transducer import Transducer, Transduction, load_transducer

__all__ = [
    "EncoderDecoder",
    "Pair",
    "ScoreCounter",
    "ScoredPair",
    "SearchConfig",
    "Transducer",
    "Transduction",
    "TransductionRunConfig",
    "TransductionScores",
    "edit_distance",
    "evaluate_transducer",
    "load_transducer",
    "read_pairs",
    "scored_pairs",
    "train_transducer",
]
