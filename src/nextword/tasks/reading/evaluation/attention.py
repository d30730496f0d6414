"""Attention over a passage as coloured text, for HTML pages, and as a picture."""

import html
from pathlib import Path

import numpy as np
from jaxtyping import Float64

from nextword.base import atomic_writer
from nextword.tasks.metrics.pictures import plain_label
from nextword.tasks.reading.files import Item
from nextword.tasks.reading.predictor import Answer

#: A blue that people with any kind of colour blindness see; black text on it is readable.
_COLOR = (86, 180, 233)
_DOTS_PER_INCH = 130
#: Longer lines of a picture are broken.
_LINE_CHARACTERS = 78
#: Width of a character of a picture, inches.
_CHARACTER = 0.068
#: A picture of a longer passage could not be read.
_MAX_LINES = 60

#: Attention of each hop.
Weights = Float64[np.ndarray, "hops words"]


def sentence_attention(item: Item, found: Answer) -> Float64[np.ndarray, "hops sentences"]:
    """Return the share of each sentence in the attention of each hop, (hops, sentences).

    Args:
        item: The question.
        found: Its answer.
    """
    numbers = sentence_numbers(item, found)
    shares = np.zeros((len(found.attention), len(item.starts)))
    for hop, weights in enumerate(found.attention):
        np.add.at(shares[hop], numbers, weights)
    return shares


def sentence_numbers(item: Item, found: Answer) -> list[int]:
    """Return the sentence of each word of a passage, from 0.

    Args:
        item: The question.
        found: Its answer, with the words of the passage.
    """
    starts = found.words.places[:, 0]
    numbers: list[int] = (np.searchsorted(item.starts, starts, side="right") - 1).tolist()
    return numbers


def attention_html(item: Item, found: Answer) -> str:
    """Return the passage once for each hop, as HTML: the darker a word, the more attention.

    Above each passage is the number of the sentence with the most attention and its share, so that
    nothing depends on colour alone.

    Args:
        item: The question.
        found: Its answer.
    """
    shares = sentence_attention(item, found)
    parts = []
    for hop, weights in enumerate(found.attention):
        number = int(shares[hop].argmax())
        parts.append(
            f"<p><b>Hop {hop + 1}</b>: {100 * shares[hop, number]:.0f} % in sentence "
            f"{number + 1}</p>\n<p>{_colored(found, weights)}</p>"
        )
    return "\n".join(parts)


def _colored(found: Answer, weights: Float64[np.ndarray, " words"]) -> str:
    """Return the text of a passage with a background for each word."""
    text, places = found.words.text, found.words.places
    parts, end = [], 0
    for (first, last), weight in zip(places.tolist(), weights.tolist(), strict=True):
        parts.append(html.escape(text[end:first]))
        word = html.escape(text[first:last])
        if weight < 0.005:
            parts.append(word)
        else:
            red, green, blue = _COLOR
            parts.append(
                f'<span title="{100 * weight:.1f} %" style="background: rgb({red} {green} {blue} / '
                f'{weight:.2f})">{word}</span>'
            )
        end = last
    parts.append(html.escape(text[end:]))
    return "".join(parts)


def draw_attention(item: Item, found: Answer, *, path: Path) -> None:
    """Draw the passage once for each hop into a PNG file, one sentence a line.

    The darker the background of a word, the more attention. The share of each sentence is beside
    it.

    Args:
        item: The question.
        found: Its answer.
        path: The file.
    """
    # Imported here because matplotlib takes longer to load than a model.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    lines = _lines(item, found)[:_MAX_LINES]
    num_hops = len(found.attention)
    title = [f"Earlier: {turn.question} {turn.answer}" for turn in item.history]
    title.append(f"Question: {item.question}   Answer: {found.text}")
    widest = max(line[-1][0] + len(line[-1][1]) for _, line in lines) + 6
    figure = Figure(
        figsize=(0.5 + _CHARACTER * widest * num_hops, 0.7 + 0.2 * (len(lines) + len(title))),
        layout="constrained",
    )
    FigureCanvasAgg(figure)
    shares = sentence_attention(item, found)
    figure.suptitle(plain_label("\n".join(title)), fontsize=9)
    for hop, axes in enumerate(np.atleast_1d(figure.subplots(1, num_hops)).tolist()):
        axes.set_title(f"hop {hop + 1}", fontsize=9)
        axes.set_xlim(-6, widest - 6)
        axes.set_ylim(len(lines), 0)
        axes.axis("off")
        for row, (number, line) in enumerate(lines):
            if row == 0 or lines[row - 1][0] != number:
                share = f"{100 * shares[hop, number]:3.0f} %"
                axes.text(-6, row + 0.5, share, fontsize=7, family="monospace", va="center")
            for column, word, index in line:
                _draw_word(axes, row, column, word, found.attention[hop, index])
    with atomic_writer(path) as file:
        figure.savefig(file, format="png", dpi=_DOTS_PER_INCH)


def _draw_word(axes: object, row: int, column: int, word: str, weight: float) -> None:
    from matplotlib.axes import Axes
    from matplotlib.patches import Rectangle

    assert isinstance(axes, Axes)
    color = tuple(part / 255 for part in _COLOR)
    axes.add_patch(Rectangle((column, row), len(word), 1, color=(*color, float(weight)), lw=0))
    label = plain_label(word)
    axes.text(column, row + 0.5, label, fontsize=7.5, family="monospace", va="center")


def _lines(item: Item, found: Answer) -> list[tuple[int, list[tuple[int, str, int]]]]:
    """Return the lines of a picture: a sentence, and column, text and index of each word."""
    lines: list[tuple[int, list[tuple[int, str, int]]]] = []
    places, last = found.words.places, -1
    offset = 0
    for index, number in enumerate(sentence_numbers(item, found)):
        word, start = found.words.words[index], int(places[index, 0])
        if number != last or start - offset + len(word) > _LINE_CHARACTERS:
            lines.append((number, []))
            last, offset = number, start
        lines[-1][1].append((start - offset, word, index))
    return lines
