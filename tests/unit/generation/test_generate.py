import math
from collections import Counter

import pytest
import torch

from fakes import ConstantModel, HashModel, LeakyRows, ModeProbe
from families import CASES
from nextword.base import ConfigError, VocabularyError
from nextword.generation import (
    GeneratedToken,
    SamplingConfig,
    Session,
    generate,
    generate_from,
    generate_text,
)
from nextword.models import LanguageModel

VOCAB_SIZE = 12
PROMPT = [5, 6, 7]


def ids_by_sample(
    model: LanguageModel, *, num_samples: int, seed: int = 0, max_tokens: int = 25
) -> list[list[int]]:
    samples: list[list[int]] = [[] for _ in range(num_samples)]
    for token in generate(model, PROMPT, max_tokens=max_tokens, num_samples=num_samples, seed=seed):
        samples[token.sample].append(token.token_id)
    return samples


def samples_are_independent(model: LanguageModel) -> bool:
    return ids_by_sample(model, num_samples=2) == ids_by_sample(model, num_samples=7)[:2]


def test_generate_any_number_of_samples_gives_the_same_samples() -> None:
    assert samples_are_independent(HashModel(VOCAB_SIZE))


def test_samples_are_independent_leaking_model_is_found() -> None:
    assert not samples_are_independent(LeakyRows(VOCAB_SIZE))


def test_generate_same_seed_gives_the_same_tokens_and_another_seed_others() -> None:
    model = HashModel(VOCAB_SIZE)

    assert ids_by_sample(model, num_samples=3) == ids_by_sample(model, num_samples=3)
    assert ids_by_sample(model, num_samples=3) != ids_by_sample(model, num_samples=3, seed=1)


def test_generate_samples_differ_from_each_other() -> None:
    first, second = ids_by_sample(HashModel(VOCAB_SIZE), num_samples=2)

    assert first != second


def test_generate_temperature_zero_takes_the_most_probable_each_time() -> None:
    model = HashModel(VOCAB_SIZE)
    read = [model.boundary_id, *PROMPT]

    tokens = list(generate(model, PROMPT, max_tokens=9, config=SamplingConfig(temperature=0.0)))

    for token in tokens:
        log_probs, _ = model.next_log_probs(torch.tensor([read]), model.initial_state(1))
        assert token.token_id == log_probs[0, -1].argmax().item()
        read.append(token.token_id)


def test_generate_filtered_draw_reports_the_models_own_log_prob() -> None:
    model = HashModel(VOCAB_SIZE)
    config = SamplingConfig(temperature=2.0, top_k=3, repetition_penalty=1.5)

    tokens = list(generate(model, PROMPT, max_tokens=20, config=config, banned_ids=[4]))

    ids = [token.token_id for token in tokens]
    read = torch.tensor([[model.boundary_id, *PROMPT, *ids[:-1]]])
    nll, _ = model.nll(read, torch.tensor([[*PROMPT, *ids]]), model.initial_state(1))
    expected = (-nll[0, len(PROMPT) :]).tolist()
    assert [token.log_prob for token in tokens] == pytest.approx(expected)


def test_generate_banned_and_never_ids_never_come() -> None:
    ids = ids_by_sample(HashModel(VOCAB_SIZE, never_ids=(0, 2)), num_samples=20)
    free = Counter(token_id for sample in ids for token_id in sample)

    tokens = generate(
        HashModel(VOCAB_SIZE), PROMPT, max_tokens=25, num_samples=20, banned_ids=[1, 3]
    )

    assert free[1] > 0
    assert free[0] == free[2] == 0
    assert {token.token_id for token in tokens}.isdisjoint({0, 1, 2, 3})


def test_generate_repetition_penalty_counts_the_prompt_but_not_the_boundary() -> None:
    model = ConstantModel([0.0, 0.0, 0.0, 0.3, 0.3, 0.4], boundary_id=3)
    config = SamplingConfig(temperature=0.0, repetition_penalty=9.0)

    tokens = generate(model, [5], max_tokens=3, config=config)

    assert [token.token_id for token in tokens] == [3, 4, 5]


def test_generate_length_is_the_reason_at_max_tokens() -> None:
    tokens = list(generate(HashModel(VOCAB_SIZE), [], max_tokens=3, num_samples=2))

    assert [(token.sample, token.finish_reason) for token in tokens] == [
        *[(0, None), (1, None), (0, None), (1, None)],
        *[(0, "length"), (1, "length")],
    ]


def test_generate_stopped_sample_ends_and_the_others_go_on_unchanged() -> None:
    model = HashModel(VOCAB_SIZE)
    free = ids_by_sample(model, num_samples=3, max_tokens=6)
    heard: list[tuple[int, int]] = []

    def stop(sample: int, token_id: int) -> bool:
        heard.append((sample, token_id))
        return sample == 1 and Counter(number for number, _ in heard)[1] == 2

    tokens = list(generate(model, PROMPT, max_tokens=6, num_samples=3, stop=stop))

    by_sample: dict[int, list[GeneratedToken]] = {0: [], 1: [], 2: []}
    for token in tokens:
        by_sample[token.sample].append(token)
    assert [len(sample) for sample in by_sample.values()] == [6, 2, 6]
    assert [sample[-1].finish_reason for sample in by_sample.values()] == [
        *["length", "stop", "length"]
    ]
    for number, sample in by_sample.items():
        assert [token.token_id for token in sample] == free[number][: len(sample)]


