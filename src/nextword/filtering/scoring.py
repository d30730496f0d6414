"""Scores of whole documents, each from the initial state. Knows nothing of files."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Int64

from nextword.base import Values, nats_to_bits
from nextword.evaluation import DEFAULT_BATCH_SIZE, add_by_unit, score_units
from nextword.filtering.buckets import bucket_of
from nextword.models import LanguageModel
from nextword.tokens import Tokenizer, count_text

#: Rows of a model that looks its figures up; a batch of other models is smaller.
_ROWS_OF_TABLES = 256
#: Documents are scored in groups of about so many characters.
_GROUP_CHARACTERS = 1 << 20
_DECIMALS = 6


@dataclass(frozen=True, kw_only=True)
class DocumentScore:
    """The score of a document.

    Attributes:
        nll: Negative log-likelihood of all tokens, in nats; inf if one has probability 0.
        num_tokens: Number of tokens, line ends included.
        num_unknown: Number of tokens that are out of vocabulary.
        num_words: Words and line ends, counted as on the perplexity card.
        num_bytes: Bytes of the text in UTF-8.
        num_characters_lost: Characters that cannot be decoded from the tokens.
        keeps_words: Whether the words can be recovered from the tokens.
    """

    nll: float
    num_tokens: int
    num_unknown: int
    num_words: int
    num_bytes: int
    num_characters_lost: int = 0
    keeps_words: bool = True

    @property
    def perplexity(self) -> float | None:
        """Perplexity per token; None without tokens, or if it is not finite."""
        return _perplexity(self.nll, self.num_tokens)

    @property
    def perplexity_per_word(self) -> float | None:
        """Perplexity per word; None without words, or if it is not finite.

        It is also None if the tokenizer dropped more than white space between words.
        """
        return _perplexity(self.nll, self.num_words if self.keeps_words else 0)

    @property
    def bits_per_byte(self) -> float | None:
        """Bits per byte of UTF-8; None without bytes, or if it is not finite.

        It is also None with unknown tokens or dropped characters, which are not predicted.
        """
        is_whole = not (self.num_unknown or self.num_characters_lost)
        if not self.num_bytes or not is_whole or not math.isfinite(self.nll):
            return None
        return round(nats_to_bits(self.nll) / self.num_bytes, _DECIMALS)

    def bucket(self, thresholds: Sequence[float], *, by: str = "perplexity") -> str:
        """Return the bucket of the document; see `bucket_of`.

        Args:
            thresholds: The two thresholds.
            by: The figure that is compared with them.
        """
        return bucket_of(self.to_dict()[by], thresholds)

    def to_dict(self) -> Values:
        """Return the figures as JSON values; an infinite one becomes None."""
        return {
            "nll": round(self.nll, _DECIMALS) if math.isfinite(self.nll) else None,
            "num_tokens": self.num_tokens,
            "num_unknown": self.num_unknown,
            "perplexity": self.perplexity,
            "perplexity_per_word": self.perplexity_per_word,
            "bits_per_byte": self.bits_per_byte,
        }


class EncodedDocument(NamedTuple):
    """A document before it is scored.

    Attributes:
        token_ids: Its ids.
        num_unknown: Number of tokens that are out of vocabulary.
        num_words: Words and line ends.
        num_bytes: Bytes of the text in UTF-8.
        num_characters_lost: Characters that cannot be decoded from the tokens.
        unit_lengths: Number of tokens of each line, for a scorer that reads lines one by one.
    """

    token_ids: Int64[np.ndarray, " num_tokens"]
    num_unknown: int
    num_words: int
    num_bytes: int
    num_characters_lost: int = 0
    unit_lengths: tuple[int, ...] = ()


class DocumentScorer:
    """Scores documents with a model.

    Args:
        model: The model.
        tokenizer: Its tokenizer.
        batch_size: Number of documents in a batch; None chooses it. It only affects speed, and the
            last digits of the scores of neural models.
    """

    def __init__(
        self, model: LanguageModel, tokenizer: Tokenizer, *, batch_size: int | None = None
    ) -> None:
        self.model, self.tokenizer = model, tokenizer
        usual = DEFAULT_BATCH_SIZE if model.builds_distributions else _ROWS_OF_TABLES
        self._batch_size = usual if batch_size is None else batch_size

    def encode(self, text: str, *, name: str) -> EncodedDocument:
        """Return the ids and counts of a document.

        A document without a final newline gets a line end if the tokenizer has one.

        Args:
            text: The document.
            name: Its name, for messages.

        Raises:
            DataError: It contains a reserved symbol.
        """
        text = self.tokenizer.without_markers(text, name=name)
        counts = count_text(text)
        ends = self.tokenizer.has_line_end_token and text != "" and not text.endswith("\n")
        encoding = self.tokenizer.encode(text + "\n" if ends else text)
        return EncodedDocument(
            token_ids=encoding.ids,
            num_unknown=int(np.count_nonzero(encoding.unknown)),
            num_words=counts.num_words + ends,
            num_bytes=counts.num_bytes,
            num_characters_lost=encoding.num_characters_lost,
        )

    def score(self, documents: Sequence[EncodedDocument]) -> list[DocumentScore]:
        """Return the score of each document.

        Raises:
            ConfigError: The batch size is below 1.
            DivergedError: The model returns NaN.
        """
        sums = np.zeros(len(documents))
        starts = np.cumsum([0, *(len(each.token_ids) for each in documents)])
        if starts[-1]:
            # Documents without tokens are left out: two units cannot start at one position.
            filled = np.flatnonzero(np.diff(starts))
            sums[filled] = self._sums(documents, np.unique(starts))
        return [
            DocumentScore(
                nll=float(nll),
                num_tokens=len(each.token_ids),
                num_unknown=each.num_unknown,
                num_words=each.num_words,
                num_bytes=each.num_bytes,
                num_characters_lost=each.num_characters_lost,
                keeps_words=self.tokenizer.counts_words or not each.num_characters_lost,
            )
            for each, nll in zip(documents, sums, strict=True)
        ]

    def _sums(
        self, documents: Sequence[EncodedDocument], starts: Int64[np.ndarray, " units_plus_one"]
    ) -> np.ndarray:
        sums = np.zeros(len(starts) - 1)
        windows = score_units(
            self.model,
            np.concatenate([each.token_ids for each in documents]),
            unit_starts=starts,
            batch_size=self._batch_size,
        )
        for window in windows:
            add_by_unit(sums, window, unit_starts=starts)
        return sums


def document_scores(scorer: DocumentScorer, texts: Iterable[str]) -> Iterator[DocumentScore]:
    """Iterate over the scores of documents, in order.

    Args:
        scorer: The model with its tokenizer.
        texts: The documents.

    Raises:
        DataError: A document contains a reserved symbol.
        DivergedError: The model returns NaN.
    """
    group: list[EncodedDocument] = []
    size = 0
    for number, text in enumerate(texts, start=1):
        group.append(scorer.encode(text, name=f"text {number}"))
        size += len(text) + 1
        if size >= _GROUP_CHARACTERS:
            yield from scorer.score(group)
            group, size = [], 0
    if group:
        yield from scorer.score(group)


def _perplexity(nll: float, count: int) -> float | None:
    if not count:
        return None
    try:
        found = math.exp(nll / count)
    except OverflowError:
        return None
    return round(found, _DECIMALS) if math.isfinite(found) else None
