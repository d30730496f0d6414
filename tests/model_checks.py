"""What every language model must get right: one check each.

A check takes a builder, which gives the same model for the same seed and another for another.
"""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from nextword.base import FormatError, MismatchError
from nextword.models import LanguageModel, State

Build = Callable[[int], LanguageModel]
Check = Callable[[Build], None]

BATCH, TIME = 3, 7


def random_ids(model: LanguageModel, *shape: int, seed: int = 0) -> Tensor:
    """Ids to read, whatever the model knows."""
    return torch.randint(model.vocab_size, shape, generator=torch.Generator().manual_seed(seed))


def random_targets(model: LanguageModel, *shape: int) -> Tensor:
    """Ids that may be predicted."""
    allowed = [i for i in range(model.vocab_size) if i not in model.never_ids]
    return torch.tensor(allowed)[random_ids(model, *shape, seed=9) % len(allowed)]


def assert_close(actual: object, expected: object) -> None:
    torch.testing.assert_close(actual, expected, rtol=1e-10, atol=1e-12, check_stride=False)


def assert_same_state(actual: State, expected: State) -> None:
    assert_close(dict(actual.tensors), dict(expected.tensors))
    assert torch.equal(actual.num_tokens, expected.num_tokens)


def start(model: LanguageModel, batch_size: int = BATCH) -> State:
    """A state that has read something, other things in every row."""
    state = model.initial_state(batch_size)
    return model.advance(random_ids(model, batch_size, 3, seed=5), state)


def check_chunks(build: Build) -> None:
    """A text whole, in chunks, or a token at a time gives the same numbers."""
    model = build(0)
    token_ids = random_ids(model, BATCH, TIME)
    whole, final = model.next_log_probs(token_ids, model.initial_state(BATCH))

    for sizes in ([3, 4], [1] * TIME, [0, TIME, 0]):
        state, pieces = model.initial_state(BATCH), []
        for chunk in token_ids.split(sizes, dim=1):
            log_probs, state = model.next_log_probs(chunk, state)
            pieces.append(log_probs)
        assert_close(torch.cat(pieces, 1), whole)
        assert_same_state(state, final)


def check_advance(build: Build) -> None:
    """Reading without scoring leads to the same state."""
    model = build(0)
    token_ids = random_ids(model, BATCH, TIME)

    state = model.advance(token_ids, start(model))

    assert_same_state(state, model.next_log_probs(token_ids, start(model))[1])


def check_lengths(build: Build) -> None:
    """Steps beyond a row's length leave its state as it was."""
    model = build(0)
    token_ids = random_ids(model, 1, TIME)
    for length in (0, 1, 4, TIME):
        counted = torch.tensor([length])

        log_probs, state = model.next_log_probs(token_ids, start(model, 1), counted)

        expected, expected_state = model.next_log_probs(token_ids[:, :length], start(model, 1))
        assert_close(log_probs[:, :length], expected)
        assert_same_state(state, expected_state)
        targets = random_targets(model, 1, TIME)
        assert_same_state(model.nll(token_ids, targets, start(model, 1), counted)[1], state)


def check_rows(build: Build) -> None:
    """A row knows nothing of the others, and permuting rows permutes the results."""
    model = build(0)
    token_ids = random_ids(model, BATCH, TIME)
    lengths = torch.tensor([4, TIME, 0])
    fresh = model.initial_state
    together, final = model.next_log_probs(token_ids, fresh(BATCH), lengths)

    order = torch.tensor([2, 0, 1])
    permuted, _ = model.next_log_probs(token_ids[order], fresh(BATCH), lengths[order])
    assert_close(permuted, together[order])
    for row in range(BATCH):
        one = slice(row, row + 1)
        alone, state = model.next_log_probs(token_ids[one], fresh(1), lengths[one])
        assert_close(together[one], alone)
        assert_close({name: part[one] for name, part in final.tensors.items()}, dict(state.tensors))


def check_future(build: Build) -> None:
    """What comes later changes no earlier score."""
    model = build(0)
    token_ids = random_ids(model, 1, TIME)
    log_probs, _ = model.next_log_probs(token_ids, start(model, 1))

    for time in range(1, TIME):
        changed = token_ids.clone()
        changed[:, time:] = (changed[:, time:] + 1) % model.vocab_size
        scores, _ = model.next_log_probs(changed, start(model, 1))
        assert_close(scores[:, :time], log_probs[:, :time])


def check_value(build: Build) -> None:
    """A state is a value: reading on from it twice gives the same, and changes nothing in it."""
    model = build(0)
    token_ids, state = random_ids(model, 1, TIME), start(model, 1)
    kept = {name: part.clone() for name, part in state.tensors.items()}
    first, _ = model.next_log_probs(token_ids, state)

    again, _ = model.next_log_probs(token_ids, state)

    assert_close(again, first)
    assert_close(dict(state.tensors), kept)


