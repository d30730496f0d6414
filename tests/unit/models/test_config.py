from typing import Any

import pytest
import torch

from nextword.base import ConfigError, decode, encode
from nextword.cells import ElmanCell, LstmCell
from nextword.models import (
    OutputConfig,
    RecurrentConfig,
    RecurrentLanguageModel,
    RegularizationConfig,
)


def build(config: RecurrentConfig, **regularization: Any) -> RecurrentLanguageModel:
    return config.build(
        vocab_size=7,
        boundary_id=1,
        never_ids=(0,),
        regularization=RegularizationConfig(**regularization),
    )


@pytest.mark.parametrize("kind", [RecurrentConfig, RegularizationConfig, OutputConfig])
def test_config_defaults_survive_encoding(kind: type[Any]) -> None:
    assert decode(kind, encode(kind()), source="test") == kind()


@pytest.mark.parametrize("name", ["num_layers", "hidden_size"])
def test_recurrent_config_size_below_one_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=f"{name} is 0; it must be at least 1"):
        RecurrentConfig(**{name: 0})


def test_recurrent_config_negative_embedding_size_is_refused() -> None:
    with pytest.raises(ConfigError, match="embedding_size is -2; it must be at least 1"):
        RecurrentConfig(embedding_size=-2)


@pytest.mark.parametrize(
    "name", ["input_dropout", "layer_dropout", "output_dropout", "embedding_dropout"]
)
@pytest.mark.parametrize("value", [-0.1, 0.96])
def test_regularization_config_share_outside_is_refused(name: str, value: float) -> None:
    with pytest.raises(ConfigError, match=rf"{name} is {value}; it must be at least 0 and at most"):
        RegularizationConfig(**{name: value})


def test_recurrent_config_unknown_cell_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"r\.toml: cell is 'lstmm'") as caught:
        decode(RecurrentConfig, {"cell": "lstmm"}, source="r.toml")

    assert caught.value.help == "Did you mean 'lstm'?"


def test_build_stacks_cells_of_the_sizes_asked_for() -> None:
    model = build(RecurrentConfig(num_layers=3, hidden_size=4, embedding_size=6, tied=False))

    assert [(c.input_size, c.hidden_size) for c in model.core.layers] == [(6, 4), (4, 4), (4, 4)]
    assert all(isinstance(cell, LstmCell) for cell in model.core.layers)


def test_build_elman_has_its_nonlinearity() -> None:
    (cell,) = build(RecurrentConfig(cell="elman", nonlinearity="relu", hidden_size=4)).core.layers

    assert isinstance(cell, ElmanCell)
    assert cell.nonlinearity == "relu"


def test_build_forget_bias_reaches_the_cell() -> None:
    (cell,) = build(RecurrentConfig(hidden_size=2, forget_bias=2.5)).core.layers

    assert cell.bias.tolist() == [0.0, 0.0, 2.5, 2.5, 0.0, 0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("tied", "expected"),
    [(True, 7 * 4 + 7 + 4 * 4 * 9), (False, 7 * 4 + 7 + 4 * 4 * 9 + 7 * 4)],
)
def test_build_num_parameters_counts_a_tied_table_once(tied: bool, expected: int) -> None:
    model = build(RecurrentConfig(hidden_size=4, tied=tied))

    assert model.num_parameters == expected


def test_build_tied_with_other_embedding_size_is_refused() -> None:
    with pytest.raises(
        ConfigError, match="embedding_size is 6 and the last hidden_size 4"
    ) as caught:
        build(RecurrentConfig(hidden_size=4, embedding_size=6, tied=True))

    assert "--set model.tied=false" in caught.value.help


def test_build_follows_torchs_seed() -> None:
    fingerprints = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        fingerprints.append(build(RecurrentConfig(hidden_size=4)).fingerprint())

    assert fingerprints[0] == fingerprints[1] != fingerprints[2]


@pytest.mark.parametrize("locked", [True, False])
def test_build_regularization_reaches_the_model(locked: bool) -> None:
    model = build(
        RecurrentConfig(hidden_size=4),
        input_dropout=0.1,
        output_dropout=0.3,
        embedding_dropout=0.4,
        locked=locked,
    )

    assert (model.input_dropout.probability, model.output_dropout.probability) == (0.1, 0.3)
    assert model.embedding_dropout == 0.4
    assert (type(model.input_dropout).__name__ == "LockedDropout") == locked
