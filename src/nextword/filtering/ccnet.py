"""The perplexity and the bucket of a document as CCNet computes them.

Each line is a sentence that begins in the initial state, and its end counts as a word. The
perplexity is per word, so it is 10 to the power of minus the log10 probability divided by the
number of words. CCNet normalizes a text and splits it into sentence pieces before; here it is
read as it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64

from nextword.base import Values
from nextword.filtering.buckets import ALL_BUCKETS
from nextword.filtering.scoring import DocumentScore, DocumentScorer, EncodedDocument

_DECIMALS = 1


@dataclass(frozen=True, kw_only=True)
class CcnetScore(DocumentScore):
    """The score of a document by lines.

    Attributes:
        num_words: Words between white space, and one for each line.
    """

    @property
    def perplexity(self) -> float | None:
        """Perplexity per word, with one decimal; None without a text, or if it is not finite."""
        found = self.perplexity_per_word
        return None if found is None else round(found, _DECIMALS)

    def to_dict(self) -> Values:
        """Return the values that CCNet writes; none for a document without a text."""
        return {"perplexity": self.perplexity} if self.num_tokens else {}

    def bucket(self, thresholds: Sequence[float], *, by: str = "perplexity") -> str:
        """Return `head` below the first threshold, `middle` below the second, `tail`, or `all`.

        Args:
            thresholds: The two thresholds.
            by: Only `perplexity`.
        """
        if not self.num_tokens:
            return ALL_BUCKETS[-1]
        value = self.perplexity
        if value is None or value >= thresholds[1]:
            return "tail"
        return "head" if value < thresholds[0] else "middle"


class CcnetScorer(DocumentScorer):
    """Scores the lines of documents with a model; arguments as for `DocumentScorer`."""

    def encode(self, text: str, *, name: str) -> EncodedDocument:
        """Return the ids and counts of a document, and where its lines begin.

        Args:
            text: The document.
            name: Its name, for messages.

        Raises:
            DataError: It contains a reserved symbol.
        """
        lines = self.tokenizer.without_markers(text, name=name).split("\n") if text else []
        found = [self.tokenizer.encode(line + "\n") for line in lines]
        return EncodedDocument(
            token_ids=np.concatenate([_NOTHING, *(each.ids for each in found)]),
            num_unknown=sum(int(np.count_nonzero(each.unknown)) for each in found),
            num_words=sum(len(line.split()) + 1 for line in lines),
            num_bytes=len(text.encode("utf-8", errors="surrogatepass")),
            num_characters_lost=sum(each.num_characters_lost for each in found),
            unit_lengths=tuple(len(each.ids) for each in found),
        )

    def score(self, documents: Sequence[EncodedDocument]) -> list[DocumentScore]:
        """Return the `CcnetScore` of each document.

        Raises:
            ConfigError: The batch size is below 1.
            DivergedError: The model returns NaN.
        """
        lengths = [length for each in documents for length in each.unit_lengths]
        sums = self._sums(documents, np.cumsum([0, *lengths])) if lengths else np.zeros(0)
        ends = np.cumsum([0, *(len(each.unit_lengths) for each in documents)])
        return [
            CcnetScore(
                nll=float(sums[start:end].sum()),
                num_tokens=len(each.token_ids),
                num_unknown=each.num_unknown,
                num_words=each.num_words,
                num_bytes=each.num_bytes,
                num_characters_lost=each.num_characters_lost,
            )
            for each, start, end in zip(documents, ends[:-1], ends[1:], strict=True)
        ]


_NOTHING: Int64[np.ndarray, " none"] = np.zeros(0, dtype=np.int64)
