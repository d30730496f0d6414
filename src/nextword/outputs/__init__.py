"""From hidden vectors to the distribution of the next token."""

from nextword.outputs.adaptive import AdaptiveSoftmax
from nextword.outputs.additions import Additions
from nextword.outputs.choice import OutputChoice, choose_output
from nextword.outputs.chunked import ChunkedSoftmax, linear_cross_entropy
from nextword.outputs.config import OutputConfig
from nextword.outputs.contract import Output, OutputFactory, PositionNll, States, Targets
from nextword.outputs.cross_entropy import cross_entropy
from nextword.outputs.full import FullSoftmax
from nextword.outputs.kinds import OUTPUTS, register_output
from nextword.outputs.sampled import SampledSoftmax

__all__ = [
    "OUTPUTS",
    "AdaptiveSoftmax",
    "Additions",
    "ChunkedSoftmax",
    "FullSoftmax",
    "Output",
    "OutputChoice",
    "OutputConfig",
    "OutputFactory",
    "PositionNll",
    "SampledSoftmax",
    "States",
    "Targets",
    "choose_output",
    "cross_entropy",
    "linear_cross_entropy",
    "register_output",
]
