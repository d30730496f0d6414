"""From paths to text: opening, decoding and splitting corpora. Knows nothing of tokens."""

from nextword.text.corpus import ByteStream, Corpus, open_corpus
from nextword.text.documents import Document, text_document
from nextword.text.split import split_corpus
from nextword.text.streams import open_stream

__all__ = [
    "ByteStream",
    "Corpus",
    "Document",
    "open_corpus",
    "open_stream",
    "split_corpus",
    "text_document",
]
