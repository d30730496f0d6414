import pytest
import torch

from nextword.recurrent import ActivationPenalty


def test_activation_penalty_by_hand() -> None:
    outputs = torch.tensor([[[1.0, 3.0], [2.0, 5.0]]])
    dropped = torch.tensor([[[2.0, 0.0], [0.0, 4.0]]])

    penalty = ActivationPenalty(activation=10.0, temporal=100.0)(outputs, dropped)

    assert penalty.tolist() == [[20.0, 80.0 + 250.0]]


def test_activation_penalty_first_step_has_nothing_to_differ_from() -> None:
    outputs = torch.randn(2, 1, 3)

    assert not ActivationPenalty(temporal=1.0)(outputs, outputs).any()


def test_activation_penalty_without_time_is_empty() -> None:
    outputs = torch.zeros(2, 0, 3)

    assert ActivationPenalty(activation=1.0)(outputs, outputs).shape == (2, 0)


def test_activation_penalty_of_bfloat16_is_summed_in_float32() -> None:
    outputs = torch.ones(1, 2, 3, dtype=torch.bfloat16)

    assert ActivationPenalty(activation=1.0, temporal=1.0)(outputs, outputs).dtype == torch.float32


@pytest.mark.parametrize(
    ("penalty", "expected"),
    [
        (ActivationPenalty(), False),
        (ActivationPenalty(activation=0.1), True),
        (ActivationPenalty(temporal=0.1), True),
    ],
    ids=["none", "activation", "temporal"],
)
def test_activation_penalty_is_true_where_it_costs(
    penalty: ActivationPenalty, expected: bool
) -> None:
    assert bool(penalty) == expected
