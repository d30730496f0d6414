"""Typing a text: suggestions equal those for the whole text, and a brute-force enumeration."""

import math
import re
from collections.abc import Iterator

import pytest
import torch

from fakes import HashModel, tokenizer_of
from nextword.base import ConfigError
from nextword.generation import CacheConfig, Session, TypingSession, complete
from nextword.models import LanguageModel
from nextword.tokens import Tokenizer

WORDS = tokenizer_of("to tea ten a toad\n")
LETTERS = tokenizer_of("ab \n", kind="character")
PIECES = tokenizer_of("ab aba abba ba\nabab ab ba baba\n", kind="bpe")
LONGEST = 9


class ShortWords(HashModel):
    """White space is certain after a number of tokens, so all words can be enumerated."""

    def __init__(self, tokenizer: Tokenizer, *, num_tokens: int) -> None:
        super().__init__(tokenizer.vocab_size, boundary_id=tokenizer.boundary_id)
        self.num_tokens = num_tokens
        texts = [tokenizer.token_bytes(number) for number in range(tokenizer.vocab_size)]
        usual = {b"a", b"b", b"ab", b"ba", b"aba", b" a", b" b", b" ab", b" aba", b" ", b"\n"}
        self.is_unusual = torch.tensor([text not in usual for text in texts])
        self.is_inside = torch.tensor([text[:1] not in (b" ", b"\n") for text in texts])

    def next_log_probs(self, token_ids, state, lengths=None):  # type: ignore[no-untyped-def]
        log_probs, after = super().next_log_probs(token_ids, state, lengths)
        steps = state.num_tokens[:, None] + torch.arange(1, token_ids.shape[1] + 1)
        is_late = steps[:, :, None] > self.num_tokens
        banned = self.is_unusual | (self.is_inside & is_late)
        return log_probs.masked_fill(banned, -torch.inf).log_softmax(-1), after


def every_text(
    model: LanguageModel, tokenizer: Tokenizer, *, ids: list[int], num_words: int
) -> Iterator[tuple[bytes, float]]:
    """Yield every text up to the token that ends its last word, and its probability."""
    session = Session(model)
    session.feed([ids])
    log_probs = session.log_probs[0].tolist()
    for token_id, log_prob in enumerate(log_probs):
        if log_prob == -math.inf:
            continue
        longer = [*ids, token_id]
        text = b"".join(tokenizer.token_bytes(number) for number in longer)
        if re.match(rb"(\S+[ \n]+){%d}" % num_words, text):
            yield text, math.exp(log_prob)
        elif len(longer) < LONGEST:
            for found, share in every_text(model, tokenizer, ids=longer, num_words=num_words):
                yield found, share * math.exp(log_prob)


def test_complete_of_characters_equals_an_enumeration() -> None:
    model = ShortWords(LETTERS, num_tokens=6)
    expected: dict[str, float] = {}
    before = LETTERS.encode("ab ").ids.tolist()
    for text, share in every_text(model, LETTERS, ids=before, num_words=2):
        words = text.split()
        if text[3:4] == b"a":
            expected[words[1].decode()] = expected.get(words[1].decode(), 0.0) + share

    pairs = complete(model, LETTERS, context="ab a", k=100)

    assert len(pairs) == len(expected) > 3
    assert dict(pairs) == pytest.approx(expected, rel=1e-5)


def test_complete_of_subwords_sums_all_tokenizations_across_the_typed_letters() -> None:
    model = ShortWords(PIECES, num_tokens=3)
    before = PIECES.encode("ba").ids.tolist()
    session = Session(model)
    session.feed([before])
    blank = sum(
        math.exp(log_prob)
        for token_id, log_prob in enumerate(session.log_probs[0].tolist())
        if PIECES.token_bytes(token_id).startswith(b" ")
    )
    expected: dict[str, float] = {}
    for text, share in every_text(model, PIECES, ids=before, num_words=2):
        # The typed text is "ba a"; only one blank, and a word that begins with "a".
        if text[2:4] == b" a":
            word = text.split()[1].decode()
            expected[word] = expected.get(word, 0.0) + share

    pairs = complete(model, PIECES, context="ba a", k=100)

    assert PIECES.encode("ba aba").ids.tolist()[:1] == before[:1]
    assert len(pairs) == len(expected) > 3
    assert {word: share * blank for word, share in pairs} == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("tokenizer", [WORDS, LETTERS, PIECES], ids=["word", "character", "bpe"])
def test_typing_session_letter_by_letter_equals_the_whole_text(tokenizer: Tokenizer) -> None:
    model = (
        HashModel(tokenizer.vocab_size, boundary_id=tokenizer.boundary_id)
        if tokenizer is WORDS
        else ShortWords(tokenizer, num_tokens=9)
    )
    text = "a ten\nto tea te" if tokenizer is WORDS else "ab a\nab"
    session = TypingSession(model, tokenizer, max_evaluations=4000)

    for end in range(1, len(text) + 1):
        session.type(text[end - 1])
        typed = session.suggestions(k=3)
        whole = complete(model, tokenizer, context=text[:end], k=3)
        assert [word for word, _ in typed] == [word for word, _ in whole]
        assert [share for _, share in typed] == pytest.approx([share for _, share in whole])


