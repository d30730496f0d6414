import torch

from nextword.benchmarking.step import StepSizes, zipf_ids


def test_num_operations_are_those_of_the_products() -> None:
    sizes = StepSizes(num_layers=3, hidden_size=5, vocab_size=11, batch_size=2, bptt_steps=7)
    token = 3 * (4 * 5 * 5 + 4 * 5 * 5) + 5 * 11

    # A multiplication and an addition each; once forward, twice backward.
    assert sizes.num_operations == 2 * 3 * token * (2 * 7)


def test_zipf_ids_are_in_range_and_fall_with_their_rank() -> None:
    torch.manual_seed(0)

    counts = zipf_ids(50, 20_000, first=4).bincount(minlength=50)

    assert counts.shape == (50,)
    assert counts[:4].tolist() == [0] * 4
    assert counts[4] > 1.5 * counts[5] > 1.5 * counts[8] > 1.5 * counts[24]
