"""Surprisal of lines against scores, brute force, and distributions known beforehand."""

import math
from collections.abc import Iterator, Sequence

import pytest
import torch

from fakes import ConstantModel, HashModel, tokenizer_of
from nextword.base import ConfigError, DataError
from nextword.evaluation import LineSurprisal, line_surprisals, per_line_scores
from nextword.families import NetworkSpec, RecurrentConfig
from nextword.generation import Session
from nextword.models import LanguageModel
from nextword.tokens import Tokenizer, TokenizerKind

TEXT = "the students opened their books\nthe café was open\n" * 3
LINES = ["the students  opened", " the odd books ", "", "café", "zebra was open"]
KINDS: tuple[TokenizerKind, ...] = ("word", "character", "byte", "bpe")


def lstm(tokenizer: Tokenizer) -> LanguageModel:
    torch.manual_seed(0)
    spec = NetworkSpec(vocabulary=tokenizer.vocabulary_spec)
    return RecurrentConfig(cell="lstm", hidden_size=8).build(spec).eval()


def found(
    model: LanguageModel, tokenizer: Tokenizer, lines: Sequence[str] = LINES, **options: object
) -> list[LineSurprisal]:
    return list(line_surprisals(model, lines, tokenizer=tokenizer, **options))  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", KINDS)
def test_surprisal_tokens_and_words_sum_to_the_score_of_the_line(kind: TokenizerKind) -> None:
    tokenizer = tokenizer_of(TEXT, kind=kind)
    model = lstm(tokenizer)

    lines = found(model, tokenizer)

    for line, score in zip(lines, per_line_scores(model, LINES, tokenizer=tokenizer), strict=True):
        assert line.surprisal == pytest.approx(-score.log_prob, rel=1e-9)
        words = [word.surprisal for word in line.words]
        assert math.fsum([*words, line.line_end]) == pytest.approx(line.surprisal, rel=1e-12)
        assert [word.text for word in line.words] == line.text.split()


@pytest.mark.parametrize("kind", ["character", "bpe"])
def test_surprisal_of_a_word_is_that_of_its_letters_and_of_a_blank_or_line_end_after_it(
    kind: TokenizerKind,
) -> None:
    tokenizer = tokenizer_of(TEXT, kind=kind)
    model = lstm(tokenizer)
    ids = tokenizer.encode("the students\n").ids.tolist()
    ends = [
        token_id
        for token_id in range(tokenizer.vocab_size)
        if tokenizer.token_bytes(token_id)[:1] in (b"\0", b"\t", b"\n", b"\r", b" ")
        or token_id == tokenizer.sentence_end_id
    ]

    [line] = found(model, tokenizer, ["the students"])

    session, log_probs, first = Session(model), [], None
    for token_id in ids:
        if token_id in ends and first is None:
            first = -sum(log_probs) - session.log_probs[0, ends].logsumexp(0).item()
        log_probs.append(session.log_probs[0, token_id].item())
        session.feed([[token_id]])
    assert line.words[0].surprisal == pytest.approx(first, rel=1e-5)


def test_surprisal_entropy_and_rank_of_a_known_distribution() -> None:
    tokenizer = tokenizer_of("a b c\n")
    model = ConstantModel([0.0, 0.0, 0.0, 0.125, 0.5, 0.25, 0.125], never_ids=(0, 1, 2))

    [line] = found(model, tokenizer, ["b a"])

    assert [token.text for token in line.tokens] == ["b", "a", "\n"]
    assert [token.rank for token in line.tokens] == [2, 1, 3]
    assert [token.surprisal / math.log(2) for token in line.tokens] == pytest.approx([2, 1, 3])
    assert line.tokens[0].entropy / math.log(2) == pytest.approx(1.75)


def test_surprisal_of_an_unknown_word_is_marked() -> None:
    tokenizer = tokenizer_of("a b c\n")

    [line] = found(HashModel(tokenizer.vocab_size), tokenizer, ["a zebra"])

    assert [word.is_unknown for word in line.words] == [False, True]
    assert [token.is_unknown for token in line.tokens] == [False, True, False]


@pytest.mark.parametrize("batch_size", [1, 2])
def test_surprisal_does_not_depend_on_the_batch(batch_size: int) -> None:
    tokenizer = tokenizer_of(TEXT)
    model = HashModel(tokenizer.vocab_size)

    assert found(model, tokenizer, batch_size=batch_size) == found(model, tokenizer)


def test_surprisal_of_one_text_reads_the_lines_before() -> None:
    tokenizer = tokenizer_of(TEXT, kind="bpe")
    model = lstm(tokenizer)
    lines = ["the café", "was open"]

    carried = found(model, tokenizer, lines, is_one_text=True)

    ids = tokenizer.encode("the café\nwas open\n").ids
    expected = -Session(model).score([ids.tolist()]).sum().item()
    assert sum(line.surprisal for line in carried) == pytest.approx(expected, rel=1e-6)
    assert carried[1].surprisal != pytest.approx(found(model, tokenizer, lines)[1].surprisal)


def test_surprisal_of_a_text_with_a_newline_is_refused() -> None:
    tokenizer = tokenizer_of(TEXT)

    with pytest.raises(DataError, match="line 2 contains a newline"):
        found(HashModel(tokenizer.vocab_size), tokenizer, ["a", "b\nc"])


def test_surprisal_of_no_batch_is_refused() -> None:
    tokenizer = tokenizer_of(TEXT)

    with pytest.raises(ConfigError, match="batch_size is 0"):
        found(HashModel(tokenizer.vocab_size), tokenizer, batch_size=0)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("kind", ["character", "byte"])
def test_surprisal_of_an_impossible_word_is_infinite(kind: TokenizerKind) -> None:
    tokenizer = tokenizer_of("ab a\n", kind=kind)
    # No blank and no line end is possible.
    [letter] = tokenizer.encode("a\n").ids[:1].tolist()
    shares = [1.0 if token_id == letter else 0.0 for token_id in range(tokenizer.vocab_size)]

    [line] = found(ConstantModel(shares), tokenizer, ["a b"])

    assert [word.surprisal for word in line.words] == [math.inf, math.inf]
    assert line.line_end == math.inf
    assert line.to_dict()["line_end"] is None


def test_surprisal_of_words_of_an_unnormalized_word_model_is_that_of_their_tokens() -> None:
    tokenizer = tokenizer_of(TEXT)
    model = ConstantModel([0.5 / tokenizer.vocab_size] * tokenizer.vocab_size)

    [line] = found(model, tokenizer, ["the students opened"])

    assert [word.surprisal for word in line.words] == [
        token.surprisal for token in line.tokens[: len(line.words)]
    ]
    assert line.line_end == line.tokens[-1].surprisal


def test_surprisal_with_a_batch_size_of_one_reads_no_line_ahead() -> None:
    tokenizer = tokenizer_of(TEXT)
    given: list[str] = []

    def lines() -> Iterator[str]:
        for line in LINES:
            given.append(line)
            yield line

    results = line_surprisals(lstm(tokenizer), lines(), tokenizer=tokenizer, batch_size=1)
    next(results)
    assert len(given) == 1

    scores = per_line_scores(lstm(tokenizer), lines(), tokenizer=tokenizer, batch_size=1)
    next(scores)
    assert len(given) == 2
