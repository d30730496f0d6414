"""The report of an evaluation: pictures, tables, and texts whose words are colored."""

import heapq
import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nextword.base import checked_path, created_folder, with_nulls, write_bytes, write_json
from nextword.pages import html_page, html_section, inline_pictures, preformatted
from nextword.storage import disk_errors
from nextword.tasks.classification.classifier import ClassifiedText, Classifier
from nextword.tasks.classification.evaluation.explanation import WordValues, explain
from nextword.tasks.classification.evaluation.scores import (
    ClassificationCounts,
    ClassificationScores,
    classified_rows,
)
from nextword.tasks.classification.files import TextRow

REPORT_FILE = "report.html"
_CONFUSION_FILE = "confusion.png"
_RELIABILITY_FILE = "reliability.png"
_NUM_TEXTS = 20
#: Words of longer texts beyond this number are not shown.
_MAX_SHOWN_WORDS = 120
_FOR_COLOR, _AGAINST_COLOR, _ATTENTION_COLOR = "43, 138, 62", "217, 72, 15", "250, 176, 5"
_KINDS = {
    "attention": "The color of a word is its attention weight. N-gram features, if the model has "
    "them, are not part of it.",
    "contribution": "Green words raise the score of the predicted label, red words lower it "
    "(gradient times input, and the n-gram features). Darker is more.",
}


@dataclass(order=True, frozen=True)
class _Ranked:
    """A text in a heap, by its rank."""

    rank: tuple[float, int]
    row: TextRow = field(compare=False)
    found: ClassifiedText = field(compare=False)


class ExampleTexts:
    """The texts that a report shows; only these are kept.

    They are the wrong predictions with the highest probability, the right ones with the lowest
    probability, and the first right ones.
    """

    def __init__(self) -> None:
        self._num_texts = 0
        self._wrong: list[_Ranked] = []
        self._unsure: list[_Ranked] = []
        self._first: list[_Ranked] = []

    def add(self, row: TextRow, found: ClassifiedText) -> None:
        """Consider a text.

        Args:
            row: The text with its labels.
            found: Its prediction.
        """
        self._num_texts += 1
        best = next(iter(found.probabilities.values()))
        is_right = set(row.labels) == set(found.labels)
        # The text number makes the choice independent of the order of equal probabilities.
        if not is_right:
            _keep(self._wrong, _Ranked((best, -self._num_texts), row, found))
            return
        if len(self._first) < _NUM_TEXTS:
            self._first.append(_Ranked((0.0, self._num_texts), row, found))
        _keep(self._unsure, _Ranked((-best, -self._num_texts), row, found))

    def groups(self) -> dict[str, list[tuple[TextRow, ClassifiedText]]]:
        """Return the texts by heading."""
        return {
            "Wrong predictions with the highest probability": _ordered(self._wrong),
            "Right predictions with the lowest probability": _ordered(self._unsure),
            "The first right predictions": [(each.row, each.found) for each in self._first],
        }


def _keep(heap: list[_Ranked], item: _Ranked) -> None:
    """Add an item to a heap of the items with the highest rank."""
    if len(heap) < _NUM_TEXTS:
        heapq.heappush(heap, item)
    else:
        heapq.heappushpop(heap, item)


def _ordered(heap: Iterable[_Ranked]) -> list[tuple[TextRow, ClassifiedText]]:
    return [(each.row, each.found) for each in sorted(heap, reverse=True)]


def measure_classifier(
    classifier: Classifier, rows: Iterable[TextRow]
) -> tuple[ClassificationScores, ExampleTexts]:
    """Return the scores of a classifier on labelled texts, and the texts for a report.

    Args:
        classifier: The classifier.
        rows: Texts with labels; they are read once.
    """
    counts, texts = ClassificationCounts(classifier), ExampleTexts()
    for row, found in classified_rows(classifier, rows):
        counts.add(row, found)
        texts.add(row, found)
    return counts.scores(), texts


