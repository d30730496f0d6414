"""Perplexity cards as a plain-text table with one row per model."""

from collections.abc import Sequence

from nextword.evaluation.card import PerplexityCard
from nextword.evaluation.card_text import number_text, percent_text

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


def _row(card: PerplexityCard) -> list[str]:
    return [
        card.model if card.adaptation is None else f"{card.model} + {card.adaptation}",
        card.tokenizer,
        number_text(card.perplexity),
        number_text(card.perplexity_per_word),
        number_text(card.bits_per_character, digits=4),
        number_text(card.bits_per_byte, digits=4),
        f"{card.num_characters_lost:,}",
        percent_text(card.unknown_rate),
        card.reset,
        number_text(card.tokens_per_second, digits=0),
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
