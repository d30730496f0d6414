"""What a language model with its tokenizer says of lines: scores, surprisal and minimal pairs."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from nextword.base import require_several, require_text
from nextword.models import LanguageModel
from nextword.tokens import Tokenizer

if TYPE_CHECKING:
    from nextword.evaluation import LineScore, LineSurprisal, MinimalPair, PairScores
    from nextword.filtering import DocumentScore


class LineScoring:
    """The methods of `Model` that score lines.

    Attributes:
        language_model: The model on token ids; see `LanguageModel`.
        tokenizer: Encodes text to token ids and decodes them.
    """

    language_model: LanguageModel
    tokenizer: Tokenizer

    def score(self, lines: Sequence[str], *, batch_size: int | None = None) -> "list[LineScore]":
        """Return the score of each line, its end included.

        Args:
            lines: Lines with or without their newline.
            batch_size: Number of lines in a batch; 32 when None. Scores do not depend on it.

        Returns:
            One score per line, with its log-probability in nats.

        Raises:
            ConfigError: `lines` is a single string.
            DataError: A line contains a newline.
        """
        return list(self.stream_scores(lines, batch_size=batch_size))

    def stream_scores(
        self, lines: Iterator[str] | Sequence[str], *, batch_size: int | None = None
    ) -> "Iterator[LineScore]":
        """Iterate over the scores of lines, in order.

        Lines are read in groups of 8 batches, or one by one if the batch_size is 1. Args are those
        of `score`.
        """
        from nextword.evaluation import DEFAULT_BATCH_SIZE, per_line_scores

        require_several("lines", lines)
        return per_line_scores(
            self.language_model,
            lines,
            tokenizer=self.tokenizer,
            batch_size=DEFAULT_BATCH_SIZE if batch_size is None else batch_size,
        )

    def document_scores(
        self, texts: Sequence[str], *, batch_size: int | None = None
    ) -> "list[DocumentScore]":
        """Return the score of each document, read from the initial state to its end.

        Args:
            texts: Documents, of one line or several.
            batch_size: Number of documents in a batch; chosen by the model when None. Scores do not
                depend on it.

        Returns:
            One score per document: negative log-likelihood in nats, counts, perplexity per token
            and per word, and bits per byte.

        Raises:
            ConfigError: `texts` is a single string.
            DataError: A document contains a reserved symbol.
        """
        from nextword.filtering import DocumentScorer, document_scores

        require_several("texts", texts)
        scorer = DocumentScorer(self.language_model, self.tokenizer, batch_size=batch_size)
        return list(document_scores(scorer, texts))

    def token_scores(self, text: str) -> list[tuple[str, float]]:
        """Return the tokens of a text with their log-probabilities, in nats.

        The text is read from the initial state. A line end is a token if the tokenizer has one. The
        log-probabilities of a line sum to its `score`.

        Args:
            text: One line or several.

        Returns:
            Pairs (token, log-probability), in the order of the text.

        Example:
            `for token, log_prob in model.token_scores("the old man"): ...`
        """
        require_text("text", text)
        lines = text.removesuffix("\n").split("\n")
        found = self.surprisal(lines, is_one_text=True)
        return [(token.text, -token.surprisal) for line in found for token in line.tokens]

    def surprisal(
        self,
        lines: Iterable[str],
        *,
        is_one_text: bool = False,
        batch_size: int | None = None,
    ) -> "list[LineSurprisal]":
        """Return the surprisal of the tokens and words of each line, with entropy and rank.

        Args:
            lines: Lines with or without their newline.
            is_one_text: Whether each line is read after the lines before it; otherwise each line
                starts from the initial state, as in `score`.
            batch_size: Number of lines in a batch; 32 when None. Figures do not depend on it.
        """
        return list(self.stream_surprisals(lines, is_one_text=is_one_text, batch_size=batch_size))

    def stream_surprisals(
        self,
        lines: Iterable[str],
        *,
        is_one_text: bool = False,
        batch_size: int | None = None,
    ) -> "Iterator[LineSurprisal]":
        """Iterate over the surprisals of lines, in order.

        Lines are read in groups of 8 batches, or one by one if the batch_size is 1. Args are those
        of `surprisal`.
        """
        from nextword.evaluation import DEFAULT_BATCH_SIZE, line_surprisals

        require_several("lines", lines)
        return line_surprisals(
            self.language_model,
            lines,
            tokenizer=self.tokenizer,
            is_one_text=is_one_text,
            batch_size=DEFAULT_BATCH_SIZE if batch_size is None else batch_size,
        )

    def compare_pairs(
        self,
        pairs: "Iterable[MinimalPair]",
        *,
        method: str = "sentence",
        on_progress: Callable[[int], None] | None = None,
    ) -> "PairScores":
        """Return how often the model prefers the good sentence of a pair.

        Args:
            pairs: The pairs; `nextword.evaluation.read_pairs` reads them from a file.
            method: `sentence` compares whole sentences, `prefix` the first different words.
            on_progress: Called with the number of pairs that are compared.
        """
        from nextword.evaluation import compare_pairs

        return compare_pairs(
            self.language_model,
            pairs,
            tokenizer=self.tokenizer,
            method=method,
            on_progress=on_progress,
        )
