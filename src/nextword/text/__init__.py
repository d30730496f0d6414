"""Open, decompress, decode and split corpora. Knows nothing of tokens."""

from nextword.text.content import ByteStream, open_stream
from nextword.text.corpus import Corpus, open_corpus, unused_field_error
from nextword.text.documents import Document, text_document
from nextword.text.lines import LONG_LINE_BYTES, text_lines
from nextword.text.names import shown_name
from nextword.text.places import STANDARD_LIBRARY, find_files
from nextword.text.split import split_corpus

__all__ = [
    "LONG_LINE_BYTES",
    "STANDARD_LIBRARY",
    "ByteStream",
    "Corpus",
    "Document",
    "find_files",
    "open_corpus",
    "open_stream",
    "shown_name",
    "split_corpus",
    "text_document",
    "text_lines",
    "unused_field_error",
]