def test_generate_tokens_come_as_they_are_drawn() -> None:
    tokens = generate(HashModel(VOCAB_SIZE), PROMPT, max_tokens=10**9)

    assert next(tokens).finish_reason is None


def test_generate_module_is_finished_and_the_callers_modes_stay() -> None:
    model = ModeProbe(VOCAB_SIZE)

    for _ in generate(model, PROMPT, max_tokens=3):
        assert torch.is_grad_enabled()
        assert model.training

    assert model.modes == {(False, False, False)}


def test_generate_first_token_follows_the_models_distribution() -> None:
    model = ConstantModel([0.0, 0.1, 0.2, 0.3, 0.4])
    num_samples = 4000

    tokens = list(generate(model, [], max_tokens=1, num_samples=num_samples))

    counts = Counter(token.token_id for token in tokens)
    chi_square = sum(
        (counts[token_id] - num_samples * share) ** 2 / (num_samples * share)
        for token_id, share in enumerate([0.0, 0.1, 0.2, 0.3, 0.4])
        if share
    )
    # The 99.9 % point of chi-square with 3 degrees of freedom.
    assert chi_square < 16.27
    assert sum(token.log_prob for token in tokens) / num_samples == pytest.approx(
        sum(share * math.log(share) for share in [0.1, 0.2, 0.3, 0.4]), abs=0.05
    )


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"max_tokens": 0}, "max_tokens is 0; it must be at least 1"),
        ({"max_tokens": 1, "num_samples": 0}, "num_samples is 0; it must be at least 1"),
        ({"max_tokens": 1, "seed": -1}, "seed is -1; it must be at least 0"),
    ],
)
def test_generate_number_out_of_range_is_refused_at_once(
    values: dict[str, int], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        generate(HashModel(VOCAB_SIZE), PROMPT, **values)


def test_generate_everything_banned_is_refused() -> None:
    tokens = generate(HashModel(5), [], max_tokens=1, banned_ids=[1, 3, 4])

    with pytest.raises(ConfigError, match="no token can follow: all 5"):
        next(tokens)


def test_generate_prompt_outside_the_vocabulary_is_refused() -> None:
    with pytest.raises(VocabularyError, match="to 99, but the vocabulary has 12"):
        generate(HashModel(VOCAB_SIZE), [99], max_tokens=1)


def test_generate_from_a_session_is_generate_and_leaves_the_session_unchanged() -> None:
    model = HashModel(VOCAB_SIZE)
    session = Session(model)
    session.feed([PROMPT])
    before = session.log_probs

    tokens = list(generate_from(session, max_tokens=9, num_samples=3, seed=5))

    assert tokens == list(generate(model, PROMPT, max_tokens=9, num_samples=3, seed=5))
    assert session.num_rows == 1
    assert torch.equal(session.log_probs, before)


def test_generate_from_a_session_of_several_rows_is_refused() -> None:
    session = Session(HashModel(VOCAB_SIZE), num_rows=2)

    with pytest.raises(ConfigError, match="the session has 2 rows; generation continues one"):
        generate_from(session, max_tokens=1)


#: Recorded before generation used `Session`: ids of a draw, and a text of 9 tokens.
RECORDED = {
    "lstm-2-tied": ([5, 8, 3, 8, 4, 5, 7, 5, 5, 1, 6, 5], "\nw4 w0 w2\nw3 w3 w4 w2"),
    "maxent-lstm-3": ([5, 8, 3, 8, 5, 5, 5, 5, 5, 1, 7, 5], " w4 w3 w2 w2 w4 w3 w3 w3 w3"),
    "window-3-untied": ([5, 8, 4, 8, 5, 5, 8, 5, 7, 1, 8, 5], " w4 w4 w1 w0 w4 w3 w3 w4 w1"),
    "transformer-2": ([6, 8, 3, 8, 4, 5, 7, 5, 6, 1, 6, 6], "\nw4 w0 w2\nw2 w2\nw2"),
    "ngram-3-kneser_ney": ([5, 8, 3, 8, 4, 5, 8, 5, 6, 3, 6, 6], " w4 w4 w0 w2 w4 w3 w3\nw2"),
}


@pytest.mark.parametrize("name", RECORDED)
def test_generate_draws_what_it_drew_before(name: str) -> None:
    case = CASES[name]
    model, (ids, text) = case.build(0), RECORDED[name]

    tokens = generate(model, [2, 3, 4, 5, 2], max_tokens=12, seed=1)
    pieces = generate_text(
        model, case.tokenizer, prompt="w1 w2", max_tokens=9, num_samples=2, seed=3
    )

    assert [token.token_id for token in tokens] == ids
    assert "".join(piece.text for piece in pieces if piece.sample == 0) == text
