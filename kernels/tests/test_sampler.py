"""Drawn tokens against the distributions that they are drawn from."""

import copy

import numpy as np
import pytest
import torch
from torch import Tensor

import nextword_kernels as kernels
from reference_network import Weights, made_up_weights, packed, reference_step

VOCAB_SIZE = 41


def filtered(log_probs: Tensor, seen: Tensor | None = None, **settings: float) -> Tensor:
    """Return the distribution of a sampler, in float64, by the definition of its filters."""
    scores = log_probs.double().clone()
    scores[settings.get("banned", [])] = -torch.inf  # type: ignore[index]
    if seen is not None:
        scores = torch.where(seen, scores * settings["repetition_penalty"], scores)
    order = sorted(range(len(scores)), key=lambda token: (-scores[token].item(), token))
    temperature = settings.get("temperature", 1.0)
    if temperature == 0:
        return torch.nn.functional.one_hot(torch.tensor(order[0]), len(scores)).double()
    probabilities = (scores / temperature).softmax(0)
    if top_k := int(settings.get("top_k", 0)):
        last = scores[order[min(top_k, len(order)) - 1]]
        probabilities = torch.where(scores < last, 0, probabilities)
    low = probabilities < settings.get("min_p", 0.0) * probabilities.max()
    probabilities = torch.where(low, 0, probabilities)
    total, before = probabilities.sum(), 0.0
    for token in order:
        is_ruled_out = before >= settings.get("top_p", 1.0)
        before += (probabilities[token] / total).item()
        if is_ruled_out and settings.get("top_p", 1.0) < 1:
            probabilities[token] = 0
    probabilities = probabilities / probabilities.sum()
    return typical(probabilities, settings.get("typical_p", 1.0))


def typical(probabilities: Tensor, mass: float) -> Tensor:
    """Keep the most typical tokens of a distribution."""
    if mass >= 1:
        return probabilities
    surprises = -probabilities.log()
    entropy = sum(p * s for p, s in zip(probabilities, surprises, strict=True) if p > 0)
    order = sorted(range(len(probabilities)), key=lambda token: abs(surprises[token] - entropy))
    kept, before = torch.zeros_like(probabilities), 0.0
    for token in order:
        if before >= mass:
            break
        kept[token] = probabilities[token]
        before += probabilities[token].item()
    return kept / kept.sum()


SETTINGS: list[dict[str, object]] = [
    {},
    {"temperature": 0.0},
    {"temperature": 0.7},
    {"temperature": 1.9, "banned": [0, 7]},
    {"top_k": 1},
    {"top_k": 5},
    {"top_k": 99},
    {"min_p": 0.2},
    {"top_p": 0.5},
    {"top_p": 0.999, "temperature": 2.0},
    {"top_p": 1e-9},
    {"top_k": 12, "min_p": 0.05, "top_p": 0.8, "temperature": 0.9},
    {"typical_p": 0.6},
    {"typical_p": 0.2, "temperature": 0.7},
    {"typical_p": 1e-9},
    {"typical_p": 0.5, "top_k": 20, "top_p": 0.9, "temperature": 1.4, "banned": [1]},
    {"repetition_penalty": 1.8},
    {"repetition_penalty": 0.6, "top_p": 0.7, "banned": [3]},
    {"banned": [token for token in range(VOCAB_SIZE) if token != 17]},
]


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_drawn_tokens_have_the_distribution_of_the_sampler(
    instruction_set: str, settings: dict[str, object]
) -> None:
    torch.manual_seed(0)
    weights = made_up_weights("lstm", vocab_size=VOCAB_SIZE, hidden_size=9, num_layers=1)
    network = packed(weights, precision="float32", has_table=True)
    num_rows = 20_000
    first = [state.expand(num_rows, -1).contiguous() for state in weights.states(1)]
    token_ids = torch.full((num_rows,), 5)
    mask = torch.rand(VOCAB_SIZE) < 0.4
    has_penalty = "repetition_penalty" in settings
    log_probs = reference_step(weights, token_ids[:1], [each[:1] for each in first])[0][0]

    drawn, scores = _draw(network, token_ids, first, settings, mask if has_penalty else None)

    expected = filtered(log_probs, mask if has_penalty else None, **settings)  # type: ignore[arg-type]
    counts = torch.bincount(drawn, minlength=VOCAB_SIZE).double()
    assert not counts[expected == 0].any()
    possible = expected > 0
    counts, means = counts[possible], expected[possible] * num_rows
    squares = ((counts - means) ** 2 / means).sum().item()
    freedom = int(possible.sum()) - 1
    # Six standard deviations of a chi-square with this number of degrees of freedom.
    assert squares <= freedom + 6 * (2 * freedom) ** 0.5 + 1e-6
    torch.testing.assert_close(scores.double(), log_probs[drawn], rtol=1e-4, atol=1e-4)


