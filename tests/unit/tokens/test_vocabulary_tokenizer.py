from pathlib import Path

import numpy as np
import pytest

from nextword.base import ConfigError, FormatError, VocabularyError
from nextword.tokens import Tokenizer, TokenizerConfig, VocabularyTokenizer, train_tokenizer

TEXT = "the students opened the books\nthe books \u00a0\n" * 2
WORD = train_tokenizer(TokenizerConfig(), [TEXT])
CHARACTER = train_tokenizer(TokenizerConfig(kind="character"), [TEXT])
BYTE = train_tokenizer(TokenizerConfig(kind="byte"), [])
BPE = train_tokenizer(TokenizerConfig(kind="bpe", vocab_size=300), [TEXT])
CLOSED = train_tokenizer(TokenizerConfig(closed=True), [TEXT])
ALL = pytest.mark.parametrize("tokenizer", [WORD, CHARACTER, BYTE, BPE], ids=lambda t: t.kind)


@ALL
def test_tokenizer_ids_of_special_tokens_are_fixed(tokenizer: Tokenizer) -> None:
    names = [tokenizer.token_text(token_id) for token_id in range(4)]

    assert names == ["<pad>", "<unk>", "<s>", "</s>"]
    assert (tokenizer.pad_id, tokenizer.unknown_id) == (0, 1)
    assert (tokenizer.sentence_start_id, tokenizer.sentence_end_id) == (2, 3)
    assert tokenizer.never_ids == (0, 2)


@pytest.mark.parametrize(("tokenizer", "boundary_id"), [(WORD, 3), (CHARACTER, 2), (BPE, 2)])
def test_boundary_id_is_the_line_end_of_words_and_else_the_start(
    tokenizer: Tokenizer, boundary_id: int
) -> None:
    assert tokenizer.boundary_id == boundary_id


@ALL
def test_line_end_ids_follow_exactly_the_newlines(tokenizer: Tokenizer) -> None:
    ids = tokenizer.encode(TEXT).ids

    ends = np.isin(ids, tokenizer.line_end_ids)

    assert ends.sum() == TEXT.count("\n")
    assert ends[-1]
    assert tokenizer.line_end_ids.dtype == np.int64


def test_line_end_ids_hold_every_token_that_ends_with_a_newline() -> None:
    texts = [BPE.token_text(token_id) for token_id in range(BPE.vocab_size)]

    shown = {number for number, text in enumerate(texts) if text.endswith("\n")}

    assert shown <= set(BPE.line_end_ids.tolist())
    assert len(shown) > 1


@pytest.mark.parametrize(
    ("tokenizer", "expected"),
    [(WORD, (1,)), (CLOSED, ()), (CHARACTER, (1, 3)), (BYTE, (1, 3)), (BPE, (1, 3))],
)
def test_banned_ids_each_kind_has_its_own(tokenizer: Tokenizer, expected: tuple[int, ...]) -> None:
    assert tokenizer.banned_ids == expected


def test_merged_pairs_have_the_texts_of_the_merged_token() -> None:
    pairs = BPE.merged_pairs()

    assert pairs
    assert all(
        BPE.decode([first]) + BPE.decode([second]) == BPE.decode([merged])
        for merged, (first, second) in pairs.items()
        if BPE.token_text(merged).isascii()
    )


@ALL
def test_id_of_token_text_is_the_id(tokenizer: Tokenizer) -> None:
    for token_id in range(tokenizer.vocab_size):
        assert tokenizer.id_of(tokenizer.token_text(token_id)) == token_id


def test_id_of_unknown_word_suggests_the_nearest() -> None:
    with pytest.raises(VocabularyError, match=r"'studnets' is not .* of 9\. Did you mean 'stude"):
        WORD.id_of("studnets")


def test_id_of_word_like_no_other_suggests_nothing() -> None:
    with pytest.raises(VocabularyError) as caught:
        WORD.id_of("zzz")

    assert caught.value.help == ""


def test_token_text_shows_bytes_that_are_no_text_by_number() -> None:
    assert BYTE.token_text(4 + 0xE2) == "<0xE2>"
    assert BYTE.token_text(4 + 0x41) == "A"


def test_token_text_outside_the_vocabulary_is_refused() -> None:
    with pytest.raises(VocabularyError, match="no token 9: the vocabulary holds ids 0 to 8"):
        WORD.token_text(9)


def test_fingerprint_tells_tokenizers_apart() -> None:
    closed = train_tokenizer(TokenizerConfig(closed=True, min_count=2), [TEXT])

    assert closed.vocab_size == WORD.vocab_size
    assert len({WORD.fingerprint, closed.fingerprint, BPE.fingerprint}) == 3


@ALL
def test_load_saved_tokenizer_is_equal(tokenizer: Tokenizer, tmp_path: Path) -> None:
    path = tmp_path / "tokenizer.json"

    tokenizer.save(path)

    assert VocabularyTokenizer.load(path).fingerprint == tokenizer.fingerprint
    assert repr(VocabularyTokenizer.load(path)) == repr(tokenizer)


def test_load_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"gone\.json cannot be read: No such file"):
        VocabularyTokenizer.load(tmp_path / "gone.json")


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"\xff", r"tokenizer\.json is not UTF-8"), (b"{}", r"tokenizer\.json: .* cannot be read")],
)
def test_load_damaged_file_names_it(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_bytes(content)

    with pytest.raises(FormatError, match=message):
        VocabularyTokenizer.load(path)


def test_with_words_knows_more_and_keeps_every_id() -> None:
    tokenizer = train_tokenizer(TokenizerConfig(min_count=1), ["the cat\n"])

    larger = tokenizer.with_words(["dog", "äpfel"])

    ids = larger.encode("the dog saw äpfel\n").ids.tolist()
    assert ids == [*tokenizer.encode("the").ids, 6, 1, 7, 3]
    assert VocabularyTokenizer.from_json(larger.to_json()).fingerprint == larger.fingerprint
    assert tokenizer.vocab_size == 6


@pytest.mark.parametrize("word", ["cat", "two words", "", "<unk>"])
def test_with_words_that_are_known_or_no_words_are_refused(word: str) -> None:
    tokenizer = train_tokenizer(TokenizerConfig(min_count=1), ["the cat\n"])

    with pytest.raises(FormatError):
        tokenizer.with_words([word])


def test_with_words_of_another_kind_is_refused() -> None:
    tokenizer = train_tokenizer(TokenizerConfig(kind="byte"), [])

    with pytest.raises(ConfigError, match="a byte tokenizer takes no words"):
        tokenizer.with_words(["dog"])
