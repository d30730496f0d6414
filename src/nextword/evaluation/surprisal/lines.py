"""Surprisal of lines, each from the initial state or after the lines before it."""

from collections.abc import Iterable, Iterator

import numpy as np
from jaxtyping import Bool, Float64

from nextword.base import require_count
from nextword.evaluation.encoded_lines import EncodedLine, encoded_lines, line_groups
from nextword.evaluation.perplexity import DEFAULT_BATCH_SIZE
from nextword.evaluation.row_log_probs import row_log_probs
from nextword.evaluation.surprisal.figures import TokenFigures, token_figures
from nextword.evaluation.surprisal.values import LineSurprisal, TokenSurprisal
from nextword.evaluation.surprisal.words import blank_tokens, word_surprisals
from nextword.generation import Session
from nextword.models import LanguageModel
from nextword.tokens import Offsets, Tokenizer


def line_surprisals(
    model: LanguageModel,
    lines: Iterable[str],
    *,
    tokenizer: Tokenizer,
    is_one_text: bool = False,
    batch_size: int = DEFAULT_BATCH_SIZE,
) -> Iterator[LineSurprisal]:
    """Iterate over the surprisals of lines, in order.

    Source: [hale2001], [levy2008]; ends of words as in [oh2024].

    Args:
        model: The model.
        lines: Lines with or without their newline.
        tokenizer: The model's tokenizer.
        is_one_text: Whether each line is read after the lines before it; otherwise each line starts
            from the initial state.
        batch_size: Number of lines in a batch, if each line starts from the initial state. Figures
            do not depend on it.

    Raises:
        ConfigError: batch_size is below 1.
        DataError: A line contains a newline.
        DivergedError: The model returns NaN.
    """
    require_count("batch_size", batch_size, low=1)
    scorer = _Scorer(model, tokenizer)
    encoded = encoded_lines(enumerate(lines, start=1), tokenizer=tokenizer)
    return scorer.one_text(encoded) if is_one_text else scorer.alone(encoded, batch_size)


class _Scorer:
    """A model with its tokenizer."""

    def __init__(self, model: LanguageModel, tokenizer: Tokenizer) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self._is_blank = blank_tokens(tokenizer)
        # A word-level model predicts a word with its end, and a backward one where a word begins.
        self._predicts_ends = not (tokenizer.is_word_level or tokenizer.is_backward)

    def alone(self, encoded: Iterator[EncodedLine], batch_size: int) -> Iterator[LineSurprisal]:
        """Iterate over lines, each from the initial state."""
        for lines in line_groups(encoded, batch_size=batch_size):
            by_length = sorted(range(len(lines)), key=lambda index: -len(lines[index].encoding.ids))
            figures: dict[int, TokenFigures] = {}
            log_probs: dict[int, Float64[np.ndarray, " _num_tokens"]] = {}
            for start in range(0, len(by_length), batch_size):
                batch = by_length[start : start + batch_size]
                rows = [lines[index].encoding.ids for index in batch]
                # Computed as `score` does, so that the sums are equal.
                log_probs.update(zip(batch, row_log_probs(self._model, rows), strict=True))
                found, _ = token_figures(self._model, rows, is_blank=self._is_blank)
                figures.update(zip(batch, found, strict=True))
            for index, line in enumerate(lines):
                yield self._described(line, 0.0 - log_probs[index], figures[index])

    def one_text(self, encoded: Iterator[EncodedLine]) -> Iterator[LineSurprisal]:
        """Iterate over lines, each after the lines before it."""
        session, state, before = Session(self._model), None, None
        for line in encoded:
            ids = line.encoding.ids
            log_probs = session.score([ids.tolist()]).numpy()[0]
            [figures], state = token_figures(
                self._model, [ids], is_blank=self._is_blank, state=state, before=before
            )
            before = int(ids[-1]) if len(ids) else before
            yield self._described(line, 0.0 - log_probs, figures)

    def _described(
        self,
        line: EncodedLine,
        surprisals: Float64[np.ndarray, " num_tokens"],
        figures: TokenFigures,
    ) -> LineSurprisal:
        whole, unknown = line.scored, line.encoding.unknown
        text, offsets = whole.removesuffix("\n"), self._tokenizer.offsets(whole)
        words, line_end = word_surprisals(
            text,
            surprisals,
            blanks=figures.blanks if self._predicts_ends else None,
            offsets=offsets,
            unknown=unknown,
        )
        return LineSurprisal(
            line=line.number,
            text=text,
            tokens=tuple(_tokens(whole, surprisals, figures, offsets, unknown)),
            words=tuple(words),
            line_end=line_end,
        )


def _tokens(
    whole: str,
    surprisals: Float64[np.ndarray, " num_tokens"],
    figures: TokenFigures,
    offsets: Offsets,
    unknown: Bool[np.ndarray, " num_tokens"],
) -> Iterator[TokenSurprisal]:
    for place, (start, end) in enumerate(offsets.tolist()):
        yield TokenSurprisal(
            text=whole[start:end],
            start=start,
            end=end,
            surprisal=float(surprisals[place]),
            entropy=float(figures.entropies[place]),
            rank=int(figures.ranks[place]),
            is_unknown=bool(unknown[place]),
        )
