"""Measure time and memory of each stage of training and evaluation on texts of growing size.

    python benchmarks/large_text.py --megabytes 30 90 --recipes lstm-small ngram-5

A text of random words is made for each size; the frequencies of the words follow Zipf's law. Each
recipe then encodes the text and trains in a new process: networks make some updates and are
validated on another text of 0.5 MB, n-gram models count the whole text. With --evaluate, another
process evaluates the model on the text, which is encoded again. One line of JSON is printed for
each stage, and one for each whole command: seconds, processor time, megabytes of the text per
second, and peak resident memory, that of other processes that work for it included. Pages that
processes share are counted for each of them. If the peak does not grow with the text, a text larger
than the memory can be used. Needs Linux.
"""

import argparse
import json
import multiprocessing
import os
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

import nextword as nw

_VOCABULARY = 200_000
_WORDS_PER_LINE = 20
_SAMPLE_INTERVAL_S = 0.1
_PAGES_PER_MIB = (1 << 20) // os.sysconf("SC_PAGE_SIZE")


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


class StageMeter:
    """Time and memory of the stages that a function reports to its `on_progress`.

    A stage lasts until the next one is reported. The one before the first report is "starting".

    Args:
        text: The text; its size is divided by the seconds of each stage.
        columns: Columns of every line, such as the recipe.
    """

    def __init__(self, text: Path, **columns: str) -> None:
        self._megabytes = text.stat().st_size / 1e6
        self._columns = columns
        self._peak_mib = 0.0
        self._total_peak_mib = 0.0
        self._begins: tuple[float, float] = _clocks()
        self._stage, self._stage_begins = "starting", self._begins
        self._is_over = threading.Event()
        self._sampler = threading.Thread(target=self._sample, daemon=True)
        self._sampler.start()

    def on_progress(self, stage: str, done: int, *, total: int | None = None) -> None:
        """Print the line of the previous stage when a new one begins."""
        if stage != self._stage:
            self._end_stage()
            self._stage = stage

    def finish(self) -> None:
        """Print the lines of the last stage and of the whole."""
        self._end_stage()
        self._is_over.set()
        self._sampler.join()
        self._print("all", since=self._begins, peak_mib=self._total_peak_mib)

    def _end_stage(self) -> None:
        peak_mib = max(self._peak_mib, _own_peak_mib())
        self._print(self._stage, since=self._stage_begins, peak_mib=peak_mib)
        self._total_peak_mib = max(self._total_peak_mib, peak_mib)
        self._peak_mib = 0.0
        self._stage_begins = _clocks()
        Path("/proc/self/clear_refs").write_text("5")  # the peak is the present memory again

    def _sample(self) -> None:
        while not self._is_over.wait(_SAMPLE_INTERVAL_S):
            self._peak_mib = max(self._peak_mib, _resident_mib())

    def _print(self, stage: str, *, since: tuple[float, float], peak_mib: float) -> None:
        seconds, processor_seconds = (
            now - then for now, then in zip(_clocks(), since, strict=True)
        )
        line = {
            **self._columns,
            "stage": stage,
            "text_mb": round(self._megabytes, 1),
            "seconds": round(seconds, 2),
            "cpu_s": round(processor_seconds, 2),
            "mb_per_s": round(self._megabytes / max(seconds, 1e-9), 2),
            "peak_mib": round(peak_mib, 1),
        }
        print(json.dumps(line), flush=True)


def _clocks() -> tuple[float, float]:
    """Return the time, and the processor time of this process and its finished children."""
    times = os.times()
    return time.monotonic(), sum(times[:4])


def _own_peak_mib() -> float:
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def _resident_mib() -> float:
    """Return the resident memory of this process and its descendants."""
    waiting, pages = [os.getpid()], 0
    while waiting:
        folder = Path("/proc") / str(waiting.pop())
        try:
            pages += int((folder / "statm").read_text().split()[1])
            for children in folder.glob("task/*/children"):
                waiting += [int(child) for child in children.read_text().split()]
        except (OSError, IndexError):  # it has just ended
            continue
    return pages / _PAGES_PER_MIB


def train(
    text: Path, out: Path, recipe: str, valid: list[str] | None, settings: dict[str, object]
) -> None:
    """Run a training: vocabulary, encoding, and updates or counting."""
    meter = StageMeter(text, recipe=recipe, command="train")
    nw.train(
        [str(text)],
        out=out,
        recipe=recipe,
        valid=valid,
        settings=settings,
        progress=False,
        on_progress=meter.on_progress,
    )
    meter.finish()


def evaluate(text: Path, run: Path, recipe: str) -> None:
    """Evaluate a trained model on the whole text."""
    meter = StageMeter(text, recipe=recipe, command="evaluate")
    nw.load(run).evaluate(str(text), on_progress=meter.on_progress)
    meter.finish()


def run_alone(function: Callable[..., None], *arguments: object) -> None:
    """Call a function in a new process, whose memory is not that of the calls before it."""
    process = multiprocessing.get_context("spawn").Process(target=function, args=arguments)
    process.start()
    process.join()
    if process.exitcode:
        raise SystemExit(f"{function.__name__} ended with exit code {process.exitcode}")


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
            text, small = Path(folder) / "text.txt", Path(folder) / "valid.txt"
            write_text(text, megabytes=megabytes)
            write_text(small, megabytes=0.5, words_at_once=100_000)
            for recipe in options.recipes:
                is_network = not recipe.startswith("ngram")
                valid = [str(small)] if is_network else None
                settings = {"training.max_steps": options.updates} if is_network else {}
                out = Path(folder) / recipe
                run_alone(train, text, out, recipe, valid, settings)
                if options.evaluate:
                    run_alone(evaluate, text, out, recipe)


if __name__ == "__main__":
    main()
