import pytest
import torch
from torch import Tensor

from naive_crf import NaiveCrf
from nextword.tasks.tagging.crf import Constraints, LinearChainCrf

NUM_CASES = 500
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


CASES = [Case(seed) for seed in range(NUM_CASES)]


def test_nll_of_500_random_cases_equals_enumeration() -> None:
    for case in CASES:
        nll = case.crf.nll(case.emissions, case.label_ids, case.lengths)

        expected = [naive.nll(path) for naive, path in zip(case.naive, case.paths, strict=True)]
        torch.testing.assert_close(nll, torch.stack(expected), **EXACT)


def test_gradients_of_500_random_cases_equal_enumeration() -> None:
    for case in CASES:
        inputs = [case.emissions, *case.crf.parameters()]
        weights = torch.arange(1.0, 1.0 + len(case.lengths), dtype=torch.float64)
        nll = case.crf.nll(case.emissions, case.label_ids, case.lengths)
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


def test_decode_of_500_random_cases_equals_enumeration() -> None:
    for case in CASES:
        decoded = case.crf.decode(case.emissions, case.lengths)

        for row, naive in enumerate(case.naive):
            path = naive.ranked()[0][0]
            assert tuple(decoded[row, : len(path)].tolist()) == path
            assert not decoded[row, len(path) :].any()


@pytest.mark.parametrize("n", [1, 4, 2000])
def test_n_best_of_500_random_cases_equals_enumeration(n: int) -> None:
    for case in CASES[:: 1 if n < 10 else 20]:
        found = case.crf.n_best(case.emissions, case.lengths, n)

        for sequences, naive in zip(found, case.naive, strict=True):
            expected = naive.ranked()[:n]
            assert [each.label_ids for each in sequences] == [path for path, _ in expected]
            log_probs = torch.tensor([each.log_prob for each in sequences], dtype=torch.float64)
            theirs = torch.tensor([value for _, value in expected], dtype=torch.float64)
            torch.testing.assert_close(log_probs, theirs, **EXACT)


def test_marginals_of_500_random_cases_equal_enumeration() -> None:
    for case in CASES:
        marginals = case.crf.marginals(case.emissions, case.lengths)

        for row, naive in enumerate(case.naive):
            expected = torch.zeros_like(case.emissions[row].detach())
            expected[: int(case.lengths[row])] = naive.marginals().detach()
            torch.testing.assert_close(marginals[row], expected, **EXACT)
