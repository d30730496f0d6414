"""The network of a reader: encoders, hops of attention, and an answer of one of three kinds."""

from nextword.tasks.reading.network.batch import ReadingBatch
from nextword.tasks.reading.network.hops import Attended, Encoded, Hops
from nextword.tasks.reading.network.model import ReadingLoss, ReadingModel

__all__ = ["Attended", "Encoded", "Hops", "ReadingBatch", "ReadingLoss", "ReadingModel"]
