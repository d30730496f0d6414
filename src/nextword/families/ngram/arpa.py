"""Conversion of n-gram models from and to the text of ARPA files."""

from collections.abc import Callable, Iterator

from nextword.base import ConfigError
from nextword.families.ngram.model import NgramLanguageModel
from nextword.models import LanguageModel
from nextword.ngrams import LineStream, arpa_text, read_arpa
from nextword.tokens import Tokenizer


def ngram_from_arpa(
    stream: LineStream,
    *,
    name: str,
    encoding: str = "utf-8",
    on_progress: Callable[[int], None] | None = None,
) -> tuple[NgramLanguageModel, Tokenizer]:
    """Read an ARPA file as a model and the tokenizer of its words.

    Args:
        stream: The decompressed bytes.
        name: Name of the file in error messages.
        encoding: Encoding of the words.
        on_progress: Called with the number of lines read so far.

    Raises:
        ConfigError: The encoding is unknown, or not a superset of ASCII.
        FormatError: The file is malformed; the message names the line.
    """
    arpa = read_arpa(stream, name=name, encoding=encoding, on_progress=on_progress)
    model = NgramLanguageModel(arpa.tables, vocabulary=arpa.tokenizer.vocabulary_spec)
    return model, arpa.tokenizer


def ngram_to_arpa(model: LanguageModel, tokenizer: Tokenizer) -> Iterator[str]:
    """Iterate over the text of a model's ARPA file, a block of lines at a time.

    Args:
        model: An n-gram model.
        tokenizer: Its tokenizer.

    Raises:
        ConfigError: The model is not an n-gram model.
        DataError: The tokens cannot be written in an ARPA file. Both errors are raised by the call
            itself, before the first block.
    """
    if not isinstance(model, NgramLanguageModel):
        raise ConfigError(
            "only n-gram models can be written as ARPA files, which hold one back-off model; this "
            f"model is of the family {model.family}.",
            help="Train an n-gram model with --recipe ngram-5.",
        )
    return arpa_text(model.tables, tokenizer=tokenizer)
