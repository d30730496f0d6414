import pytest
import torch
from torch import Tensor

from naive_crf import NaiveCrf
from nextword.base import DataError, ShapeError
from nextword.tasks.tagging.crf import Constraints, LinearChainCrf

EXACT = {"rtol": 1e-10, "atol": 1e-10}


class Case:
    """A random batch of ragged sentences, with constraints in two of three cases."""

    def __init__(self, seed: int) -> None:
        generator = torch.Generator().manual_seed(seed)

        def integer(low: int, high: int) -> int:
            return int(torch.randint(low, high + 1, (), generator=generator))

        def normal(*shape: int) -> Tensor:
            return scale * torch.randn(*shape, generator=generator, dtype=torch.float64)

        scale = (0.1, 1.0, 5.0, 300.0)[seed % 4]
        self.num_labels = integer(1, 4)
        batch_size, longest = integer(1, 3), integer(1, 5 if self.num_labels < 4 else 4)
        constraints = None
        if seed % 3:
            shape = (self.num_labels, self.num_labels)
            constraints = Constraints(
                starts=torch.rand(self.num_labels, generator=generator) < 0.7,
                ends=torch.rand(self.num_labels, generator=generator) < 0.7,
                transitions=torch.rand(shape, generator=generator) < 0.7,
            )
            # Label 0 can always be repeated, so that each length has a label sequence.
            constraints.starts[0] = constraints.ends[0] = constraints.transitions[0, 0] = True
        self.crf = LinearChainCrf(self.num_labels, constraints=constraints).double()
        for parameter in self.crf.parameters():
            torch.nn.init.normal_(parameter, std=scale, generator=generator)
        self.emissions = normal(batch_size, longest, self.num_labels).requires_grad_()
        self.lengths = torch.tensor([integer(1, longest) for _ in range(batch_size)])
        self.naive = self._naive(constraints)
        paths = [each.ranked()[integer(0, len(each.ranked()) - 1)][0] for each in self.naive]
        self.label_ids = torch.full((batch_size, longest), 99)
        for row, path in enumerate(paths):
            self.label_ids[row, : len(path)] = torch.tensor(path)
        self.paths = paths

    def _naive(self, constraints: Constraints | None) -> list[NaiveCrf]:
        scores = [self.crf.transitions, self.crf.starts, self.crf.ends]
        if constraints is not None:
            masks = (constraints.transitions, constraints.starts, constraints.ends)
            scores = [
                each.masked_fill(~mask, -torch.inf)
                for each, mask in zip(scores, masks, strict=True)
            ]
        transitions, starts, ends = scores
        return [
            NaiveCrf(rows[:length], transitions, starts, ends)
            for rows, length in zip(self.emissions, self.lengths, strict=True)
        ]


@pytest.fixture(scope="module", params=[60, pytest.param(500, marks=pytest.mark.exhaustive)])
def cases(request: pytest.FixtureRequest) -> list[Case]:
    return [Case(seed) for seed in range(request.param)]


@pytest.mark.slow
def test_nll_of_random_cases_equals_enumeration(cases: list[Case]) -> None:
    for case in cases:
        nll = case.crf.nll(case.emissions, case.label_ids, lengths=case.lengths)

        expected = [naive.nll(path) for naive, path in zip(case.naive, case.paths, strict=True)]
        torch.testing.assert_close(nll, torch.stack(expected), **EXACT)


@pytest.mark.slow
def test_gradients_of_random_cases_equal_enumeration(cases: list[Case]) -> None:
    for case in cases:
        inputs = [case.emissions, *case.crf.parameters()]
        weights = torch.arange(1.0, 1.0 + len(case.lengths), dtype=torch.float64)
        nll = case.crf.nll(case.emissions, case.label_ids, lengths=case.lengths)
        ours = torch.autograd.grad(nll @ weights, inputs)

        expected = torch.stack(
            [naive.nll(path) for naive, path in zip(case.naive, case.paths, strict=True)]
        )
        theirs = torch.autograd.grad(
            expected @ weights, inputs, retain_graph=True, allow_unused=True
        )
        for our, their in zip(ours, theirs, strict=True):
            their = torch.zeros_like(our) if their is None else their
            torch.testing.assert_close(our, their, **EXACT)