def check_normalised(build: Build) -> None:
    """Probabilities sum to one."""
    model = build(0)

    log_probs, _ = model.next_log_probs(random_ids(model, BATCH, TIME), start(model))

    sums = log_probs.double().exp().sum(-1)
    torch.testing.assert_close(sums, torch.ones_like(sums), rtol=1e-5, atol=0)


def check_never_ids(build: Build) -> None:
    """Ids that are never predicted have log-probability -inf, and no other one has."""
    model = build(0)

    log_probs, _ = model.next_log_probs(random_ids(model, BATCH, TIME), start(model))

    impossible = torch.zeros(model.vocab_size, dtype=torch.bool)
    impossible[list(model.never_ids)] = True
    assert torch.equal(log_probs == -torch.inf, impossible.expand_as(log_probs))


def check_nll(build: Build) -> None:
    """The nll is the gathered log-probability within lengths and mask, and 0 elsewhere."""
    model = build(0)
    token_ids, target_ids = random_ids(model, BATCH, TIME), random_targets(model, BATCH, TIME)
    some = torch.rand(BATCH, TIME, generator=torch.Generator().manual_seed(1)) < 0.5
    ragged = torch.tensor([4, TIME, 0])
    for lengths, mask in ((None, None), (ragged, None), (None, some), (ragged, some)):
        with torch.no_grad():
            nll, _ = model.nll(token_ids, target_ids, start(model), lengths, mask)

        log_probs, _ = model.next_log_probs(token_ids, start(model), lengths)
        expected = -log_probs.gather(2, target_ids[:, :, None]).squeeze(2)
        limits = torch.full((BATCH,), TIME) if lengths is None else lengths
        counted = torch.arange(TIME) < limits[:, None]
        counted &= True if mask is None else mask
        assert_close(nll, torch.where(counted, expected, torch.zeros_like(expected)))


def check_reset(build: Build) -> None:
    """Reset rows have read nothing; the others go on."""
    model = build(0)
    state = start(model)
    for rows in (torch.tensor([True, False, True]), torch.tensor([2, 0])):
        reset = state.reset(rows)

        assert_same_state(reset.select(torch.tensor([0, 2])), model.initial_state(2))
        middle = torch.tensor([1])
        assert_same_state(reset.select(middle), start(model).select(middle))


def check_select(build: Build) -> None:
    """Selected rows go on as they would have gone on."""
    model = build(0)
    token_ids, rows = random_ids(model, BATCH, TIME), torch.tensor([2, 0, 0])

    log_probs, _ = model.next_log_probs(token_ids[rows], start(model).select(rows))

    assert_close(log_probs, model.next_log_probs(token_ids, start(model))[0][rows])


def check_concatenate(build: Build) -> None:
    """Rows put together stand in their order."""
    model = build(0)
    rows = [torch.tensor([0]), torch.tensor([1, 2])]
    first, second = (start(model).select(part) for part in rows)

    assert_same_state(first.concatenate([second]), start(model))


def check_detach(build: Build) -> None:
    """A detached state has the same values and no graph behind it."""
    model = build(0)

    detached = start(model).detach()

    assert_same_state(detached, start(model))
    assert not any(part.requires_grad for part in detached.tensors.values())


def check_bytes(build: Build) -> None:
    """A state survives serialisation, in another copy of the same model too."""
    state = start(build(0))

    read = build(0).state_from_bytes(state.to_bytes())

    assert_same_state(read, state)


def check_other_model(build: Build) -> None:
    """Another model's state is refused."""
    data = start(build(0)).to_bytes()

    with pytest.raises(MismatchError, match=r"the state belongs to model .*, this one is "):
        build(1).state_from_bytes(data)


def check_damaged_bytes(build: Build) -> None:
    """Bytes that were cut off or overwritten are refused."""
    model = build(0)
    data = start(model).to_bytes()

    for damaged in (b"", data[:5], data[: len(data) // 2], data[:-1], b"x" * len(data)):
        with pytest.raises(FormatError, match="the state is damaged: "):
            model.state_from_bytes(damaged)


CHECKS: tuple[Check, ...] = (
    check_chunks,
    check_advance,
    check_lengths,
    check_rows,
    check_future,
    check_value,
    check_normalised,
    check_never_ids,
    check_nll,
    check_reset,
    check_select,
    check_concatenate,
    check_detach,
    check_bytes,
    check_other_model,
    check_damaged_bytes,
)
