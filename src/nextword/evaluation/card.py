"""The perplexity card: every figure `evaluate` reports, derived in one place from plain sums.

Knows neither models nor text; it divides sums by counts and says which figures are undefined.
"""

import dataclasses
import math
from dataclasses import dataclass

from nextword.base import DataError, Values, nats_to_bits
from nextword.base import perplexity as perplexity_of


@dataclass(frozen=True, kw_only=True)
class Sums:
    """What scoring a text adds up to.

    Known and unknown targets are summed apart, so that one infinite score leaves the other sum
    whole.

    Attributes:
        num_tokens: Targets scored.
        num_unknown: Those of them that stand for text outside the vocabulary.
        known_nll_sum: Negative log-likelihood of the known targets, nats; infinite where the
            model gave one of them probability 0.
        unknown_nll_sum: That of the unknown targets, nats.
        seconds: Wall-clock time it took.
    """

    num_tokens: int
    num_unknown: int
    known_nll_sum: float
    unknown_nll_sum: float
    seconds: float

    @property
    def nll_sum(self) -> float:
        """Negative log-likelihood of all targets, nats."""
        return self.known_nll_sum + self.unknown_nll_sum


@dataclass(frozen=True, kw_only=True)
class TextFacts:
    """What the card says about the text and how it was cut into tokens.

    Attributes:
        text: Where it came from.
        tokenizer: Kind, size and identity, as `describe_tokenizer` gives them.
        counts_words: Whether a token is a word, so that unknowns are a share of words.
        num_words: White-space words and line ends.
        num_characters: Code points, newlines included.
        num_bytes: Bytes in UTF-8.
        note: What a reader of the figures must know of the text, if anything.
        num_characters_lost: Characters that the tokens do not tell; for a word tokenizer, white
            space between words.
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
        """Whether the words of the text can be told from its tokens."""
        return self.counts_words or not self.num_characters_lost


@dataclass(frozen=True, kw_only=True)
class ModelFacts:
    """What the card says about the model and how it was scored.

    Attributes:
        model: Its name.
        family: Its family, as in `model.family`.
        num_parameters: Trained numbers.
        reset: Where the state was forgotten: never, document or line.
        adaptation: `cache` or `dynamic` where the model learnt from the text as it went.
        stride: Tokens between re-encodings, for models with absolute positions.
    """

    model: str
    family: str
    num_parameters: int
    reset: str
    adaptation: str | None = None
    stride: int | None = None


@dataclass(frozen=True, kw_only=True)
class PerplexityCard:
    """Every figure of one model on one text, in the order of the JSON object.

    A figure that has no meaning is None: those per character and per byte where unknown tokens
    were scored or characters were lost in encoding (nobody predicted those characters), the one per
    word where more than white space between words was lost, any ratio to a count of 0, and
    `perplexity_without_unknown` where every target was unknown. A figure may be infinite: a
    target of probability 0 makes `nll_sum` and all that follows from it so.

    Attributes:
        num_characters_lost: Characters of the text that its tokens do not tell.
        nll_sum: Negative log-likelihood of all targets, nats.
        perplexity: Per token of this tokenizer.
        perplexity_per_word: Per white-space word or line end, whatever the tokenizer.
        unknown_rate: Unknown targets as a share of words (word tokenizers) or of tokens.
        perplexity_without_unknown: Per token, unknown targets left out but kept as context.
        note: A warning about the figures, such as that most words are unknown; None where all is
            well.
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

    def to_dict(self) -> Values:
        """Give the fields for JSON, which knows no infinity: infinite figures become None.

        `nll_sum` is None only where it is infinite, so that an infinite perplexity can still be
        told from an undefined one; a finite `nll_sum` beside a perplexity of None means that the
        perplexity is too large for a floating-point number.
        """
        return {name: _finite(value) for name, value in dataclasses.asdict(self).items()}


def perplexity_card(sums: Sums, *, model: ModelFacts, text: TextFacts) -> PerplexityCard:
    """Derive the card from sums and counts.

    Raises:
        DataError: Nothing was scored.

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
            f"{text.text} holds no tokens to score.", help="Give a text that is not empty."
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
