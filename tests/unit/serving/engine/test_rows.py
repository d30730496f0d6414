"""Rows in slots of a pool: the compiled generator behind the engine."""

import numpy as np
import pytest
import torch

from nextword.generation import SamplingConfig, Session, generate
from nextword.packed import fast_model
from nextword.serving.engine.drawing import NOT_A_NUMBER, NOTHING, Draw
from nextword.serving.engine.rows import PooledRows, SessionRows, WritingRows, new_rows
from packed_models import VOCAB_SIZE, made_model

CONFIGS = [
    SamplingConfig(),
    SamplingConfig(temperature=0.0),
    SamplingConfig(top_k=4, temperature=0.7),
    SamplingConfig(repetition_penalty=1.5, top_p=0.8),
]


@pytest.fixture(autouse=True)
def _generator() -> None:
    if fast_model(made_model()) is None:
        pytest.skip("the compiled generator is not installed")


def draw_of(number: int, *, bias: tuple[tuple[int, float], ...] = ()) -> Draw:
    return Draw(
        generator=np.random.default_rng([number, 0]),
        sampling=CONFIGS[number % len(CONFIGS)],
        banned_ids=(2,),
        bias=bias,
    )


def session_of(model: object, token_ids: list[int]) -> Session:
    session = Session(model)  # type: ignore[arg-type]
    session.feed([token_ids])
    return session


def test_rows_that_join_and_leave_get_what_each_gets_alone() -> None:
    model = made_model("gru")
    prompts = [[4, 5, number + 3] for number in range(7)]
    rows: WritingRows | None = None
    running: list[int] = []
    texts: dict[int, list[int]] = {number: [] for number in range(7)}

    for turn in range(16):
        if turn % 2 == 0 and turn // 2 < len(prompts):
            number = turn // 2
            session = session_of(model, prompts[number])
            if rows is None:
                rows = new_rows(session, [draw_of(number)])
            else:
                rows.add(session, [draw_of(number)])
            running.append(number)
        assert isinstance(rows, PooledRows)
        drawn = rows.step(with_distributions=False).token_ids
        for number, token_id in zip(running, drawn.tolist(), strict=True):
            texts[number].append(token_id)
        kept = [row for row, number in enumerate(running) if len(texts[number]) < 5 + number]
        rows.keep(kept)
        running = [running[row] for row in kept]
        rows.feed(drawn[kept])

    for number, text in texts.items():
        expected = generate(
            model,
            prompts[number],
            max_tokens=len(text),
            config=CONFIGS[number % len(CONFIGS)],
            seed=number,
            banned_ids=(2,),
        )
        assert text == [token.token_id for token in expected]


def test_bias_and_distributions_are_those_of_a_session() -> None:
    model = made_model()
    draws = [[draw_of(0, bias=((7, 3.0),)), draw_of(3)] for _ in range(2)]
    sessions = [session_of(model, [4, 5]) for _ in range(2)]
    for session in sessions:
        session.select([0, 0])
    packed = new_rows(sessions[0], draws[0])
    plain = SessionRows(sessions[1], draws[1])

    for _ in range(6):
        tokens, expected = (rows.step(with_distributions=True) for rows in (packed, plain))
        assert torch.equal(tokens.token_ids, expected.token_ids)
        torch.testing.assert_close(tokens.distributions, expected.distributions, atol=1e-5, rtol=0)
        for rows in (packed, plain):
            rows.feed(expected.token_ids)


def test_session_of_a_row_has_read_its_tokens() -> None:
    model = made_model()
    rows = new_rows(session_of(model, [4, 5]), [draw_of(0)])
    first = rows.step(with_distributions=True)
    second = rows.step(with_distributions=True)

    session = rows.session(0, int(second.token_ids[0]))

    expected = session_of(model, [4, 5, int(first.token_ids[0]), int(second.token_ids[0])])
    torch.testing.assert_close(session.log_probs, expected.log_probs)
    assert session.num_tokens.tolist() == [4]
    assert torch.equal(session.seen, expected.seen)
    assert first.distributions is not None
    assert first.distributions.shape == (1, VOCAB_SIZE)


def test_rows_without_a_choice_are_marked() -> None:
    model = made_model()
    everything = tuple(range(VOCAB_SIZE))
    banned = Draw(
        generator=np.random.default_rng(0),
        sampling=SamplingConfig(),
        banned_ids=everything,
        bias=(),
    )
    rows = new_rows(session_of(model, [4]), [banned])
    broken = made_model(seed=5)
    with torch.no_grad():
        broken.output.bias[3] = torch.nan

    assert rows.step(with_distributions=False).token_ids.tolist() == [NOTHING]
    rows = new_rows(session_of(broken, [4]), [draw_of(0)])
    assert rows.step(with_distributions=False).token_ids.tolist() == [NOT_A_NUMBER]
