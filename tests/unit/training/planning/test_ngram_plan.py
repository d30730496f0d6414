"""The plan of an n-gram model in the units that it is printed in."""

import pytest

from fakes import store_of, tokenizer_of
from nextword.families import CountEstimate
from nextword.training.planning.ngram_plan import NgramPlan


def test_ngram_plan_is_the_estimate_in_mebibytes_and_minutes() -> None:
    estimate = CountEstimate(
        num_ngrams=(10, 200, 3000),
        is_counted=False,
        counting_bytes=3 * 2**19,
        spilled_bytes=5 * 2**20,
        seconds=90.0,
    )
    text = "a b\na\n"

    plan = NgramPlan.of(estimate, family="ngram", train=store_of(tokenizer_of(text), text))

    assert plan.to_dict() == {
        "family": "ngram",
        "num_parameters": 3420,
        "vocab_size": 10,
        "num_train_tokens": 5,
        "num_ngrams": (10, 200, 3000),
        "is_counted": False,
        "model_mib": pytest.approx(estimate.model_bytes / 1024 / 1024),
        "counting_mib": 1.5,
        "disk_mib": 5.0,
        "minutes": 1.5,
    }
