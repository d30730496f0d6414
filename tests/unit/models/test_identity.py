import copy
import time
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from fakes import network_spec
from nextword.families import RecurrentConfig, RegularizationConfig
from nextword.layers import OutputConfig
from nextword.models import ContentIdentity, NeuralLanguageModel, structure


def make(*, seed: int = 0, backend: str = "auto", output: str = "full", **changed: Any) -> Any:
    torch.manual_seed(seed)
    model = {key: changed.pop(key) for key in ("cell", "hidden_size", "tied") if key in changed}
    return RecurrentConfig(**{"hidden_size": 4, **model}).build(
        network_spec(
            vocab_size=7,
            boundary_id=1,
            never_ids=(0,),
            regularization=RegularizationConfig(**changed),
            output=OutputConfig(kind=output, num_samples=2),
            backend=backend,
        )
    )


@pytest.mark.parametrize(
    "changed",
    [
        {"input_dropout": 0.5, "layer_dropout": 0.4, "output_dropout": 0.3},
        {"embedding_dropout": 0.2, "locked": False},
        {"recurrent_dropout": 0.5},
        {"weight_dropout": 0.5},
        {"activation_penalty": 1.0, "temporal_penalty": 1.0},
        {"backend": "reference"},
        {"output": "chunked"},
        {"output": "sampled"},
    ],
)
def test_identity_does_not_depend_on_how_it_is_trained(changed: dict[str, Any]) -> None:
    assert make(**changed).fingerprint() == make().fingerprint()


@pytest.mark.parametrize(
    "changed",
    [{"seed": 1}, {"hidden_size": 5}, {"cell": "gru"}, {"tied": False}, {"zoneout_hidden": 0.5}],
)
def test_identity_depends_on_what_is_computed(changed: dict[str, Any]) -> None:
    assert make(**changed).fingerprint() != make().fingerprint()


def test_identity_in_training_mode_is_the_same() -> None:
    model = make()

    assert model.train().fingerprint() == model.eval().fingerprint()


def replace_data(weight: nn.Parameter) -> None:
    weight.data = weight.data + 1.0


def write_data(weight: nn.Parameter) -> None:
    weight.data += 1.0


@torch.no_grad()
def write_one(weight: nn.Parameter) -> None:
    weight.view(-1)[2] += 1.0


@torch.no_grad()
def copy_in(weight: nn.Parameter) -> None:
    weight.copy_(weight + 1e-3)


@pytest.mark.parametrize("change", [replace_data, write_data, write_one, copy_in])
def test_identity_changes_with_weights_and_comes_back(
    change: Callable[[nn.Parameter], None],
) -> None:
    model, original = make(), make()
    before = model.fingerprint()

    change(next(model.parameters()))

    assert model.fingerprint() != before
    model.load_state_dict(original.state_dict())
    assert model.fingerprint() == before


def test_identity_of_a_copy_changes_apart_from_the_original() -> None:
    model = make()
    before = model.fingerprint()
    other = copy.deepcopy(model)

    write_one(next(other.parameters()))

    assert model.fingerprint() == before != other.fingerprint()


def test_identity_asked_again_takes_under_a_millisecond() -> None:
    model: NeuralLanguageModel = make(hidden_size=500)
    model.fingerprint()

    durations = []
    for _ in range(20):
        started = time.perf_counter()
        model.fingerprint()
        durations.append(time.perf_counter() - started)

    assert min(durations) < 1e-3


def test_identity_of_inference_tensors_is_of_their_values() -> None:
    with torch.inference_mode():
        model = make()

    assert model.fingerprint() == make().fingerprint()


def test_content_identity_reads_tensors_once_until_one_changes() -> None:
    weight, calls = torch.zeros(3), []
    identity = ContentIdentity()

    def tensors() -> dict[str, torch.Tensor]:
        calls.append(1)
        return {"weight": weight}

    for _ in range(3):
        identity.of("", {"weight": weight}, tensors=tensors)
    weight += 1.0
    identity.of("", {"weight": weight}, tensors=tensors)

    assert len(calls) == 2


def test_structure_names_settings_but_no_dropout() -> None:
    module = nn.Sequential(nn.Linear(2, 3), nn.Dropout(0.5), nn.LayerNorm(3, eps=1e-3))

    assert "eps=0.001" in structure(module)
    assert "Dropout" not in structure(module)


def test_identity_of_tensors_without_values() -> None:
    def identity(shape: tuple[int, ...]) -> str:
        empty = torch.empty(0, dtype=torch.int64).as_strided(shape, (0,) * len(shape))
        return ContentIdentity().of("", {}, tensors=lambda: {"keys": empty})

    assert identity((0,)) != identity((0, 2))
