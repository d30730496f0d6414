"""Offsets of the tokens of a text."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes import tokenizer_of
from nextword.tokens import Direction, Tokenizer, TokenizerKind

TEXT = "the café was\topen\nthe  cat sat\n"
KINDS: tuple[TokenizerKind, ...] = ("word", "character", "byte", "bpe")


@pytest.mark.parametrize("direction", ["forward", "backward"])
@pytest.mark.parametrize("kind", KINDS)
def test_offsets_of_known_tokens_are_those_of_their_texts(
    kind: TokenizerKind, direction: Direction
) -> None:
    tokenizer = tokenizer_of(TEXT, kind=kind, direction=direction)

    offsets = tokenizer.offsets(TEXT)

    ids = tokenizer.encode(TEXT).ids
    assert offsets.shape == (len(ids), 2)
    for token_id, (start, end) in zip(ids.tolist(), offsets.tolist(), strict=True):
        value = tokenizer.token_bytes(token_id)
        expected = b"\n" if token_id == tokenizer.sentence_end_id else value
        assert expected in TEXT[start:end].encode("utf-8")


@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
@pytest.mark.parametrize("kind", ["byte", "bpe", "character"])
def test_offsets_cover_every_character_in_order(kind: TokenizerKind, text: str) -> None:
    offsets = OF_KIND[kind].offsets(text)

    covered = np.zeros(len(text), dtype=np.bool_)
    for start, end in offsets.tolist():
        assert start < end
        covered[start:end] = True
    assert covered.all()
    assert (np.diff(offsets[:, 0]) >= 0).all()


def test_offsets_of_bytes_that_are_not_text_count_each_as_a_character() -> None:
    tokenizer = tokenizer_of(TEXT, kind="byte")

    assert tokenizer.offsets("é\udcffa").tolist() == [[0, 1], [0, 1], [1, 2], [2, 3]]


OF_KIND: dict[str, Tokenizer] = {kind: tokenizer_of(TEXT, kind=kind) for kind in KINDS}
