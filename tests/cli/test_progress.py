"""What is shown of a long job: lines with a clock made here, and a bar on a made-up terminal."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

import training_records
from nextword.cli.progress import LineProgress, ProgressDisplay, duration, make_progress
from nextword.progress import BarProgress

FIGURES = {"nll_per_token": 0.0, "perplexity": 1.0}
STEP = replace(
    training_records.STEP,
    step=50,
    num_steps=400,
    num_seen=1000,
    figures=FIGURES,
    learning_rate=0.004,
    grad_norm=1.25,
    clip_rate=0.5,
    items_per_second=12345.6,
    elapsed_s=10.0,
    remaining_s=200.0,
)
VALIDATION = replace(
    training_records.VALIDATION, step=60, epoch=0.6, figures=FIGURES, elapsed_s=12.0
)


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_line_progress_columns_hold_every_figure(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    progress = LineProgress(clock)
    progress.on_start(first_step=0, num_steps=400)

    progress.on_step(STEP)

    head, line = capsys.readouterr().err.splitlines()
    words = ["50/400", "0.50", "1.00", "12,346", "4.00e-03", "1.250", "50%", "3m20s"]
    assert line.split() == words
    assert len(head.split()) == len(words)
    assert len(head) == len(line)


def test_line_progress_lines_come_no_oftener_than_every_five_seconds(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    progress = LineProgress(clock)
    progress.on_start(first_step=0, num_steps=400)

    for second in range(12):
        clock.now = 100.0 + second
        progress.on_step(replace(STEP, step=second))

    lines = capsys.readouterr().err.splitlines()[1:]
    assert [line.split()[0] for line in lines] == ["0/400", "5/400", "10/400"]


def test_line_progress_last_record_is_shown(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    progress = LineProgress(clock)
    progress.on_start(first_step=0, num_steps=400)
    progress.on_step(STEP)
    progress.on_step(replace(STEP, step=400))

    progress.on_end()

    assert capsys.readouterr().err.splitlines()[-1].split()[0] == "400/400"


def test_line_progress_going_on_says_from_where(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    LineProgress(clock).on_start(first_step=7, num_steps=9)

    assert capsys.readouterr().err.startswith("resuming after step 7\n")


@pytest.mark.parametrize(("is_best", "end"), [(True, ", the best so far\n"), (False, "1.00\n")])
def test_line_progress_validation_is_always_shown(
    clock: Clock, capsys: pytest.CaptureFixture[str], is_best: bool, end: str
) -> None:
    LineProgress(clock).on_validation(replace(VALIDATION, is_best=is_best))

    err = capsys.readouterr().err
    assert err.startswith("validation after step 60: perplexity 1.00")
    assert err.endswith(end)


def test_line_progress_short_stage_is_silent(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    progress = LineProgress(clock)

    for stage in ("reading", "encoding"):
        progress.on_progress(stage, 1)
        clock.now += 1.5
        progress.on_progress(stage, 2)

    assert capsys.readouterr().err == ""


def test_line_progress_long_stage_is_shown_after_two_seconds_then_every_five(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    progress = LineProgress(clock)

    for second in range(10):
        clock.now = 100.0 + second
        progress.on_progress("reading", 1000 * second)

    assert capsys.readouterr().err.splitlines() == ["reading: 2,000 (2 s)", "reading: 7,000 (7 s)"]


def test_bar_progress_shows_figures_and_validation() -> None:
    screen = io.StringIO()
    with BarProgress(Console(file=screen, force_terminal=True, width=140)) as progress:
        progress.on_progress("encoding", 5000)
        progress.on_start(first_step=0, num_steps=400)
        progress.on_step(STEP)
        progress.on_validation(VALIDATION)
        progress.on_end()
        progress.on_progress("measuring", 70)

    shown = screen.getvalue()
    for words in ("5,000", "50/400", "perplexity 1.0", "12,346 tokens/s", "clipped 50%"):
        assert words in shown
    assert "validation after step 60: perplexity 1.00, the best so far" in shown


def test_bar_progress_left_early_gives_the_cursor_back() -> None:
    screen = io.StringIO()

    with BarProgress(Console(file=screen, force_terminal=True)) as progress:
        progress.on_start(first_step=0, num_steps=2)

    assert screen.getvalue().rstrip().endswith("\x1b[?25h")


@pytest.mark.parametrize(
    ("quiet", "is_terminal", "kind"),
    [
        (True, True, ProgressDisplay),
        (True, False, ProgressDisplay),
        (False, True, BarProgress),
        (False, False, LineProgress),
    ],
)
def test_make_progress_chooses(quiet: bool, is_terminal: bool, kind: type) -> None:
    assert type(make_progress(quiet=quiet, is_terminal=is_terminal)) is kind


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (59.4, "59s"), (60, "1m00s"), (3600, "1h00m"), (float("inf"), "?"), (-1, "?")],
)
def test_duration_is_as_people_write_it(seconds: float, text: str) -> None:
    assert duration(seconds) == text
