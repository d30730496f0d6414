"""The perplexity card: every figure that `evaluate` reports, computed from sums and counts.

Knows neither models nor texts. Decides which figures are undefined.
"""

import dataclasses
import math
from dataclasses import dataclass

from nextword.base import DataError, Values, nats_to_bits
from nextword.base import perplexity as perplexity_of
from nextword.evaluation.card_text import render_card
from nextword.pages import preformatted


@dataclass(frozen=True, kw_only=True)
class Sums:
    """Summed scores of a text.

    Known and unknown targets have separate sums, so that an infinite score in one leaves the other
    finite.

    Attributes:
        num_tokens: Number of scored targets.
        num_unknown: Number of scored targets that are out-of-vocabulary.
        known_nll_sum: Negative log-likelihood of the known targets, in nats; infinite if the model
            assigns probability 0 to one of them.
        unknown_nll_sum: Negative log-likelihood of the unknown targets, in nats.
        seconds: Wall-clock time of scoring, in seconds.
    """

    num_tokens: int
    num_unknown: int
    known_nll_sum: float
    unknown_nll_sum: float
    seconds: float

    @property
    def nll_sum(self) -> float:
        """Negative log-likelihood of all targets, in nats."""
        return self.known_nll_sum + self.unknown_nll_sum


@dataclass(frozen=True, kw_only=True)
class TextFacts:
    """The text and its tokenization, for the card.

    Attributes:
        text: Name of the text.
        tokenizer: Kind, size and fingerprint, as returned by `describe_tokenizer`.
        counts_words: Whether each token is a word; then `unknown_rate` is a share of words.
        num_words: Number of white-space separated words and line ends.
        num_characters: Number of code points, newlines included.
        num_bytes: Number of bytes in UTF-8.
        note: A warning for readers of the figures; None if there is none.
        num_characters_lost: Number of characters that cannot be decoded from the tokens; for a word
            tokenizer, white space between words.
    """

    text: str
    tokenizer: str
    counts_words: bool
    num_words: int
    num_characters: int
    num_bytes: int
    note: str | None = None
    num_characters_lost: int = 0

    @property
    def keeps_words(self) -> bool:
        """Whether the words of the text can be recovered from its tokens."""
        return self.counts_words or not self.num_characters_lost


@dataclass(frozen=True, kw_only=True)
class ModelFacts:
    """The model and how it was evaluated, for the card.

    Attributes:
        model: Name of the model.
        family: Family of the model, as in the setting `model.family`.
        num_parameters: Number of trained parameters.
        reset: Where the state was reset: `never`, `document` or `line`.
        adaptation: `cache` or `dynamic` if the model adapted to the text; None if it did not.
        adaptation_settings: Settings of the adaptation, as values by name; None without one.
        stride: Stride of the sliding window, in tokens; None for models without one.
    """

    model: str
    family: str
    num_parameters: int
    reset: str
    adaptation: str | None = None
    adaptation_settings: Values | None = None
    stride: int | None = None


