"""ONNX graphs against the models they come from, at several batch sizes and lengths."""

from pathlib import Path
from typing import Any

import pytest
import torch

from exported_models import OTHER_FAMILIES, network
from families import CASES, ONE_HOT, Case
from nextword.base import ConfigError
from nextword.families import RecurrentConfig, RegularizationConfig
from nextword.interop.onnx import OnnxLanguageModel
from nextword.interop.onnx.network import onnx_network
from nextword.layers import OutputConfig
from nextword.models import LanguageModel, NeuralLanguageModel

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

ADAPTIVE = OutputConfig(kind="adaptive", cutoffs=(4, 6))
NATIVE: dict[str, dict[str, Any]] = {
    "lstm": {},
    "cifg": {"cell": "cifg"},
    "gru": {"cell": "gru", "tied": False, "residual": True, "embedding_size": 6},
    "elman": {"cell": "elman"},
    "elman-sigmoid": {"cell": "elman", "nonlinearity": "sigmoid"},
    "elman-relu": {"cell": "elman", "nonlinearity": "relu"},
    "linear": {"cell": "linear"},
    "adaptive": {"output": ADAPTIVE},
    "adaptive-untied": {"output": ADAPTIVE, "tied": False, "embedding_size": 3},
    "chunked": {"output": OutputConfig(kind="chunked")},
    "one-hot": {"embedding": ONE_HOT, "tied": False},
    "last-layer": {"hidden_size": 8, "last_hidden_size": 4, "learnt_initial_state": True},
}
STEPS: dict[str, dict[str, Any]] = {
    "projected": {"cell": "lstm_projected", "hidden_size": 8, "projection_size": 4},
    "min-gru": {"cell": "min_gru"},
    "min-lstm": {"cell": "min_lstm", "residual": True},
    "rg-lru": {"cell": "rg_lru"},
    "preactivation": {"cell": "elman_preactivation"},
    "preactivation-sigmoid": {"cell": "elman_preactivation", "nonlinearity": "sigmoid"},
}
SHAPES = ((1, 1), (2, 5), (5, 17), (1, 33), (9, 2))


def build(name: str) -> NeuralLanguageModel:
    """A network with weights small enough that the linear one does not explode."""
    model = network(**(NATIVE | STEPS)[name]).language_model
    assert isinstance(model, NeuralLanguageModel)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(0.5)
    return model


def running(model: NeuralLanguageModel, folder: Path) -> OnnxLanguageModel:
    found = onnx_network(model, metadata={})
    onnx.save(found.model, folder / "model.onnx")
    return OnnxLanguageModel(
        folder / "model.onnx",
        vocabulary=model.vocabulary,
        state=found.state,
        is_step=found.is_step,
    )


@pytest.mark.parametrize("name", [*NATIVE, *STEPS])
def test_log_probs_and_states_are_those_of_the_model(name: str, tmp_path: Path) -> None:
    model = build(name)
    run = running(model, tmp_path)
    generator = torch.Generator().manual_seed(0)

    for shape in SHAPES:
        own, other = model.initial_state(shape[0]), run.initial_state(shape[0])
        for _ in range(2):
            ids = torch.randint(model.vocab_size, shape, generator=generator)
            expected, own = model.next_log_probs(ids, own)
            found, other = run.next_log_probs(ids, other)
            torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)
            for part, tensor in own.tensors.items():
                torch.testing.assert_close(other.tensors[part], tensor, rtol=1e-5, atol=1e-5)


def greedy(model: LanguageModel, *, num_tokens: int) -> list[int]:
    """The most probable tokens after the boundary."""
    ids, state = [model.boundary_id], model.initial_state(1)
    for _ in range(num_tokens):
        log_probs, state = model.next_log_probs(torch.tensor([ids[-1:]]), state)
        ids.append(int(log_probs[0, 0].argmax()))
    return ids


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", [*NATIVE, *STEPS])
def test_200_greedy_tokens_are_those_of_the_model(name: str, tmp_path: Path) -> None:
    model = build(name)

    assert greedy(running(model, tmp_path), num_tokens=200) == greedy(model, num_tokens=200)


@pytest.mark.parametrize("name", NATIVE)
def test_cells_with_an_operator_have_no_loop_and_a_dynamic_time_axis(name: str) -> None:
    found = onnx_network(build(name), metadata={})

    operators = {node.op_type for node in found.model.graph.node}
    assert operators & {"LSTM", "GRU", "RNN"}
    assert not operators & {"Loop", "Scan", "If"}
    axes = found.model.graph.input[0].type.tensor_type.shape.dim
    assert [axis.dim_param for axis in axes] == ["batch", "time"]


@pytest.mark.parametrize("name", STEPS)
def test_other_cells_read_one_token(name: str) -> None:
    found = onnx_network(build(name), metadata={})

    assert found.is_step
    axes = found.model.graph.input[0].type.tensor_type.shape.dim
    assert (axes[0].dim_param, axes[1].dim_value) == ("batch", 1)
    assert not {node.op_type for node in found.model.graph.node} & {"Loop", "Scan", "If"}


def test_tied_table_is_stored_once() -> None:
    found = onnx_network(build("lstm"), metadata={})

    model = build("lstm")
    sizes = [list(each.dims) for each in found.model.graph.initializer]
    assert sizes.count([model.vocab_size, 6]) == 1


def test_metadata_is_in_the_file() -> None:
    found = onnx_network(build("lstm"), metadata={"nextword": "{}"})

    assert [(each.key, each.value) for each in found.model.metadata_props] == [("nextword", "{}")]


def test_rows_of_other_lengths_keep_their_states(tmp_path: Path) -> None:
    model = build("lstm")
    run = running(model, tmp_path)
    ids = torch.randint(3, model.vocab_size, (3, 4))
    lengths = torch.tensor([4, 0, 2])

    _, expected = model.next_log_probs(ids, model.initial_state(3), lengths)
    _, found = run.next_log_probs(ids, run.initial_state(3), lengths)

    assert found.num_tokens.tolist() == [4, 0, 2]
    for part, tensor in expected.tensors.items():
        torch.testing.assert_close(found.tensors[part], tensor, rtol=0, atol=1e-5)


def refusal(model: LanguageModel) -> str:
    with pytest.raises(ConfigError) as caught:
        onnx_network(model, metadata={})
    return caught.value.message


def test_other_families_are_refused_by_name() -> None:
    for name in OTHER_FAMILIES:
        model = CASES[name].build(1)
        assert f"this model is of the family {model.family}: " in refusal(model)


@pytest.mark.parametrize("cell", ["slstm", "lstm_layer_norm"])
def test_cells_without_operators_are_refused_by_name(cell: str) -> None:
    model = Case(RecurrentConfig(cell=cell)).build(1)

    assert f"the cell {type(model.core.layers[0]).__name__}" in refusal(model)  # type: ignore[attr-defined]


def test_zoneout_is_refused() -> None:
    case = Case(RecurrentConfig(), regularization=RegularizationConfig(zoneout_hidden=0.1))

    assert "was trained with zoneout" in refusal(case.build(1))
