"""The perplexity card as plain text: one card in full, or a table with one row per model."""

import math
from collections.abc import Sequence

from nextword.evaluation.card import PerplexityCard

_UNDEFINED = "-"
_NOT_PREDICTED = "undefined: the tokenizer dropped characters, which the model did not predict"
_LOST = "lost"
_PER_TOKEN = "perplexity"
_HEADER = (
    "model",
    "tokenizer",
    _PER_TOKEN,
    "per word",
    "bits/character",
    "bits/byte",
    _LOST,
    "unknown",
    "reset",
    "tokens/s",
)


def render_card(card: PerplexityCard) -> str:
    """Return one card as aligned lines with units; an undefined figure is shown as `-`."""
    name = card.model if card.adaptation is None else f"{card.model} + {card.adaptation}"
    lines = [
        ("model", f"{name} ({card.family}, {card.num_parameters:,} parameters)"),
        *([("adaptation", describe_adaptation(card))] if card.adaptation else []),
        ("text", card.text),
        ("tokenizer", card.tokenizer),
        ("scored", _scored(card)),
        (
            "state reset",
            card.reset if card.stride is None else f"{card.reset}, stride {card.stride}",
        ),
        ("perplexity per token", _number(card.perplexity)),
        ("perplexity per word", _per_word(card)),
        ("  without unknown", f"{_number(card.perplexity_without_unknown)} per token"),
        ("bits per token", _number(card.bits_per_token, digits=4)),
        ("bits per character", _bits(card, card.bits_per_character)),
        ("bits per byte", _bits(card, card.bits_per_byte)),
        ("unknown", _percent(card.unknown_rate)),
        *_lost(card),
        ("log-likelihood", f"{_number(-card.nll_sum)} nats"),
        ("time", f"{card.seconds:.2f} s, {_number(card.tokens_per_second, digits=0)} tokens/s"),
    ]
    if card.note is not None:
        lines.insert(0, ("WARNING", card.note))
    width = max(len(label) for label, _ in lines)
    return "\n".join(f"{label:<{width}}  {value}" for label, value in lines)


def render_cards(cards: Sequence[PerplexityCard], *, per_token: bool = True) -> str:
    """Return a table with one row per card; an undefined figure is shown as `-`.

    The column of lost characters is shown only if a tokenizer dropped any.

    Args:
        cards: Cards of models that can be compared; see `comparability`.
        per_token: Whether to show perplexities per token.
    """
    rows = [list(_HEADER), *[_row(card) for card in cards]]
    hidden = [] if per_token else [_PER_TOKEN]
    if not any(card.num_characters_lost for card in cards):
        hidden.append(_LOST)
    shown = [column for column, name in enumerate(_HEADER) if name not in hidden]
    rows = [[row[column] for column in shown] for row in rows]
    notes = [f"WARNING  {card.model}: {card.note}" for card in cards if card.note is not None]
    return "\n".join([_align(rows, num_left=2), *notes])


def describe_adaptation(card: PerplexityCard) -> str:
    """Return the name and the settings of an adaptation as one line; empty without one.

    Args:
        card: The card.
    """
    if not card.adaptation_settings:
        return ""
    values = (
        f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in card.adaptation_settings.items()
    )
    return f"{card.adaptation}: {', '.join(values)}"


def _row(card: PerplexityCard) -> list[str]:
    return [
        card.model if card.adaptation is None else f"{card.model} + {card.adaptation}",
        card.tokenizer,
        _number(card.perplexity),
        _number(card.perplexity_per_word),
        _number(card.bits_per_character, digits=4),
        _number(card.bits_per_byte, digits=4),
        f"{card.num_characters_lost:,}",
        _percent(card.unknown_rate),
        card.reset,
        _number(card.tokens_per_second, digits=0),
    ]


def _align(rows: Sequence[Sequence[str]], *, num_left: int) -> str:
    """Align cells in columns: the first `num_left` columns to the left, the others to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [
            cell.ljust(width) if column < num_left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def _bits(card: PerplexityCard, bits: float | None) -> str:
    """Return bits, or the reason why they are undefined."""
    if bits is None and card.unknown_rate:
        return f"{_UNDEFINED} (undefined: the spelling of unknown words is not predicted)"
    if bits is None and card.num_characters_lost:
        return f"{_UNDEFINED} ({_NOT_PREDICTED})"
    return _number(bits, digits=4)


def _per_word(card: PerplexityCard) -> str:
    """Return the perplexity per word, or the reason why it is undefined."""
    if card.perplexity_per_word is None and card.num_characters_lost:
        return f"{_UNDEFINED} ({_NOT_PREDICTED})"
    return _number(card.perplexity_per_word)


def _lost(card: PerplexityCard) -> list[tuple[str, str]]:
    """Return the row about characters lost in encoding, if there are any."""
    if not card.num_characters_lost:
        return []
    share = _percent(card.num_characters_lost / max(1, card.num_characters))
    what = "" if card.perplexity_per_word is None else ", white space between words"
    return [("lost in encoding", f"{card.num_characters_lost:,} characters ({share}){what}")]


def _scored(card: PerplexityCard) -> str:
    return (
        f"{card.num_tokens:,} tokens; {card.num_words:,} words and line ends, "
        f"{card.num_characters:,} characters, {card.num_bytes:,} bytes"
    )


def _number(value: float | None, *, digits: int = 2) -> str:
    if value is None:
        return _UNDEFINED
    if math.isinf(value):
        return "infinite" if value > 0 else "-infinite"
    return f"{value:,.{digits}f}"


def _percent(value: float | None) -> str:
    return _UNDEFINED if value is None else f"{100 * value:.2f} %"
