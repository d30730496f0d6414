from dataclasses import replace
from typing import Any

import pytest
import torch

from fakes import network_spec
from nextword.base import ConfigError, decode, encode
from nextword.cells import (
    CELLS,
    AnyCell,
    CifgCell,
    ElmanCell,
    ElmanPreactivationCell,
    GruCell,
    LayerNormLstmCell,
    LinearCell,
    LstmCell,
    MinGruCell,
    MinLstmCell,
    ProjectedLstmCell,
    RgLruCell,
    SlstmCell,
    register_cell,
)
from nextword.families import RecurrentConfig, RecurrentLanguageModel, RegularizationConfig
from nextword.layers import AdaptiveSoftmax, EmbeddingConfig, OutputConfig
from registries import registries_restored


def build(config: RecurrentConfig, **regularization: Any) -> RecurrentLanguageModel:
    return config.build(
        network_spec(
            vocab_size=7,
            boundary_id=1,
            never_ids=(0,),
            regularization=RegularizationConfig(**regularization),
        )
    )


def test_recurrent_config_defaults_survive_encoding() -> None:
    assert decode(RecurrentConfig, encode(RecurrentConfig()), source="test") == RecurrentConfig()


@pytest.mark.parametrize("name", ["num_layers", "hidden_size"])
def test_recurrent_config_size_below_one_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=f"{name} is 0; it must be at least 1"):
        RecurrentConfig(**{name: 0})


def test_recurrent_config_negative_embedding_size_is_refused() -> None:
    with pytest.raises(ConfigError, match="embedding_size is -2; it must be at least 1"):
        RecurrentConfig(embedding_size=-2)


def test_recurrent_config_unknown_cell_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"r\.toml: cell is 'lstmm'") as caught:
        decode(RecurrentConfig, {"cell": "lstmm"}, source="r.toml")

    assert caught.value.help == (
        "Did you mean 'lstm'? Register your own with nextword.register_cell."
    )


def test_build_stacks_cells_of_the_sizes_asked_for() -> None:
    model = build(RecurrentConfig(num_layers=3, hidden_size=4, embedding_size=6, tied=False))

    assert [(c.input_size, c.hidden_size) for c in model.core.layers] == [(6, 4), (4, 4), (4, 4)]
    assert all(isinstance(cell, LstmCell) for cell in model.core.layers)


def test_build_last_layer_may_have_its_own_width_and_tie_the_table() -> None:
    config = RecurrentConfig(num_layers=3, hidden_size=6, last_hidden_size=4)

    model = build(config)

    assert [(c.input_size, c.hidden_size) for c in model.core.layers] == [(4, 6), (6, 6), (6, 4)]
    assert model.output.weight is model.embedding


def test_recurrent_config_last_hidden_size_below_one_is_refused() -> None:
    with pytest.raises(ConfigError, match="last_hidden_size is 0; it must be at least 1"):
        RecurrentConfig(last_hidden_size=0)


def test_recurrent_config_projection_wider_than_the_last_layer_is_refused() -> None:
    with pytest.raises(
        ConfigError, match="projection_size is 5, larger than hidden_size, 4"
    ) as caught:
        RecurrentConfig(cell="lstm_projected", projection_size=5, hidden_size=8, last_hidden_size=4)

    assert caught.value.help == "Set model.projection_size to at most 4."


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ({"last_hidden_size": 4}, "3 lstm layers of 6, the last of 4"),
        ({"cell": "lstm_projected", "projection_size": 2}, "3 lstm_projected layers of 6, "),
    ],
)
def test_recurrent_config_description_names_every_width(
    sizes: dict[str, Any], expected: str
) -> None:
    config = RecurrentConfig(num_layers=3, hidden_size=6, **sizes)

    assert config.describe().startswith(expected)


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
        ConfigError, match="embedding_size is 6 and the last layer's outputs 4"
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

    dropout = model.input.dropout
    assert (dropout.probability, model.output_dropout.probability) == (0.1, 0.3)
    assert model.input.embedding_dropout == 0.4
    assert (type(dropout).__name__ == "LockedDropout") == locked


