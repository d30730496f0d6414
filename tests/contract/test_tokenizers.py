"""The interface of `Tokenizer`, checked for every kind and for Hugging Face tokenizers."""

from pathlib import Path

import numpy as np
import pytest
import tokenizers
from hypothesis import given
from hypothesis import strategies as st

import huggingface_models
from nextword.base import VocabularyError
from nextword.interop import HuggingFaceTokenizer
from nextword.text import Corpus, text_document
from nextword.tokens import Tokenizer, TokenizerConfig, build_store, open_store, train_tokenizer

TEXT = "the students opened the books\nthe <unk> books\n\ncaf\u00e9 \u65e5\n" * 2


def words_of_hugging_face() -> HuggingFaceTokenizer:
    """Build a tokenizer of whole words with an unknown token."""
    names = ["[UNK]", "[SEP]", "[PAD]", "the", "students", "books"]
    ids = {name: number for number, name in enumerate(names)}
    backend = tokenizers.Tokenizer(tokenizers.models.WordLevel(ids, unk_token="[UNK]"))
    backend.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    return HuggingFaceTokenizer(
        backend, vocab_size=len(names), boundary_id=1, sentence_end_id=1, pad_id=2
    )


TOKENIZERS: dict[str, Tokenizer] = {
    "word, open": train_tokenizer(TokenizerConfig(closed=False), [TEXT]),
    "word, closed": train_tokenizer(TokenizerConfig(closed=True), [TEXT]),
    "word, split, lower case": train_tokenizer(
        TokenizerConfig(split="words", lowercase=True, closed=False), [TEXT]
    ),
    "character": train_tokenizer(TokenizerConfig(kind="character"), [TEXT]),
    "byte": train_tokenizer(TokenizerConfig(kind="byte"), []),
    "bpe": train_tokenizer(TokenizerConfig(kind="bpe", vocab_size=270), [TEXT]),
    "Hugging Face, bpe": huggingface_models.tokenizer(),
    "Hugging Face, words": words_of_hugging_face(),
}
ALL = pytest.mark.parametrize("name", TOKENIZERS)
LOSSLESS = ("character", "byte", "bpe")
WITH_MERGES = ("bpe", "Hugging Face, bpe")

#: Whole lines, with characters that some of the tokenizers do not know.
TEXTS = st.lists(st.text("the booksQ \t\u00e9", max_size=12), max_size=4).map(
    lambda lines: "".join(f"{line}\n" for line in lines)
)


@ALL
def test_tokenizer_implements_the_interface(name: str) -> None:
    assert isinstance(TOKENIZERS[name], Tokenizer)


@ALL
def test_special_ids_are_in_the_vocabulary(name: str) -> None:
    tokenizer = TOKENIZERS[name]

    ids = {
        tokenizer.pad_id,
        tokenizer.unknown_id,
        tokenizer.sentence_start_id,
        tokenizer.sentence_end_id,
        tokenizer.boundary_id,
        *tokenizer.never_ids,
        *tokenizer.banned_ids,
        *tokenizer.line_end_ids.tolist(),
    }

    assert ids <= set(range(tokenizer.vocab_size))


@ALL
def test_vocabulary_spec_has_the_size_and_the_special_ids(name: str) -> None:
    tokenizer = TOKENIZERS[name]

    spec = tokenizer.vocabulary_spec

    assert (spec.vocab_size, spec.boundary_id) == (tokenizer.vocab_size, tokenizer.boundary_id)
    assert (spec.start_id, spec.never_ids) == (tokenizer.sentence_start_id, tokenizer.never_ids)


@ALL
@given(text=TEXTS)
def test_encode_returns_ids_that_can_be_targets(name: str, text: str) -> None:
    tokenizer = TOKENIZERS[name]

    encoding = tokenizer.encode(text)

    assert encoding.ids.dtype == np.int64
    assert set(encoding.ids.tolist()) <= set(range(tokenizer.vocab_size)) - {*tokenizer.never_ids}
    assert set(encoding.ids[encoding.unknown].tolist()) <= {tokenizer.unknown_id}


@ALL
@given(text=TEXTS)
def test_decode_joins_what_the_stream_decoder_returns(name: str, text: str) -> None:
    tokenizer = TOKENIZERS[name]
    ids = tokenizer.encode(text).ids
    decoder = tokenizer.stream_decoder()

    pieces = [decoder.feed(token_id) for token_id in ids.tolist()]

    assert "".join([*pieces, decoder.flush()]) == tokenizer.decode(ids)
    assert tokenizer.decode(ids.tolist()) == tokenizer.decode(ids)


@pytest.mark.parametrize("name", LOSSLESS)
@given(text=TEXTS)
def test_lossless_tokenizer_restores_known_text(name: str, text: str) -> None:
    tokenizer = TOKENIZERS[name]
    known = "".join(sign for sign in text if not tokenizer.encode(sign).unknown.any())

    assert tokenizer.decode(tokenizer.encode(known).ids) == known
    assert tokenizer.count_lost(known) == tokenizer.encode(known).num_characters_lost == 0


@ALL
def test_is_lossless_is_true_for_lossless_kinds_only(name: str) -> None:
    assert TOKENIZERS[name].is_lossless == (name in LOSSLESS)


@ALL
@given(text=TEXTS)
def test_line_end_token_is_at_each_line_end_if_there_is_one(name: str, text: str) -> None:
    tokenizer = TOKENIZERS[name]

    num_ends = int((tokenizer.encode(text).ids == tokenizer.sentence_end_id).sum())

    assert num_ends == (text.count("\n") if tokenizer.has_line_end_token else 0)


