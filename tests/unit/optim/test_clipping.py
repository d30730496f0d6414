import json
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from nextword.optim import Clipper, ClippingConfig

thresholds = st.floats(1e-3, 1e3)
scales = st.floats(1e-3, 1e3)
seeds = st.integers(0, 1000)


def gradients_of(seed: int, scale: float = 1.0) -> list[Tensor]:
    generator = torch.Generator().manual_seed(seed)
    shapes = [(3, 4), (5,), (1, 2, 3)]
    return [scale * torch.randn(shape, generator=generator) for shape in shapes]


def flat(gradients: list[Tensor]) -> Tensor:
    return torch.cat([gradient.flatten() for gradient in gradients]).double()


@given(seeds, scales, thresholds)
def test_clip_by_norm_keeps_the_direction(seed: int, scale: float, threshold: float) -> None:
    gradients = gradients_of(seed, scale)
    before = flat(gradients)

    Clipper(ClippingConfig(kind="norm", threshold=threshold)).clip(gradients)

    cosine = torch.cosine_similarity(flat(gradients), before, dim=0, eps=0.0)
    assert cosine >= 1 - 1e-6


@given(seeds, scales, thresholds)
def test_clip_by_norm_limits_the_norm_to_the_threshold(
    seed: int, scale: float, threshold: float
) -> None:
    gradients = gradients_of(seed, scale)
    norm = float(flat(gradients).norm())

    clipped = Clipper(ClippingConfig(kind="norm", threshold=threshold)).clip(gradients)

    assert clipped.norm == pytest.approx(norm, rel=1e-5)
    assert float(flat(gradients).norm()) == pytest.approx(min(norm, threshold), rel=1e-5)
    assert clipped.is_clipped == (clipped.norm > threshold)
    assert clipped.threshold == threshold


@given(seeds, scales, thresholds)
def test_clip_leaving_the_scale_touches_nothing_and_says_what_is_left_to_be_done(
    seed: int, scale: float, threshold: float
) -> None:
    config = ClippingConfig(kind="norm", threshold=threshold)
    left, limited = gradients_of(seed, scale), gradients_of(seed, scale)
    before = flat(left)

    clipped = Clipper(config).clip(left, leave_scale=True)
    done = Clipper(config).clip(limited)

    assert torch.equal(flat(left), before)
    torch.testing.assert_close(flat(left) * clipped.scale, flat(limited), rtol=1e-6, atol=0.0)
    assert (done.scale, done.is_clipped, done.norm) == (1.0, clipped.is_clipped, clipped.norm)


def test_clip_by_value_leaves_no_scale() -> None:
    gradients = [torch.tensor([3.0, -0.5])]

    clipped = Clipper(ClippingConfig(kind="value", threshold=1.0)).clip(gradients, leave_scale=True)

    assert clipped.scale == 1.0
    assert gradients[0].tolist() == [1.0, -0.5]


def test_clip_by_norm_below_the_threshold_changes_no_bit() -> None:
    gradients, before = gradients_of(0), gradients_of(0)

    Clipper(ClippingConfig(kind="norm", threshold=1e3)).clip(gradients)

    assert all(torch.equal(one, other) for one, other in zip(gradients, before, strict=True))


@given(seeds, scales, thresholds)
def test_clip_by_value_clamps_each_component(seed: int, scale: float, threshold: float) -> None:
    gradients = gradients_of(seed, scale)
    expected = [gradient.clamp(-threshold, threshold) for gradient in gradients]
    largest = float(flat(gradients).abs().max())

    clipped = Clipper(ClippingConfig(kind="value", threshold=threshold)).clip(gradients)

    assert all(torch.equal(one, other) for one, other in zip(gradients, expected, strict=True))
    assert clipped.is_clipped == (largest > threshold)


def test_clip_none_leaves_everything_and_tells_the_norm() -> None:
    gradients, before = gradients_of(0, 1e6), gradients_of(0, 1e6)

    clipped = Clipper(ClippingConfig(kind="none")).clip(gradients)

    assert all(torch.equal(one, other) for one, other in zip(gradients, before, strict=True))
    assert clipped.norm == pytest.approx(float(flat(before).norm()), rel=1e-5)
    assert (clipped.threshold, clipped.is_clipped) == (math.inf, False)


@settings(max_examples=20)
@given(st.lists(scales, min_size=1, max_size=60), st.floats(0.5, 10.0))
def test_clip_auto_threshold_follows_factor_times_the_running_mean(
    norms: list[float], factor: float
) -> None:
    clipper = Clipper(ClippingConfig(kind="auto", factor=factor))

    thresholds_seen = [clipper.clip([torch.tensor([norm])]).threshold for norm in norms]

    means = [sum(norms[: n + 1]) / (n + 1) for n in range(len(norms))]
    assert thresholds_seen == pytest.approx([factor * mean for mean in means], rel=1e-4)


def test_clip_auto_forgets_slowly_after_a_hundred_updates() -> None:
    clipper = Clipper(ClippingConfig(kind="auto", factor=1.0))
    for _ in range(200):
        clipper.clip([torch.tensor([1.0])])

    clipped = clipper.clip([torch.tensor([101.0])])

    assert clipped.threshold == pytest.approx(0.99 * 1.0 + 0.01 * 101.0)
    assert clipped.is_clipped


def test_clip_auto_scales_to_its_threshold() -> None:
    clipper = Clipper(ClippingConfig(kind="auto", factor=2.0))
    clipper.clip([torch.tensor([1.0])])
    clipper.clip([torch.tensor([1.0])])
    steep = torch.tensor([10.0])

    clipper.clip([steep])

    assert steep.item() == pytest.approx(2.0 * 4.0)


@pytest.mark.parametrize("kind", ["norm", "value", "auto", "none"])
@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf])
def test_clip_gradient_that_is_not_finite_is_left_as_it_is(kind: str, odd: float) -> None:
    gradients = [torch.tensor([3.0, odd]), torch.tensor([7.0])]
    clipper = Clipper(ClippingConfig(kind=kind, threshold=1.0))  # type: ignore[arg-type]

    clipped = clipper.clip(gradients)

    assert not math.isfinite(clipped.norm)
    assert not clipped.is_clipped
    assert (gradients[0][0].item(), gradients[1].item()) == (3.0, 7.0)


def test_clip_auto_gradient_that_is_not_finite_does_not_move_the_mean() -> None:
    clipper = Clipper(ClippingConfig(kind="auto", factor=1.0))
    clipper.clip([torch.tensor([4.0])])

    clipper.clip([torch.tensor([math.inf])])

    assert clipper.threshold == 4.0


@pytest.mark.parametrize("kind", ["norm", "value", "auto", "none"])
def test_clip_nothing_has_norm_zero(kind: str) -> None:
    clipped = Clipper(ClippingConfig(kind=kind)).clip([])  # type: ignore[arg-type]

    assert (clipped.norm, clipped.is_clipped) == (0.0, False)


@settings(max_examples=20)
@given(st.lists(scales, max_size=10), st.lists(scales, min_size=1, max_size=10))
def test_clipper_state_through_json_goes_on_the_same(first: list[float], rest: list[float]) -> None:
    clipper = Clipper(ClippingConfig(kind="auto"))
    for norm in first:
        clipper.clip([torch.tensor([norm])])
    other = Clipper(ClippingConfig(kind="auto"))

    other.load_state_values(json.loads(json.dumps(clipper.state_values())))

    for norm in rest:
        assert other.clip([torch.tensor([norm])]) == clipper.clip([torch.tensor([norm])])
