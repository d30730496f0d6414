"""Symbols: kinds of tokenizers, unknown symbols, and reserved ones."""

import pytest

from nextword.base import ConfigError, DataError
from nextword.tasks.decoding import SymbolKind, TargetConfig
from nextword.tasks.decoding.symbols import Symbols
from nextword.tasks.transduction.config import SourceConfig

TEXTS = ("K AE T", "D AO G", "K  AO T")


def learn(kind: SymbolKind, **settings: int) -> Symbols:
    return Symbols.learn(SourceConfig(kind=kind, **settings), TEXTS)


@pytest.mark.parametrize("kind", ["character", "symbol", "byte"])
def test_symbols_decode_after_encode_is_the_identity(kind: SymbolKind) -> None:
    symbols = learn(kind)

    assert symbols.decode(symbols.encode("K AE T")) == "K AE T"


def test_symbols_given_symbols_are_all_known() -> None:
    symbols = learn("symbol")

    assert symbols.num_unknown(symbols.encode("K AE T D AO G")) == 0
    assert symbols.num_unknown(symbols.encode("K XX T")) == 1


def test_symbols_rare_words_are_unknown() -> None:
    symbols = learn("word")

    assert symbols.num_unknown(symbols.encode("K AE T")) == 1


def test_symbols_number_of_blanks_and_line_ends_do_not_matter() -> None:
    symbols = learn("symbol")

    assert symbols.encode(" K \n AE  T").tolist() == symbols.encode("K AE T").tolist()


@pytest.mark.parametrize(("kind", "expected"), [("symbol", ("K", "AE")), ("byte", tuple("K AE"))])
def test_symbols_split(kind: SymbolKind, expected: tuple[str, ...]) -> None:
    assert learn(kind).split("K AE") == expected


def test_symbols_reserved_word_names_the_place() -> None:
    with pytest.raises(DataError, match=r"^pairs\.tsv:7: <s> is a reserved"):
        learn("symbol").encode("K <s> T", place="pairs.tsv:7")


def test_symbol_config_error_names_the_section() -> None:
    with pytest.raises(ConfigError, match=r"^target\.vocab_size is 30"):
        TargetConfig(kind="byte", vocab_size=30)
