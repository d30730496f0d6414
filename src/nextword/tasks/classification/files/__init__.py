"""Files of texts with labels: TSV, CSV, JSON lines, fastText lines and plain lines."""

from nextword.tasks.classification.files.columns import ColumnsConfig
from nextword.tasks.classification.files.reading import read_rows
from nextword.tasks.classification.files.rows import TextRow

__all__ = ["ColumnsConfig", "TextRow", "read_rows"]