def test_build_one_hot_reads_vectors_as_wide_as_the_vocabulary() -> None:
    config = RecurrentConfig(hidden_size=4, tied=False)
    model = config.build(
        network_spec(
            vocab_size=7,
            boundary_id=1,
            never_ids=(),
            regularization=RegularizationConfig(),
            embedding=EmbeddingConfig(kind="one_hot"),
        )
    )

    assert model.embedding is None
    assert model.core.layers[0].input_size == 7


def test_build_one_hot_with_a_width_is_refused() -> None:
    config = RecurrentConfig(hidden_size=4, embedding_size=5, tied=False)

    with pytest.raises(ConfigError, match=r"embedding_size is 5, but one-hot vectors .* 7"):
        config.build(
            network_spec(
                vocab_size=7,
                boundary_id=1,
                never_ids=(),
                regularization=RegularizationConfig(),
                embedding=EmbeddingConfig(kind="one_hot"),
            )
        )


def test_build_tied_adaptive_output_makes_the_embedding_adaptive() -> None:
    output = OutputConfig(kind="adaptive", cutoffs=(20, 40))

    model = RecurrentConfig(hidden_size=64).build(
        network_spec(
            vocab_size=100,
            boundary_id=3,
            never_ids=(0,),
            regularization=RegularizationConfig(),
            output=output,
        )
    )

    assert isinstance(model.output, AdaptiveSoftmax)
    assert model.output.words is model.embedding
    # Tables of widths 64, 16, 16 and the ways there; the cluster's entries in the head; biases.
    ends = (20 * 64 + 20 * 16 + 60 * 16 + 2 * 64 * 16) + 2 * 65 + 100
    assert model.num_parameters == ends + 4 * 64 * (64 + 64 + 1)


def test_build_untied_adaptive_output_leaves_the_embedding_plain() -> None:
    model = RecurrentConfig(hidden_size=16, tied=False).build(
        network_spec(
            vocab_size=100,
            boundary_id=3,
            never_ids=(0,),
            regularization=RegularizationConfig(),
            output=OutputConfig(kind="adaptive"),
        )
    )

    assert isinstance(model.embedding, torch.nn.Parameter)
    assert isinstance(model.output, AdaptiveSoftmax)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("lstm", LstmCell),
        ("lstm_projected", ProjectedLstmCell),
        ("lstm_layer_norm", LayerNormLstmCell),
        ("gru", GruCell),
        ("elman", ElmanCell),
        ("elman_preactivation", ElmanPreactivationCell),
        ("linear", LinearCell),
        ("min_gru", MinGruCell),
        ("min_lstm", MinLstmCell),
        ("cifg", CifgCell),
        ("slstm", SlstmCell),
        ("rg_lru", RgLruCell),
    ],
)
def test_build_every_cell_by_its_name(name: Any, kind: type[AnyCell]) -> None:
    projection = 4 if name == "lstm_projected" else None
    config = RecurrentConfig(cell=name, num_layers=2, hidden_size=4, projection_size=projection)

    assert {type(cell) for cell in build(config).core.layers} == {kind}


def test_build_elman_preactivation_has_its_nonlinearity() -> None:
    config = RecurrentConfig(cell="elman_preactivation", nonlinearity="relu", hidden_size=4)

    (cell,) = build(config).core.layers

    assert isinstance(cell, ElmanPreactivationCell)
    assert cell.nonlinearity == "relu"


@pytest.mark.parametrize("name", ["lstm_projected", "lstm_layer_norm", "min_lstm", "cifg", "slstm"])
def test_build_forget_bias_reaches_every_kind_of_lstm(name: Any) -> None:
    projection = 2 if name == "lstm_projected" else None
    config = RecurrentConfig(cell=name, hidden_size=2, projection_size=projection, forget_bias=2.5)

    (cell,) = build(config).core.layers

    assert (cell.bias == 2.5).sum() == 2


def test_build_projected_layers_read_and_show_the_projection() -> None:
    config = RecurrentConfig(cell="lstm_projected", num_layers=2, hidden_size=8, projection_size=3)

    model = build(config)

    assert [(c.input_size, c.output_size) for c in model.core.layers] == [(3, 3), (3, 3)]
    assert model.output.weight is model.embedding


