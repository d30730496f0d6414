import logging

import pytest

from nextword.base import ConfigError
from nextword.cells import Cell, ElmanCell, LstmCell
from nextword.recurrent import BACKENDS, choose_backend


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        (LstmCell(1, 1), "aten"),
        (ElmanCell(1, 1), "aten"),
        (ElmanCell(1, 1, nonlinearity="relu"), "aten"),
        (ElmanCell(1, 1, nonlinearity="sigmoid"), "reference"),
    ],
    ids=["lstm", "tanh", "relu", "sigmoid"],
)
def test_choose_backend_auto_takes_the_first_that_supports_the_cell(cell: Cell, name: str) -> None:
    assert choose_backend(cell).name == name


@pytest.mark.parametrize("name", [backend.name for backend in BACKENDS])
def test_choose_backend_named_is_taken(name: str) -> None:
    assert choose_backend(LstmCell(1, 1), name=name).name == name


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
