import torch

from nextword.layers import one_hot


def test_one_hot_times_a_table_is_the_look_up() -> None:
    table = torch.randn(6, 4, dtype=torch.float64)
    token_ids = torch.tensor([[5, 0, 2], [1, 1, 3]])

    vectors = one_hot(token_ids, 6, like=table)

    assert torch.equal(vectors @ table, table[token_ids])


def test_one_hot_takes_type_and_device_of_the_model() -> None:
    vectors = one_hot(torch.tensor([[1]]), 3, like=torch.ones((), dtype=torch.bfloat16))

    assert vectors.dtype == torch.bfloat16