@pytest.mark.slow
def test_decode_of_random_cases_equals_enumeration(cases: list[Case]) -> None:
    for case in cases:
        decoded = case.crf.decode(case.emissions, case.lengths)

        for row, naive in enumerate(case.naive):
            path = naive.ranked()[0][0]
            assert tuple(decoded[row, : len(path)].tolist()) == path
            assert not decoded[row, len(path) :].any()


@pytest.mark.slow
@pytest.mark.parametrize("n", [1, 4, 2000])
def test_n_best_of_random_cases_equals_enumeration(cases: list[Case], n: int) -> None:
    for case in cases[:: 1 if n < 10 else 20]:
        found = case.crf.n_best(case.emissions, case.lengths, n=n)

        for sequences, naive in zip(found, case.naive, strict=True):
            expected = naive.ranked()[:n]
            assert [each.label_ids for each in sequences] == [path for path, _ in expected]
            log_probs = torch.tensor([each.log_prob for each in sequences], dtype=torch.float64)
            theirs = torch.tensor([value for _, value in expected], dtype=torch.float64)
            torch.testing.assert_close(log_probs, theirs, **EXACT)


@pytest.mark.slow
def test_marginals_of_random_cases_equal_enumeration(cases: list[Case]) -> None:
    for case in cases:
        marginals = case.crf.marginals(case.emissions, case.lengths)

        for row, naive in enumerate(case.naive):
            expected = torch.zeros_like(case.emissions[row].detach())
            expected[: int(case.lengths[row])] = naive.marginals().detach()
            torch.testing.assert_close(marginals[row], expected, **EXACT)


def crf_with_scores(num_labels: int, *, constraints: Constraints | None = None) -> LinearChainCrf:
    crf = LinearChainCrf(num_labels, constraints=constraints)
    generator = torch.Generator().manual_seed(0)
    for parameter in crf.parameters():
        torch.nn.init.normal_(parameter, generator=generator)
    return crf


def forbidding(*pairs: tuple[int, int], num_labels: int = 2) -> Constraints:
    ones = torch.ones(num_labels, dtype=torch.bool)
    transitions = torch.ones(num_labels, num_labels, dtype=torch.bool)
    for pair in pairs:
        transitions[pair] = False
    return Constraints(starts=ones, ends=ones, transitions=transitions)


def test_nll_ignores_what_follows_the_end_of_a_row() -> None:
    crf = crf_with_scores(3)
    emissions, lengths = torch.randn(2, 4, 3), torch.tensor([2, 4])
    garbage = emissions.clone()
    garbage[0, 2:] = torch.nan
    garbage.requires_grad_()
    label_ids = torch.tensor([[0, 1, -100, -100], [2, 0, 1, 1]])

    nll = crf.nll(garbage, label_ids, lengths=lengths)
    nll.sum().backward()

    assert torch.equal(nll, crf.nll(emissions, label_ids, lengths=lengths))
    assert garbage.grad is not None
    assert not garbage.grad[0, 2:].any()
    assert garbage.grad.isfinite().all()
    for found in (crf.decode, crf.marginals):
        assert torch.equal(found(garbage, lengths), found(emissions, lengths))


def test_nll_of_row_is_that_of_the_row_alone() -> None:
    crf = crf_with_scores(3).double()
    emissions = torch.randn(3, 5, 3, dtype=torch.float64)
    label_ids, lengths = torch.randint(3, (3, 5)), torch.tensor([1, 5, 3])

    together = crf.nll(emissions, label_ids, lengths=lengths)

    for row in range(3):
        part = slice(row, row + 1)
        alone = crf.nll(emissions[part], label_ids[part], lengths=lengths[part])
        torch.testing.assert_close(together[part], alone, **EXACT)


def test_nll_of_one_label_is_zero_at_all_lengths() -> None:
    crf = crf_with_scores(1)

    nll = crf.nll(
        torch.randn(2, 7, 1), torch.zeros(2, 7, dtype=torch.int64), lengths=torch.tensor([1, 7])
    )

    torch.testing.assert_close(nll, torch.zeros(2))


def test_nll_of_bfloat16_emissions_is_float32_with_bfloat16_gradients() -> None:
    crf = crf_with_scores(3)
    emissions = torch.randn(1, 4, 3).bfloat16().requires_grad_()
    label_ids, lengths = torch.tensor([[0, 1, 2, 0]]), torch.tensor([4])

    nll = crf.nll(emissions, label_ids, lengths=lengths)
    nll.sum().backward()

    assert nll.dtype == torch.float32
    torch.testing.assert_close(nll, crf.nll(emissions.float(), label_ids, lengths=lengths))
    assert emissions.grad is not None


