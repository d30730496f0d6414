"""The compiled generator continues texts as the sampler in Python does."""

import copy
from typing import Any

import pytest
import torch

from nextword.base import ConfigError, DivergedError
from nextword.families import NetworkSpec, RecurrentConfig, RecurrentLanguageModel
from nextword.generation import GeneratedToken, SamplingConfig, Session, generate
from nextword.packed import RowPool, fast_model
from nextword.tokens import VocabularySpec
from packed_models import made_model

VOCAB_SIZE = 43
PROMPT = [5, 6, 7, 5]

CONFIGS = {
    "plain": SamplingConfig(),
    "greedy": SamplingConfig(temperature=0.0),
    "cold": SamplingConfig(temperature=0.6),
    "top-k": SamplingConfig(top_k=5),
    "all": SamplingConfig(temperature=1.3, top_k=20, min_p=0.02, top_p=0.9, repetition_penalty=1.4),
    "typical": SamplingConfig(typical_p=0.6),
    "penalty": SamplingConfig(repetition_penalty=1.7, temperature=0.0),
}


@pytest.fixture
def model() -> RecurrentLanguageModel:
    torch.manual_seed(3)
    vocabulary = VocabularySpec(vocab_size=VOCAB_SIZE, boundary_id=1, start_id=1, never_ids=(0,))
    config = RecurrentConfig(cell="lstm", num_layers=2, hidden_size=24)
    built = config.build(NetworkSpec(vocabulary=vocabulary))
    with torch.no_grad():
        for parameter in built.parameters():
            parameter.add_(0.5 * torch.randn_like(parameter))
    if fast_model(built) is None:
        pytest.skip("the compiled generator is not installed")
    return built


def reference_tokens(
    monkeypatch: pytest.MonkeyPatch, model: RecurrentLanguageModel, **options: object
) -> list[GeneratedToken]:
    """Generate with the sampler in Python."""
    with monkeypatch.context() as patch:
        patch.setattr("nextword.generation.session.fast_model", lambda model: None)
        return list(generate(model, PROMPT, **options))  # type: ignore[arg-type]


@pytest.fixture
def adaptive_model() -> RecurrentLanguageModel:
    built = made_model(output="adaptive")
    if fast_model(built) is None:
        pytest.skip("the compiled generator has no adaptive softmax")
    return built


@pytest.mark.parametrize("name", CONFIGS)
def test_samples_of_an_adaptive_softmax_are_those_of_the_sampler_in_python(
    monkeypatch: pytest.MonkeyPatch, adaptive_model: RecurrentLanguageModel, name: str
) -> None:
    options = {"max_tokens": 150, "num_samples": 3, "seed": 4, "config": CONFIGS[name]}

    tokens = list(generate(adaptive_model, PROMPT, **options))  # type: ignore[arg-type]

    expected = reference_tokens(monkeypatch, adaptive_model, **options)
    assert [each.token_id for each in tokens] == [each.token_id for each in expected]
    for token, other in zip(tokens, expected, strict=True):
        assert token.log_prob == pytest.approx(other.log_prob, abs=2e-5)


@pytest.mark.parametrize("name", CONFIGS)
def test_samples_are_those_of_the_sampler_in_python(
    monkeypatch: pytest.MonkeyPatch, model: RecurrentLanguageModel, name: str
) -> None:
    options = {
        "max_tokens": 90,
        "num_samples": 3,
        "seed": 4,
        "config": CONFIGS[name],
        "banned_ids": (9,),
        "stop": lambda sample, token_id: token_id == 20 + sample,
    }

    tokens = list(generate(model, PROMPT, **options))  # type: ignore[arg-type]

    expected = reference_tokens(monkeypatch, model, **options)
    assert [(each.sample, each.token_id, each.finish_reason) for each in tokens] == [
        (each.sample, each.token_id, each.finish_reason) for each in expected
    ]
    for token, other in zip(tokens, expected, strict=True):
        assert token.log_prob == pytest.approx(other.log_prob, abs=2e-5)


def test_tokens_do_not_depend_on_how_they_are_divided_into_calls(
    monkeypatch: pytest.MonkeyPatch, model: RecurrentLanguageModel
) -> None:
    whole = list(generate(model, PROMPT, max_tokens=130, num_samples=2))

    monkeypatch.setattr("nextword.generation.packed_samples._MOST_STEPS", 1)

    assert list(generate(model, PROMPT, max_tokens=130, num_samples=2)) == whole


@pytest.mark.parametrize(("seconds", "steps"), [(1.0, 1), (0.002, 5), (1e-9, 100)])
def test_calls_take_about_ten_milliseconds(
    seconds: float, steps: int, monkeypatch: pytest.MonkeyPatch, model: RecurrentLanguageModel
) -> None:
    draw, drawn = RowPool.draw, []

    def counted(pool: RowPool, slots: Any, **options: Any) -> Any:
        drawn.append(options["uniforms"].shape[1])
        return draw(pool, slots, **options)

    monkeypatch.setattr(RowPool, "seconds_per_step", lambda pool, num_rows: seconds)
    monkeypatch.setattr(RowPool, "draw", counted)

    list(generate(model, PROMPT, max_tokens=100))

    assert set(drawn) == {steps}


def test_generation_leaves_the_session_as_it_is(model: RecurrentLanguageModel) -> None:
    session = Session(model)
    session.feed([PROMPT])
    before = session.to_bytes()

    list(generate(model, PROMPT, max_tokens=5))

    assert session.to_bytes() == before


def test_weights_that_are_not_finite_are_an_error(model: RecurrentLanguageModel) -> None:
    broken = copy.deepcopy(model)
    with torch.no_grad():
        broken.output.bias[3] = torch.nan

    with pytest.raises(DivergedError, match="NaN"):
        next(generate(broken, PROMPT, max_tokens=5))


def test_nothing_to_choose_from_is_an_error(model: RecurrentLanguageModel) -> None:
    with pytest.raises(ConfigError, match=f"all {VOCAB_SIZE} are banned"):
        next(generate(model, PROMPT, max_tokens=5, banned_ids=range(VOCAB_SIZE)))


def test_ten_thousand_greedy_tokens_are_those_of_the_model(model: RecurrentLanguageModel) -> None:
    # Many prompts, because each text soon becomes a short loop.
    prompts = torch.randint(1, VOCAB_SIZE, (100, 4))
    greedy = SamplingConfig(temperature=0.0)

    texts = [
        [token.token_id for token in generate(model, prompt, max_tokens=100, config=greedy)]
        for prompt in prompts.tolist()
    ]

    token_ids = torch.cat([torch.full((100, 1), model.boundary_id), prompts], dim=1)
    state, expected = model.initial_state(100), []
    with torch.no_grad():
        for _ in range(100):
            log_probs, state = model.next_log_probs(token_ids, state)
            token_ids = log_probs[:, -1].argmax(1, keepdim=True)
            expected.append(token_ids)
    assert texts == torch.cat(expected, dim=1).tolist()
    assert len({token_id for text in texts for token_id in text}) > VOCAB_SIZE // 2
