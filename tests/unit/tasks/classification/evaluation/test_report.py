"""The report of an evaluation."""

import json
from pathlib import Path

import pytest

from classifiers import made_rows, new_classifier
from nextword.base import CheckpointError
from nextword.tasks.classification import TextRow, measure_classifier, write_evaluation_report
from nextword.tasks.classification.evaluation.report import ExampleTexts

ODD = TextRow(text="<script>alert(1)</script> & so on", labels=("neg",), place="<b>:1")


@pytest.mark.parametrize("section", [{"pooling": "attention"}, {"multi_label": True}])
def test_report_is_one_page_with_colored_words(section: dict[str, object], tmp_path: Path) -> None:
    classifier = new_classifier(classification=section)
    scores, texts = measure_classifier(classifier, [*made_rows(30, seed=5), ODD])

    folder = tmp_path / "new" / "report"
    folder.mkdir(parents=True)
    (folder / "holiday.png").write_bytes(b"another picture")

    path = write_evaluation_report(
        folder,
        classifier=classifier,
        scores=scores,
        texts=texts,
        values={"model": "m", "text": "t", **scores.to_dict()},
    )

    page = path.read_text(encoding="utf-8")
    assert '<span style="background: rgba(' in page
    assert page.count("data:image/png;base64") == (1 if "multi_label" in section else 2)
    assert "<script>" not in page
    assert "<b>:1" not in page
    assert "http" not in page
    assert json.loads((path.parent / "scores.json").read_text())["num_items"] == 31
    assert (path.parent / "reliability.png").exists()


def test_report_refuses_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    classifier = new_classifier()
    scores, texts = measure_classifier(classifier, made_rows(3))

    with pytest.raises(CheckpointError):
        write_evaluation_report(
            tmp_path / "file",
            classifier=classifier,
            scores=scores,
            texts=texts,
            values={"model": "m", "text": "t"},
        )


def test_example_texts_are_the_most_and_the_least_certain_ones() -> None:
    classifier = new_classifier()
    rows = made_rows(120, seed=6)
    found = list(classifier.predict(row.text for row in rows))
    texts = ExampleTexts()
    for row, each in zip(rows, found, strict=True):
        texts.add(row, each)

    wrong, unsure, first = texts.groups().values()

    chances = [
        next(iter(each.probabilities.values()))
        for row, each in zip(rows, found, strict=True)
        if row.labels != each.labels
    ]
    shown = [next(iter(each.probabilities.values())) for _, each in wrong]
    assert shown == sorted(chances, reverse=True)[:20]
    assert len(unsure) == len(first) == 20
