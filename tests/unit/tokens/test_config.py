import pytest

from nextword.base import ConfigError, decode, encode
from nextword.tokens import TokenizerConfig


def test_tokenizer_config_survives_encode_and_decode() -> None:
    config = TokenizerConfig(kind="word", vocab_size=100, min_count=3, closed=True)

    assert decode(TokenizerConfig, encode(config), source="test") == config


def test_tokenizer_config_unknown_kind_suggests_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"kind is 'words'.*Did you mean 'word'\?"):
        decode(TokenizerConfig, {"kind": "words"}, source="test")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"vocab_size": 4}, "vocab_size is 4; it must be at least 5"),
        ({"kind": "bpe", "vocab_size": 259}, "vocab_size is 259; it must be at least 260"),
        ({"kind": "byte", "vocab_size": 300}, "vocab_size is 300, but a byte .* has 260 tokens"),
        ({"kind": "bpe", "vocab_size": 10**9}, "is 1,000,000,000, but at most 1,048,576 byte-pair"),
        ({"kind": "bpe", "markers": "strip"}, "markers is 'strip', but for the bpe tokenizer"),
        ({"min_count": 0}, "min_count is 0; it must be at least 1"),
        ({"kind": "bpe", "min_count": 2}, "min_count is 2, but the bpe tokenizer knows every"),
        ({"kind": "bpe", "split": "words"}, "split is 'words', but the bpe tokenizer has no words"),
        ({"kind": "byte", "lowercase": True}, "lowercase is true, but the byte tokenizer"),
        ({"kind": "character", "closed": True}, "closed is True, but the character tokenizer"),
    ],
)
def test_tokenizer_config_impossible_values_are_refused(
    values: dict[str, object], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        decode(TokenizerConfig, values, source="test")
