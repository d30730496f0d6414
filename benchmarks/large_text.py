"""Measure the peak memory of `nextword train` on texts of growing size.

    python benchmarks/large_text.py --megabytes 30 90 --recipes lstm-small ngram-5

A text of random words is made for each size; the frequencies of the words follow Zipf's law. Each
recipe then encodes the text and trains: networks make some updates, n-gram models count the whole
text. With --evaluate the models are evaluated on the text afterwards. One line of JSON is printed
for each run: its peak resident memory, time, processor time, and megabytes of text per second of
processor time. If the peak does not grow with the text, a text larger than the memory can be used.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

import numpy as np

from nextword.benchmarking.measuring import run_program

_VOCABULARY = 200_000
_WORDS_PER_LINE = 20


def write_text(path: Path, *, megabytes: float, words_at_once: int = 1_000_000) -> None:
    """Write random words until the file has its size."""
    generator = np.random.default_rng(0)
    words = np.array([f"w{number}" for number in range(_VOCABULARY)])
    weights = 1.0 / np.arange(1, _VOCABULARY + 1)
    cumulated = np.cumsum(weights / weights.sum())
    with path.open("w") as file:
        while file.tell() < megabytes * 1e6:
            drawn = words[np.searchsorted(cumulated, generator.random(words_at_once))]
            for start in range(0, len(drawn), _WORDS_PER_LINE):
                file.write(" ".join(drawn[start : start + _WORDS_PER_LINE]) + "\n")


def train(text: Path, out: Path, *, recipe: str, settings: list[str]) -> dict[str, object]:
    """Run a training: vocabulary, encoding, and updates or counting."""
    options = [word for each in settings for word in ("--set", each)]
    command = ["train", str(text), "--out", str(out), "--recipe", recipe, "--quiet", *options]
    return {"recipe": recipe, "command": "train", **measure(command, text)}


def evaluate(text: Path, run: Path, *, recipe: str) -> dict[str, object]:
    """Evaluate a trained model on the whole text, which is encoded again."""
    command = ["evaluate", str(run), "--text", str(text)]
    return {"recipe": recipe, "command": "evaluate", **measure(command, text)}


def measure(command: list[str], text: Path) -> dict[str, object]:
    """Run a command of nextword; return its peak memory, times, and megabytes per second."""
    usage = run_program([sys.executable, "-m", "nextword", *command])
    megabytes = text.stat().st_size / 1e6
    return {
        "text_mb": round(megabytes, 1),
        "peak_mib": round(usage.peak_memory_mib, 1),
        "seconds": round(usage.seconds, 1),
        "cpu_s": round(usage.processor_seconds, 1),
        "mb_per_cpu_s": round(megabytes / usage.processor_seconds, 2),
    }


def main() -> None:
    """Measure every recipe on every size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=float, nargs="+", default=[30, 90])
    parser.add_argument("--recipes", nargs="+", default=["lstm-small", "ngram-5"])
    parser.add_argument("--updates", type=int, default=20)
    parser.add_argument("--evaluate", action="store_true", help="evaluate each model on the text")
    options = parser.parse_args()
    for megabytes in options.megabytes:
        with tempfile.TemporaryDirectory() as folder:
            text = Path(folder) / "text.txt"
            write_text(text, megabytes=megabytes)
            for recipe in options.recipes:
                is_network = not recipe.startswith("ngram")
                settings = [f"training.max_steps={options.updates}"] if is_network else []
                out = Path(folder) / recipe
                print(json.dumps(train(text, out, recipe=recipe, settings=settings)), flush=True)
                if options.evaluate:
                    print(json.dumps(evaluate(text, out, recipe=recipe)), flush=True)


if __name__ == "__main__":
    main()
