import numpy as np
import torch
from torch import Tensor

from nextword.generation import SamplingConfig, Session, kernel_sampler
from nextword.packed import PackedLanguageModel, RowPool, pack_model
from packed_models import VOCAB_SIZE, made_model


def pool_of(rows: list[list[int]]) -> tuple[RowPool, list[int], PackedLanguageModel]:
    model = pack_model(made_model())
    pool = RowPool(model)
    return pool, add(pool, model, rows), model


def add(pool: RowPool, model: PackedLanguageModel, rows: list[list[int]]) -> list[int]:
    session = Session(model, num_rows=len(rows))
    session.feed(rows)
    state, last_ids = session.unread
    return pool.add(state, last_ids, seen=session.seen)


def expected_log_probs(model: PackedLanguageModel, rows: list[list[int]]) -> Tensor:
    session = Session(model, num_rows=len(rows))
    session.feed(rows)
    return session.log_probs


def draw(pool: RowPool, slots: list[int], *, seed: int = 0, num_steps: int = 1) -> list[list[int]]:
    uniforms = np.random.default_rng(seed).random((len(slots), num_steps))
    sampler = kernel_sampler(SamplingConfig(), vocab_size=VOCAB_SIZE)
    drawn = pool.draw(slots, samplers=[sampler], uniforms=torch.from_numpy(uniforms))
    ids: list[list[int]] = drawn.token_ids.tolist()
    return ids


def test_rows_that_join_and_leave_do_not_disturb_the_others() -> None:
    texts = {number: [number + 2, 5, number + 7] for number in range(3)}
    pool, slots, model = pool_of(list(texts.values()))
    by_number = dict(enumerate(slots))
    random = np.random.default_rng(0)

    for turn in range(30):
        if turn % 4 == 3 and len(by_number) > 1:
            gone = int(random.choice(list(by_number)))
            pool.remove([by_number.pop(gone)])
        if turn % 3 == 0:
            number = len(texts)
            texts[number] = [2 + turn % 11, 9]
            [by_number[number]] = add(pool, model, [texts[number]])
        numbers = list(by_number)
        drawn = draw(pool, list(by_number.values()), seed=turn)
        for number, ids in zip(numbers, drawn, strict=True):
            texts[number] += ids

    remaining = list(by_number)
    log_probs = pool.read(list(by_number.values()))
    expected = expected_log_probs(model, [texts[number] for number in remaining])
    torch.testing.assert_close(log_probs, expected, rtol=1e-5, atol=1e-5)
    seen = pool.seen(list(by_number.values()))
    for row, number in enumerate(remaining):
        assert seen[row].nonzero().flatten().tolist() == sorted(set(texts[number]))


def test_states_of_rows_are_copies_with_their_counts() -> None:
    pool, slots, model = pool_of([[4, 5], [6]])
    drawn = draw(pool, slots, num_steps=3)

    state, last_ids = pool.state(slots[:1])
    draw(pool, slots)

    # The boundary, the two ids, and two of the three that were drawn.
    assert state.num_tokens.tolist() == [5]
    assert last_ids.tolist() == [drawn[0][-1]]
    session = Session.resume(
        model, state, last_ids=last_ids, seen=torch.zeros(1, VOCAB_SIZE).bool()
    )
    expected = expected_log_probs(model, [[4, 5, *drawn[0]]])
    torch.testing.assert_close(session.log_probs, expected, rtol=1e-5, atol=1e-5)


def test_read_and_take_continue_a_row() -> None:
    pool, slots, model = pool_of([[4, 5]])

    pool.read(slots)
    pool.take(slots, torch.tensor([8]))

    expected = expected_log_probs(model, [[4, 5, 8]])
    torch.testing.assert_close(pool.read(slots), expected, rtol=1e-5, atol=1e-5)
    assert pool.seen(slots)[0].nonzero().flatten().tolist() == [4, 5, 8]


def test_freed_slots_are_used_again() -> None:
    pool, slots, model = pool_of([[4]] * 8)

    pool.remove(slots[2:4])

    assert sorted(add(pool, model, [[3], [2]])) == sorted(slots[2:4])
    assert add(pool, model, [[3]]) == [8]
