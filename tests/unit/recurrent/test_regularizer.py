import math

import pytest
import torch

from nextword.base import ConfigError
from nextword.cells import ElmanCell, GruCell, LstmCell, MinGruCell, ProjectedLstmCell
from nextword.recurrent import LayerNoise, RecurrentRegularizer

SHARES = ["recurrent_dropout", "weight_dropout", "zoneout_hidden", "zoneout_cell"]
CELL = LstmCell(3, 50)


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


def draw(*, training: bool = True, **shares: float) -> LayerNoise:
    regularizer = RecurrentRegularizer(**shares).train(training)
    return regularizer.draw(CELL, batch_size=20, num_steps=30)


def test_regularizer_without_shares_leaves_layers_alone_and_draws_nothing() -> None:
    before = torch.get_rng_state()

    noise = draw()

    assert (noise.step.mask, noise.step.weight_hh, noise.held) == (None, None, ())
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(
    ("shares", "kinds"),
    [
        ({}, set()),
        ({"recurrent_dropout": 0.1}, {"recurrent_dropout"}),
        ({"weight_dropout": 0.1}, {"weight_dropout"}),
        ({"zoneout_hidden": 0.1}, {"zoneout"}),
        ({"zoneout_cell": 0.1}, {"zoneout"}),
    ],
)
def test_regularizer_kinds_are_what_it_draws(shares: dict[str, float], kinds: set[str]) -> None:
    assert RecurrentRegularizer(**shares).kinds == kinds


def test_regularizer_recurrent_dropout_masks_what_the_product_reads() -> None:
    mask = draw(recurrent_dropout=0.25).step.mask

    assert mask is not None
    assert mask.shape == (20, 50)
    assert mask.unique().tolist() == pytest.approx([0.0, 4 / 3])


def test_regularizer_mask_of_a_projected_cell_is_as_wide_as_the_projection() -> None:
    regularizer = RecurrentRegularizer(recurrent_dropout=0.5)
    cell = ProjectedLstmCell(3, 8, projection_size=2)

    noise = regularizer.draw(cell, batch_size=4, num_steps=1)

    assert noise.step.mask is not None
    assert noise.step.mask.shape == (4, 2)


def test_regularizer_weight_dropout_drops_connections_and_scales_the_others() -> None:
    cell = LstmCell(3, 50)
    regularizer = RecurrentRegularizer(weight_dropout=0.5)

    thinned = regularizer.draw(cell, batch_size=2, num_steps=1).step.weight_hh

    assert thinned is not None
    kept = thinned != 0
    assert abs(kept.double().mean() - 0.5) < 4 * 0.5 / math.sqrt(kept.numel())
    torch.testing.assert_close(thinned[kept], 2 * cell.weight_hh[kept])


def test_regularizer_weight_dropout_gradient_reaches_kept_connections_alone() -> None:
    cell = LstmCell(3, 50)
    regularizer = RecurrentRegularizer(weight_dropout=0.5)
    thinned = regularizer.draw(cell, batch_size=2, num_steps=1).step.weight_hh
    assert thinned is not None

    (gradient,) = torch.autograd.grad(thinned.sum(), cell.weight_hh)

    assert torch.equal(gradient == 0, thinned == 0)


def test_regularizer_zoneout_holds_each_part_at_its_own_share_anew_at_each_step() -> None:
    hidden, cell = draw(zoneout_hidden=0.25, zoneout_cell=0.5).held

    for held, share in ((hidden, 0.25), (cell, 0.5)):
        assert held.shape == (30, 20, 50)
        assert set(held.unique().tolist()) == {0.0, 1.0}
        assert abs(held.mean() - share) < 4 * math.sqrt(share * (1 - share) / held.numel())
        assert not torch.equal(held[0], held[1])


def test_regularizer_zoneout_of_one_part_leaves_the_other() -> None:
    hidden, cell = draw(zoneout_cell=0.5).held

    assert not hidden.any()
    assert cell.any()


def test_regularizer_in_evaluation_keeps_the_expectation_of_zoneout_alone() -> None:
    before = torch.get_rng_state()

    noise = draw(
        training=False,
        recurrent_dropout=0.5,
        weight_dropout=0.5,
        zoneout_hidden=0.25,
        zoneout_cell=0.5,
    )

    assert (noise.step.mask, noise.step.weight_hh) == (None, None)
    assert [set(part.flatten().tolist()) for part in noise.held] == [{0.25}, {0.5}]
    assert torch.equal(torch.get_rng_state(), before)


def test_regularizer_follows_the_seed() -> None:
    draws = []
    for seed in (5, 5, 6):
        torch.manual_seed(seed)
        draws.append(draw(recurrent_dropout=0.5).step.mask)

    assert torch.equal(draws[0], draws[1])
    assert not torch.equal(draws[0], draws[2])


@pytest.mark.parametrize("name", SHARES)
@pytest.mark.parametrize("share", [-0.1, 1.0])
def test_regularizer_share_outside_is_refused(name: str, share: float) -> None:
    with pytest.raises(ConfigError, match=rf"a dropout probability is {share}"):
        RecurrentRegularizer(**{name: share})


@pytest.mark.parametrize("kind", ["recurrent_dropout", "weight_dropout"])
def test_regularizer_cell_without_a_recurrent_matrix_is_refused(kind: str) -> None:
    with pytest.raises(ConfigError, match=f"{kind} is 0.5, but MinGruCell has no recurrent matrix"):
        RecurrentRegularizer(**{kind: 0.5}).check(MinGruCell(2, 2))


@pytest.mark.parametrize("cell", [ElmanCell(2, 2), GruCell(2, 2)], ids=["elman", "gru"])
def test_regularizer_zoneout_of_a_cell_state_that_is_none_is_refused(
    cell: ElmanCell | GruCell,
) -> None:
    with pytest.raises(ConfigError, match=r"zoneout_cell is 0\.5, but .* no cell state") as caught:
        RecurrentRegularizer(zoneout_cell=0.5).check(cell)

    assert caught.value.help == "Use regularization.zoneout_hidden."


def test_regularizer_says_what_changes_a_trained_models_figures() -> None:
    quiet = RecurrentRegularizer(recurrent_dropout=0.5, weight_dropout=0.5)

    assert repr(quiet) == "RecurrentRegularizer()"
    assert repr(RecurrentRegularizer(zoneout_hidden=0.1)) != repr(quiet)
