"""`nextword bench`: compare the speed on this machine with plain PyTorch, and with KenLM."""

import io
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nextword.cli.errors import FAILED
from nextword.cli.options import Debug, Json, Quiet
from nextword.cli.out_folder import checked_out
from nextword.cli.output import SCHEMA, aligned, remark, write_json, write_line, write_text
from nextword.cli.streams import require_standard_output

if TYPE_CHECKING:
    from nextword.benchmarking import Case, CaseResult, Effort, FailedCase, Report, Table

REPORT_FILE = "bench.json"
_MIN_WIDTH = 100


def bench(
    cases: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="CASE",
            help="Names, patterns such as 'step-*', or all; step-lstm-medium by default.",
        ),
    ] = None,
    list_cases: Annotated[
        bool, typer.Option("--list", help="Print the names of all cases, and measure nothing.")
    ] = False,
    *,
    pairs: Annotated[
        int | None,
        typer.Option(
            "--pairs", metavar="N", help="Number of sample pairs per comparison; 20 by default."
        ),
    ] = None,
    seconds: Annotated[
        float | None,
        typer.Option(
            "--seconds",
            metavar="S",
            help="Longest sampling time of a case, in seconds; 120 by default.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="DIR", help="Write bench.json and plots there; replaces old ones."
        ),
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Compare the speed of training steps, layers, output layers and generation with plain PyTorch.

    The implementations run in turns, and the report gives ratios of samples from the same turn. A
    sample counts only if the machine was at full speed before and after it. A case is not reported
    if its results are wrong or the machine was too busy; the exit code is then 1. Close other
    programs before you measure. The cases ngram-* compare n-grams with KenLM, where its programs
    are installed.
    """
    if list_cases:
        refuse_with_list(
            {"CASE": cases or None, "--pairs": pairs, "--seconds": seconds, "--out": out}
        )
    from nextword.benchmarking import CASES, DEFAULT_CASE, find_cases

    if list_cases or out is None:
        require_standard_output()
    if list_cases:
        _list([(case.name, case.summary) for case in CASES], as_json=json)
        return
    chosen = find_cases(cases or [DEFAULT_CASE], CASES)
    effort = _effort(pairs=pairs, seconds=seconds)
    report = _measure(chosen, effort, out=out, is_shown=not json, quiet=quiet)
    if json:
        write_json(report.to_dict())
    if report.failed:
        raise typer.Exit(FAILED)


def refuse_with_list(values: Mapping[str, object]) -> None:
    """Raise an error if --list is combined with an option or argument that it would ignore.

    Args:
        values: Values by the name of their option or argument; None if not given.

    Raises:
        ConfigError: One of them is given.
    """
    from nextword.base import ConfigError

    for name, value in values.items():
        if value is not None:
            shown = " ".join(value) if isinstance(value, list) else f"{name} {value}"
            raise ConfigError(
                f"{shown} has no effect with --list, which measures nothing.",
                help=f"Leave out --list or {name}.",
            )


def _effort(*, pairs: int | None, seconds: float | None) -> "Effort":
    from nextword.benchmarking import Effort

    effort = Effort() if pairs is None else Effort(pairs=pairs)
    return effort if seconds is None else replace(effort, seconds=seconds)


def _list(described: list[tuple[str, str]], *, as_json: bool) -> None:
    if as_json:
        write_json({"cases": [{"name": name, "summary": text} for name, text in described]})
    else:
        write_line(aligned(described))


def _measure(
    cases: "Sequence[Case]", effort: "Effort", *, out: Path | None, is_shown: bool, quiet: bool
) -> "Report":
    """Measure the cases. Prints and writes each result as soon as it is available."""
    from nextword.benchmarking import FailedCase, case_table, machine_line, measure_cases
    from nextword.cli.progress import make_progress

    if out is not None:
        _make_folder(out)

    def on_case(report: "Report", outcome: "CaseResult | FailedCase") -> None:
        if out is not None:
            _write(report, out)
        if isinstance(outcome, FailedCase):
            remark(f"{outcome.case} is not reported: {outcome.reason} {outcome.help}".rstrip())
        elif is_shown:
            if len(report.results) == 1:
                write_line(machine_line(report.machine))
            _show(case_table(outcome.to_dict()))

    # Plain lines even on a terminal, because drawing a bar would disturb the measurement.
    with make_progress(quiet=quiet, is_terminal=False) as progress:
        return measure_cases(cases, effort, on_progress=progress.on_progress, on_case=on_case)


def _make_folder(out: Path) -> None:
    from nextword.base import ConfigError

    try:
        checked_out(out).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"--out {out} cannot be created: {error.strerror}.", help="Name a folder."
        ) from error


def _write(report: "Report", out: Path) -> None:
    from nextword.base import with_nulls
    from nextword.base import write_json as write_json_file
    from nextword.benchmarking import draw_results

    values = with_nulls({"schema": SCHEMA, **report.to_dict()})
    write_json_file(out / REPORT_FILE, values)
    draw_results(values["results"], out)


def _show(table: "Table") -> None:
    """Print a table, as wide as the terminal."""
    from rich import box
    from rich.console import Console
    from rich.table import Table as RichTable

    shown = RichTable(title=table.title, caption=table.note, box=box.SIMPLE, title_justify="left")
    for number, head in enumerate(table.head):
        shown.add_column(head, justify="left" if number == 0 else "right")
    for row in table.rows:
        shown.add_row(*row)
    written = io.StringIO()
    width = max(_MIN_WIDTH, shutil.get_terminal_size().columns)
    Console(file=written, width=width, highlight=False).print(shown)
    write_text("\n".join(line.rstrip() for line in written.getvalue().splitlines()) + "\n")
