"""Plot the validation perplexity of several runs over the minutes of training, in one figure.

python benchmarks/draw_curves.py runs/elman runs/gru runs/window-5 --out curves.png
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator


def read_curve(run: Path) -> tuple[list[float], list[float]]:
    """Return the elapsed minutes and the perplexities of the validations of a run."""
    lines = (run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    records = [record for line in lines if "validation/perplexity" in (record := json.loads(line))]
    minutes = [record["elapsed_s"] / 60.0 for record in records]
    return minutes, [record["validation/perplexity"] for record in records]


def draw(runs: Sequence[Path], path: Path) -> None:
    """Plot one line per run, labeled with the name of its folder and its last perplexity."""
    figure = Figure(figsize=(8, 4.6), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    for run in runs:
        minutes, perplexities = read_curve(run)
        label = f"{run.name} {perplexities[-1]:.1f}"
        axes.plot(minutes, perplexities, marker="o", markersize=3, linewidth=1.4, label=label)
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 1.5, 2.0, 3.0, 5.0, 7.0)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("minutes of training")
    axes.set_ylabel("perplexity per token, validation")
    axes.grid(alpha=0.25, which="both")
    axes.legend(frameon=False)
    figure.savefig(path, dpi=130)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", nargs="+", type=Path, help="run folders")
    parser.add_argument("--out", required=True, type=Path, help="PNG file to write")
    options = parser.parse_args()
    draw(options.runs, options.out)


if __name__ == "__main__":
    main()