def write_evaluation_report(
    folder: Path,
    *,
    classifier: Classifier,
    scores: ClassificationScores,
    texts: ExampleTexts,
    values: Mapping[str, Any],
) -> Path:
    """Write a self-contained HTML page, its pictures, and the figures as JSON.

    Args:
        folder: The folder; created if it does not exist.
        classifier: The classifier.
        scores: Its scores.
        texts: Texts to show.
        values: The scores as JSON values, with the names of the model and the text.

    Returns:
        The HTML file.

    Raises:
        CheckpointError: The folder cannot be written.
    """
    folder = checked_path(folder)
    with disk_errors(folder), created_folder(folder):
        if scores.confusion is not None:
            scores.confusion.draw(folder / _CONFUSION_FILE)
            write_json(folder / "confusion.json", scores.confusion.to_dict())
        scores.calibration.draw(folder / _RELIABILITY_FILE)
        write_json(folder / "scores.json", with_nulls(dict(values)))
        page = _page(folder, classifier, scores, texts, f"{values['model']} on {values['text']}")
        write_bytes(folder / REPORT_FILE, page.encode("utf-8", errors="replace"))
    return folder / REPORT_FILE


def _page(
    folder: Path,
    classifier: Classifier,
    scores: ClassificationScores,
    texts: ExampleTexts,
    title: str,
) -> str:
    name, value = scores.headline()
    error = scores.calibration.expected_calibration_error
    return html_page(
        title,
        figures=[
            (name, value),
            ("macro F1", f"{100 * scores.labels.macro_f1:.2f} %"),
            ("calibration error (ECE)", f"{100 * error:.2f} %"),
            ("texts", f"{scores.labels.num_items:,}"),
        ],
        sections=[
            html_section("Scores", preformatted(scores.render())),
            html_section(
                "Confusion and calibration",
                *inline_pictures(folder, _CONFUSION_FILE),
                *inline_pictures(folder, _RELIABILITY_FILE),
            ),
            *(
                _text_section(heading, group, classifier)
                for heading, group in texts.groups().items()
            ),
        ],
    )


def _text_section(
    heading: str, group: Sequence[tuple[TextRow, ClassifiedText]], classifier: Classifier
) -> str:
    explained = [(row, found, explain(classifier, found.words)) for row, found in group]
    if not explained:
        return ""
    how = f"<p>{html.escape(_KINDS[explained[0][2].kind])}</p>"
    return html_section(heading, how, *(_colored_text(*each) for each in explained))


def _colored_text(row: TextRow, found: ClassifiedText, values: WordValues) -> str:
    """Return a text as HTML: place, labels, and its words with their colors."""
    probability = found.probabilities[values.label]
    expected, predicted = ", ".join(row.labels) or "none", ", ".join(found.labels) or "none"
    head = (
        f"{html.escape(row.place)}: expected <b>{html.escape(expected)}</b>, predicted "
        f"<b>{html.escape(predicted)}</b> ({html.escape(values.label)} {probability:.3f})"
    )
    largest = max((abs(value) for value in values.values), default=0.0) or 1.0
    words = " ".join(
        _colored_word(word, value, largest=largest, kind=values.kind)
        for word, value in list(zip(values.words, values.values, strict=True))[:_MAX_SHOWN_WORDS]
    )
    more = len(values.words) - _MAX_SHOWN_WORDS
    rest = f" ... and {more:,} more words" if more > 0 else ""
    return f"<p><small>{head}</small><br>{words}{rest}</p>"


def _colored_word(word: str, value: float, *, largest: float, kind: str) -> str:
    color = _FOR_COLOR if value >= 0.0 else _AGAINST_COLOR
    if kind == "attention":
        color = _ATTENTION_COLOR
    strength = 0.75 * abs(value) / largest
    return (
        f'<span style="background: rgba({color}, {strength:.2f})" title="{value:+.3f}">'
        f"{html.escape(word)}</span>"
    )
