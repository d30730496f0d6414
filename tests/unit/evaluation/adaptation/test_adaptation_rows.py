import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from families import CASES
from nextword.evaluation import (
    DynamicConfig,
    TunedDynamic,
    evaluate_dynamic,
    evaluate_store,
    evaluate_with_cache,
    no_gain_note,
    tune_cache,
    tune_dynamic,
)
from nextword.models import ContinuousCacheConfig, NeuralLanguageModel

CASE = CASES["lstm-1-tied"]
STORE = CASE.texts.held_out["valid"]
CACHE = ContinuousCacheConfig(size=20)


def network() -> NeuralLanguageModel:
    model = CASE.build(0)
    assert isinstance(model, NeuralLanguageModel)
    return model


def test_tune_cache_every_figure_of_the_grid_is_that_of_an_evaluation() -> None:
    tuned = tune_cache(
        network(),
        STORE,
        config=CACHE,
        tokenizer=CASE.tokenizer,
        thetas=(0.0, 0.5),
        weights=(0.0, 0.2),
    )

    for i, theta in enumerate(tuned.thetas):
        for j, weight in enumerate(tuned.weights):
            card = evaluate_with_cache(
                network(),
                STORE,
                config=ContinuousCacheConfig(size=20, theta=theta, weight=weight),
                tokenizer=CASE.tokenizer,
                name="m",
                text="t",
                reset="never",
            )
            assert card.nll_sum / card.num_tokens == pytest.approx(tuned.nll_per_token[i, j])
    assert (
        tuned.nll_per_token.min()
        == tuned.nll_per_token[
            tuned.thetas.index(tuned.config.theta), tuned.weights.index(tuned.config.weight)
        ]
    )


def test_rows_name_the_adaptation_and_its_settings() -> None:
    config = DynamicConfig(learning_rate=0.2)
    card = evaluate_dynamic(
        network(),
        STORE,
        config=config,
        tokenizer=CASE.tokenizer,
        name="m",
        text="t",
        reset="never",
    )

    assert card.adaptation == "dynamic"
    assert card.adaptation_settings is not None
    assert card.adaptation_settings["learning_rate"] == 0.2


def test_tune_dynamic_chooses_the_best_trial_and_reads_the_first_tokens_only() -> None:
    done: list[int] = []
    tuned = tune_dynamic(
        network(),
        STORE,
        config=DynamicConfig(),
        tokenizer=CASE.tokenizer,
        num_tokens=30,
        on_progress=done.append,
    )

    figures = [figure for _, figure in tuned.trials]
    assert tuned.best_nll_per_token == min(figures)
    assert tuned.config == tuned.trials[int(np.argmin(figures))][0]
    assert done == [30 * (number + 1) for number in range(len(tuned.trials))]


def tuned_dynamic(**settings: Any) -> TunedDynamic:
    return tune_dynamic(
        network(), STORE, config=DynamicConfig(), tokenizer=CASE.tokenizer, **settings
    )


def test_tune_dynamic_goes_down_as_far_as_the_text_becomes_more_probable() -> None:
    tuned = tuned_dynamic(rates=(1e-9, 1e-4, 1e3, 1e4, 1e5), decays=())

    rates = [trial.learning_rate for trial, _ in tuned.trials]
    assert rates == [1e3, 1e-4, 1e-9]
    assert tuned.config.learning_rate in rates[1:]


def test_tune_dynamic_a_trial_that_diverges_loses() -> None:
    tuned = tune_dynamic(
        network().float(),
        STORE,
        config=DynamicConfig(),
        tokenizer=CASE.tokenizer,
        rates=(1e-3, 3e38),
        decays=(),
    )

    assert [nll == math.inf for _, nll in tuned.trials] == [True, False]
    assert tuned.config.learning_rate == 1e-3


def test_tune_dynamic_plain_figure_is_that_of_the_model() -> None:
    tuned = tuned_dynamic(rates=(0.1,), decays=())

    sums = evaluate_store(network(), STORE, tokenizer=CASE.tokenizer, reset="never")
    assert tuned.plain_nll_per_token == pytest.approx(sums.nll_sum / STORE.num_tokens)


def test_no_gain_note_is_for_settings_that_are_not_better() -> None:
    worse = tuned_dynamic(rates=(50.0,), decays=())
    better = replace(worse, plain_nll_per_token=worse.best_nll_per_token + 0.1)

    note = no_gain_note(worse, text="va.txt")

    assert note is not None
    assert "dynamic evaluation is better than the model without it on the tuning text va" in note
    assert no_gain_note(better, text="va.txt") is None


def test_tune_cache_plain_figure_is_that_of_the_model() -> None:
    tuned = tune_cache(
        network(), STORE, config=CACHE, tokenizer=CASE.tokenizer, thetas=(0.3,), weights=(0.99,)
    )

    sums = evaluate_store(network(), STORE, tokenizer=CASE.tokenizer, reset="never")
    assert tuned.plain_nll_per_token == pytest.approx(sums.nll_sum / STORE.num_tokens)
    note = no_gain_note(tuned, text="va.txt")
    assert note is not None
    assert note.startswith("no compared setting of the cache is better")
