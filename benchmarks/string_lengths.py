"""Train models on short strings, and measure and plot their exact matches by the source length.

The strings are those of examples/make_strings.py: copied, reversed or sorted. Training has strings
of 1 to 10 letters, the test has longer ones too. Models are trained and evaluated by the command
line; what is finished is not run again.

    python benchmarks/string_lengths.py OUT_FOLDER
    python benchmarks/string_lengths.py OUT_FOLDER --operations reverse --models location

The folder gets lengths.json, and lengths.png with one panel for each operation.
"""

import argparse
import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from nextword.inspection.drawing import COLORS, MARKERS, new_figure, save_figure, style_axes

#: Exact matches by operation, model and source length.
Shares = Mapping[str, Mapping[str, Mapping[int, float]]]

OPERATIONS = ("copy", "reverse", "sort")
LONGEST_TRAINED = 10
_STRINGS = Path(__file__).parent.parent / "examples" / "make_strings.py"
_SMALL = (
    *("encoder.cell=gru", "encoder.hidden_size=64", "encoder.embedding_size=32"),
    *("decoder.cell=gru", "decoder.hidden_size=64", "decoder.embedding_size=32"),
    *("transduction.dropout=0.3", "training.batch_size=32", "averaging.decay=0.99"),
    *("optimizer.learning_rate=0.005", "training.max_steps=900"),
)
#: Label in the picture and settings of each model.
MODELS = {
    "fixed": (
        "fixed vector",
        ("decoder.attention=none", "training.batch_size=64", "training.epochs=12"),
    ),
    "content": ("attention", _SMALL),
    "location": ("attention with a location bias", (*_SMALL, "decoder.location_width=1")),
}


def run_command(*arguments: str | Path) -> None:
    """Run a command of nextword, and stop if it fails."""
    subprocess.run([sys.executable, "-m", "nextword", *map(str, arguments)], check=True)


def measure(folder: Path, operation: str, model: str, *, seed: int) -> dict[int, float]:
    """Train and evaluate a model, unless that is done, and return exact matches by length.

    Args:
        folder: The folder of all strings and runs.
        operation: One of `OPERATIONS`.
        model: A key of `MODELS`.
        seed: Seed of the strings and of the training.
    """
    strings, run = folder / operation, folder / f"{operation}-{model}"
    if not strings.exists():
        command = [sys.executable, _STRINGS, operation, strings, "--seed", str(seed)]
        subprocess.run(command, check=True)
    settings = [part for setting in MODELS[model][1] for part in ("--set", setting)]
    if not (run / "report.html").exists():
        files = (strings / "train.tsv", "--valid", strings / "valid.tsv")
        options = ("--out", run, "--resume", "auto", "--seed", str(seed))
        run_command("transduce", "train", *files, *options, *settings)
    evaluated = folder / f"{operation}-{model}-test"
    if not evaluated.exists():
        tests = (strings / "test.tsv", strings / "test-longer.tsv")
        run_command("transduce", "evaluate", run, *tests, "--out", evaluated)
    return shares_by_length(evaluated / "predictions.tsv")


def shares_by_length(predictions: Path) -> dict[int, float]:
    """Return the share of exact matches for each length of the source.

    Args:
        predictions: The file that `nextword transduce evaluate --out` writes: number of edits,
            source, target and references of each pair.
    """
    is_exact = defaultdict(list)
    for line in predictions.read_text(encoding="utf-8").splitlines():
        num_edits, source, *_ = line.split("\t")
        is_exact[len(source)].append(num_edits == "0")
    return {length: sum(found) / len(found) for length, found in sorted(is_exact.items())}


def draw(shares: Shares, path: Path) -> None:
    """Plot exact matches by source length: a panel for each operation, a line for each model."""
    figure = new_figure(width=4.0 * len(shares), height=4.0)
    panels = figure.subplots(1, len(shares), sharey=True, squeeze=False)[0]
    for axes, (operation, by_model) in zip(panels, shares.items(), strict=True):
        axes.axvspan(0.5, LONGEST_TRAINED + 0.5, color="#dee2e6", label="lengths in training")
        for number, (model, by_length) in enumerate(by_model.items()):
            axes.plot(
                list(by_length),
                [100 * share for share in by_length.values()],
                color=COLORS[number],
                marker=MARKERS[number],
                markersize=4,
                label=MODELS[model][0],
            )
        style_axes(axes, x="source length, letters", y="", title=operation)
        axes.set_xlim(0.5, 2 * LONGEST_TRAINED + 0.5)
        axes.set_xticks(range(2, 2 * LONGEST_TRAINED + 1, 2))
        axes.set_ylim(-3, 103)
    panels[0].set_ylabel("exact matches, %")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)
    save_figure(figure, path)


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="folder for strings, runs and figures")
    parser.add_argument("--operations", nargs="+", choices=OPERATIONS, default=OPERATIONS)
    parser.add_argument("--models", nargs="+", choices=list(MODELS), default=list(MODELS))
    parser.add_argument("--seed", type=int, default=2, help="of strings and training")
    return parser.parse_args(arguments)


def main() -> None:
    """Train, evaluate and draw."""
    options = parse_arguments()
    options.folder.mkdir(parents=True, exist_ok=True)
    shares = {
        operation: {
            model: measure(options.folder, operation, model, seed=options.seed)
            for model in options.models
        }
        for operation in options.operations
    }
    (options.folder / "lengths.json").write_text(json.dumps(shares, indent=1) + "\n")
    draw(shares, options.folder / "lengths.png")


if __name__ == "__main__":
    main()
