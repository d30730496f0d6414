"""The network of a transducer: encoder and parts."""

from nextword.tasks.transduction.network.encoder import SourceEncoder
from nextword.tasks.transduction.network.model import EncoderDecoder
from nextword.tasks.transduction.network.parts import KIND, TransducerParts

__all__ = [
    "KIND",
    "EncoderDecoder",
    "SourceEncoder",
    "TransducerParts",
]
