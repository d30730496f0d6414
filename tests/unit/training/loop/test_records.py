"""What a training reports, as lines of metrics.jsonl."""

from nextword.training import StepRecord, ValidationRecord


def test_step_record_values_are_named_and_rounded() -> None:
    record = StepRecord(
        step=3,
        num_steps=10,
        epoch=1.23456,
        num_seen=84,
        unit="sentences",
        figures={"loss": 0.75, "accuracy": 0.5},
        headline="accuracy",
        learning_rate=0.5,
        grad_norm=2.0,
        clip_rate=0.25,
        items_per_second=1234.56,
        elapsed_s=1.23456,
        remaining_s=7.0,
    )

    assert record.value == 0.5
    assert record.to_values() == {
        "step": 3,
        "epoch": 1.2346,
        "num_sentences_seen": 84,
        "train/loss": 0.75,
        "train/accuracy": 0.5,
        "train/learning_rate": 0.5,
        "train/grad_norm": 2.0,
        "train/clip_rate": 0.25,
        "train/sentences_per_second": 1234.6,
        "elapsed_s": 1.235,
    }


def test_validation_record_values_are_named_and_rounded() -> None:
    record = ValidationRecord(
        step=3,
        epoch=1.23456,
        figures={"loss": 0.75, "accuracy": 0.5},
        headline="accuracy",
        is_best=True,
        elapsed_s=1.23456,
    )

    assert record.value == 0.5
    assert record.to_values() == {
        "step": 3,
        "epoch": 1.2346,
        "validation/loss": 0.75,
        "validation/accuracy": 0.5,
        "validation/is_best": True,
        "elapsed_s": 1.235,
    }
