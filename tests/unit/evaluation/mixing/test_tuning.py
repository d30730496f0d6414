import numpy as np
import pytest

from families import CASES
from nextword.base import ConfigError
from nextword.evaluation import evaluate_store, tune_mixture
from nextword.evaluation.mixing.tuning import _Reading, _statistics
from nextword.families import MixtureMethod

LSTM, NGRAM = CASES["lstm-1-tied"], CASES["ngram-3-kneser_ney"]
STORE = LSTM.texts.held_out["valid"]
MEMBERS = [LSTM.build(0), NGRAM.build(0)]


@pytest.mark.parametrize("num_buckets", [1, 2])
@pytest.mark.parametrize("method", ["linear", "log-linear"])
def test_tune_mixture_is_better_than_either_on_its_text(
    method: MixtureMethod, num_buckets: int
) -> None:
    tuned = tune_mixture(
        MEMBERS, STORE, tokenizer=LSTM.tokenizer, method=method, num_buckets=num_buckets
    )

    assert np.all(np.diff(tuned.log_likelihoods) >= -1e-9)
    assert tuned.log_likelihoods[-1] > max(tuned.member_log_likelihoods)
    assert sum(tuned.bucket_counts) == STORE.num_tokens
    sums = evaluate_store(tuned.model, STORE, tokenizer=LSTM.tokenizer, reset="never")
    # The scores of n-gram models, and so those of the mixture, are float32.
    assert -sums.nll_sum == pytest.approx(tuned.log_likelihoods[-1], rel=1e-7)


def test_tune_mixture_derivatives_equal_differences() -> None:
    starts = np.array([0, STORE.num_tokens])
    weights = np.array([[0.6, 0.5]])

    def value(change: np.ndarray) -> float:
        found = _statistics(MEMBERS, _Reading(STORE, starts, 1, None), weights + change)
        return float(found.values.sum())

    found = _statistics(MEMBERS, _Reading(STORE, starts, 1, None), weights)

    step = 1e-4
    for member, unit in enumerate(step * np.eye(2)):
        slope = (value(unit) - value(-unit)) / (2 * step)
        bend = (value(unit) - 2 * value(0 * unit) + value(-unit)) / step**2
        assert found.gradients[0, member] == pytest.approx(slope, rel=1e-6, abs=1e-5)
        assert found.curvatures[0, member, member] == pytest.approx(-bend, rel=1e-3)


def test_tune_mixture_buckets_without_an_ngram_model_are_refused() -> None:
    with pytest.raises(ConfigError, match="none of the models is an n-gram model"):
        tune_mixture([MEMBERS[0]] * 2, STORE, tokenizer=LSTM.tokenizer, num_buckets=2)
