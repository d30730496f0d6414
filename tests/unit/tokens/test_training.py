import itertools
import subprocess
import sys
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nextword.base import DataError
from nextword.tokens import Tokenizer, TokenizerConfig, TokenizerKind, train_tokenizer

SPECIALS = ["<pad>", "<unk>", "<s>", "</s>"]
LEARNING_KINDS: tuple[TokenizerKind, ...] = ("word", "character", "bpe")


def tokens_of(tokenizer: Tokenizer) -> list[str]:
    return [tokenizer.token_text(token_id) for token_id in range(tokenizer.vocab_size)]


def test_train_words_are_ordered_by_count_then_text() -> None:
    tokenizer = train_tokenizer(TokenizerConfig(min_count=1), ["b a c\n", "c d a c\n"])

    assert tokens_of(tokenizer) == [*SPECIALS, "c", "a", "b", "d"]


def test_train_words_of_an_open_text_seen_once_are_unknown() -> None:
    tokenizer = train_tokenizer(TokenizerConfig(), ["the cat\nthe dog\n"])

    assert not tokenizer.has_closed_vocabulary
    assert tokens_of(tokenizer) == [*SPECIALS, "the"]


def test_train_words_of_a_closed_text_are_all_kept() -> None:
    tokenizer = train_tokenizer(TokenizerConfig(), ["the <unk>\n", "the cat\n"])

    assert tokenizer.has_closed_vocabulary
    assert tokens_of(tokenizer) == [*SPECIALS, "the", "cat"]


def test_train_words_closed_by_setting_overrules_the_text() -> None:
    tokenizer = train_tokenizer(TokenizerConfig(closed=False), ["the <unk>\n", "the cat\n"])

    assert not tokenizer.has_closed_vocabulary
    assert tokens_of(tokenizer) == [*SPECIALS, "the"]


def test_train_words_literal_specials_and_carried_bytes_never_enter_the_vocabulary() -> None:
    text = "<s> </s> <pad> <unk> caf\udce9 the\n" * 3

    tokenizer = train_tokenizer(TokenizerConfig(markers="skip"), [text])

    assert tokens_of(tokenizer) == [*SPECIALS, "the"]


def test_train_words_with_a_reserved_symbol_are_refused_with_their_line() -> None:
    pieces = ["the cat\nthe dog\n", "a <b>\n<s> the cat </s>\n"]

    with pytest.raises(DataError, match=r"the training text, line 4: the text contains '<s>'"):
        train_tokenizer(TokenizerConfig(), pieces)


def test_train_words_are_separated_where_lmplz_separates_them() -> None:
    tokenizer = train_tokenizer(TokenizerConfig(min_count=1), ["a\0b c\fd e\vf g\u2028h\r\n"])

    assert tokens_of(tokenizer) == [*SPECIALS, "a", "b", "c\fd", "e\vf", "g\u2028h"]


def test_train_vocab_size_keeps_the_most_frequent() -> None:
    config = TokenizerConfig(vocab_size=6, min_count=1)

    tokenizer = train_tokenizer(config, ["a a a b b c\n"])

    assert tokens_of(tokenizer) == [*SPECIALS, "a", "b"]


def test_train_characters_are_ordered_by_count_then_text() -> None:
    tokenizer = train_tokenizer(TokenizerConfig(kind="character"), ["ba\n", "a\udcff€\n\n"])

    assert tokens_of(tokenizer) == [*SPECIALS, "\n", "a", "b", "€"]


def test_train_characters_below_min_count_are_left_out() -> None:
    tokenizer = train_tokenizer(TokenizerConfig(kind="character", min_count=2), ["aab"])

    assert tokens_of(tokenizer) == [*SPECIALS, "a"]


def test_train_bytes_have_the_bytes_in_order_and_read_nothing() -> None:
    unread = itertools.repeat("never ends\n")

    tokenizer = train_tokenizer(TokenizerConfig(kind="byte"), unread)

    assert tokenizer.vocab_size == 260
    assert tokenizer.encode("\x00A").ids.tolist() == [4, 4 + 65]


def test_train_bpe_learns_frequent_words_up_to_its_size() -> None:
    config = TokenizerConfig(kind="bpe", vocab_size=270)

    tokenizer = train_tokenizer(config, ["the students opened the books\n" * 5])

    assert tokenizer.vocab_size == 270
    assert len(tokenizer.encode("the").ids) == 1


def test_train_bpe_never_spells_a_special_token() -> None:
    tokenizer = train_tokenizer(
        TokenizerConfig(kind="bpe", vocab_size=400), ["<s></s><pad> <unk>\n" * 200]
    )

    ids = tokenizer.encode("<s></s><pad> <unk>").ids

    assert ids.min() >= 4
    assert tokenizer.decode(ids) == "<s></s><pad> <unk>"


@given(texts=st.lists(st.text(alphabet="ab é\n").map(lambda text: text + "\n"), min_size=1))
def test_train_bpe_token_never_goes_on_after_a_newline(texts: list[str]) -> None:
    tokenizer = train_tokenizer(TokenizerConfig(kind="bpe", vocab_size=300), texts * 3)

    assert not [text for text in tokens_of(tokenizer) if "\n" in text[:-1]]


@pytest.mark.parametrize("kind", LEARNING_KINDS)
@given(pieces=st.lists(st.text(alphabet="ab \n😀").map(lambda text: text + "\n"), min_size=1))
def test_train_cut_at_any_line_end_gives_the_same_tokenizer(
    kind: TokenizerKind, pieces: list[str]
) -> None:
    config = TokenizerConfig(kind=kind, vocab_size=270)

    in_pieces = train_tokenizer(config, pieces)

    assert in_pieces.to_json() == train_tokenizer(config, ["".join(pieces)]).to_json()


@pytest.mark.parametrize("kind", LEARNING_KINDS)
def test_train_in_another_process_gives_the_same_tokenizer(kind: TokenizerKind) -> None:
    text = "the students opened their books and the books opened their minds\n" * 3
    script = (
        "from nextword.tokens import TokenizerConfig, train_tokenizer\n"
        f"config = TokenizerConfig(kind={kind!r}, vocab_size=290)\n"
        f"import sys; sys.stdout.write(train_tokenizer(config, [{text!r}]).fingerprint)\n"
    )

    found = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, check=True, text=True
    ).stdout

    config = TokenizerConfig(kind=kind, vocab_size=290)
    assert found == train_tokenizer(config, [text]).fingerprint


@pytest.mark.parametrize("kind", LEARNING_KINDS)
def test_train_reports_the_characters_read_so_far(kind: TokenizerKind) -> None:
    seen: list[int] = []

    train_tokenizer(TokenizerConfig(kind=kind), ["ab\n", "cde\n"], on_progress=seen.append)

    assert seen == [3, 7]


@pytest.mark.parametrize("kind", LEARNING_KINDS)
@pytest.mark.parametrize("pieces", [[], [""]])
def test_train_on_nothing_is_refused(kind: TokenizerKind, pieces: list[str]) -> None:
    with pytest.raises(DataError, match="the training text is empty"):
        train_tokenizer(TokenizerConfig(kind=kind), pieces)


@pytest.mark.parametrize("kind", LEARNING_KINDS)
def test_train_failing_text_raises_its_own_error(kind: TokenizerKind) -> None:
    def pieces() -> Iterator[str]:
        yield "one\n"
        raise DataError("the disk is gone")

    with pytest.raises(DataError, match="the disk is gone"):
        train_tokenizer(TokenizerConfig(kind=kind), pieces())
