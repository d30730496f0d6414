"""The text arguments of the API: `texts` are sources or a corpus, `text` is the text itself."""

import logging
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from nextword.base import CheckpointError, ConfigError, DataError, did_you_mean
from nextword.text import Corpus, open_corpus, text_document
from nextword.tokens import Tokenizer, TokenStore

#: Files, folders, globs or `stdlib:`: one, or several.
Names = str | Path | Sequence[str | Path]
#: The same, or a corpus.
Texts = Names | Corpus

_logger = logging.getLogger(__name__)


def names_of(files: Names, *, kind: str = "text") -> tuple[str, ...]:
    """Return one name or several as strings.

    Args:
        files: The names.
        kind: What they name, for messages.

    Raises:
        ConfigError: The argument is something else.

    Example:
        >>> names_of("a.txt"), names_of(["a.txt", Path("b.txt")])
        (('a.txt',), ('a.txt', 'b.txt'))
    """
    named = (files,) if isinstance(files, str | bytes | Path) else files
    example = "corpus.txt" if kind == "text" else "runs/mine"
    listed = tuple(named) if isinstance(named, Iterable) else (named,)
    for each in listed:
        if not isinstance(each, str | Path):
            raise ConfigError(
                f"a {kind} is of type {type(each).__name__}; the name of a file is expected.",
                help=f'Pass "{example}" or ["{example}", "other"].',
            )
    return tuple(map(str, listed))


def named_corpus(texts: Texts | None, text: str | None) -> Corpus:
    """Return the corpus for the arguments `texts` and `text`.

    Args:
        texts: Names of sources, or a corpus. A single string that contains a newline is taken as
            the text itself.
        text: The text itself.

    Raises:
        ConfigError: Both are given, or neither.
        DataError: A source cannot be found.
    """
    if (texts is None) == (text is None):
        raise ConfigError(
            "texts and text are both given." if text is not None else "no text is given.",
            help='Pass files as texts="corpus.txt", or the text itself as text="the old man".',
        )
    if text is not None:
        if not isinstance(text, str):
            raise ConfigError(
                f"text is a {type(text).__name__}; a string is expected.",
                help='Pass the text as text="the old man", or files as texts=["corpus.txt"].',
            )
        return _literal(text)
    if isinstance(texts, str) and "\n" in texts:
        return _literal(texts)
    if isinstance(texts, Corpus):
        return texts
    try:
        return open_corpus(names_of(texts or ()), encoding_errors=None)
    except DataError as error:
        if not isinstance(texts, str) or " " not in texts:
            raise
        raise DataError(
            error.message,
            help=f"{error.help} To evaluate the string itself, pass it as text=.",
        ) from error


def require_alone(split: str, *, texts: Texts | None, text: str | None) -> None:
    """Raise a ConfigError if a text is given beside the name of a split."""
    if texts is not None or text is not None:
        raise ConfigError(
            f"split={split!r} and a text are both given.", help="Leave one of them out."
        )


def held_out_text(model_folder: Path, tokenizer: Tokenizer, *, split: str) -> TokenStore:
    """Return the encoded validation or test text of the run of a model.

    Args:
        model_folder: The model folder, in its run folder.
        tokenizer: The model's tokenizer.
        split: `valid` or `test`.

    Raises:
        ConfigError: The model has no run, or the run has no such text.
    """
    from nextword.evaluation import texts_of_run

    found = texts_of_run(model_folder, tokenizer)
    if found is not None and split in found.held_out:
        return found.held_out[split]
    known = () if found is None else tuple(found.held_out)
    raise ConfigError(
        f"the run of {model_folder} has no {split!r} text."
        if known
        else f"{model_folder} is not in a run folder with its texts.",
        help=did_you_mean(split, known) if known else "Name a text with --text.",
    )


def training_text(model_folder: Path, tokenizer: Tokenizer) -> TokenStore | None:
    """Return the encoded training text of the run of a model; None if there is none to read.

    Args:
        model_folder: The model folder, in its run folder.
        tokenizer: The model's tokenizer.
    """
    from nextword.evaluation import texts_of_run

    try:
        found = texts_of_run(model_folder, tokenizer)
    except (CheckpointError, ConfigError, OSError):
        return None
    return None if found is None else found.train


def held_out_corpus(model_folder: Path, tokenizer: Tokenizer, *, split: str) -> Corpus:
    """Return the validation or test text of the run of a model, decoded, as one document.

    Arguments and errors are those of `held_out_text`.
    """
    store = held_out_text(model_folder, tokenizer, split=split)
    text = tokenizer.decode(np.asarray(store.ids))
    name = f"{split} text of {model_folder.parent}"
    document = text_document(text, name=name)
    return Corpus(description=name, open_documents=lambda: iter([document]))


def _literal(text: str) -> Corpus:
    if text and "\n" not in text and _is_file(text):
        _logger.warning(
            "text=%r is evaluated as the text itself, but it is also the name of a file; "
            "to evaluate the file, pass texts=%r.",
            text,
            text,
        )
    document = text_document(text, name="text")
    return Corpus(description="text", open_documents=lambda: iter([document]))


def _is_file(name: str) -> bool:
    try:
        return Path(name).is_file()
    except (OSError, ValueError):
        return False
