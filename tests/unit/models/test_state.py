import random

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save

from nextword.base import FormatError, MismatchError, ShapeError
from nextword.models import State, state_from_bytes

INITIAL = {"memory": torch.tensor([1.0, 2.0]), "count": torch.tensor(7)}


def fresh(batch_size: int, *, fingerprint: str = "abc") -> State:
    return State.fresh(INITIAL, batch_size=batch_size, fingerprint=lambda: fingerprint)


def moved(batch_size: int) -> State:
    """Every row differs from the others and from a fresh one."""
    rows = torch.arange(batch_size)
    tensors = {"memory": 10.0 + torch.stack([rows, -rows], 1), "count": 20 + rows}
    return fresh(batch_size).after(tensors, num_new_tokens=rows + 1)


def rows_of(state: State) -> list[tuple[object, ...]]:
    parts = [state.tensors["memory"], state.tensors["count"], state.num_tokens]
    return list(zip(*(part.tolist() for part in parts), strict=True))


indices = st.integers(1, 5).flatmap(
    lambda n: st.tuples(st.just(n), st.lists(st.integers(0, n - 1), max_size=8))
)


def test_fresh_rows_are_the_initial_row_with_nothing_read() -> None:
    assert rows_of(fresh(2)) == [([1.0, 2.0], 7, 0)] * 2


def test_fresh_rows_share_no_memory() -> None:
    state = fresh(2)

    state.tensors["memory"][0] += 1.0

    assert state.tensors["memory"][1].tolist() == [1.0, 2.0]
    assert INITIAL["memory"].tolist() == [1.0, 2.0]


def test_after_counts_on() -> None:
    state = (
        fresh(2)
        .after(INITIAL, num_new_tokens=3)
        .after(INITIAL, num_new_tokens=torch.tensor([0, 2]))
    )

    assert state.num_tokens.tolist() == [3, 5]


@given(indices)
def test_select_gives_rows_in_the_order_asked_for(case: tuple[int, list[int]]) -> None:
    batch_size, rows = case

    selected = moved(batch_size).select(torch.tensor(rows, dtype=torch.int64))

    assert rows_of(selected) == [rows_of(moved(batch_size))[row] for row in rows]


@given(indices)
def test_reset_by_mask_and_by_indices_agree_and_touch_only_their_rows(
    case: tuple[int, list[int]],
) -> None:
    batch_size, rows = case
    mask = torch.tensor([row in rows for row in range(batch_size)])

    by_mask = moved(batch_size).reset(mask)
    by_index = moved(batch_size).reset(torch.tensor(rows, dtype=torch.int64))

    before, clean = rows_of(moved(batch_size)), rows_of(fresh(1))[0]
    expected = [clean if row in rows else before[row] for row in range(batch_size)]
    assert rows_of(by_mask) == rows_of(by_index) == expected


def test_methods_leave_the_state_as_it_was() -> None:
    state = moved(3)
    before = rows_of(state)

    state.reset(torch.tensor([0])).tensors["memory"].zero_()
    state.select(torch.tensor([1, 2])).tensors["memory"].zero_()
    state.concatenate([state]).tensors["memory"].zero_()

    assert rows_of(state) == before


@given(st.lists(st.integers(0, 4), min_size=1, max_size=4))
def test_concatenate_puts_rows_one_after_the_other(sizes: list[int]) -> None:
    first, *others = (moved(size) for size in sizes)

    joined = first.concatenate(others)

    assert rows_of(joined) == [row for size in sizes for row in rows_of(moved(size))]


def test_concatenate_of_another_kind_is_refused() -> None:
    other = State.fresh({"other": torch.zeros(2)}, batch_size=1, fingerprint=str)

    with pytest.raises(
        ShapeError, match=r"states with the tensors \['count', 'memory'\] and \['other'\]"
    ):
        fresh(1).concatenate([other])


def test_detach_keeps_values_and_drops_the_graph() -> None:
    weight = torch.ones((), requires_grad=True)
    state = fresh(1).after({"memory": weight * torch.ones(1, 2)}, num_new_tokens=1)

    detached = state.detach()

    assert state.tensors["memory"].requires_grad
    assert not detached.tensors["memory"].requires_grad
    assert detached.num_tokens.tolist() == [1]