def test_recurrent_config_projection_wider_than_the_state_is_refused() -> None:
    with pytest.raises(
        ConfigError, match="projection_size is 9, larger than hidden_size, 8"
    ) as caught:
        RecurrentConfig(cell="lstm_projected", hidden_size=8, projection_size=9)

    assert caught.value.help == "Set model.projection_size to at most 8."


def test_config_projection_of_no_width_is_refused() -> None:
    with pytest.raises(ConfigError, match="projection_size is 0; it must be at least 1"):
        RecurrentConfig(cell="lstm_projected", projection_size=0)


@pytest.mark.parametrize(
    ("cell", "projection_size"), [("lstm", 3), ("lstm_projected", None)], ids=["extra", "missing"]
)
def test_recurrent_config_projection_without_its_cell_is_refused(
    cell: Any, projection_size: int | None
) -> None:
    with pytest.raises(ConfigError, match=f"projection_size is {projection_size} and cell"):
        RecurrentConfig(cell=cell, projection_size=projection_size)


def test_recurrent_config_residual_of_one_layer_is_refused() -> None:
    with pytest.raises(ConfigError, match="residual is true, but residual connections start at"):
        RecurrentConfig(num_layers=1, residual=True)


def test_build_residual_reaches_the_stack() -> None:
    assert build(RecurrentConfig(num_layers=2, hidden_size=4, residual=True)).core.residual


def test_build_recurrent_initialization_reaches_every_layer() -> None:
    config = RecurrentConfig(
        cell="elman", num_layers=2, hidden_size=4, recurrent_initialization="identity"
    )

    for cell in build(config).core.layers:
        assert torch.equal(cell.get_parameter("weight_hh"), torch.eye(4))


def test_build_learnt_initial_state_is_a_parameter_of_every_layer() -> None:
    config = RecurrentConfig(num_layers=2, hidden_size=4)
    learning = RecurrentConfig(num_layers=2, hidden_size=4, learnt_initial_state=True)

    assert build(learning).num_parameters == build(config).num_parameters + 2 * 2 * 4


def test_build_regularizer_reaches_the_model() -> None:
    model = build(RecurrentConfig(hidden_size=4), zoneout_cell=0.3)

    assert model.core.regularizer.zoneout_cell == 0.3


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (RecurrentConfig(cell="gru", hidden_size=4), "1 gru layer of 4"),
        (
            RecurrentConfig(cell="lstm_projected", num_layers=2, hidden_size=8, projection_size=3),
            "2 lstm_projected layers of 8, projected to 3",
        ),
    ],
    ids=["gru", "projected"],
)
def test_recurrent_config_describes_itself(config: RecurrentConfig, expected: str) -> None:
    assert config.describe() == expected


def test_idle_settings_cell_from_outside_may_read_any_setting() -> None:
    with registries_restored():
        register_cell("own", lambda size, settings: GruCell(size, settings.hidden_size))
        idle = RecurrentConfig(cell="own", num_layers=2).idle_settings()

    assert idle.keys() == {"optimizer.table_learning_rate"}


@pytest.mark.parametrize("cell", list(CELLS))
@pytest.mark.parametrize(("name", "value"), [("nonlinearity", "relu"), ("forget_bias", 3.0)])
def test_idle_settings_are_those_that_do_not_change_the_cell(
    cell: str, name: str, value: Any
) -> None:
    config = RecurrentConfig(cell=cell, projection_size=2 if cell == "lstm_projected" else None)

    def built(settings: RecurrentConfig) -> tuple[str, list[list[float]]]:
        torch.manual_seed(0)
        module = CELLS[cell](3, settings)
        return str(module), [each.flatten().tolist() for each in module.parameters()]

    has_effect = built(config) != built(replace(config, **{name: value}))
    assert (f"model.{name}" in config.idle_settings()) == (not has_effect)


def test_idle_settings_one_layer_has_no_dropout_between_layers() -> None:
    assert "regularization.layer_dropout" in RecurrentConfig().idle_settings()
    assert "regularization.layer_dropout" not in RecurrentConfig(num_layers=2).idle_settings()
