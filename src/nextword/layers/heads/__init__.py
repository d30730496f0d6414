"""Output heads: from hidden vectors to the distribution of the next token."""

from nextword.layers.heads.adaptive import AdaptiveSoftmax
from nextword.layers.heads.additions import Additions
from nextword.layers.heads.choice import OutputChoice, choose_output
from nextword.layers.heads.chunked import ChunkedSoftmax, linear_cross_entropy
from nextword.layers.heads.config import OutputConfig
from nextword.layers.heads.contract import FlatHidden, FlatNll, FlatTargets, Output, OutputFactory
from nextword.layers.heads.full import FullSoftmax
from nextword.layers.heads.kinds import OUTPUTS, register_output
from nextword.layers.heads.losses import cross_entropy
from nextword.layers.heads.sampled import SampledSoftmax

__all__ = [
    "OUTPUTS",
    "AdaptiveSoftmax",
    "Additions",
    "ChunkedSoftmax",
    "FlatHidden",
    "FlatNll",
    "FlatTargets",
    "FullSoftmax",
    "Output",
    "OutputChoice",
    "OutputConfig",
    "OutputFactory",
    "SampledSoftmax",
    "choose_output",
    "cross_entropy",
    "linear_cross_entropy",
    "register_output",
]
