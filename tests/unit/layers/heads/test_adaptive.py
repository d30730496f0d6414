"""The adaptive softmax: a whole distribution, and a loss that is its logarithm."""

import math

import pytest
import torch
from torch import Tensor

from nextword.base import ConfigError, ShapeError
from nextword.layers import AdaptiveEmbedding, AdaptiveSoftmax
from nextword.layers.heads import chunked, pieces

HIDDEN, VOCAB, CUTOFFS, NEVER = 33, 60, (8, 20), (0, 2, 25)
#: One target of each cluster's first and last words, repeated ones among them.
TARGETS = torch.tensor([1, 7, 8, 19, 20, 59, 30, 30, 3])


def make(
    *, dtype: torch.dtype = torch.float64, tied: bool = False, narrowing: int = 4
) -> AdaptiveSoftmax:
    torch.manual_seed(0)
    clusters = {"cutoffs": CUTOFFS, "narrowing": narrowing}
    words = AdaptiveEmbedding(HIDDEN, VOCAB, **clusters) if tied else None  # type: ignore[arg-type]
    output = build(**clusters, never_ids=NEVER, tied_weight=words)
    for bias in (output.bias, output.tail_bias):
        torch.nn.init.normal_(bias)
    return output.to(dtype)


def hidden_of(num_positions: int = len(TARGETS), dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(num_positions, HIDDEN, dtype=dtype)


def gathered(output: AdaptiveSoftmax, hidden: Tensor) -> Tensor:
    return -output.log_probs(hidden).gather(1, TARGETS[:, None]).squeeze(1)


@torch.no_grad()
def by_definition(output: AdaptiveSoftmax, hidden: Tensor, word: int) -> float:
    """P(word | hidden), written out from the weights of its cluster, one score at a time."""
    bias = output.bias.masked_fill(output.never, -math.inf)
    head = [
        float(hidden @ vector + bias[i]) for i, vector in enumerate(output.words.clusters[0].table)
    ]
    head += [
        float(hidden @ vector + tail_bias)
        for vector, tail_bias in zip(output.tail_weight, output.tail_bias, strict=True)
    ]
    head_probs = [math.exp(score) / sum(map(math.exp, head)) for score in head]
    if word < CUTOFFS[0]:
        return head_probs[word]
    number = 1 if word < CUTOFFS[1] else 2
    low, high = output.words.bounds[number]
    cluster = output.words.clusters[number]
    narrow = hidden if cluster.projection is None else hidden @ cluster.projection
    scores = [float(narrow @ cluster.table[i - low] + bias[i]) for i in range(low, high)]
    share = math.exp(scores[word - low]) / sum(map(math.exp, scores))
    return head_probs[CUTOFFS[0] + number - 1] * share


@pytest.mark.parametrize("narrowing", [1, 2, 4])
@pytest.mark.parametrize("word", [0, 1, 7, 8, 19, 20, 25, 59])
def test_adaptive_softmax_is_the_product_of_head_and_cluster(word: int, narrowing: int) -> None:
    output, hidden = make(narrowing=narrowing), hidden_of(1)

    probability = output.log_probs(hidden)[0, word].exp().item()

    assert probability == pytest.approx(by_definition(output, hidden[0], word), abs=1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("num_positions", [0, 1, 63])
def test_adaptive_softmax_probabilities_sum_to_one(num_positions: int, dtype: torch.dtype) -> None:
    probabilities = make(dtype=dtype).log_probs(hidden_of(num_positions, dtype)).exp()

    total = probabilities.sum(dim=1)
    torch.testing.assert_close(total, torch.ones_like(total), rtol=0.0, atol=1e-5)
    assert (probabilities[:, NEVER] == 0.0).all()


def test_adaptive_softmax_under_autocast_sums_to_one() -> None:
    output, hidden = make(dtype=torch.float32), hidden_of(63, torch.float32)

    with torch.autocast("cpu", torch.bfloat16):
        log_probs = output.log_probs(hidden)

    assert log_probs.dtype == torch.float32
    torch.testing.assert_close(log_probs.exp().sum(dim=1), torch.ones(63), rtol=0.0, atol=1e-5)


@pytest.mark.parametrize("with_gradients", [True, False])
@pytest.mark.parametrize("max_scores", [1, 70, 2**24])
@pytest.mark.parametrize("narrowing", [1, 4])
@pytest.mark.parametrize("tied", [True, False])
def test_adaptive_softmax_nll_equals_the_gathered_log_probs(
    monkeypatch: pytest.MonkeyPatch,
    tied: bool,
    narrowing: int,
    max_scores: int,
    with_gradients: bool,
) -> None:
    monkeypatch.setattr(pieces, "MAX_SCORES", max_scores)
    monkeypatch.setattr(chunked, "BLOCK_SCORES", max_scores)
    output, hidden = make(tied=tied, narrowing=narrowing), hidden_of()

    with torch.set_grad_enabled(with_gradients):
        nll = output.nll(hidden, TARGETS)

    assert nll.requires_grad == with_gradients
    torch.testing.assert_close(nll, gathered(output, hidden), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("max_scores", [1, 2**24])
def test_adaptive_softmax_gradients_equal_those_of_the_log_probs(
    monkeypatch: pytest.MonkeyPatch, max_scores: int
) -> None:
    monkeypatch.setattr(pieces, "MAX_SCORES", max_scores)
    monkeypatch.setattr(chunked, "BLOCK_SCORES", max_scores)
    output, hidden = make(), hidden_of().requires_grad_()
    inputs = [hidden, *output.parameters()]

    gradients = torch.autograd.grad(output.nll(hidden, TARGETS).sum(), inputs)

    expected = torch.autograd.grad(gathered(output, hidden).sum(), inputs)
    torch.testing.assert_close(gradients, expected, rtol=1e-9, atol=1e-10)


def test_adaptive_softmax_log_probs_gradient_is_that_of_differences() -> None:
    output, hidden = make(), hidden_of(2).requires_grad_()
    allowed = [i for i in range(VOCAB) if i not in NEVER]

    assert torch.autograd.gradcheck(lambda h: output.log_probs(h)[:, allowed], hidden)


def test_adaptive_softmax_trains_under_autocast_within_bfloat16_of_the_truth() -> None:
    exact, hidden = make(), hidden_of()
    output = make(dtype=torch.float32)

    with torch.autocast("cpu", torch.bfloat16):
        nll = output.nll(hidden.float(), TARGETS)
    nll.sum().backward()
    expected = exact.nll(hidden, TARGETS)
    expected.sum().backward()

    assert nll.dtype == torch.float32
    torch.testing.assert_close(nll.double(), expected, rtol=2e-2, atol=2e-2)
    for parameter, wanted in zip(output.parameters(), exact.parameters(), strict=True):
        assert parameter.grad is not None
        assert wanted.grad is not None
        error = (parameter.grad.double() - wanted.grad).norm() / wanted.grad.norm()
        assert error < 2e-2


def test_adaptive_softmax_planted_fault_of_the_head_is_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    output, hidden = make(), hidden_of()
    targets = AdaptiveSoftmax._head_targets
    # Every rare word is taken for one of the first cluster.
    monkeypatch.setattr(
        AdaptiveSoftmax,
        "_head_targets",
        lambda self, ids, numbers: targets(self, ids, numbers.clamp(max=1)),
    )

    assert not torch.allclose(output.nll(hidden, TARGETS), gathered(output, hidden))


def test_adaptive_softmax_nll_of_a_never_id_is_infinite() -> None:
    nll = make().nll(hidden_of(2), torch.tensor([2, 25]))

    assert nll.tolist() == [math.inf, math.inf]


def test_adaptive_softmax_tied_shares_tables_and_projections() -> None:
    words = AdaptiveEmbedding(HIDDEN, VOCAB, cutoffs=CUTOFFS)

    output = AdaptiveSoftmax(HIDDEN, VOCAB, tied_weight=words)

    own = {name for name, _ in output.named_parameters() if not name.startswith("words.")}
    assert output.words is words
    assert own == {"bias", "tail_bias", "tail_weight"}


def test_adaptive_softmax_without_narrowing_gives_every_word_the_full_width() -> None:
    output = make(narrowing=1)

    assert [cluster.table.shape[1] for cluster in output.words.clusters] == [HIDDEN] * 3
    assert [cluster.projection for cluster in output.words.clusters] == [None] * 3


def test_adaptive_softmax_has_far_fewer_weights_than_the_full_one() -> None:
    output = AdaptiveSoftmax(256, 20_000)

    assert sum(parameter.numel() for parameter in output.parameters()) < 0.4 * 257 * 20_000


def test_adaptive_softmax_holds_few_scores() -> None:
    output = AdaptiveSoftmax(16, 20_000)

    # Head of 2,000 words and 2 clusters, the larger of which has 12,000.
    assert output.num_scores_held(10) == 10 * 2_002 + 10 * 12_000
    assert output.num_scores_held(10_000) == 10_000 * 2_002 + chunked.BLOCK_SCORES


def build(**options: object) -> AdaptiveSoftmax:
    return AdaptiveSoftmax(HIDDEN, VOCAB, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("cutoffs", "message"),
    [
        ((20, 8), r"output\.cutoffs is \[20, 8\], out of order"),
        ((8, 8), r"output\.cutoffs is \[8, 8\], out of order"),
        ((0, 8), r"it must be one or more ids from 1 on"),
        ((8, 60), r"ends with 60, but the vocabulary has 60 words"),
        ((8, 1_000), r"ends with 1,000, but the vocabulary has 60 words"),
    ],
)
def test_adaptive_softmax_bad_cutoffs_are_refused(cutoffs: tuple[int, ...], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        build(cutoffs=cutoffs)


def test_adaptive_softmax_cluster_of_nothing_predictable_is_refused() -> None:
    with pytest.raises(ConfigError, match="a cluster of the ids 58 to 59, which are never"):
        build(cutoffs=(8, 58), never_ids=(58, 59))


def test_adaptive_softmax_tied_embedding_of_other_sizes_is_refused() -> None:
    words = AdaptiveEmbedding(HIDDEN, VOCAB - 1, cutoffs=CUTOFFS)

    with pytest.raises(ShapeError, match=r"has sizes \(59, 33\); the output needs \(60, 33\)"):
        build(tied_weight=words)
