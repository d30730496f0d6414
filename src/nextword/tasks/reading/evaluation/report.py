"""The folder of an evaluation: scores, predictions and attention over passages."""

import html
from collections.abc import Iterable, Iterator
from pathlib import Path

from nextword.base import Values, atomic_writer, created_folder, write_bytes, write_json
from nextword.pages import html_page, html_section, preformatted
from nextword.tasks.reading.evaluation.attention import attention_html, draw_attention
from nextword.tasks.reading.evaluation.scores import ReadingScores, ScoredItem
from nextword.tasks.reading.reader import Reader
from nextword.tasks.texts import one_field

PREDICTIONS_FILE = "predictions.tsv"
#: Number of right and of wrong answers that a report shows.
_NUM_SHOWN = 5


def write_predictions(folder: Path, scored: Iterable[ScoredItem]) -> Iterator[ScoredItem]:
    """Write questions with their answers to `predictions.tsv`, and pass them on.

    The columns are 1 for an exact match and 0 otherwise, F1, the question, the answer, and the
    references.

    Args:
        folder: The folder; created if it does not exist.
        scored: The questions.
    """
    with created_folder(folder), atomic_writer(folder / PREDICTIONS_FILE) as file:
        for each in scored:
            item = each.item
            fields = (
                str(int(each.is_exact)),
                f"{each.f1:.4f}",
                item.question,
                each.found.text,
                *item.references,
            )
            line = "\t".join(one_field(field) for field in fields)
            file.write(f"{line}\n".encode())
            yield each


class ReadingReport:
    """Collects the first right and wrong answers for `report.html`.

    Args:
        reader: The reader.
        title: Title of the report.
    """

    def __init__(self, reader: Reader, *, title: str) -> None:
        self._num_hops = reader.parts.config.hops
        self._title = title
        self._shown: dict[bool, list[ScoredItem]] = {True: [], False: []}

    def add(self, scored: ScoredItem) -> None:
        """Add a question, if there are not enough of its kind."""
        shown = self._shown[scored.is_exact]
        if len(shown) < _NUM_SHOWN:
            shown.append(scored)

    def write(self, folder: Path, *, scores: ReadingScores, values: Values) -> None:
        """Write `scores.json`, `report.html` and `attention.png`.

        The picture is of the first right answer; of the first wrong one if there is none.

        Args:
            folder: The folder; created if it does not exist.
            scores: The scores of all questions.
            values: The scores as JSON values, for `scores.json`.
        """
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / "scores.json", values)
        figures = [
            ("exact match", f"{100 * scores.exact_match:.1f} %"),
            ("F1", f"{100 * scores.f1:.1f} %"),
            ("question only", f"{100 * scores.question_only:.1f} %"),
            ("last mention", f"{100 * scores.last_mention:.1f} %"),
        ]
        legend = (
            "<p>Attention of each hop over the passage: the darker a word, the larger its weight, "
            "which is in the tooltip of the word.</p>"
        )
        sections = [html_section("Scores", preformatted(scores.render()))]
        for is_exact, name in ((True, "Right answers"), (False, "Wrong answers")):
            parts = [_item_html(each) for each in self._shown[is_exact]]
            sections.append(html_section(name, legend, *parts) if parts else "")
        page = html_page(self._title, figures=figures, sections=sections)
        write_bytes(folder / "report.html", page.encode("utf-8", errors="replace"))
        for each in [*self._shown[True], *self._shown[False]][:1]:
            draw_attention(each.item, each.found, path=folder / "attention.png")


def _item_html(scored: ScoredItem) -> str:
    item, found = scored.item, scored.found
    rows = []
    for turn in item.history:
        rows.append(("earlier question", turn.question))
        if turn.answer:
            rows.append(("its answer", turn.answer))
    rows.append(("question", item.question))
    rows.append(("answer", found.text))
    rows.append(("references", " | ".join(item.references)))
    if item.supporting:
        numbers = ", ".join(str(number + 1) for number in item.supporting)
        rows.append(("supporting sentences", numbers))
    table = "".join(
        f"<tr><td>{html.escape(name)}</td><td>{html.escape(text)}</td></tr>" for name, text in rows
    )
    return f"<hr><table>{table}</table>\n{attention_html(item, found)}"
