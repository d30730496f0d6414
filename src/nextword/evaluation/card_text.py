"""One perplexity card as plain text."""

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nextword.evaluation.card import PerplexityCard

_UNDEFINED = "-"


def render_card(card: "PerplexityCard") -> str:
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
        ("perplexity per token", number_text(card.perplexity)),
        *_defined("perplexity per word", card.perplexity_per_word),
        ("  without unknown", f"{number_text(card.perplexity_without_unknown)} per token"),
        ("bits per token", number_text(card.bits_per_token, digits=4)),
        *_defined("bits per character", card.bits_per_character, digits=4),
        *_defined("bits per byte", card.bits_per_byte, digits=4),
        ("unknown", percent_text(card.unknown_rate)),
        *_lost(card),
        *_undefined(card),
        ("log-likelihood", f"{number_text(-card.nll_sum)} nats"),
        ("time", f"{card.seconds:.2f} s, {number_text(card.tokens_per_second, digits=0)} tokens/s"),
    ]
    if card.note is not None:
        lines.insert(0, ("WARNING", card.note))
    width = max(len(label) for label, _ in lines)
    return "\n".join(f"{label:<{width}}  {value}" for label, value in lines)


def describe_adaptation(card: "PerplexityCard") -> str:
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


def _defined(label: str, value: float | None, *, digits: int = 2) -> list[tuple[str, str]]:
    return [] if value is None else [(label, number_text(value, digits=digits))]


def _undefined(card: "PerplexityCard") -> list[tuple[str, str]]:
    """Return one row about the figures that are undefined, why, and what can be compared."""
    units = [
        unit
        for unit, value in (
            ("word", card.perplexity_per_word),
            ("character", card.bits_per_character),
            ("byte", card.bits_per_byte),
        )
        if value is None
    ]
    if not units or not (card.unknown_rate or card.num_characters_lost):
        return []
    reasons = ["the spelling of unknown words"] if card.unknown_rate else []
    reasons += ["characters that the tokenizer drops"] if card.num_characters_lost else []
    comparable = "models with this tokenizer, per token"
    if card.perplexity_per_word is not None and not card.unknown_rate:
        comparable = "models of words, per word"
    return [
        ("undefined", f"per {_listed(units)}: {_listed(reasons)} cannot be predicted"),
        ("comparable with", f"{comparable}; tokenizer.kind=bpe gives bits per byte"),
    ]


def _listed(names: list[str]) -> str:
    """Join names with commas and `and`."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def _lost(card: "PerplexityCard") -> list[tuple[str, str]]:
    """Return the row about characters lost in encoding, if there are any."""
    if not card.num_characters_lost:
        return []
    share = percent_text(card.num_characters_lost / max(1, card.num_characters))
    what = "" if card.perplexity_per_word is None else ", white space between words"
    return [("lost in encoding", f"{card.num_characters_lost:,} characters ({share}){what}")]


def _scored(card: "PerplexityCard") -> str:
    return (
        f"{card.num_tokens:,} tokens; {card.num_words:,} words and line ends, "
        f"{card.num_characters:,} characters, {card.num_bytes:,} bytes"
    )


def number_text(value: float | None, *, digits: int = 2) -> str:
    """Return a number with separators; `-` when it is undefined."""
    if value is None:
        return _UNDEFINED
    if math.isinf(value):
        return "infinite" if value > 0 else "-infinite"
    return f"{value:,.{digits}f}"


def percent_text(value: float | None) -> str:
    """Return a share as a percentage; `-` when it is undefined."""
    return _UNDEFINED if value is None else f"{100 * value:.2f} %"
