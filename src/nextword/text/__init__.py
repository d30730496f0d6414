"""From paths to text: opening, decoding and splitting corpora. Knows nothing of tokens."""

from nextword.text.blocks import ByteStream
from nextword.text.corpus import Corpus, open_corpus, unused_field_error
from nextword.text.documents import Document, text_document
from nextword.text.lines import text_lines
from nextword.text.names import shown_name
from nextword.text.places import STANDARD_LIBRARY, find_files
from nextword.text.split import split_corpus
from nextword.text.streams import open_stream

__all__ = [
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