@dataclass(frozen=True, kw_only=True)
class PerplexityCard:
    """Every figure of one model on one text, in the order of the JSON object.

    An undefined figure is None:

    - `bits_per_character` and `bits_per_byte` if unknown tokens were scored or the tokenizer
      dropped characters, because the model did not predict those characters;
    - `perplexity_per_word` if the tokenizer dropped more than white space between words;
    - `perplexity_without_unknown` if every target was unknown;
    - any ratio to a count of 0.

    A target of probability 0 makes `nll_sum` and the figures computed from it infinite.

    Attributes:
        num_characters_lost: Number of characters that cannot be decoded from the tokens.
        nll_sum: Negative log-likelihood of all targets, in nats.
        perplexity: Perplexity per token of this tokenizer.
        perplexity_per_word: Perplexity per white-space separated word or line end, for any
            tokenizer.
        unknown_rate: Unknown targets as a share of words (word tokenizers) or of tokens.
        perplexity_without_unknown: Perplexity per known token. Unknown tokens stay in the context.
        note: A warning about the figures, such as that most words are unknown; None if there is
            none.
        adaptation_settings: Settings of the adaptation, as values by name; None without one.
    """

    model: str
    family: str
    adaptation: str | None
    text: str
    tokenizer: str
    num_parameters: int
    num_tokens: int
    num_words: int
    num_characters: int
    num_bytes: int
    num_characters_lost: int
    nll_sum: float
    perplexity: float
    perplexity_per_word: float | None
    bits_per_token: float
    bits_per_character: float | None
    bits_per_byte: float | None
    unknown_rate: float | None
    perplexity_without_unknown: float | None
    reset: str
    stride: int | None
    seconds: float
    tokens_per_second: float | None
    note: str | None = None
    adaptation_settings: Values | None = None

    def __str__(self) -> str:
        """The card as aligned lines with units."""
        return render_card(self)

    def _repr_html_(self) -> str:
        return preformatted(str(self))

    @property
    def keeps_words(self) -> bool:
        """Whether the words of the text can be recovered from its tokens."""
        return self.perplexity_per_word is not None

    def with_note(self, note: str) -> "PerplexityCard":
        """Return the card with a further warning.

        Args:
            note: The warning.
        """
        joined = note if self.note is None else f"{self.note}; {note}"
        return dataclasses.replace(self, note=joined)

    def to_dict(self) -> Values:
        """Return the fields as JSON values; infinite figures become None.

        `nll_sum` is None only if it is infinite. A finite `nll_sum` with a perplexity of None means
        that the perplexity is undefined or too large for a floating-point number.
        """
        return {name: _finite(value) for name, value in dataclasses.asdict(self).items()}


def perplexity_card(sums: Sums, *, model: ModelFacts, text: TextFacts) -> PerplexityCard:
    """Return the card computed from sums and counts.

    Args:
        sums: Summed scores of the text.
        model: The model and how it was evaluated.
        text: The text and its tokenization.

    Raises:
        DataError: The text has no tokens.

    Example:
        >>> sums = Sums(num_tokens=2, num_unknown=0, known_nll_sum=2 * math.log(8.0),
        ...             unknown_nll_sum=0.0, seconds=0.5)
        >>> text = TextFacts(text="two.txt", tokenizer="byte (260) 0f", counts_words=False,
        ...                  num_words=1, num_characters=2, num_bytes=2)
        >>> model = ModelFacts(model="m", family="uniform", num_parameters=0, reset="never")
        >>> card = perplexity_card(sums, model=model, text=text)
        >>> round(card.perplexity, 6), round(card.perplexity_per_word, 6), card.bits_per_byte
        (8.0, 64.0, 3.0)
    """
    if sums.num_tokens == 0:
        raise DataError(
            f"{text.text} has no tokens to score.", help="Give a text that is not empty."
        )
    is_whole = not (sums.num_unknown or text.num_characters_lost)
    bits = nats_to_bits(sums.nll_sum) if is_whole else None
    return PerplexityCard(
        **dataclasses.asdict(model),
        text=text.text,
        tokenizer=text.tokenizer,
        num_tokens=sums.num_tokens,
        num_words=text.num_words,
        num_characters=text.num_characters,
        num_bytes=text.num_bytes,
        num_characters_lost=text.num_characters_lost,
        nll_sum=sums.nll_sum,
        perplexity=perplexity_of(sums.nll_sum, sums.num_tokens),
        perplexity_per_word=_perplexity(sums.nll_sum, text.num_words if text.keeps_words else 0),
        bits_per_token=nats_to_bits(sums.nll_sum) / sums.num_tokens,
        bits_per_character=_ratio(bits, text.num_characters),
        bits_per_byte=_ratio(bits, text.num_bytes),
        unknown_rate=_ratio(
            sums.num_unknown, text.num_words if text.counts_words else sums.num_tokens
        ),
        perplexity_without_unknown=_perplexity(
            sums.known_nll_sum, sums.num_tokens - sums.num_unknown
        ),
        seconds=sums.seconds,
        tokens_per_second=_ratio(sums.num_tokens, sums.seconds),
        note=text.note,
    )


def _perplexity(nll_sum: float, count: int) -> float | None:
    return perplexity_of(nll_sum, count) if count else None


def _ratio(amount: float | None, count: float) -> float | None:
    return amount / count if amount is not None and count else None


def _finite(value: object) -> object:
    return None if isinstance(value, float) and not math.isfinite(value) else value
