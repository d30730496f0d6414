"""From a path to a scorer. Imports torch only for models that are not ARPA files."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nextword.base import CheckpointError, ConfigError, DataError
from nextword.interop.kenlm.config import Config
from nextword.interop.kenlm.errors import ModelFileError
from nextword.interop.kenlm.ngram_scorer import NgramScorer, ngram_words
from nextword.interop.kenlm.scorer import END, START, Scorer
from nextword.interop.loading import load_stored
from nextword.ngrams import ArpaModel, read_arpa, spelt_tokens
from nextword.text import open_stream
from nextword.tokens import Tokenizer

if TYPE_CHECKING:
    from nextword.models import LanguageModel

_HUGGINGFACE_PREFIX = "hf:"
#: Suffixes of the files in a model folder; a path to one of them is not an ARPA file.
_FOLDER_SUFFIXES = frozenset({".safetensors", ".json", ".toml", ".md"})
#: Words whose ids are kept.
_KEPT_WORDS = 1 << 16


@dataclass(frozen=True, kw_only=True)
class LoadedScorer:
    """A scorer, and the model that it was made of.

    Attributes:
        scorer: Scores words.
        source: The content of an ARPA file, or a model with its tokenizer.
    """

    scorer: Scorer
    source: "ArpaModel | tuple[LanguageModel, Tokenizer]"

    @property
    def has_words(self) -> bool:
        """Whether the entries of the vocabulary are words; those of an ARPA file are."""
        return isinstance(self.source, ArpaModel) or self.source[1].is_word_level


def load_scorer(path: str, *, config: Config) -> LoadedScorer:
    """Load a model.

    Args:
        path: ARPA file, run folder, model folder, or `hf:NAME`.
        config: Settings of loading.

    Raises:
        ModelFileError: There is no such model, or it cannot be read.
        ConfigError: The model reads lines backward, or a setting does not fit.
    """
    try:
        if path.startswith(_HUGGINGFACE_PREFIX) or not _is_file(Path(path)):
            return _load_any(path, config)
        return _load_arpa(Path(path), config)
    except (CheckpointError, DataError, OSError) as error:
        reason = getattr(error, "message", None) or getattr(error, "strerror", None) or str(error)
        raise ModelFileError(
            f"Cannot read model '{path}' ({reason})", help=getattr(error, "help", "")
        ) from error


def scorer_of(model: "LanguageModel", tokenizer: Tokenizer) -> LoadedScorer:
    """Return a scorer of a model in memory.

    Args:
        model: The model on token ids.
        tokenizer: Its tokenizer.

    Raises:
        ConfigError: The model reads lines backward.
    """
    from nextword.families import NgramLanguageModel
    from nextword.interop.kenlm.token_scorer import TokenScorer

    require_reading_order(tokenizer)
    scorer: Scorer = TokenScorer(model, tokenizer)
    if isinstance(model, NgramLanguageModel) and tokenizer.counts_words:
        texts = [tokenizer.token_text(number) for number in range(tokenizer.vocab_size)]
        words = ngram_words(texts, end_id=tokenizer.sentence_end_id)
        scorer = NgramScorer(
            model.tables,
            words,
            id_of=lru_cache(_KEPT_WORDS)(lambda word: _id_of(tokenizer, word)),
            unknown_id=tokenizer.unknown_id,
            start_id=tokenizer.sentence_start_id,
            pad_id=tokenizer.pad_id,
        )
    return LoadedScorer(scorer=scorer, source=(model, tokenizer))


def token_model(loaded: LoadedScorer) -> "tuple[LanguageModel, Tokenizer]":
    """Return the model on token ids and its tokenizer."""
    if not isinstance(loaded.source, ArpaModel):
        return loaded.source
    from nextword.families import NgramLanguageModel

    arpa = loaded.source
    model = NgramLanguageModel(arpa.tables, vocabulary=arpa.tokenizer.vocabulary_spec)
    return model, arpa.tokenizer


def require_reading_order(tokenizer: Tokenizer) -> None:
    """Raise a ConfigError for a tokenizer that reverses lines."""
    if tokenizer.is_backward:
        raise ConfigError(
            "the model reads lines from their end, but words are scored in reading order here.",
            help="Use nextword score, or train with tokenizer.direction=forward.",
        )


def _is_file(path: Path) -> bool:
    """Return whether a path is an ARPA file; one that does not exist is reported as such."""
    if not path.exists():
        raise FileNotFoundError(2, "there is no such file or folder")
    return not path.is_dir() and path.suffix.lower() not in _FOLDER_SUFFIXES


def _load_arpa(path: Path, config: Config) -> LoadedScorer:
    """Read an ARPA file; its tokens are the words, whatever they stand for, as in KenLM."""
    encoding = "utf-8" if config.encoding is None else config.encoding
    with open_stream(path) as stream:
        arpa = read_arpa(stream, name=str(path), encoding=encoding)
    tokenizer = arpa.tokenizer
    require_reading_order(tokenizer)
    if tokenizer.is_word_level:
        texts = [tokenizer.token_text(number) for number in range(tokenizer.vocab_size)]
    else:
        texts = spelt_tokens(tokenizer)
    words = ngram_words(texts, end_id=tokenizer.sentence_end_id)
    ids = {word: number for number, word in enumerate(words) if number != tokenizer.pad_id}
    scorer = NgramScorer(
        arpa.tables,
        words,
        id_of=lambda word: ids.get(word, tokenizer.unknown_id),
        unknown_id=tokenizer.unknown_id,
        start_id=tokenizer.sentence_start_id,
        pad_id=tokenizer.pad_id,
        start_log10=arpa.start_log10,
        ids=ids,
    )
    return LoadedScorer(scorer=scorer, source=arpa)


def _id_of(tokenizer: Tokenizer, word: str) -> int:
    """Return the id of a word by encoding it, in lower case if the tokenizer does so."""
    if word in (START, END):
        return tokenizer.sentence_start_id if word == START else tokenizer.sentence_end_id
    try:
        ids = tokenizer.encode(word).ids
    except DataError:
        ids = np.array([], dtype=np.int64)
    return int(ids[0]) if len(ids) == 1 else tokenizer.unknown_id


def _load_any(path: str, config: Config) -> LoadedScorer:
    stored = load_stored(path, device=config.device, encoding=config.encoding)
    return scorer_of(stored.model, stored.tokenizer)