def _draw(
    network: kernels.RecurrentNetwork,
    token_ids: Tensor,
    states: list[Tensor],
    settings: dict[str, object],
    mask: Tensor | None,
) -> tuple[Tensor, Tensor]:
    num_rows = len(token_ids)
    banned = settings.get("banned")
    sampler = kernels.Sampler(
        vocab_size=VOCAB_SIZE,
        banned_ids=None if banned is None else torch.tensor(banned),
        **{name: value for name, value in settings.items() if name != "banned"},  # type: ignore[arg-type]
    )
    uniforms = np.random.default_rng(1).random((num_rows, 1))
    drawn, scores = torch.empty(num_rows, 1).long(), torch.empty(num_rows, 1)
    seen = None if mask is None else mask.to(torch.uint8).expand(num_rows, -1).contiguous()
    network.generate(
        token_ids,
        states=states,
        samplers=[sampler],
        uniforms=uniforms,
        seen=seen,
        drawn_ids=drawn,
        drawn_log_probs=scores,
        num_threads=1,
    )
    return drawn[:, 0], scores[:, 0]


def generate(num_steps: int, *, num_threads: int = 1, parts: int = 1, **settings: float) -> Tensor:
    """Continue three rows, in one call or in several."""
    torch.manual_seed(0)
    weights = made_up_weights("gru", vocab_size=VOCAB_SIZE, hidden_size=21)
    network = packed(weights, precision="float32", has_table=True)
    states = weights.states(3)
    sampler = kernels.Sampler(vocab_size=VOCAB_SIZE, **settings)  # type: ignore[arg-type]
    uniforms = np.random.default_rng(2).random((3, num_steps))
    seen = torch.zeros(3, VOCAB_SIZE, dtype=torch.uint8)
    token_ids, drawn = torch.tensor([1, 2, 3]), []
    for part in np.split(uniforms, parts, axis=1):
        ids = torch.empty(part.shape, dtype=torch.int64)
        network.generate(
            token_ids,
            states=states,
            samplers=[sampler] * 3,
            uniforms=np.ascontiguousarray(part),
            seen=seen,
            drawn_ids=ids,
            drawn_log_probs=torch.empty(part.shape),
            num_threads=num_threads,
        )
        drawn.append(ids)
        token_ids = ids[:, -1].contiguous()
    return torch.cat(drawn, dim=1)


def test_generation_in_parts_and_on_threads_draws_the_same_tokens() -> None:
    expected = generate(60, repetition_penalty=1.3, top_k=20)

    assert torch.equal(generate(60, parts=12, repetition_penalty=1.3, top_k=20), expected)
    assert torch.equal(generate(60, num_threads=2, repetition_penalty=1.3, top_k=20), expected)