@ALL
def test_line_end_ids_are_sorted_and_end_with_a_newline(name: str) -> None:
    tokenizer = TOKENIZERS[name]

    ends = tokenizer.line_end_ids

    assert ends.dtype == np.int64
    assert ends.tolist() == sorted(set(ends.tolist()))
    assert all(tokenizer.decode([end]).endswith("\n") for end in ends.tolist())


@pytest.mark.parametrize("name", [name for name in TOKENIZERS if name != "Hugging Face, words"])
def test_word_level_tokenizer_alone_ignores_white_space_between_words(name: str) -> None:
    tokenizer = TOKENIZERS[name]

    one, two = (tokenizer.encode(text).ids.tolist() for text in ("the books\n", "the   books\n"))

    assert (one == two) == tokenizer.is_word_level == (tokenizer.unit == "word")


@ALL
def test_unknown_is_banned_unless_the_vocabulary_is_closed(name: str) -> None:
    tokenizer = TOKENIZERS[name]

    encoding = tokenizer.encode("<unk>\n")

    is_ordinary = tokenizer.unknown_id in encoding.ids.tolist() and not encoding.unknown.any()
    assert is_ordinary == tokenizer.has_closed_vocabulary
    assert (tokenizer.unknown_id in tokenizer.banned_ids) != tokenizer.has_closed_vocabulary


@ALL
def test_sentence_end_is_banned_unless_it_is_the_line_end(name: str) -> None:
    tokenizer = TOKENIZERS[name]

    is_banned = tokenizer.sentence_end_id in tokenizer.banned_ids

    assert is_banned != tokenizer.has_line_end_token


@ALL
def test_id_of_finds_the_first_token_with_a_text(name: str) -> None:
    tokenizer = TOKENIZERS[name]
    texts = [tokenizer.token_text(token_id) for token_id in range(tokenizer.vocab_size)]

    assert [tokenizer.id_of(text) for text in texts] == [texts.index(text) for text in texts]


@ALL
def test_id_of_unknown_text_is_refused(name: str) -> None:
    tokenizer = TOKENIZERS[name]

    with pytest.raises(VocabularyError, match=f"'no such' is not .* of {tokenizer.vocab_size}"):
        tokenizer.id_of("no such")


@ALL
@pytest.mark.parametrize("is_negative", [True, False])
def test_id_outside_the_vocabulary_is_refused(name: str, is_negative: bool) -> None:
    tokenizer = TOKENIZERS[name]
    token_id = -1 if is_negative else tokenizer.vocab_size

    with pytest.raises(VocabularyError, match=f"there is no token {token_id}"):
        tokenizer.token_text(token_id)
    with pytest.raises(VocabularyError, match=f"there is no token {token_id}"):
        tokenizer.decode([token_id])


@ALL
def test_merged_pairs_join_tokens_that_exist_before(name: str) -> None:
    tokenizer = TOKENIZERS[name]

    pairs = tokenizer.merged_pairs()

    assert (pairs is not None) == (name in WITH_MERGES)
    available = set(range(tokenizer.vocab_size)) - set(pairs or {})
    for merged, parts in (pairs or {}).items():
        assert set(parts) <= available
        available.add(merged)


@ALL
def test_tokenizer_with_merges_is_not_defined_by_its_tokens(name: str) -> None:
    tokenizer = TOKENIZERS[name]

    assert tokenizer.merged_pairs() is None or not tokenizer.is_defined_by_tokens


@ALL
def test_only_a_vocabulary_of_bytes_is_not_learned(name: str) -> None:
    tokenizer = TOKENIZERS[name]

    assert tokenizer.has_learned_vocabulary == (tokenizer.unit != "byte")


@ALL
def test_without_markers_keeps_what_encode_reads(name: str) -> None:
    tokenizer = TOKENIZERS[name]

    kept = tokenizer.without_markers(TEXT, name="a text", first_line=3)

    assert tokenizer.encode(kept).ids.tolist() == tokenizer.encode(TEXT).ids.tolist()


def test_fingerprints_and_descriptions_differ() -> None:
    fingerprints = {tokenizer.fingerprint for tokenizer in TOKENIZERS.values()}
    descriptions = {tokenizer.description for tokenizer in TOKENIZERS.values()}

    assert len(fingerprints) == len(descriptions) == len(TOKENIZERS)


@ALL
def test_description_and_repr_have_the_vocabulary_size(name: str) -> None:
    tokenizer = TOKENIZERS[name]

    assert str(tokenizer.vocab_size) in tokenizer.description
    assert f"vocab_size={tokenizer.vocab_size}" in repr(tokenizer)


@ALL
def test_save_writes_a_file_that_hugging_face_reads_alike(name: str, tmp_path: Path) -> None:
    tokenizer = TOKENIZERS[name]
    path = tmp_path / "tokenizer.json"

    tokenizer.save(path)

    backend = tokenizers.Tokenizer.from_file(str(path))
    ids = backend.encode("the students\n", add_special_tokens=False).ids
    assert ids == tokenizer.encode("the students\n").ids.tolist()


@ALL
def test_token_store_has_the_ids_of_the_text(name: str, tmp_path: Path) -> None:
    tokenizer = TOKENIZERS[name]
    document = text_document(TEXT, name="a text")
    corpus = Corpus(description="a text", open_documents=lambda: iter([document]))

    build_store(corpus, tokenizer, folder=tmp_path / "store")
    store = open_store(tmp_path / "store", tokenizer=tokenizer)

    assert store.ids.tolist() == tokenizer.encode(TEXT).ids.tolist()
    assert store.fingerprint == tokenizer.fingerprint
