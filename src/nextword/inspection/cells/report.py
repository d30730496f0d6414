"""The files that show which units of a model track which properties."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nextword.base import Values, created_folder
from nextword.inspection.cells.search import CellSearch, PropertyUnits
from nextword.inspection.cells.spans import SpanMatches
from nextword.inspection.cells.states import UnitStates
from nextword.inspection.cells.text import UnitText
from nextword.inspection.report import Section, write_inspection
from nextword.pages import TokenSeries, html_table, inline_picture, paragraph, token_figure
from nextword.tokens import Tokenizer

NAME = "cells"
#: Tokens drawn as a picture, and in the page.
_PICTURE_TOKENS, _PAGE_TOKENS = 700, 3000
TABLE_HEADER = (
    "property",
    "unit",
    "score",
    "last 8",
    "untrained",
    "random unit",
    "ablation",
    "random ablation",
)


@dataclass(frozen=True, kw_only=True, eq=False)
class CellResult:
    """What was measured of one model.

    Attributes:
        model: Name of the model.
        language: `python` or `text`: how properties were computed.
        search: The units of each property.
        spans: Spans like a selected one; None without one.
    """

    model: str
    language: str
    search: CellSearch
    spans: SpanMatches | None = None

    def to_dict(self) -> Values:
        """Return the result as JSON values."""
        return {
            "model": self.model,
            "language": self.language,
            **self.search.to_dict(),
            "span": None if self.spans is None else self.spans.to_dict(),
        }


def table_rows(search: CellSearch) -> list[tuple[str, ...]]:
    """Return a row of text for each property, for `TABLE_HEADER`.

    Args:
        search: The result of the search.
    """
    return [_row(each) for each in search.properties]


def _row(found: PropertyUnits) -> tuple[str, ...]:
    ablation = found.ablation
    return (
        f"{found.name} ({'AUC' if found.kind == 'binary' else '|r|'})",
        str(found.best.unit),
        f"{found.best.score:.3f}",
        f"{found.last_characters:.3f}",
        "-" if found.untrained is None else f"{found.untrained:.3f}",
        f"{found.random_unit:.3f}",
        "-" if ablation is None else f"{ablation.effect:+.4f}",
        "-" if ablation is None else f"{float(np.mean(ablation.random_effects)):+.4f}",
    )


def notes(search: CellSearch) -> list[str]:
    """Return what the columns of the table mean, and the properties that could not be scored.

    Args:
        search: The result of the search.
    """
    return [
        f"Units are selected on the first half of {search.num_tokens:,} tokens and scored on the "
        f"second: AUC, or |correlation| for numbers, of {search.num_units:,} units. 'ablation' is "
        "the rise of the loss, in nats per token where the property holds, when the unit is set to "
        "its mean, and 'random ablation' the mean of random units of the same layer.",
        *(f"{name} is not scored: {reason}." for name, reason in search.skipped.items()),
    ]


def write_cells(
    folder: Path,
    result: CellResult,
    *,
    text: UnitText,
    states: UnitStates,
    tokenizer: Tokenizer,
) -> Path:
    """Write `cells.json`, pictures, and the section of `report.html`.

    Args:
        folder: The folder; created if it does not exist.
        result: What was measured.
        text: The text.
        states: The states of the model along it.
        tokenizer: The tokenizer of the model.

    Returns:
        The path of the report.
    """
    from nextword.inspection.cells.drawing import draw_search

    search = result.search
    with created_folder(folder):
        picture = draw_search(search, folder / "cells.png")
    texts = token_texts(text, tokenizer)
    parts = [
        paragraph(
            f"{result.model}, {search.num_tokens:,} tokens of {search.description}. Properties of "
            + ("Python source." if result.language == "python" else "plain text.")
        ),
        inline_picture(picture, alt=_describe(search)),
        html_table(TABLE_HEADER, table_rows(search)),
        *(paragraph(note) for note in notes(search)),
        _text_figure(search, text=text, states=states, texts=texts),
        *_pictures(folder, search, text=text, states=states, texts=texts),
        *_span_parts(result.spans),
    ]
    section = Section(name=NAME, title="Units that track properties", parts=parts)
    return write_inspection(folder, section, values=result.to_dict())


def token_texts(text: UnitText, tokenizer: Tokenizer) -> list[str]:
    """Return the text of each token for display, with the line ends of the text.

    Args:
        text: The text.
        tokenizer: The tokenizer of the model.
    """
    if not tokenizer.is_word_level:
        return [
            text.text[start:end]
            for start, end in zip(text.starts.tolist(), text.ends.tolist(), strict=True)
        ]
    shown = [tokenizer.token_text(each) for each in text.token_ids.tolist()]
    ends = frozenset(tokenizer.line_end_ids.tolist())
    return [
        "\n" if each in ends else f"{name} "
        for each, name in zip(text.token_ids.tolist(), shown, strict=True)
    ]


def _describe(search: CellSearch) -> str:
    return "Scores of the best unit of each property: " + "; ".join(
        f"{each.name} {each.best.score:.2f}, last 8 characters {each.last_characters:.2f}"
        for each in search.properties
    )


def _title(found: PropertyUnits) -> str:
    measure = "AUC" if found.kind == "binary" else "|correlation|"
    return f"{found.name.replace('_', ' ')}: {found.best.unit}, {measure} {found.best.score:.2f}"


def _text_figure(
    search: CellSearch, *, text: UnitText, states: UnitStates, texts: Sequence[str]
) -> str:
    from nextword.inspection.cells.drawing import unit_colors

    window = _window(text, num_tokens=_PAGE_TOKENS)
    series = [
        TokenSeries(
            name=_title(found),
            values=unit_colors(states.of(found.best.unit).astype(np.float64))[window].tolist(),
            limit=1.0,
        )
        for found in search.properties
    ]
    return token_figure(
        texts[window],
        series=series,
        caption="The value of the best unit of each property after each token, between its lowest "
        "and its highest value.",
    )


def _pictures(
    folder: Path,
    search: CellSearch,
    *,
    text: UnitText,
    states: UnitStates,
    texts: Sequence[str],
) -> list[str]:
    """Draw the text once for each property, with the colors of its best unit."""
    from nextword.inspection.cells.drawing import draw_units, unit_colors

    window = _window(text, num_tokens=_PICTURE_TOKENS)
    parts = []
    for found in search.properties:
        colors = unit_colors(states.of(found.best.unit).astype(np.float64))
        picture = draw_units(
            folder / f"cell-{found.name}.png",
            texts=texts[window],
            panels=[(_title(found), colors[window])],
        )
        parts.append(inline_picture(picture, alt=f"Text in the colors of {_title(found)}"))
    return parts


def _window(text: UnitText, *, num_tokens: int) -> slice:
    """Return the tokens to draw: from the start of a line in the second half."""
    middle = text.num_tokens // 2
    line_ends = [
        at for at in range(middle, text.num_tokens) if text.text[text.ends[at] - 1] == "\n"
    ]
    start = line_ends[0] + 1 if line_ends and line_ends[0] + 1 < text.num_tokens else middle
    return slice(start, min(text.num_tokens, start + num_tokens))


def _span_parts(spans: SpanMatches | None) -> list[str]:
    if spans is None:
        return []
    rows = [
        (f"{match.start}:{match.end}", match.before, match.text, match.after, f"{match.share:.0%}")
        for match in spans.matches
    ]
    return [
        paragraph(
            f"Spans like {spans.text!r}: where more than half of the {len(spans.units)} units are "
            f"on that are on throughout it (|hidden state| at least {spans.threshold:g})."
        ),
        html_table(("characters", "before", "match", "after", "units on"), rows),
    ]