def test_to_moves_memory_counts_and_the_fresh_row() -> None:
    state = moved(2).to("meta")

    tensors = [*state.tensors.values(), *state.initial.values(), state.num_tokens]
    assert {tensor.device.type for tensor in tensors} == {"meta"}


@given(st.integers(0, 5))
def test_bytes_give_the_state_back(batch_size: int) -> None:
    state = state_from_bytes(moved(batch_size).to_bytes(), fresh(1))

    assert rows_of(state) == rows_of(moved(batch_size))
    assert state.tensors["count"].dtype == torch.int64


def test_bytes_of_another_model_are_refused_with_help() -> None:
    data = moved(2).to_bytes()

    with pytest.raises(
        MismatchError, match=r"belongs to model abc, but this model is xyz"
    ) as caught:
        state_from_bytes(data, fresh(1, fingerprint="xyz"))

    assert caught.value.help == "Read the text again with this model."


@given(st.integers(0, 400))
def test_bytes_cut_anywhere_are_refused(kept: int) -> None:
    data = moved(2).to_bytes()

    with pytest.raises(FormatError, match="the state is damaged"):
        state_from_bytes(data[: min(kept, len(data) - 1)], fresh(1))


def mutated(data: bytes, chance: random.Random) -> bytes:
    """Change, cut out or repeat some bytes."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, 2)):
        place = chance.randrange(len(changed))
        kind = chance.randrange(3)
        if kind == 0:
            changed[place] ^= 1 << chance.randrange(8)
        elif kind == 1:
            del changed[place : place + chance.randint(1, 9)]
        else:
            changed[place:place] = changed[place : place + chance.randint(1, 9)]
    return bytes(changed)


def untyped_errors(num_cases: int) -> list[str]:
    """Read mutated states and use them; give what was raised that is no error of ours."""
    chance, data, found = random.Random(1), moved(2).to_bytes(), []
    for _ in range(num_cases):
        try:
            rows_of(state_from_bytes(mutated(data, chance), fresh(1)))
        except (FormatError, MismatchError):
            pass
        except Exception as error:
            found.append(repr(error))
    return found


def test_mutated_bytes_are_read_or_refused_by_our_errors() -> None:
    assert untyped_errors(200) == []


@pytest.mark.exhaustive
def test_many_mutated_bytes_are_read_or_refused_by_our_errors() -> None:
    assert untyped_errors(2_000) == []


def rewritten(state: State, **changed: torch.Tensor | None) -> bytes:
    """Serialise a state with some tensors replaced or, where None, left out."""
    tensors: dict[str, torch.Tensor] = {**state.tensors, "num_tokens": state.num_tokens}
    for name, tensor in changed.items():
        tensors.pop(name, None)
        if tensor is not None:
            tensors[name] = tensor
    return save(tensors, metadata={"fingerprint": state.fingerprint()})


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"num_tokens": None}, "it has no num_tokens"),
        ({"num_tokens": torch.tensor([-1, 0])}, "num_tokens is -1, below 0"),
        ({"num_tokens": torch.zeros(2)}, "it has no num_tokens"),
        ({"memory": None}, r"it has \['count'\], not \['count', 'memory'\]"),
        ({"other": torch.zeros(2)}, "it has .*other"),
        ({"memory": torch.zeros(3, 2)}, r"memory has shape \(3, 2\), not \(2, 2\)"),
        ({"memory": torch.zeros(2, 5)}, r"memory has shape \(2, 5\), not \(2, 2\)"),
        ({"memory": torch.zeros(2, 2, dtype=torch.int64)}, "memory has dtype torch.int64"),
    ],
)
def test_bytes_with_other_tensors_are_refused(
    changed: dict[str, torch.Tensor | None], message: str
) -> None:
    with pytest.raises(FormatError, match=message):
        state_from_bytes(rewritten(moved(2), **changed), fresh(1))