@pytest.mark.parametrize("num_threads", [2, 3])
@pytest.mark.parametrize(
    "settings",
    [{}, {"temperature": 0.7, "top_p": 0.9}, {"temperature": 0.0}, {"banned_ids": range(2, 900)}],
    ids=["plain", "filtered", "greedy", "banned"],
)
def test_single_row_whose_softmax_is_shared_by_threads_draws_the_same_tokens(
    settings: dict[str, object], num_threads: int
) -> None:
    torch.manual_seed(0)
    vocab_size = 1_500  # three blocks of weights, the last one not whole
    weights = made_up_weights("lstm", vocab_size=vocab_size, hidden_size=21)
    network = packed(weights, precision="float32", has_table=True)
    options = dict(settings)
    if "banned_ids" in options:
        options["banned_ids"] = torch.tensor(list(settings["banned_ids"]))  # type: ignore[call-overload]
    sampler = kernels.Sampler(vocab_size=vocab_size, **options)  # type: ignore[arg-type]

    def drawn(number: int) -> tuple[Tensor, ...]:
        torch.manual_seed(1)
        states = weights.states(1)
        ids, scores = torch.empty(1, 40).long(), torch.empty(1, 40)
        log_probs = torch.empty(40, 1, vocab_size)
        network.generate(
            torch.tensor([4]),
            states=states,
            samplers=[sampler],
            uniforms=np.random.default_rng(3).random((1, 40)),
            drawn_ids=ids,
            drawn_log_probs=scores,
            log_probs=log_probs,
            num_threads=number,
        )
        return (ids, scores, log_probs, *states)

    several, one = drawn(num_threads), drawn(1)

    assert len(set(one[0].flatten().tolist())) > 3
    assert all(map(torch.equal, several, one))


@pytest.mark.parametrize("num_threads", [1, 2])
def test_single_row_with_a_nan_in_any_score_is_marked(num_threads: int) -> None:
    weights = made_up_weights("lstm", vocab_size=1_500, hidden_size=21)
    for token_id in (0, 700, 1_499):
        broken = copy.deepcopy(weights)
        broken.output[token_id, 3] = torch.nan
        drawn, scores = torch.empty(1, 2).long(), torch.empty(1, 2)

        packed(broken, precision="float32", has_table=True).generate(
            torch.tensor([4]),
            states=broken.states(1),
            samplers=[kernels.Sampler(vocab_size=1_500)],
            uniforms=np.random.default_rng(0).random((1, 2)),
            drawn_ids=drawn,
            drawn_log_probs=scores,
            num_threads=num_threads,
        )

        assert drawn[0].tolist() == [-2, -2]
        assert scores.isnan().all()


def test_each_drawn_token_is_read_and_marked_as_seen() -> None:
    torch.manual_seed(0)
    weights = made_up_weights("lstm", vocab_size=VOCAB_SIZE, hidden_size=21)
    network = packed(weights, precision="float32", has_table=False)
    states = weights.states(1)
    expected_states = [state.clone() for state in states]
    seen = torch.zeros(1, VOCAB_SIZE, dtype=torch.uint8)
    drawn, scores = torch.empty(1, 8).long(), torch.empty(1, 8)

    network.generate(
        torch.tensor([4]),
        states=states,
        samplers=[kernels.Sampler(vocab_size=VOCAB_SIZE)],
        uniforms=np.random.default_rng(0).random((1, 8)),
        seen=seen,
        drawn_ids=drawn,
        drawn_log_probs=scores,
        num_threads=1,
    )

    token_ids = torch.cat([torch.tensor([4]), drawn[0, :-1]])[:, None]
    log_probs = torch.empty(8, 1, VOCAB_SIZE)
    network.read(token_ids, states=expected_states, log_probs=log_probs, num_threads=1)
    assert torch.equal(scores[0], log_probs[:, 0].gather(1, drawn.T)[:, 0])
    assert all(map(torch.equal, states, expected_states))
    assert seen[0].nonzero().flatten().tolist() == sorted(set(drawn[0].tolist()))


