import pytest
import torch

from nextword.base import ConfigError
from nextword.layers.token_input import TokenInput

IDS = torch.tensor([[4, 0, 2], [2, 2, 1]])


def make(**dropout: float) -> TokenInput:
    shares = {"input_dropout": 0.0, "embedding_dropout": 0.0, **dropout}
    return TokenInput(5, locked=True, **shares)


def test_token_input_looks_up_in_the_table() -> None:
    table = torch.randn(5, 3)

    assert torch.equal(make()(IDS, table), table[IDS])


def test_token_input_without_a_table_is_one_hot_in_the_models_type() -> None:
    vectors = make().double()(IDS, None)

    assert torch.equal(vectors, torch.eye(5, dtype=torch.float64)[IDS])


@pytest.mark.parametrize("has_table", [True, False])
def test_token_input_drops_whole_words_in_training_alone(has_table: bool) -> None:
    torch.manual_seed(0)
    module, table = make(embedding_dropout=0.5), torch.ones(5, 5) if has_table else None
    ids = torch.arange(5).repeat(4, 3)

    dropped = module.train()(ids, table)

    by_word = dropped.sum(2).view(4, 3, 5)
    assert torch.equal(by_word, by_word[:1, :1].expand_as(by_word))
    assert 0 < (by_word == 0).sum() < by_word.numel()
    assert module.eval()(ids, table).count_nonzero() > dropped.count_nonzero()


@pytest.mark.parametrize("name", ["input_dropout"])
def test_token_input_dropout_out_of_range_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=r"a dropout probability is 1\.0"):
        make(**{name: 1.0})
