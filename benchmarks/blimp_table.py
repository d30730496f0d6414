"""Print the table of minimal pairs of docs/results.md from the output of `nextword pairs --json`.

    python benchmarks/blimp_table.py ngram-5=ngram.json lstm-small=lstm.json

The published accuracies are means over the paradigms of each group, of the figures by paradigm in
raw_results/summary/models_summary.jsonl of alexwarstadt/blimp.
"""

import argparse
import json
from pathlib import Path

#: Group: the published accuracies of the 5-gram model and of the LSTM, in %.
PUBLISHED = {
    "anaphor_agreement": (47.9, 91.7),
    "argument_structure": (69.4, 71.5),
    "binding": (64.4, 73.5),
    "control_raising": (68.5, 67.0),
    "determiner_noun_agreement": (70.0, 85.4),
    "ellipsis": (36.9, 67.6),
    "filler_gap_dependency": (60.2, 73.9),
    "irregular_forms": (79.5, 89.1),
    "island_effects": (57.2, 46.6),
    "npi_licensing": (45.5, 51.7),
    "quantifiers": (53.5, 64.5),
    "s-selection": (80.5, 79.2),
    "subject_verb_agreement": (60.3, 80.1),
}
MEAN = (61.2, 69.8)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("results", nargs="+", metavar="NAME=FILE")
    options = parser.parse_args()
    scores = {}
    for item in options.results:
        name, _, path = item.partition("=")
        scores[name] = json.loads(Path(path).read_text(encoding="utf-8"))
    names = list(scores)
    print(
        "| phenomenon | " + " | ".join(f"`{name}`" for name in names) + " | 5-gram, published "
        "| LSTM, published |"
    )
    print("|---|" + "--:|" * (len(names) + 2))
    for group, published in PUBLISHED.items():
        ours = [
            next(each["accuracy"] for each in scores[name]["groups"] if each["name"] == group)
            for name in names
        ]
        print_row(
            group.replace("_", " "),
            [*(f"{100 * value:.1f}" for value in ours), *(f"{value:.1f}" for value in published)],
        )
    print_row(
        "mean of the paradigms",
        [
            *(f"{100 * scores[name]['accuracy']:.1f}" for name in names),
            *(f"{value:.1f}" for value in MEAN),
        ],
    )
    print_row("ties", [*(f"{scores[name]['num_ties']:,}" for name in names), "", ""])
    print_row(
        "mean if ties counted as right",
        [*(f"{100 * scores[name]['accuracy_with_ties']:.1f}" for name in names), "", ""],
    )
    print_row(
        "unknown words",
        [*(f"{100 * scores[name]['unknown_rate']:.1f} %" for name in names), "", ""],
    )


def print_row(name: str, cells: list[str]) -> None:
    print(f"| {name} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
