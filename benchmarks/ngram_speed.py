"""Compare n-gram estimation with lmplz, and scoring with the Python module kenlm, in one run.

    python benchmarks/ngram_speed.py PTB/train.txt PTB/test.txt --lmplz kenlm/build/bin/lmplz

Both programs estimate a model from the raw text, each in a process of its own, in turns: lmplz
writes an ARPA file; nextword makes the vocabulary, encodes, counts, smooths, and writes the tables.
Then the words of the second text are scored by turns, on one thread: by the module kenlm sentence
by sentence, by nextword.kenlm with the same ARPA file, and by the batch path, which `evaluate`
uses. Scores are compared before anything is timed. Times are processor times, as others may use
the machine. One line of JSON is printed. Without --lmplz or without the module kenlm, the
comparison with it is left out. `nextword bench ngram-*` compares them on a generated text.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from pathlib import Path

from nextword import kenlm as our_kenlm
from nextword.benchmarking.measuring import run_program
from nextword.benchmarking.ngrams import (
    batch_scorer,
    estimate,
    estimate_command,
    has_kenlm,
    kenlm_model,
    lmplz_command,
    scores_parity,
    sentence_scorer,
)
from nextword.ngrams import arpa_text, ngram_kernels


def estimations(
    train: Path, folder: Path, *, order: int, lmplz: str, rounds: int
) -> dict[str, object]:
    """Run both programs by turns; return the median of each figure."""
    runs = {"nextword": (estimate_command(train, folder, order=order), None, folder / "log")}
    if lmplz:
        command = lmplz_command(lmplz, folder, order=order)
        runs["lmplz"] = (command, train, folder / "lmplz.arpa")
    found: dict[str, list[dict[str, float]]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, (command, stdin, stdout) in runs.items():
            usage = run_program(command, stdin=stdin, stdout=stdout)
            figures = {
                "seconds": round(usage.seconds, 2),
                "cpu_s": round(usage.processor_seconds, 2),
                "peak_mib": round(usage.peak_memory_mib, 1),
            }
            found[name].append(figures)
    return {
        name: {key: statistics.median(each[key] for each in figures) for key in figures[0]}
        for name, figures in found.items()
    }


def scorings(train: Path, test: Path, arpa: Path, *, order: int, rounds: int) -> dict[str, float]:
    """Score a text in every way by turns; return tokens per second of processor time."""
    text = test.read_text()
    lines = [line.strip() for line in text.splitlines()]
    num_tokens = len(text.split()) + len(lines)
    tokenizer, smoothed = estimate(train, order=order)
    ways = {
        "nextword, batch": batch_scorer(smoothed.tables, tokenizer=tokenizer, text=text),
        "nextword.kenlm": sentence_scorer(our_kenlm.Model(arpa).score, lines),
    }
    if has_kenlm():
        ways["kenlm"] = sentence_scorer(kenlm_model(arpa).score, lines)
    scores_parity({name: score() for name, score in ways.items()})
    speeds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, score in ways.items():
            started = time.process_time()
            score()
            speeds[name].append(num_tokens / (time.process_time() - started))
    return {name: round(statistics.median(each)) for name, each in speeds.items()}


def ordinary_words(path: Path, out: Path) -> Path:
    """Copy a text with another spelling of <unk>."""
    out.write_text(path.read_text().replace("<unk>", "unknown-word"))
    return out


def main() -> None:
    """Print the figures of both comparisons."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("train", type=Path)
    parser.add_argument("test", type=Path)
    parser.add_argument("--lmplz", default="", help="path of lmplz")
    parser.add_argument("--order", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        train, test = (
            ordinary_words(path, folder / f"{kind}.txt")
            for kind, path in (("train", options.train), ("test", options.test))
        )
        found = {
            "order": options.order,
            "compiled": ngram_kernels() is not None,
            "estimation": estimations(
                train,
                folder,
                order=options.order,
                lmplz=options.lmplz,
                rounds=options.rounds,
            ),
        }
        arpa = folder / "lmplz.arpa"
        if not arpa.exists():
            tokenizer, smoothed = estimate(train, order=options.order)
            arpa.write_text("".join(arpa_text(smoothed.tables, tokenizer=tokenizer)))
        found["tokens_per_cpu_s"] = scorings(
            train, test, arpa, order=options.order, rounds=options.rounds
        )
    print(json.dumps({**found, "load": os.getloadavg()}))


if __name__ == "__main__":
    main()
