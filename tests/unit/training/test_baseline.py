"""Kneser-Ney on the text and the split of a run."""

from pathlib import Path

import pytest

import nextword as nw
from nextword.base import FormatError
from nextword.storage import RunFolder
from nextword.tokens import TokenizerConfig
from nextword.training import TextConfig, kneser_ney_baseline, prepare_data


def run_with(text: Path, folder: Path, *, split: tuple[float, float, float]) -> RunFolder:
    """A run folder that holds encoded texts alone."""
    run = RunFolder.create(folder)
    prepare_data(
        TextConfig(train=(str(text),), split=split),
        TokenizerConfig(kind="word", min_count=1),
        folder=run.tokens_folder,
    )
    return run


def test_baseline_equals_a_run_of_an_ngram_model(corpus_file: Path, tmp_path: Path) -> None:
    run = run_with(corpus_file, tmp_path / "run", split=(0.8, 0.1, 0.1))
    ngram = nw.train(
        str(corpus_file),
        out=tmp_path / "ngram",
        recipe="ngram-5",
        settings={
            "model": {"order": 3},
            "tokenizer": {"kind": "word", "min_count": 1},
            "text": {"split": [0.8, 0.1, 0.1]},
        },
    )

    card = kneser_ney_baseline(run, order=3, text="the same")

    assert ngram.test is not None
    assert card.nll_sum == pytest.approx(ngram.test.nll_sum, rel=1e-12)
    assert (card.num_tokens, card.text) == (ngram.test.num_tokens, "the same")
    assert card.model == "Kneser-Ney, 3 tokens"


def test_baseline_without_a_test_text_takes_the_validation_text(
    corpus_file: Path, tmp_path: Path
) -> None:
    both = run_with(corpus_file, tmp_path / "both", split=(0.8, 0.2, 0.0))

    card = kneser_ney_baseline(both, order=2, text="valid")

    # A fifth of 240 lines of 6.2 tokens.
    assert card.num_tokens == pytest.approx(1488 / 5, rel=0.05)


def test_baseline_tells_how_far_it_is(corpus_file: Path, tmp_path: Path) -> None:
    run = run_with(corpus_file, tmp_path / "run", split=(0.8, 0.1, 0.1))
    told: list[tuple[str, int]] = []

    card = kneser_ney_baseline(
        run,
        order=2,
        text="x",
        on_progress=lambda stage, done, total=None: told.append((stage, done)),
    )

    assert told[-1] == ("measuring Kneser-Ney", card.num_tokens)


def test_baseline_without_a_held_out_text_is_refused(corpus_file: Path, tmp_path: Path) -> None:
    run = run_with(corpus_file, tmp_path / "run", split=(1.0, 0.0, 0.0))

    with pytest.raises(FormatError, match="holds no test or validation text"):
        kneser_ney_baseline(run, text="x")
