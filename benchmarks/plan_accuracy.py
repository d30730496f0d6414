"""Compare what `nextword train --dry-run` predicts with what a training takes.

    python benchmarks/plan_accuracy.py --recipes lstm-small gru char-lstm

Each recipe is planned and then trained for some updates on a text of random words. One line of JSON
is printed for each: predicted and measured peak memory in MiB, predicted and measured duration in
seconds, and the ratios of predicted to measured.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from large_text import write_text

_RECIPES = [
    *("lstm-small", "lstm-medium", "window-5", "char-lstm"),
    *("gru", "elman", "min-lstm", "slstm"),
]


def run(words: list[str]) -> tuple[dict[str, Any], float]:
    """Run `nextword train`; return its JSON result and its peak resident memory in MiB."""
    process = subprocess.Popen(
        [sys.executable, "-m", "nextword", "train", *words, "--json", "--quiet"],
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    result = json.loads(process.stdout.read())
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(words)} failed")
    return result, usage.ru_maxrss / 1024


def main() -> None:
    """Plan and train every recipe."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipes", nargs="+", default=_RECIPES)
    parser.add_argument("--updates", type=int, default=20)
    parser.add_argument("--megabytes", type=float, default=0.4)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        text = Path(folder) / "text.txt"
        write_text(text, megabytes=options.megabytes, words_at_once=10_000)
        for recipe in options.recipes:
            words = [
                str(text),
                "--recipe",
                recipe,
                "--set",
                f"training.max_steps={options.updates}",
            ]
            plan, _ = run([*words, "--dry-run"])
            result, peak_mib = run([*words, "--out", str(Path(folder) / recipe)])
            predicted_s = plan["minutes"] * 60.0
            found = {
                "recipe": recipe,
                "predicted_mib": round(plan["peak_mib"]),
                "measured_mib": round(peak_mib),
                "memory_ratio": round(plan["peak_mib"] / peak_mib, 3),
                "predicted_s": round(predicted_s, 2),
                "measured_s": round(result["seconds"], 2),
                "time_ratio": round(predicted_s / result["seconds"], 3),
            }
            print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
