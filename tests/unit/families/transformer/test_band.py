"""Attention in a band, against one written with loops, and with planted faults."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from naive_attention import naive_attention
from nextword.families.transformer import band, banded_attention, linear_slopes

Fault = Callable[[Tensor], Tensor]


def inputs(
    *, num_steps: int, context_size: int, num_heads: int = 2, num_before: tuple[int, ...] = (0, 9)
) -> dict[str, Tensor]:
    """Random queries, keys and values of rows that have read so much before."""
    generator = torch.Generator().manual_seed(0)

    def draw(*shape: int) -> Tensor:
        return torch.randn(*shape, dtype=torch.float64, generator=generator)

    batch_size, hidden_size = len(num_before), 3 * num_heads
    num_places = context_size - 1 + num_steps
    return {
        "queries": draw(batch_size, num_steps, hidden_size),
        "keys": draw(batch_size, num_places, hidden_size),
        "values": draw(batch_size, num_places, hidden_size),
        "distance_bias": draw(num_heads, context_size),
        "num_before": torch.tensor(num_before),
    }


def difference(given: dict[str, Tensor]) -> float:
    """How far the attention is from the naive one."""
    return float((banded_attention(**given) - naive_attention(**given)).abs().max())


@pytest.mark.parametrize("context_size", [1, 2, 7, 70])
@pytest.mark.parametrize("num_steps", [1, 7, 63, 150])
def test_banded_attention_equals_the_naive_one(num_steps: int, context_size: int) -> None:
    given = inputs(num_steps=num_steps, context_size=context_size, num_before=(0, 3, 200))

    assert difference(given) < 1e-12


@pytest.mark.parametrize("num_heads", [1, 3])
def test_banded_attention_with_other_heads_equals_the_naive_one(num_heads: int) -> None:
    assert difference(inputs(num_steps=5, context_size=3, num_heads=num_heads)) < 1e-12


def test_banded_attention_of_no_steps_gives_none() -> None:
    given = inputs(num_steps=0, context_size=4)

    assert banded_attention(**given).shape == (2, 0, 6)


def test_banded_attention_has_the_right_gradients() -> None:
    given = inputs(num_steps=3, context_size=3, num_before=(0, 1))
    names = ("queries", "keys", "values", "distance_bias")

    def attend(*parts: Tensor) -> Tensor:
        return banded_attention(
            **dict(zip(names, parts, strict=True)), num_before=given["num_before"]
        )

    assert torch.autograd.gradcheck(attend, [given[name].requires_grad_() for name in names])


def test_banded_attention_places_that_are_not_there_get_no_gradient() -> None:
    given = inputs(num_steps=2, context_size=4, num_before=(1, 9))
    given["values"].requires_grad_()

    banded_attention(**given).sum().backward()

    reached = given["values"].grad.abs().sum(2) > 0  # type: ignore[union-attr]
    assert reached.tolist() == [[False, False, True, True, True], [True] * 5]


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(lambda bias: bias.roll(1, 2), id="sees-one-ahead-and-forgets-the-oldest"),
        pytest.param(
            lambda bias: bias.masked_fill(bias == bias[:, :1, :1], -torch.inf),
            id="forgets-the-oldest-key-too-early",
        ),
        pytest.param(
            lambda bias: bias.masked_fill(bias == -torch.inf, 0.0), id="sees-ahead-and-too-far-back"
        ),
        pytest.param(lambda bias: bias.flip(0), id="heads-take-each-other's-bias"),
    ],
)
def test_banded_attention_planted_fault_in_the_band_is_seen(
    fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    given, right = inputs(num_steps=5, context_size=3, num_before=(9, 9)), band._band
    assert difference(given) < 1e-12

    monkeypatch.setattr(band, "_band", lambda *arguments: fault(right(*arguments)))

    assert difference(given) > 1e-3


def test_banded_attention_planted_look_at_absent_places_is_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given = inputs(num_steps=5, context_size=3)

    monkeypatch.setattr(band, "_hide_absent", lambda bias, *_: bias)

    assert difference(given) > 1e-3


def test_linear_slopes_fall_with_the_distance_and_start_at_zero() -> None:
    slopes = linear_slopes(4, 6)

    assert torch.equal(slopes[:, 0], torch.zeros(4))
    assert bool((slopes.diff(dim=1) < 0).all())
    assert bool((slopes[:, 1].diff() > 0).all())
