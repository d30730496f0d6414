"""Which models a transformers folder holds, and why others are refused."""

import pytest
import torch

from exported_models import OTHER_FAMILIES
from families import CASES, FULL, ONE_HOT, Case
from nextword.base import ConfigError
from nextword.families import RecurrentConfig, RegularizationConfig
from nextword.interop.huggingface.export.weights import huggingface_settings, huggingface_weights
from nextword.layers import OutputConfig
from nextword.models import LanguageModel


def refusal(model: LanguageModel) -> str:
    with pytest.raises(ConfigError) as caught:
        huggingface_settings(model)
    assert "Export a model of the recipes" in (caught.value.help or "")
    return caught.value.message


def test_settings_name_sizes_and_ties() -> None:
    model = Case(RecurrentConfig(num_layers=2, hidden_size=6)).build(1)

    settings = huggingface_settings(model)

    assert settings["cell"] == "lstm"
    assert (settings["hidden_size"], settings["num_hidden_layers"]) == (6, 2)
    assert settings["tie_word_embeddings"]
    assert settings["never_ids"] == [0, 2]
    assert "layer_sizes" not in settings


def test_settings_of_layers_of_other_sizes() -> None:
    config = RecurrentConfig(num_layers=2, hidden_size=8, last_hidden_size=4, tied=False)

    settings = huggingface_settings(Case(config).build(1))

    assert (settings["layer_sizes"], settings["hidden_size"]) == ([8, 4], 4)
    assert not settings["tie_word_embeddings"]


def test_second_bias_is_zero_but_inside_the_reset_of_a_gru() -> None:
    model = Case(RecurrentConfig(cell="gru", hidden_size=2)).build(1)

    weights = huggingface_weights(model)

    second = weights["model.layers.0.bias_hh_l0"]
    assert second[:4].tolist() == [0.0] * 4
    inside = dict(model.named_parameters())["core.cells.0.recurrent_bias"]  # type: ignore[attr-defined]
    torch.testing.assert_close(second[4:], inside.detach().float())


@pytest.mark.parametrize("cell", ["slstm", "lstm_layer_norm", "min_gru", "rg_lru"])
def test_cells_that_torch_lacks_are_refused_by_name(cell: str) -> None:
    model = Case(RecurrentConfig(cell=cell)).build(1)

    assert f"the cell {type(model.core.layers[0]).__name__}" in refusal(model)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        (
            Case(RecurrentConfig(cell="elman", nonlinearity="sigmoid")),
            "Elman cells with a sigmoid; torch has tanh and relu",
        ),
        (
            Case(
                RecurrentConfig(cell="lstm_projected", hidden_size=4, projection_size=4),
            ),
            "projects 4 numbers to as many",
        ),
        (Case(RecurrentConfig(tied=False), embedding=ONE_HOT), "reads one-hot vectors"),
        (
            Case(RecurrentConfig(), regularization=RegularizationConfig(zoneout_hidden=0.1)),
            "was trained with zoneout",
        ),
    ],
    ids=["sigmoid", "projection", "one-hot", "zoneout"],
)
def test_settings_that_torch_lacks_are_refused_with_the_reason(case: Case, reason: str) -> None:
    assert reason in refusal(case.build(1))


def test_other_families_are_refused_by_name() -> None:
    for name in OTHER_FAMILIES:
        model = CASES[name].build(1)
        assert f"this model is of the family {model.family}: " in refusal(model)


def test_adaptive_softmax_has_its_cutoffs() -> None:
    case = Case(RecurrentConfig(), output=OutputConfig(kind="adaptive", cutoffs=(5,)))

    settings = huggingface_settings(case.build(1))

    assert settings["cutoffs"] == [5]
    assert len(settings["cluster_sizes"]) == 2
    assert "cutoffs" not in huggingface_settings(Case(RecurrentConfig(), output=FULL).build(1))
