"""Writing text: the symbols of targets, a decoder with attention, its loss, and a search.

Shared by every task that writes a text from something encoded.
"""

from nextword.tasks.decoding.batch import Ids, TargetBatch, padded, target_batch
from nextword.tasks.decoding.bridge import Bridge
from nextword.tasks.decoding.config import (
    DecoderConfig,
    LayersConfig,
    SymbolConfig,
    SymbolKind,
    TargetConfig,
)
from nextword.tasks.decoding.copying import CopyGate
from nextword.tasks.decoding.decoder import Decoder, DecoderState
from nextword.tasks.decoding.loss import TargetLoss, target_loss
from nextword.tasks.decoding.parts import TargetLengths, build_decoder, stacked_cells
from nextword.tasks.decoding.symbols import Symbols

__all__ = [
    "Bridge",
    "CopyGate",
    "Decoder",
    "DecoderConfig",
    "DecoderState",
    "Ids",
    "LayersConfig",
    "SymbolConfig",
    "SymbolKind",
    "Symbols",
    "TargetBatch",
    "TargetConfig",
    "TargetLengths",
    "TargetLoss",
    "build_decoder",
    "padded",
    "stacked_cells",
    "target_batch",
    "target_loss",
]
