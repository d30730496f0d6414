"""What a training reports, as lines of metrics.jsonl."""

import math

import pytest

from nextword.training import StepRecord, ValidationRecord


def test_step_record_values_are_named_and_rounded() -> None:
    record = StepRecord(
        step=3,
        num_steps=10,
        epoch=1.23456,
        num_tokens_seen=84,
        nll_per_token=math.log(8.0),
        learning_rate=0.5,
        grad_norm=2.0,
        clip_rate=0.25,
        tokens_per_second=1234.56,
        elapsed_s=1.23456,
        remaining_s=7.0,
    )

    values = record.to_values()

    assert values.pop("train/perplexity") == pytest.approx(8.0)
    assert values == {
        "step": 3,
        "epoch": 1.2346,
        "num_tokens_seen": 84,
        "train/nll_per_token": math.log(8.0),
        "train/learning_rate": 0.5,
        "train/grad_norm": 2.0,
        "train/clip_rate": 0.25,
        "train/tokens_per_second": 1234.6,
        "elapsed_s": 1.235,
    }


def test_validation_record_values_are_named_and_rounded() -> None:
    record = ValidationRecord(
        step=3, epoch=1.23456, nll_per_token=math.log(8.0), is_best=True, elapsed_s=1.23456
    )

    values = record.to_values()

    assert values.pop("validation/perplexity") == pytest.approx(8.0)
    assert values.pop("validation/bits_per_token") == pytest.approx(3.0)
    assert values == {
        "step": 3,
        "epoch": 1.2346,
        "validation/nll_per_token": math.log(8.0),
        "validation/is_best": True,
        "elapsed_s": 1.235,
    }