@pytest.mark.parametrize(
    "num_steps", [3000, pytest.param(100_000, marks=(pytest.mark.slow, pytest.mark.exhaustive))]
)
def test_nll_and_decode_of_many_positions_are_exact(num_steps: int) -> None:
    # Two labels that never change: the sum over sequences is a sum of two numbers.
    crf = LinearChainCrf(2, constraints=forbidding((0, 1), (1, 0)))
    emissions = torch.randn(1, num_steps, 2).requires_grad_()
    lengths = torch.tensor([num_steps])
    sums = emissions.detach().double().sum(1)[0]

    nll = crf.nll(emissions, torch.zeros(1, num_steps, dtype=torch.int64), lengths=lengths)
    nll.sum().backward()

    torch.testing.assert_close(nll[0].double(), sums.logsumexp(0) - sums[0], rtol=1e-5, atol=1e-5)
    assert emissions.grad is not None
    expected = sums.softmax(0) - torch.tensor([1.0, 0.0])
    torch.testing.assert_close(emissions.grad[0, -1].double(), expected, rtol=1e-4, atol=1e-6)
    assert crf.decode(emissions, lengths).unique().tolist() == [int(sums.argmax())]


def test_nll_under_autocast_equals_nll_without_it() -> None:
    crf = crf_with_scores(3)
    emissions, lengths = torch.randn(2, 4, 3), torch.tensor([2, 4])
    label_ids = torch.randint(3, (2, 4))

    with torch.autocast("cpu", dtype=torch.bfloat16):
        nll = crf.nll(emissions, label_ids, lengths=lengths)
        decoded = crf.decode(emissions, lengths)

    assert torch.equal(nll, crf.nll(emissions, label_ids, lengths=lengths))
    assert torch.equal(decoded, crf.decode(emissions, lengths))


def test_nll_of_forbidden_label_sequence_names_the_labels() -> None:
    crf = LinearChainCrf(2, constraints=forbidding((0, 1)))
    emissions, lengths = torch.zeros(2, 3, 2), torch.tensor([3, 3])

    with pytest.raises(DataError, match="row 1: label 1 must not follow label 0"):
        crf.nll(emissions, torch.tensor([[0, 0, 0], [0, 0, 1]]), lengths=lengths)


def test_decode_without_any_allowed_sequence_names_the_row() -> None:
    crf = LinearChainCrf(2, constraints=forbidding((0, 0), (0, 1), (1, 0), (1, 1)))
    emissions = torch.zeros(2, 3, 2)

    assert crf.decode(emissions, torch.tensor([1, 1])).shape == (2, 3)
    with pytest.raises(DataError, match="forbid all label sequences of row 1, which has 2 pos"):
        crf.decode(emissions, torch.tensor([1, 2]))


def test_decode_of_nan_is_refused() -> None:
    crf = LinearChainCrf(2)
    emissions = torch.zeros(2, 3, 2)
    emissions[1, 0, 1] = torch.nan
    lengths = torch.tensor([3, 2])

    for find in (crf.decode, crf.marginals, lambda *args: crf.n_best(*args, n=2)):
        with pytest.raises(DataError, match="emissions of row 1 are not finite"):
            find(emissions, lengths)


@pytest.mark.parametrize(
    ("lengths", "num_labels", "message"),
    [
        ([0, 3], 2, "between 0 and 3, and must be between 1 and the 3 positions"),
        ([1, 4], 2, "between 1 and 4"),
        ([1, 1], 3, "score 3 labels, and the CRF has 2"),
    ],
)
def test_decode_of_wrong_shapes_is_refused(
    lengths: list[int], num_labels: int, message: str
) -> None:
    with pytest.raises(ShapeError, match=message):
        LinearChainCrf(2).decode(torch.zeros(2, 3, num_labels), torch.tensor(lengths))


def test_nll_of_label_id_out_of_range_is_refused() -> None:
    with pytest.raises(ShapeError, match="between 0 and 2, and must be between 0 and 1"):
        LinearChainCrf(2).nll(
            torch.zeros(1, 2, 2), torch.tensor([[0, 2]]), lengths=torch.tensor([2])
        )
