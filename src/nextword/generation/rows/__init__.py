"""What the rows of a session are made of: their ids, predictions and serialized form."""

from nextword.generation.rows.fed_rows import padded_rows, read_rows, score_rows
from nextword.generation.rows.prediction import Prediction
from nextword.generation.rows.seen_ids import SeenIds
from nextword.generation.rows.session_bytes import SessionBytes

__all__ = [
    "Prediction",
    "SeenIds",
    "SessionBytes",
    "padded_rows",
    "read_rows",
    "score_rows",
]
