"""N-gram models from and to the text of ARPA files. Knows nothing of paths."""

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
        stream: Its bytes, decompressed.
        name: What it is called in errors.
        encoding: Encoding of its words.
        on_progress: Is told how many lines were read.

    Raises:
        ConfigError: The encoding is unknown, or its line ends are not those of ASCII.
        FormatError: The file is malformed; the message names the line.
    """
    arpa = read_arpa(stream, name=name, encoding=encoding, on_progress=on_progress)
    model = NgramLanguageModel(arpa.tables, vocabulary=arpa.tokenizer.vocabulary_spec)
    return model, arpa.tokenizer


def ngram_to_arpa(model: LanguageModel, tokenizer: Tokenizer) -> Iterator[str]:
    """Return the text of a model's ARPA file, a block of lines at a time.

    Raises:
        ConfigError: The model is no n-gram model; raised at once, before any text.
        DataError: Its tokens cannot be spelt in an ARPA file; likewise.
    """
    if not isinstance(model, NgramLanguageModel):
        raise ConfigError(
            f"an ARPA file holds n-grams; this model is of the family {model.family}.",
            help="Train one that can be written so with --recipe ngram-5.",
        )
    return arpa_text(model.tables, tokenizer=tokenizer)
