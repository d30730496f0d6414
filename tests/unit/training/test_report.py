"""report.html: the headline figures, the pictures, and text that looks like HTML."""

import base64
import re
from pathlib import Path
from typing import Any

import pytest

from nextword.evaluation import ModelFacts, PerplexityCard, Sums, TextFacts, perplexity_card
from nextword.storage import RunFolder
from nextword.training import RunConfig, write_report


def card_of(num_unknown: int = 0) -> PerplexityCard:
    return perplexity_card(
        Sums(
            num_tokens=8,
            num_unknown=num_unknown,
            known_nll_sum=16.0,
            unknown_nll_sum=0.0,
            seconds=2.0,
        ),
        model=ModelFacts(model="m", family="recurrent", num_parameters=1, reset="never"),
        text=TextFacts(
            text="a <b> text",
            tokenizer="word",
            counts_words=True,
            num_words=8,
            num_characters=16,
            num_bytes=16,
        ),
    )


def report_of(
    folder: Path,
    *,
    seconds: float = 12.34,
    validation: PerplexityCard | None = None,
    test: PerplexityCard | None = None,
    samples: tuple[str, ...] = (),
) -> str:
    result: dict[str, Any] = {
        "num_parameters": 12345,
        "seconds": seconds,
        "validation": validation.to_dict() if validation else None,
        "test": test.to_dict() if test else None,
    }
    run = RunFolder.create(folder)
    write_report(run, config=RunConfig(), result=result, cards=[validation, test], samples=samples)
    return run.report_file.read_text(encoding="utf-8")


def figures(page: str) -> dict[str, str]:
    found = re.findall(r'<div class="figure"><b>(.*?)</b>(.*?)</div>', page)
    return {name: value for value, name in found}


def test_report_figures_of_both_texts_stand_at_the_top(tmp_path: Path) -> None:
    page = report_of(tmp_path / "run", validation=card_of(), test=card_of())

    # 16 nats over 8 tokens and 16 characters: e^2 a token, 1 / ln 2 bits a character.
    assert figures(page) == {
        "parameters": "12,345",
        "validation perplexity per token": "7.3891",
        "validation bits per character": "1.4427",
        "test perplexity per token": "7.3891",
        "test bits per character": "1.4427",
        "seconds of training": "12.3",
    }


def test_report_of_a_text_with_unknown_words_has_no_bits_per_character(tmp_path: Path) -> None:
    found = figures(report_of(tmp_path / "run", test=card_of(num_unknown=1)))

    assert "test perplexity per token" in found
    assert "test bits per character" not in found


@pytest.mark.parametrize(
    ("seconds", "name", "value"),
    [(59.94, "seconds of training", "59.9"), (60.0, "minutes of training", "1.0")],
)
def test_report_gives_a_minute_and_more_in_minutes(
    seconds: float, name: str, value: str, tmp_path: Path
) -> None:
    assert figures(report_of(tmp_path / "run", seconds=seconds))[name] == value


def test_report_without_cards_leaves_their_section_out(tmp_path: Path) -> None:
    page = report_of(tmp_path / "run")

    assert "Perplexity card" not in page
    assert "What it writes" not in page
    assert "<h2>Settings</h2>" in page


def test_report_escapes_what_looks_like_html(tmp_path: Path) -> None:
    page = report_of(tmp_path / "a <run>", test=card_of(), samples=("<script>alert(1)</script>",))

    assert "<script>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<title>a &lt;run&gt;</title>" in page
    assert "a &lt;b&gt; text" in page


def test_report_holds_its_pictures_inline(tmp_path: Path) -> None:
    plots = tmp_path / "run" / "plots"
    plots.mkdir(parents=True)
    (plots / "curve.png").write_bytes(b"not really a picture")

    page = report_of(tmp_path / "run")

    assert f"base64,{base64.b64encode(b'not really a picture').decode()}" in page
    assert 'alt="curve"' in page
