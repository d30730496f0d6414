"""The made strings of examples/make_strings.py, and the picture of exact matches by length."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from test_benchmarks import load_script

PROGRAM = Path(__file__).parents[1] / "examples" / "make_strings.py"


@pytest.mark.parametrize("operation", ["copy", "reverse", "sort"])
def test_make_strings_has_every_length_and_the_right_targets(
    operation: str, tmp_path: Path
) -> None:
    subprocess.run([sys.executable, PROGRAM, operation, tmp_path], check=True)

    expected = {
        "copy": str,
        "reverse": lambda text: text[::-1],
        "sort": lambda t: "".join(sorted(t)),
    }
    sources = {}
    for part, lengths in {"train": range(1, 11), "test-longer": range(11, 21)}.items():
        rows = [line.split("\t") for line in (tmp_path / f"{part}.tsv").read_text().splitlines()]
        assert all(target == expected[operation](source) for source, target in rows)
        counts = Counter(len(source) for source, _ in rows)
        assert set(counts) == set(lengths)
        assert len(set(counts.values())) == 1
        sources[part] = {source for source, _ in rows}
    assert not sources["train"] & sources["test-longer"]


def test_string_lengths_counts_exact_matches_and_draws(tmp_path: Path) -> None:
    script = load_script("string_lengths")
    predictions = tmp_path / "predictions.tsv"
    predictions.write_text("0\ta\ta\ta\n0\tbc\tbc\tbc\n1\tcd\tc\tcd\n2\tcde\t\tcde\n")

    shares = script.shares_by_length(predictions)
    panels = {name: {"fixed": shares, "location": shares} for name in ("copy", "sort")}
    script.draw(panels, tmp_path / "lengths.png")

    assert shares == {1: 1.0, 2: 0.5, 3: 0.0}
    assert (tmp_path / "lengths.png").read_bytes().startswith(b"\x89PNG")
