"""Where the vocabulary was learnt."""

import pytest

from fakes import random_text, store_of, tokenizer_of
from nextword.evaluation.audit import RunTexts
from nextword.evaluation.audit.vocabulary import leaked_ids
from nextword.tokens import TokenizerKind

TRAIN = "the cat sat on the mat\n" * 4
VALID = "the dog sat\n" * 4
LEARNT: list[TokenizerKind] = ["word", "character", "bpe"]


def leaked(kind: TokenizerKind, *, learnt_from: str, train: str, **held_out: str) -> set[str]:
    tokenizer = tokenizer_of(learnt_from, kind=kind)
    texts = RunTexts(
        tokenizer=tokenizer,
        train=store_of(tokenizer, train),
        held_out={name: store_of(tokenizer, text) for name, text in held_out.items()},
    )
    return {tokenizer.token_text(int(token_id)) for token_id in leaked_ids(texts)}


@pytest.mark.parametrize("kind", LEARNT)
def test_leaked_ids_of_a_vocabulary_of_the_training_text_are_none(kind: TokenizerKind) -> None:
    train, valid = random_text(40), random_text(40, seed=1, num_words=60)

    assert leaked(kind, learnt_from=train, train=train, valid=valid) == set()


@pytest.mark.parametrize(
    ("kind", "types"), [("word", {"dog"}), ("character", {"d", "g"}), ("bpe", {" dog"})]
)
def test_leaked_ids_of_a_vocabulary_of_all_texts_are_those_of_the_held_out_one(
    kind: TokenizerKind, types: set[str]
) -> None:
    found = leaked(kind, learnt_from=TRAIN + VALID, train=TRAIN, valid=VALID)

    assert types <= found
    assert not any(token in TRAIN for token in found)


def test_leaked_ids_of_every_held_out_text_count() -> None:
    learnt_from = "the cat\n" + "one\n" + "two\n"

    found = leaked("word", learnt_from=learnt_from, train="the cat\n", valid="one\n", test="two\n")

    assert found == {"one", "two"}


def test_leaked_ids_of_a_merge_that_always_goes_on_are_none() -> None:
    found = leaked("bpe", learnt_from="abc " * 9, train="abc " * 9, valid="ab\n")

    assert found == set()


def test_leaked_ids_know_the_special_tokens() -> None:
    found = leaked("word", learnt_from="cat\n", train="cat ", valid="cat unheard\n")

    assert found == set()