@pytest.mark.parametrize("cause", ["banned", "nan"])
def test_row_without_a_choice_is_marked_and_others_go_on(cause: str) -> None:
    torch.manual_seed(0)
    weights = made_up_weights("lstm", vocab_size=VOCAB_SIZE, hidden_size=21)
    network = packed(weights, precision="float32", has_table=True)
    states = weights.states(2)
    good = kernels.Sampler(vocab_size=VOCAB_SIZE)
    bad = good
    if cause == "banned":
        bad = kernels.Sampler(vocab_size=VOCAB_SIZE, banned_ids=torch.arange(VOCAB_SIZE))
    else:
        states[0][0, 0] = torch.nan
    drawn, scores = torch.empty(2, 3).long(), torch.empty(2, 3)

    network.generate(
        torch.tensor([4, 4]),
        states=states,
        samplers=[bad, good],
        uniforms=np.random.default_rng(0).random((2, 3)),
        drawn_ids=drawn,
        drawn_log_probs=scores,
        num_threads=1,
    )

    assert drawn[0].tolist() == [-1 if cause == "banned" else -2] * 3
    assert scores[0].isnan().all()
    assert (drawn[1] >= 0).all()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"temperature": -1.0}, "temperature is -1.0.*from 0 to 1e6"),
        ({"temperature": float("nan")}, "temperature is nan"),
        ({"top_k": -1}, "top_k is -1.*at least 0"),
        ({"top_p": 0.0}, "top_p is 0.0.*above 0 and at most 1"),
        ({"min_p": 1.5}, "min_p is 1.5"),
        ({"typical_p": 0.0}, "typical_p is 0.0.*above 0 and at most 1"),
        ({"repetition_penalty": 0.0}, "repetition_penalty is 0.0"),
        ({"vocab_size": 0}, "vocab_size is 0"),
    ],
)
def test_sampler_out_of_range_is_refused(settings: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        kernels.Sampler(**{"vocab_size": 5, **settings})  # type: ignore[arg-type]


def test_uniform_of_one_is_refused() -> None:
    torch.manual_seed(0)
    weights = made_up_weights("lstm", vocab_size=VOCAB_SIZE, hidden_size=2)
    network = packed(weights, precision="float32", has_table=True)

    with pytest.raises(ValueError, match=r"uniforms has 1\.0.*at least 0 and below 1"):
        network.generate(
            torch.tensor([0]),
            states=weights.states(1),
            samplers=[kernels.Sampler(vocab_size=VOCAB_SIZE)],
            uniforms=np.ones((1, 1)),
            drawn_ids=torch.empty(1, 1).long(),
            drawn_log_probs=torch.empty(1, 1),
            num_threads=1,
        )


ADAPTIVE = {
    "plain": {},
    "greedy": {"temperature": 0.0},
    "banned": {"banned": [0, 7]},
    "banned-greedy": {"banned": [0, 1, 2, 3, 4, 5], "temperature": 0.0},
    # These need the whole distribution.
    "banned-in-a-tail": {"banned": [0, 30]},
    "filters": {"top_k": 9, "temperature": 1.5},
}


def adaptive_weights(seed: int = 0) -> Weights:
    torch.manual_seed(seed)
    weights = made_up_weights("lstm", vocab_size=VOCAB_SIZE, hidden_size=9, num_layers=1)
    return weights.with_tails([14, 21], [4, 3])


@pytest.mark.parametrize("settings", ADAPTIVE.values(), ids=ADAPTIVE)
def test_adaptive_softmax_drawn_tokens_have_the_exact_distribution(
    instruction_set: str, settings: dict[str, object]
) -> None:
    weights, num_rows = adaptive_weights(), 20_000
    network = packed(weights, precision="float32", has_table=True)
    states = [state.expand(num_rows, -1).contiguous() for state in weights.states(1)]
    token_ids = torch.full((num_rows,), 5)
    log_probs = reference_step(weights, token_ids[:1], [each[:1] for each in states])[0][0]

    drawn, scores = _draw(network, token_ids, states, settings, None)

    expected = filtered(log_probs, **settings)  # type: ignore[arg-type]
    counts = torch.bincount(drawn, minlength=VOCAB_SIZE).double()
    assert not counts[expected == 0].any()
    possible = expected > 0
    means = expected[possible] * num_rows
    squares = ((counts[possible] - means) ** 2 / means).sum().item()
    freedom = int(possible.sum()) - 1
    # Six standard deviations of a chi-square with this number of degrees of freedom.
    assert squares <= freedom + 6 * (2 * freedom) ** 0.5 + 1e-6
    torch.testing.assert_close(scores.double(), log_probs[drawn], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("num_threads", [1, 2, 3])
@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_adaptive_softmax_by_tail_draws_as_from_the_whole_distribution(
    temperature: float, num_threads: int
) -> None:
    # Another state in each row, so that rows need different tails.
    for seed in range(5):
        weights = adaptive_weights(seed)
        network = packed(weights, precision="float32", has_table=True)
        sampler = kernels.Sampler(vocab_size=VOCAB_SIZE, temperature=temperature)
        token_ids, first = torch.randint(VOCAB_SIZE, (30,)), weights.states(30)
        uniforms = np.random.default_rng(seed).random((30, 6))
        results = []
        for log_probs in (None, torch.empty(6, 30, VOCAB_SIZE)):
            states = [state.clone() for state in first]
            drawn, scores = torch.empty(30, 6).long(), torch.empty(30, 6)
            network.generate(
                token_ids,
                states=states,
                samplers=[sampler],
                uniforms=uniforms,
                drawn_ids=drawn,
                drawn_log_probs=scores,
                log_probs=log_probs,
                num_threads=num_threads,
            )
            results.append((drawn, scores, states))

        (drawn, scores, states), (expected, their_scores, their_states) = results
        assert torch.equal(drawn, expected)
        torch.testing.assert_close(scores, their_scores)
        assert all(map(torch.equal, states, their_states))


def test_adaptive_softmax_with_nan_is_marked() -> None:
    weights = adaptive_weights()
    network = packed(weights, precision="float32", has_table=True)
    states = weights.states(2)
    states[0][0, 0] = torch.nan

    drawn, scores = _draw(network, torch.tensor([4, 4]), states, {}, None)

    assert drawn[0].item() == -2
    assert drawn[1].item() >= 0
    assert scores[0].isnan()


@pytest.mark.parametrize(
    ("tails", "message"),
    [
        ([(None, (4, 8))], r"the matrix of tail 0 has the shape \(4, 8\); it must be \(4, 9\)"),
        ([((3, 8), (4, 3))], r"the projection of tail 0 has the shape \(3, 8\).*\(3, 9\)"),
        ([((3, 9), (4, 2))], r"the projection of tail 0 has the shape \(3, 9\).*\(2, 9\)"),
        ([(None, (5, 9))], "41 tokens; the output layer has 42"),
        ([(None, None)], "a tail has no words"),
    ],
)
def test_tails_that_do_not_fit_are_refused(tails: list[tuple[object, ...]], message: str) -> None:
    def rows(shape: object) -> kernels.PackedRows | None:
        return None if shape is None else kernels.pack_rows(torch.zeros(shape), precision="float32")  # type: ignore[call-overload]

    with pytest.raises(ValueError, match=message):
        kernels.RecurrentNetwork(
            "tanh",
            layers=[(None, rows((9, 9)), None)],  # type: ignore[list-item]
            tokens=torch.zeros(41, 9),
            holds_gates=True,
            output=rows((38, 9)),  # type: ignore[arg-type]
            tails=[(rows(projection), rows(words)) for projection, words in tails],  # type: ignore[misc]
        )
