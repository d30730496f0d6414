import copy
import inspect

import pytest
import torch

from fakes import network_spec
from nextword.base import ShapeError
from nextword.families import RecurrentConfig, RecurrentLanguageModel, RegularizationConfig
from nextword.optim import OptimizerConfig, build_optimizer


def make(**config: int) -> RecurrentLanguageModel:
    torch.manual_seed(0)
    return RecurrentConfig(**{"hidden_size": 4, **config}).build(
        network_spec(  # type: ignore[arg-type]
            vocab_size=7, boundary_id=1, never_ids=(0,), regularization=RegularizationConfig()
        )
    )


def ids(*shape: int) -> torch.Tensor:
    return torch.randint(1, 7, shape)


def test_fingerprint_is_of_sizes_and_weights_alone() -> None:
    model = make()

    assert model.fingerprint() == make().fingerprint() == copy.deepcopy(model).fingerprint()
    assert model.fingerprint() != make(hidden_size=5).fingerprint()


@pytest.mark.parametrize("index", range(5))
def test_fingerprint_changes_when_a_weight_changes(index: int) -> None:
    model = make()
    before = model.fingerprint()

    with torch.no_grad():
        list(model.parameters())[index].view(-1)[-1] += 1e-3

    assert model.fingerprint() != before


def test_fingerprint_of_a_weight_that_is_one_number_changes_with_it() -> None:
    model = make()
    model.scale = torch.nn.Parameter(torch.tensor(1.0))
    before = model.fingerprint()

    with torch.no_grad():
        model.scale += 1.0

    assert model.fingerprint() != before


@pytest.mark.parametrize("kind", ["sgd", "adamw"])
def test_fingerprint_changes_with_a_step_of_the_fused_optimizer(kind: str) -> None:
    model = make()
    before = model.fingerprint()
    optimizer = build_optimizer(model, OptimizerConfig(kind=kind))  # type: ignore[arg-type]

    model.nll(ids(2, 3), ids(2, 3), model.initial_state(2))[0].sum().backward()
    optimizer.step()

    assert model.fingerprint() != before


def test_nll_targets_of_another_shape_are_refused() -> None:
    model = make()
    score = inspect.unwrap(type(model).nll)  # past the checker of shapes, as users are

    with pytest.raises(ShapeError, match=r"target_ids has shape \(2, 4\), token_ids \(2, 3\)"):
        score(model, ids(2, 3), ids(2, 4), model.initial_state(2))


def test_nll_hidden_positions_get_no_gradient() -> None:
    model = make(tied=False)
    token_ids = torch.tensor([[1, 2, 3]])
    mask = torch.tensor([[True, False, False]])

    model.nll(token_ids, token_ids, model.initial_state(1), mask=mask)[0].sum().backward()

    assert model.embedding.grad is not None
    assert model.embedding.grad[1].any()
    assert not model.embedding.grad[[2, 3]].any()


def test_nll_nothing_counted_is_zero_and_can_be_back_propagated() -> None:
    model = make()

    nll, _ = model.nll(ids(2, 3), ids(2, 3), model.initial_state(2), torch.tensor([0, 0]))
    nll.sum().backward()

    assert not nll.any()
    assert all(p.grad is None or not p.grad.any() for p in model.parameters())


def test_nll_computes_no_scores_that_are_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    model, seen = make(), []
    nll = model.output.nll

    def note(hidden: torch.Tensor, target_ids: torch.Tensor) -> torch.Tensor:
        seen.append(len(hidden))
        return nll(hidden, target_ids)

    monkeypatch.setattr(model.output, "nll", note)

    model.nll(ids(2, 3), ids(2, 3), model.initial_state(2), torch.tensor([3, 1]))

    assert seen == [4]


@pytest.mark.parametrize("shape", [(2, 0), (0, 3), (0, 0)])
def test_nothing_to_read_gives_empty_results(shape: tuple[int, int]) -> None:
    model = make()
    state = model.initial_state(shape[0])

    log_probs, _ = model.next_log_probs(ids(*shape), state)
    nll, _ = model.nll(ids(*shape), ids(*shape), state)

    assert log_probs.shape == (*shape, 7)
    assert nll.shape == shape


def test_device_is_where_the_parameters_lie() -> None:
    assert make().to("meta").device == torch.device("meta")
