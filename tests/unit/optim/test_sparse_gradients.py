"""Lists of rows as gradients: the same numbers as tables, and fewer of them."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from nextword.optim import (
    Clipper,
    ClippingConfig,
    OptimizerConfig,
    build_optimizer,
    gradient_entries,
    is_plain_descent,
)

IDS = torch.tensor([1, 4, 4, 2, 1, 1])


def table_with_gradient(*, sparse: bool) -> nn.Parameter:
    """A table of which three rows were read, some of them more than once."""
    torch.manual_seed(0)
    table = nn.Parameter(torch.randn(7, 3, dtype=torch.float64))
    weigh = torch.randn(len(IDS), 3, dtype=torch.float64)
    (functional.embedding(IDS, table, sparse=sparse) * weigh).sum().backward()
    return table


def gradient_of(table: nn.Parameter) -> Tensor:
    assert table.grad is not None
    return table.grad


@pytest.mark.parametrize("keep_sparse", [True, False])
def test_gradient_entries_hold_each_row_once(keep_sparse: bool) -> None:
    table, dense = table_with_gradient(sparse=True), table_with_gradient(sparse=False)

    (entries,) = gradient_entries([table], keep_sparse=keep_sparse)

    assert gradient_of(table).is_sparse == keep_sparse
    assert len(entries) == (3 if keep_sparse else 7)
    torch.testing.assert_close(entries.norm(), gradient_of(dense).norm())
    torch.testing.assert_close(gradient_of(table).to_dense(), gradient_of(dense))


def test_gradient_entries_changed_in_place_change_the_gradient() -> None:
    table, dense = table_with_gradient(sparse=True), table_with_gradient(sparse=False)

    (entries,) = gradient_entries([table], keep_sparse=True)
    entries.mul_(0.5)

    torch.testing.assert_close(gradient_of(table).to_dense(), 0.5 * gradient_of(dense))


def test_gradient_entries_weights_without_gradient_are_left_out() -> None:
    assert gradient_entries([nn.Parameter(torch.ones(2))], keep_sparse=True) == []


@pytest.mark.parametrize("kind", ["norm", "value"])
def test_clipping_sparse_gradient_equals_clipping_the_table(kind: Any) -> None:
    config = ClippingConfig(kind=kind, threshold=0.3)
    tables = [table_with_gradient(sparse=sparse) for sparse in (True, False)]

    clipped = [Clipper(config).clip(gradient_entries([t], keep_sparse=True)) for t in tables]

    assert clipped[0].is_clipped
    assert clipped[0].norm == pytest.approx(clipped[1].norm, rel=1e-12)
    torch.testing.assert_close(*(gradient_of(table).to_dense() for table in tables))


def test_clipping_rows_that_were_not_added_up_is_seen_by_the_norm() -> None:
    table, dense = table_with_gradient(sparse=True), table_with_gradient(sparse=False)

    several_times = gradient_of(table)._values().norm()

    assert not torch.allclose(several_times, gradient_of(dense).norm(), rtol=1e-3)


OPTIMIZERS = {
    "sgd": OptimizerConfig(kind="sgd", learning_rate=0.1),
    "sgd-momentum": OptimizerConfig(kind="sgd", learning_rate=0.1, momentum=0.9),
    "sgd-decay": OptimizerConfig(kind="sgd", learning_rate=0.1, weight_decay=0.1),
    "adamw": OptimizerConfig(kind="adamw", learning_rate=0.1),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_is_plain_descent_where_other_rows_stand_still(name: str) -> None:
    assert is_plain_descent(OPTIMIZERS[name]) == (name == "sgd")


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_build_optimizer_steps_are_those_of_the_dense_gradient(name: str) -> None:
    config = OPTIMIZERS[name]
    tables = []
    for sparse in (True, False):
        model = nn.Module()
        model.table = table_with_gradient(sparse=sparse)
        optimizer = build_optimizer(model, config)
        for _ in range(2):
            gradient_entries(model.parameters(), keep_sparse=is_plain_descent(config))
            optimizer.step()
        tables.append(model.table.detach())

    torch.testing.assert_close(*tables, rtol=1e-12, atol=1e-12)
