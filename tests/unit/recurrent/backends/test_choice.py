import logging
from dataclasses import replace

import pytest
import torch

from nextword.base import ConfigError
from nextword.cells import (
    AnyCell,
    ElmanCell,
    GruCell,
    LayerNormLstmCell,
    LinearCell,
    LstmCell,
    MinGruCell,
    ProjectedLstmCell,
)
from nextword.recurrent import BACKENDS, NoiseKind, choose_backend
from nextword.recurrent.backends import lacks_kernels
from nextword.recurrent.backends.hoisted import layer


@pytest.fixture
def without_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the compiled kernels were not installed."""
    monkeypatch.setattr("nextword.recurrent.backends.native.layer.kernels_are_installed", bool)


class OnlyStepped(LinearCell):
    """A cell without a manual pass, as one from outside may be."""

    def manual_backward(self) -> None:  # type: ignore[override]
        return None


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        (LstmCell(1, 1), "aten"),
        (GruCell(1, 1), "hoisted"),
        (ElmanCell(1, 1), "hoisted"),
        (ElmanCell(1, 1, nonlinearity="sigmoid"), "hoisted"),
        (LayerNormLstmCell(1, 1), "hoisted"),
        (MinGruCell(1, 1), "hoisted"),
        (OnlyStepped(1, 1), "reference"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
@pytest.mark.usefixtures("without_kernels")
def test_choose_backend_auto_takes_the_fastest_on_a_cpu(cell: AnyCell, name: str) -> None:
    assert choose_backend(cell).name == name


@pytest.mark.parametrize("cell", [LstmCell(1, 1), GruCell(1, 1), ElmanCell(1, 1), MinGruCell(1, 1)])
def test_choose_backend_auto_with_kernels_takes_native(cell: AnyCell) -> None:
    pytest.importorskip("nextword_kernels", reason="needs the compiled kernels")

    assert choose_backend(cell).name == "native"
    assert choose_backend(cell, noise=frozenset({"zoneout"})).name == "hoisted"


@pytest.mark.parametrize(("is_fast", "name"), [(True, "hoisted"), (False, "aten")])
@pytest.mark.usefixtures("without_kernels")
def test_choose_backend_auto_wide_lstm_follows_the_processor(
    monkeypatch: pytest.MonkeyPatch, is_fast: bool, name: str
) -> None:
    monkeypatch.setattr(layer, "has_fast_bfloat16", lambda device: is_fast)

    assert choose_backend(LstmCell(1, 512)).name == name
    assert choose_backend(LstmCell(1, 511)).name == "aten"


@pytest.mark.parametrize(
    ("kind", "name"),
    [("weight_dropout", "aten"), ("recurrent_dropout", "hoisted"), ("zoneout", "hoisted")],
)
@pytest.mark.usefixtures("without_kernels")
def test_choose_backend_auto_runs_the_noise_too(kind: NoiseKind, name: str) -> None:
    assert choose_backend(LstmCell(1, 1), noise=frozenset({kind})).name == name


def test_choose_backend_noise_that_a_named_one_lacks_is_refused() -> None:
    with pytest.raises(ConfigError, match="the backend 'aten' does not support zoneout") as caught:
        choose_backend(LstmCell(1, 1), name="aten", noise=frozenset({"zoneout"}))

    assert caught.value.help == "Use --set training.backend=auto."


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize(
    ("cell", "name"),
    [
        (GruCell(1, 1), "aten"),
        (ProjectedLstmCell(1, 2, projection_size=1), "aten"),
        (LayerNormLstmCell(1, 1), "hoisted"),
        (MinGruCell(1, 1), "scan"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_choose_backend_auto_takes_the_fastest_on_a_gpu(cell: AnyCell, name: str) -> None:
    assert choose_backend(cell.cuda()).name == name


@pytest.mark.parametrize("name", [backend.name for backend in BACKENDS])
def test_choose_backend_named_is_taken(name: str) -> None:
    if name == "native":
        pytest.importorskip("nextword_kernels", reason="needs the compiled kernels")
    cell = MinGruCell(1, 1) if name == "scan" else LstmCell(1, 1)

    assert choose_backend(cell, name=name).name == name


def test_choose_backend_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"training\.backend 'referense' is unknown") as caught:
        choose_backend(LstmCell(1, 1), name="referense")

    assert caught.value.help == "Did you mean 'reference'?"


def test_choose_backend_unsupported_cell_is_refused() -> None:
    cell = ElmanCell(1, 1, nonlinearity="sigmoid")

    with pytest.raises(
        ConfigError, match="the backend 'aten' does not support ElmanCell"
    ) as caught:
        choose_backend(cell, name="aten")

    assert caught.value.help == "Use --set training.backend=auto."


def test_choose_backend_logs_the_choice(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="nextword.recurrent.backends.choice"):
        choose_backend(LstmCell(1, 1), name="reference")

    assert caplog.messages == ["LstmCell runs on the backend reference"]


def test_backends_names_are_unique_and_the_reference_comes_last() -> None:
    names = [backend.name for backend in BACKENDS]

    assert len(set(names)) == len(names)
    assert names[-1] == "reference"


@pytest.mark.parametrize("shape", [(0, 4, 5), (3, 0, 5)], ids=["no-rows", "no-steps"])
def test_backend_with_nothing_to_read_keeps_the_state(shape: tuple[int, int, int]) -> None:
    never = replace(BACKENDS[0], run=lambda *_, **__: pytest.fail("an empty window was handed on"))
    cell = LstmCell(5, 7)
    state = type(cell.initial_state(0))(*(torch.randn(shape[0], 7) for _ in range(2)))

    outputs, final = never.run_layer(cell, torch.randn(shape), state=state, lengths=None)

    assert outputs.shape == (*shape[:2], 7)
    assert all(torch.equal(new, old) for new, old in zip(final, state, strict=True))


@pytest.mark.parametrize(
    ("cell", "noise", "expected"),
    [
        (LstmCell(1, 1), frozenset(), True),
        (GruCell(1, 1), frozenset({"weight_dropout"}), True),
        (ElmanCell(1, 1), frozenset({"zoneout"}), False),
        (LinearCell(1, 1), frozenset(), False),
        (LstmCell(1, 1).to("meta"), frozenset(), False),
    ],
    ids=["lstm", "weight-dropout", "zoneout", "no-kernel", "elsewhere"],
)
@pytest.mark.usefixtures("without_kernels")
def test_lacks_kernels_where_native_would_be_chosen(
    cell: AnyCell, noise: frozenset[NoiseKind], expected: bool
) -> None:
    assert lacks_kernels(cell, noise=noise) == expected


def test_lacks_kernels_is_false_where_they_are_installed() -> None:
    pytest.importorskip("nextword_kernels", reason="needs the compiled kernels")

    assert not lacks_kernels(LstmCell(1, 1))
