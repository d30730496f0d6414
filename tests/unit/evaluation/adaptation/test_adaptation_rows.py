import numpy as np
import pytest

from families import CASES
from nextword.evaluation import (
    DynamicConfig,
    evaluate_dynamic,
    evaluate_with_cache,
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
    assert tuned.config == tuned.trials[int(np.argmin(figures))][0]
    assert done == [30 * (number + 1) for number in range(len(tuned.trials))]
