from nextword.generation import CacheConfig
from nextword.keyboard import TypingReport, render_reports


def report_of(
    *, cache: CacheConfig | None = None, model_bytes: int | None = 2_500_000
) -> TypingReport:
    return TypingReport(
        model="runs/a",
        family="ngram",
        tokenizer="word (9, open)",
        cache=cache,
        num_lines=2,
        num_words=10,
        num_characters=50,
        num_keystrokes={1: 40, 3: 30, 5: 25},
        top_1=0.1,
        top_3=0.25,
        unknown_rate=0.05,
        ceiling=0.8,
        ceiling_word_list=0.75,
        num_searches=60,
        latency_p50_ms=0.125,
        latency_p99_ms=2.0,
        cpu_p99_ms=1.5,
        model_bytes=model_bytes,
        seconds=1.0,
    )


def test_render_reports_names_the_form_and_the_figures() -> None:
    table = render_reports([report_of()], text="phrases.txt", form="letters")

    assert "typed: in lower case, without characters other than letters and apostrophes" in table
    row = table.splitlines()[-1].split("  ")
    cells = [cell.strip() for cell in row if cell.strip()]
    assert cells[2:] == [
        *("-", "20.0 %", "40.0 %", "50.0 %", "75.0 %", "10.0 %", "25.0 %", "5.0 %"),
        *("0.12", "2.00", "1.50", "2.5"),
    ]


def test_render_reports_names_the_cache_and_an_unknown_size() -> None:
    report = report_of(cache=CacheConfig(weight=0.1, decay=0.5), model_bytes=None)

    last = render_reports([report], text="phrases.txt", form="lower").splitlines()[-1]

    assert "weight 0.1, decay 0.5" in last
    assert last.endswith("-")


def test_typing_report_to_dict_has_savings_as_shares() -> None:
    values = report_of(cache=CacheConfig()).to_dict()

    assert values["keystroke_savings"] == {"1": 1 - 40 / 50, "3": 1 - 30 / 50, "5": 0.5}
    assert values["adaptation"] == "cache"