def test_typing_session_accept_replaces_the_partial_word() -> None:
    model = HashModel(WORDS.vocab_size, boundary_id=WORDS.boundary_id)
    session = TypingSession(model, WORDS, context="a te")

    session.accept("ten")

    assert session.text == "a ten "
    assert session.suggestions(k=2) == complete(model, WORDS, context="a ten ", k=2)


def test_typing_session_word_model_is_called_once_a_word() -> None:
    calls = []

    class Counted(HashModel):
        def next_log_probs(self, token_ids, state, lengths=None):  # type: ignore[no-untyped-def]
            calls.append(token_ids.shape)
            return super().next_log_probs(token_ids, state, lengths)

    session = TypingSession(Counted(WORDS.vocab_size, boundary_id=WORDS.boundary_id), WORDS)
    session.suggestions(k=1)
    before = len(calls)

    for letter in "toad":
        session.type(letter)
        session.suggestions(k=1)

    assert len(calls) == before


def test_typing_session_cache_is_a_mixture_with_the_words_typed() -> None:
    model = HashModel(WORDS.vocab_size, boundary_id=WORDS.boundary_id)
    plain = dict(complete(model, WORDS, context="tea new ten t", k=10))
    session = TypingSession(model, WORDS, cache=CacheConfig(weight=0.25, decay=0.5))

    session.type("tea new ten t")

    mixed = {word: 0.75 * share for word, share in plain.items()}
    mixed["tea"] += 0.25 * 0.25 / 1.75
    mixed["ten"] += 0.25 * 1.0 / 1.75
    assert dict(session.suggestions(k=10)) == pytest.approx(mixed)


def test_typing_session_cache_suggests_a_new_word() -> None:
    model = HashModel(WORDS.vocab_size, boundary_id=WORDS.boundary_id)
    session = TypingSession(model, WORDS, cache=CacheConfig())

    session.type("zebra a z")

    assert [word for word, _ in session.suggestions(k=3)] == ["zebra"]


def test_typing_session_reset_keeps_the_cache() -> None:
    model = HashModel(WORDS.vocab_size, boundary_id=WORDS.boundary_id)
    session = TypingSession(model, WORDS, cache=CacheConfig())
    session.type("zebra ")

    session.reset("z")

    assert [word for word, _ in session.suggestions(k=3)] == ["zebra"]


def test_typing_session_max_evaluations_bounds_the_search() -> None:
    model = ShortWords(LETTERS, num_tokens=50)
    session = TypingSession(model, LETTERS, context="a", max_evaluations=1)

    assert len(session.suggestions(k=50)) < len(complete(model, LETTERS, context="a", k=50))


@pytest.mark.parametrize("tokenizer", [LETTERS, PIECES], ids=["character", "bpe"])
def test_typing_session_max_evaluations_holds_for_every_list_of_suggestions(
    tokenizer: Tokenizer,
) -> None:
    num_rows = []

    class Counted(ShortWords):
        def next_log_probs(self, token_ids, state, lengths=None):  # type: ignore[no-untyped-def]
            num_rows.append(len(token_ids))
            return super().next_log_probs(token_ids, state, lengths)

    session = TypingSession(Counted(tokenizer, num_tokens=9), tokenizer, max_evaluations=5)
    for letter in "ab a":
        session.type(letter)
        num_rows.clear()
        session.suggestions(k=3)
        # One more row is the text itself, read when its last word is complete.
        assert sum(num_rows) <= 5 + 1


def test_typing_session_of_subwords_with_few_evaluations_sums_fewer_tokenizations() -> None:
    model = ShortWords(PIECES, num_tokens=3)
    exact = dict(complete(model, PIECES, context="ba a", k=100))

    found = TypingSession(model, PIECES, context="ba a", max_evaluations=4).suggestions(k=3)

    assert found
    assert all(share <= exact[word] * (1.0 + 1e-5) for word, share in found)
    assert any(share < exact[word] for word, share in found)


def test_typing_session_sorts_the_vocabulary_once_per_tokenizer() -> None:
    spelled = []
    words = tokenizer_of("to tea ten a toad\n")
    token_text = words.token_text
    words.token_text = lambda token_id: spelled.append(token_id) or token_text(token_id)  # type: ignore[method-assign]
    model = HashModel(words.vocab_size, boundary_id=words.boundary_id)
    complete(model, words, context="t")
    num_spelled = len(spelled)

    complete(model, words, context="te")

    assert len(spelled) == num_spelled > 0


def test_typing_session_max_evaluations_below_one_is_refused() -> None:
    model = HashModel(WORDS.vocab_size, boundary_id=WORDS.boundary_id)

    with pytest.raises(ConfigError, match="max_evaluations is 0; it must be at least 1"):
        TypingSession(model, WORDS, max_evaluations=0)


@pytest.mark.parametrize("values", [{"weight": 1.0}, {"decay": 0.0}, {"decay": 1.5}])
def test_cache_config_out_of_range_is_refused(values: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match=f"{next(iter(values))} is"):
        CacheConfig(**values)
