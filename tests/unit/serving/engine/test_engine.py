"""The engine on models whose distribution hangs on everything that was read."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import torch

from fakes import ConstantModel, HashModel
from nextword.base import ConfigError, DivergedError
from nextword.generation import FinishReason, SamplingConfig, Session, generate
from nextword.models import LanguageModel, State
from nextword.serving.engine import (
    CancelledRequestError,
    DrainingError,
    Engine,
    Listener,
    QueueFullError,
    Request,
    SampledToken,
)
from nextword.tensors import Lengths, LogProbs, TokenIds

VOCAB_SIZE = 12
PROMPTS = ((4, 5, 6, 4, 5), (6,), (), (5, 5, 4), tuple([4, 7] * 40))
WAIT_S = 30


@dataclass
class Noted(Listener):
    """Notes everything that it is told."""

    stop_at: int | None = None
    tokens: dict[int, list[int]] = field(default_factory=dict)
    token_log_probs: list[float] = field(default_factory=list)
    tops: list[Any] = field(default_factory=list)
    reasons: dict[int, str] = field(default_factory=dict)
    prompt: list[float] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)
    read: Session | None = None
    error: Exception | None = None
    closed: threading.Event = field(default_factory=threading.Event)

    def on_prompt(self, token_ids: torch.Tensor, log_probs: torch.Tensor) -> None:
        self.prompt += log_probs.gather(1, token_ids[:, None]).squeeze(1).tolist()

    def on_read(self, session: Session) -> None:
        self.read = session.fork()

    def on_token(self, token: SampledToken) -> bool:
        self.tokens.setdefault(token.sample, []).append(token.token_id)
        self.token_log_probs.append(token.log_prob)
        self.tops.append(token.top)
        return token.token_id == self.stop_at

    def on_finish(self, sample: int, reason: FinishReason, *, session: Session | None) -> None:
        self.reasons[sample] = reason
        self.sessions += [session] if session is not None else []

    def on_close(self, error: Exception | None) -> None:
        assert not self.closed.is_set()
        self.error = error
        self.closed.set()

    def wait(self) -> "Noted":
        assert self.closed.wait(WAIT_S)
        return self


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = Engine(HashModel(VOCAB_SIZE), step_tokens=7)
    made.start()
    yield made
    made.close(grace_s=0)


def alone(model: LanguageModel, request: Request) -> dict[int, list[int]]:
    """What `generate` gives for a request that shares its batch with no other."""
    found: dict[int, list[int]] = {}
    for token in generate(
        model,
        request.prompt_ids,
        max_tokens=request.max_tokens,
        config=request.sampling,
        num_samples=request.num_samples,
        seed=request.seed,
        banned_ids=request.banned_ids,
    ):
        found.setdefault(token.sample, []).append(token.token_id)
    return found


def requests() -> list[Request]:
    configs = [
        SamplingConfig(),
        SamplingConfig(temperature=0.0),
        SamplingConfig(top_k=3, temperature=0.7),
        SamplingConfig(repetition_penalty=1.5),
        SamplingConfig(top_p=0.8),
    ]
    return [
        Request(
            prompt_ids=prompt,
            max_tokens=3 + 5 * number,
            num_samples=1 + number % 3,
            sampling=configs[number],
            seed=number,
            banned_ids=(1,),
        )
        for number, prompt in enumerate(PROMPTS)
    ]


def test_requests_in_one_batch_get_what_each_gets_alone(engine: Engine) -> None:
    asked = [(request, Noted()) for request in requests()]

    engine.submit(asked)

    for request, noted in asked:
        assert noted.wait().error is None
        assert noted.tokens == alone(HashModel(VOCAB_SIZE), request)
        assert set(noted.reasons.values()) == {"length"}
    assert (engine.num_pending, engine.num_running) == (0, 0)


def test_scored_prompts_of_several_rows_and_parts_equal_a_session(engine: Engine) -> None:
    asked = [(Request(prompt_ids=prompt, is_scored=True), Noted()) for prompt in PROMPTS]

    engine.submit(asked)

    for request, noted in asked:
        expected = Session(HashModel(VOCAB_SIZE)).score([request.prompt_ids])
        assert noted.wait().prompt == pytest.approx(expected[0].tolist(), abs=1e-9)
        assert noted.read is not None
        assert noted.read.num_tokens.tolist() == [len(request.prompt_ids)]


def test_long_prompt_does_not_hold_up_a_stream() -> None:
    steps: list[int] = []
    engine = Engine(
        HashModel(VOCAB_SIZE), step_tokens=4, on_step=lambda step: steps.append(step.num_sampled)
    )
    short, long = Noted(), Noted()
    engine.submit(
        [
            (Request(prompt_ids=(4,), max_tokens=10), short),
            (Request(prompt_ids=tuple([5] * 100)), long),
        ]
    )

    engine.start()

    long.wait()
    engine.close(grace_s=WAIT_S)
    assert steps[:11] == [1] * 10 + [0]
    assert len(steps) > 100 / 4


def test_stop_ends_a_sample_and_leaves_the_others(engine: Engine) -> None:
    request = Request(max_tokens=60, num_samples=4, seed=3)
    expected = alone(HashModel(VOCAB_SIZE), request)
    stop_at = expected[0][5]
    noted = Noted(stop_at=stop_at)

    engine.submit([(request, noted)])

    noted.wait()
    for sample, tokens in expected.items():
        end = tokens.index(stop_at) + 1 if stop_at in tokens else None
        assert noted.tokens[sample] == tokens[:end]
        assert noted.reasons[sample] == ("length" if end is None else "stop")


def test_bias_moves_the_choice_and_not_the_reported_log_prob(engine: Engine) -> None:
    plain, biased = Noted(), Noted()
    greedy = SamplingConfig(temperature=0.0)

    engine.submit(
        [
            (Request(max_tokens=1, sampling=greedy, num_top=12), plain),
            (Request(max_tokens=1, sampling=greedy, bias=((7, 100.0),)), biased),
        ]
    )

    assert biased.wait().tokens == {0: [7]}
    [top] = plain.wait().tops
    log_prob = dict(zip(top.token_ids, top.log_probs, strict=True))[7]
    assert biased.token_log_probs == [log_prob]
    assert plain.token_log_probs == [max(top.log_probs)]
    assert len(top.token_ids) == VOCAB_SIZE - 2  # two are never predicted


def test_kept_session_has_read_the_sampled_tokens(engine: Engine) -> None:
    noted = Noted()

    engine.submit([(Request(prompt_ids=(4, 5), max_tokens=3, keeps_session=True), noted)])

    [session] = noted.wait().sessions
    expected = Session(session.model)
    expected.feed([[4, 5, *noted.tokens[0]]])
    assert torch.equal(session.log_probs, expected.log_probs)


def test_request_continues_a_session(engine: Engine) -> None:
    def start() -> Session:
        session = Session(engine_model)
        session.feed([[4, 5]])
        return session

    engine_model = HashModel(VOCAB_SIZE)
    own = Engine(engine_model)
    own.start()
    noted = Noted()

    own.submit([(Request(start=start, prompt_ids=(6,), max_tokens=5), noted)])

    whole = Request(prompt_ids=(4, 5, 6), max_tokens=5)
    assert noted.wait().tokens == alone(engine_model, whole)
    own.close(grace_s=0)


def test_cancelled_request_leaves_its_rows(engine: Engine) -> None:
    endless, other = Noted(), Noted()
    [ticket, _] = engine.submit(
        [
            (Request(max_tokens=10**9, num_samples=3), endless),
            (Request(prompt_ids=(4,), max_tokens=30, seed=2), other),
        ]
    )

    engine.cancel(ticket)

    assert isinstance(endless.wait().error, CancelledRequestError)
    assert other.wait().tokens == alone(
        HashModel(VOCAB_SIZE), Request(prompt_ids=(4,), max_tokens=30, seed=2)
    )
    assert (engine.num_pending, engine.num_running) == (0, 0)


def test_requests_beyond_the_queue_are_refused_and_leave_nothing() -> None:
    engine = Engine(HashModel(VOCAB_SIZE), max_rows=2, max_queue=1)
    engine.submit([(Request(max_tokens=1), Noted())])

    with pytest.raises(QueueFullError, match="1 samples wait or run, and 3 more do not fit"):
        engine.submit([(Request(max_tokens=1), Noted()), (Request(num_samples=2), Noted())])

    assert engine.num_pending == 1
    with pytest.raises(ConfigError, match="num_samples is 3"):
        engine.submit([(Request(num_samples=3), Noted())])


def test_more_requests_than_rows_are_answered_in_turn() -> None:
    engine = Engine(HashModel(VOCAB_SIZE), max_rows=2)
    asked = [(Request(prompt_ids=(4,), max_tokens=3, seed=k), Noted()) for k in range(7)]
    engine.submit(asked)

    engine.start()

    for request, noted in asked:
        assert noted.wait().tokens == alone(HashModel(VOCAB_SIZE), request)
    engine.close(grace_s=0)


class NotANumber(HashModel):
    """Gives NaN after a token of id 9."""

    def next_log_probs(
        self, token_ids: TokenIds, state: State, lengths: Lengths | None = None
    ) -> tuple[LogProbs, State]:
        log_probs, after = super().next_log_probs(token_ids, state, lengths)
        return log_probs.masked_fill((token_ids == 9)[:, :, None], torch.nan), after


def test_failing_row_does_not_harm_the_others() -> None:
    engine = Engine(NotANumber(VOCAB_SIZE))
    engine.start()
    bad, good, without_choice = Noted(), Noted(), Noted()

    engine.submit(
        [
            (Request(prompt_ids=(9,), max_tokens=2), bad),
            (Request(prompt_ids=(4,), max_tokens=4, banned_ids=(9,)), good),
            (Request(max_tokens=1, banned_ids=tuple(range(VOCAB_SIZE))), without_choice),
        ]
    )

    assert isinstance(bad.wait().error, DivergedError)
    assert isinstance(without_choice.wait().error, ConfigError)
    assert good.wait().error is None
    assert len(good.tokens[0]) == 4
    engine.close(grace_s=0)


@pytest.mark.parametrize("method", ["on_prompt", "on_read", "on_token", "on_finish"])
def test_error_of_a_listener_ends_its_request_alone(method: str, engine: Engine) -> None:
    def fail(*arguments: Any, **named: Any) -> Any:
        raise ArithmeticError("a fault")

    broken, other = Noted(), Noted()
    setattr(broken, method, fail)

    engine.submit(
        [
            (Request(prompt_ids=(4,), max_tokens=2, is_scored=True), broken),
            (Request(prompt_ids=(4,), max_tokens=9, is_scored=True), other),
        ]
    )

    assert isinstance(broken.wait().error, ArithmeticError)
    assert other.wait().error is None


class Broken(ConstantModel):
    """Fails on every call."""

    def next_log_probs(
        self, token_ids: TokenIds, state: State, lengths: Lengths | None = None
    ) -> tuple[LogProbs, State]:
        raise ArithmeticError("broken")


def test_failing_model_fails_its_requests_and_the_engine_lives() -> None:
    engine = Engine(Broken([0.25] * 4))
    engine.start()

    for is_scored in (False, True):
        noted = Noted()
        engine.submit([(Request(prompt_ids=(1, 1), max_tokens=2, is_scored=is_scored), noted)])
        assert isinstance(noted.wait().error, ArithmeticError)

    assert engine.is_alive
    assert engine.num_pending == 0
    engine.close(grace_s=0)


def test_calls_run_on_the_worker_thread_between_steps(engine: Engine) -> None:
    assert engine.call(lambda: threading.current_thread().name).result(WAIT_S) == "nextword-engine"

    failing = engine.call(lambda: 1 // 0)

    assert isinstance(failing.exception(WAIT_S), ZeroDivisionError)
    assert engine.num_pending == 0


def test_closed_engine_completes_what_runs_and_refuses_more() -> None:
    engine = Engine(HashModel(VOCAB_SIZE))
    noted = Noted()
    engine.submit([(Request(max_tokens=20), noted)])
    engine.start()

    engine.close(grace_s=WAIT_S)

    assert noted.wait().error is None
    with pytest.raises(DrainingError, match="stopping"):
        engine.submit([(Request(max_tokens=1), Noted())])
    with pytest.raises(DrainingError, match="stopping"):
        engine.call(lambda: None)


def test_closed_engine_fails_what_outlasts_its_grace() -> None:
    engine = Engine(HashModel(VOCAB_SIZE))
    engine.start()
    noted = Noted()
    engine.submit([(Request(max_tokens=10**9), noted)])
    started = time.perf_counter()

    engine.close(grace_s=0.05)

    assert isinstance(noted.wait().error, DrainingError)
    assert time.perf_counter() - started < WAIT_S
    assert engine.num_pending == 0
