"""`nextword lab`: measure the claims of the course again."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nextword.cli.errors import FAILED
from nextword.cli.group import Commands
from nextword.cli.options import MAX_SEED, Debug, Json, Quiet
from nextword.cli.out_folder import checked_out
from nextword.cli.output import SCHEMA, aligned, write_json, write_line
from nextword.cli.streams import require_standard_output

if TYPE_CHECKING:
    from nextword.lab import Outcome, Report

app = typer.Typer(cls=Commands, rich_markup_mode=None, add_completion=False)

REPORT_FILE = "lab.json"
_DEFAULT_FOLDER = Path("runs/lab")


@app.command("list", short_help="List the claims.")
def list_claims(json: Json = False, debug: Debug = False) -> None:
    """List the claims of the course that `nextword lab run` measures."""
    from nextword.lab import CLAIMS

    require_standard_output()
    if json:
        write_json(
            {
                "claims": [
                    {
                        "id": claim.id,
                        "name": claim.name,
                        "statement": claim.statement,
                        "expected": claim.expected,
                    }
                    for claim in CLAIMS
                ]
            }
        )
    else:
        write_line(aligned([(f"{claim.id:<4} {claim.name}", claim.statement) for claim in CLAIMS]))


@app.command(short_help="Measure claims.")
def run(
    names: Annotated[
        list[str],
        typer.Argument(metavar="NAME", help="Numbers or names of claims, such as C6, or all."),
    ],
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            metavar="DIR",
            help="Folder of lab.json, pictures and trained models; a finished training in it is "
            "used again.",
        ),
    ] = _DEFAULT_FOLDER,
    *,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Seed of every experiment.")] = 0,
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Measure claims of the course; the exit code is 1 if a stated expectation is missed.

    Whether a claim holds is a result: a claim that does not hold as it is said is not a failure, if
    that is what was expected. The same seed gives the same figures on the same machine; only
    timings differ. `all` trains several models; the longest training, for C17, takes about 15
    minutes of CPU time.
    """
    from nextword.base import require_range
    from nextword.cli.progress import make_progress
    from nextword.lab import Workbench, find_claims, run_claims

    require_range("--seed", seed, low=0, high=MAX_SEED)
    require_standard_output()
    claims = find_claims(names)
    checked_out(out)
    with make_progress(quiet=quiet, is_terminal=sys.stderr.isatty()) as progress:
        bench = Workbench(out, seed=seed, on_progress=progress.on_progress)

        def on_outcome(report: "Report") -> None:
            _write(report, out)
            if not json:
                write_line(_rendered(report.outcomes[-1]))

        report = run_claims(claims, bench, on_outcome=on_outcome)
    if json:
        write_json(report.to_dict())
    else:
        write_line(_summary(report))
    if report.missed:
        raise typer.Exit(FAILED)


def _write(report: "Report", out: Path) -> None:
    from nextword.base import with_nulls
    from nextword.base import write_json as write_json_file

    write_json_file(out / REPORT_FILE, with_nulls({"schema": SCHEMA, **report.to_dict()}))


def _rendered(outcome: "Outcome") -> str:
    """Return an outcome as a few lines of text."""
    claim, finding = outcome.claim, outcome.finding
    lines = [
        f"{claim.id} {claim.name}: {finding.verdict.value} ({outcome.seconds:.1f} s)",
        f"  {finding.reason}",
    ]
    lines += [f"  missed: {check.text}" for check in finding.checks if not check.passed]
    return "\n".join(lines)


def _summary(report: "Report") -> str:
    count = len(report.outcomes)
    claims = "1 claim" if count == 1 else f"{count} claims"
    if not report.missed:
        return f"{claims} measured; every expectation is met."
    missed = ", ".join(outcome.claim.id for outcome in report.missed)
    return f"{claims} measured; the expectation is missed by {missed}."
