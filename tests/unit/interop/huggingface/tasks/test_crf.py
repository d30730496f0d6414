"""The CRF for transformers beside one that enumerates all label sequences."""

from itertools import product

import pytest
import torch

from naive_crf import NaiveCrf

pytest.importorskip("transformers")
classes = pytest.importorskip("nextword.interop.huggingface.tasks.crf_nextword_task")
settings = pytest.importorskip("nextword.interop.huggingface.tasks.configuration_nextword_task")

#: Tags O, B, I, L (last) of one type; labels 0: O, 1: B, 2: I. The last row is for the first word.
PAIRS = [[0, 1, -1, -1], [-1, -1, 2, 2], [-1, -1, 2, 2], [0, 1, -1, -1], [0, 1, -1, -1]]
ENDS = [1, 0, 0, 1]


def new_crf(*, seed: int) -> torch.nn.Module:
    config = settings.NextwordTaskConfig(
        label_decoder="crf", num_tags=4, num_labels=3, pair_labels=PAIRS, end_tags=ENDS
    )
    crf = classes.LinearChainCrf(config)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in crf.parameters():
            parameter.normal_(generator=generator)
    return crf


def naive(crf: torch.nn.Module, emissions: torch.Tensor) -> NaiveCrf:
    pairs = torch.tensor(PAIRS)
    masked = (
        crf.transitions.detach().masked_fill(pairs[:-1] < 0, -torch.inf),
        crf.starts.detach().masked_fill(pairs[-1] < 0, -torch.inf),
        crf.ends.detach().masked_fill(torch.tensor(ENDS) == 0, -torch.inf),
    )
    return NaiveCrf(emissions.double(), *(each.double() for each in masked))


def labels_of(path: tuple[int, ...]) -> list[int]:
    before = [-1, *path[:-1]]
    return [PAIRS[first][second] for first, second in zip(before, path, strict=True)]


@pytest.mark.parametrize("seed", range(3))
def test_logits_are_those_of_all_sequences(seed: int) -> None:
    crf = new_crf(seed=seed)
    lengths = torch.tensor([5, 2, 4])
    emissions = torch.randn(3, 5, 4, generator=torch.Generator().manual_seed(seed + 9))

    best = crf(emissions, lengths, kind="best")
    marginal = crf(emissions, lengths, kind="marginal")

    for row, length in enumerate(lengths.tolist()):
        ranked = naive(crf, emissions[row, :length]).ranked()
        assert best[row, :length].argmax(1).tolist() == labels_of(ranked[0][0])
        for time, label in product(range(length), range(3)):
            with_label = [log_prob for path, log_prob in ranked if labels_of(path)[time] == label]
            if not with_label:
                assert best[row, time, label] < -1e30
                assert marginal[row, time, label] < -1e30
                continue
            expected = max(with_label) - ranked[0][1]
            assert best[row, time, label].item() == pytest.approx(expected, abs=1e-5)
            total = torch.tensor(with_label).logsumexp(0).item()
            assert marginal[row, time, label].item() == pytest.approx(total, abs=1e-5)
    assert best[1, 2:].eq(0).all()


def test_loss_sums_over_labels_that_are_not_known_and_has_finite_gradients() -> None:
    crf = new_crf(seed=0)
    emissions = torch.randn(1, 4, 4, generator=torch.Generator().manual_seed(3))
    labels = torch.tensor([[1, -100, 2, -100]])

    nll = crf.nll(emissions, torch.tensor([4]), labels=labels)
    nll.sum().backward()

    found = [
        log_prob
        for path, log_prob in naive(crf, emissions[0]).ranked()
        if labels_of(path)[0] == 1 and labels_of(path)[2] == 2
    ]
    assert nll.item() == pytest.approx(-torch.tensor(found).logsumexp(0).item(), abs=1e-5)
    assert all(torch.isfinite(each.grad).all() for each in crf.parameters())


def test_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="must be 'best' or 'marginal'"):
        new_crf(seed=0)(torch.zeros(1, 2, 4), torch.tensor([2]), kind="viterbi")
