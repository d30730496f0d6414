"""N-gram tables against look-ups in dictionaries."""

import math
import random

import numpy as np
import pytest

import nextword_kernels as kernels

VOCAB_SIZE = 5
START = 2
#: Order 2: (0, 1), (1, 3), (1, 4), (2, 1); order 3: (0, 1, 4), (2, 1, 3).
KEYS = (np.array([1, 8, 9, 11]), np.array([4, 18]))
LOG_PROBS = tuple(
    np.log(np.array(shares, dtype=np.float32))
    for shares in ([0.1, 0.2, 1e-9, 0.3, 0.4], [0.5, 0.6, 0.2, 0.7], [0.9, 0.8])
)
BACKOFFS = tuple(
    np.log(np.array(weights, dtype=np.float32))
    for weights in ([0.5, 0.4, 0.3, 1.0, 1.0], [0.6, 1.0, 0.7, 0.8])
)


def index(**changes: object) -> kernels.NgramIndex:
    arguments = {
        "vocab_size": VOCAB_SIZE,
        "keys": KEYS,
        "log_probs": LOG_PROBS,
        "backoffs": BACKOFFS,
    }
    return kernels.NgramIndex(**(arguments | changes))


def scorer() -> kernels.SentenceScorer:
    return kernels.SentenceScorer(
        index(),
        words=["un", "a", "<s>", "b", "</s>"],
        ids=np.arange(5),
        unknown_id=0,
        start_id=START,
        end_id=4,
        start_log10=-7.0,
    )


def scored(words: list[list[int]], targets: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    log_probs = np.empty(np.shape(targets), dtype=np.float32)
    orders = np.empty(np.shape(targets), dtype=np.int64)
    index().score(
        np.array(words), np.array(targets), start_id=START, log_probs=log_probs, orders=orders
    )
    return np.exp(log_probs), orders


def test_score_takes_the_longest_ngram() -> None:
    shares, orders = scored([[0, 1], [2, 1]], [[4], [3]])

    np.testing.assert_allclose(shares, [[0.9], [0.8]], rtol=1e-6)
    assert orders.tolist() == [[3], [3]]


def test_score_backs_off_with_the_weights_of_all_longer_contexts() -> None:
    shares, orders = scored([[0, 1], [0, 1], [-1, 3]], [[3], [2], [1]])

    np.testing.assert_allclose(shares, [[0.6 * 0.6], [0.6 * 0.4 * 1e-9], [0.2]], rtol=1e-6)
    assert orders.tolist() == [[2], [1], [1]]


def test_score_does_not_cross_the_start() -> None:
    tables = index(
        keys=(np.array([1, 2, 8, 9, 11]), np.array([4])),
        log_probs=(LOG_PROBS[0], np.append(LOG_PROBS[1], np.float32(-1.0)), LOG_PROBS[2][:1]),
        backoffs=(BACKOFFS[0], np.append(BACKOFFS[1], np.float32(-5.0))),
    )
    log_probs = np.empty((1, 1), dtype=np.float32)

    tables.score(np.array([[0, START]]), np.array([[3]]), start_id=START, log_probs=log_probs)

    assert np.exp(log_probs[0, 0]) == pytest.approx(0.3 * 0.3)


@pytest.mark.parametrize("width", [1, 255, 256, 257, 1000])
def test_score_of_a_long_row_equals_that_of_its_parts(width: int) -> None:
    generator = np.random.default_rng(width)
    words = generator.integers(-1, VOCAB_SIZE, (2, width + 2))
    targets = generator.integers(0, VOCAB_SIZE, (2, width))

    shares, orders = scored(words.tolist(), targets.tolist())

    for place in range(width):
        part = scored(words[:, place : place + 3].tolist(), targets[:, place : place + 1].tolist())
        np.testing.assert_array_equal(shares[:, place : place + 1], part[0])
        np.testing.assert_array_equal(orders[:, place : place + 1], part[1])


def test_find_returns_ranks() -> None:
    assert [index().find(2, 1, word) for word in range(5)] == [-1, -1, -1, 1, 2]
    assert index().find(3, -1, 0) == -1


def test_find_among_no_ngrams() -> None:
    empty, no_keys = np.array([], dtype=np.float32), np.array([], dtype=np.int64)
    tables = index(
        keys=(no_keys, no_keys),
        log_probs=(LOG_PROBS[0], empty, empty),
        backoffs=(BACKOFFS[0], empty),
    )

    assert tables.find(2, 1, 3) == -1


@pytest.mark.parametrize("num_words", [1, 3, 100, 1000])
def test_find_of_many_keys(num_words: int) -> None:
    generator = np.random.default_rng(num_words)
    keys = np.unique(generator.integers(0, num_words**2, 3 * num_words))
    tables = kernels.NgramIndex(
        vocab_size=num_words,
        keys=(keys,),
        log_probs=(np.zeros(num_words, np.float32), np.zeros(len(keys), np.float32)),
        backoffs=(np.zeros(num_words, np.float32),),
    )
    ranks = dict(zip(keys.tolist(), range(len(keys)), strict=True))

    for key in [*keys.tolist(), *generator.integers(0, num_words**2, 1000).tolist()]:
        assert tables.find(2, key // num_words, key % num_words) == ranks.get(key, -1)


def test_num_bytes_is_that_of_the_index() -> None:
    assert index().num_bytes == 4 * ((2 * 4 + 1) + (2 * 2 + 1))


def test_sentence_scorer_splits_at_ascii_white_space() -> None:
    expected = math.log10(0.7) + math.log10(0.8)

    for sentence in ("a b", b" a\t\nb ", "a\x0bb"):
        assert scorer().score(sentence, True, False) == pytest.approx(expected, rel=1e-6)
    assert scorer().score_ids([1, 3]) == scorer().score("a b", True, False)
    assert scorer().full_scores("a\u00a0b", True, False)[0][2]


@pytest.mark.parametrize("length", [0, 63, 64, 65, 256, 257, 600])
def test_sentence_scorer_of_a_long_sentence(length: int) -> None:
    words = ["un", "a", "b", "b", "zz"]
    ids = {"un": 0, "a": 1, "b": 3, "zz": 0}
    chosen = [words[number] for number in np.random.default_rng(length).integers(0, 5, length)]

    score = scorer().score("  ".join(chosen), True, True)

    assert score == scorer().score_ids([*(ids[word] for word in chosen), 4])
    parts = scorer().full_scores(" ".join(chosen), True, True)
    assert len(parts) == length + 1
    assert score == pytest.approx(sum(part[0] for part in parts), rel=1e-12)


@pytest.mark.parametrize("seed", range(20))
def test_sentence_scorer_of_random_bytes(seed: int) -> None:
    source = random.Random(seed)
    sentence = bytes(
        source.choice(b"aabbun \t\n\x0b\x0c\x00z") for _ in range(source.randint(0, 900))
    )
    ids = {b"un": 0, b"a": 1, b"<s>": 2, b"b": 3, b"</s>": 4}

    score = scorer().score(sentence, True, False)

    assert score == scorer().score_ids([ids.get(word, 0) for word in sentence.split()])


def test_sentence_scorer_knows_many_words() -> None:
    words = [f"{'w' * (number % 30)}{number}" for number in range(3000)]
    ids = np.random.default_rng(1).permutation(3000)
    scorer = kernels.SentenceScorer(
        kernels.NgramIndex(
            vocab_size=3001,
            keys=(),
            log_probs=(np.arange(3001, dtype=np.float32),),
            backoffs=(),
        ),
        words=words,
        ids=ids,
        unknown_id=3000,
        start_id=3000,
        end_id=3000,
        start_log10=0.0,
    )

    found = scorer.full_scores(" ".join([*words, "w", "W1"]), False, False)

    assert [round(score * math.log(10.0)) for score, _, _ in found[:-2]] == ids.tolist()
    assert [is_unknown for _, _, is_unknown in found[-2:]] == [True, True]


def test_sentence_scorer_of_an_unknown_word_and_the_end() -> None:
    scores = scorer().full_scores("zz", bos=False)

    assert [(length, unknown) for _, length, unknown in scores] == [(1, True), (1, False)]
    assert scores[0][0] == pytest.approx(-1.0)
    assert scores[1][0] == pytest.approx(math.log10(0.5 * 0.4))


def test_sentence_scorer_start_as_a_word_has_its_own_score() -> None:
    assert scorer().full_scores("<s>", False, False)[0][0] == -7.0


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"keys": (np.array([8, 1, 9, 11]), KEYS[1])}, ValueError, "keys of order 2 do not ascend"),
        ({"keys": (np.array([1, 8, 9, 25]), KEYS[1])}, ValueError, "keys of order 2 do not ascend"),
        ({"keys": (np.array([-1, 8, 9, 11]), KEYS[1])}, ValueError, "order 2 do not ascend"),
        ({"keys": KEYS[:1]}, ValueError, "keys lacks that of order 1"),
        ({"keys": (KEYS[0], KEYS[1][:1])}, ValueError, r"keys of order 3 has the shape \(1\)"),
        ({"vocab_size": 4}, ValueError, "log_probs of order 1 has 5 values"),
        ({"vocab_size": 0}, ValueError, "vocab_size is 0"),
        ({"log_probs": ()}, ValueError, "log_probs has an array for each order"),
        ({"backoffs": (BACKOFFS[0].astype(float), BACKOFFS[1])}, TypeError, "it must be float32"),
    ],
)
def test_index_of_wrong_arrays_is_refused(
    changes: dict[str, object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        index(**changes)


@pytest.mark.parametrize(
    ("words", "targets", "error"),
    [
        ([[5]], [[0]], IndexError),
        ([[-2]], [[0]], IndexError),
        ([[0]], [[-1]], IndexError),
        ([[0]], [[0, 1]], ValueError),
        ([[0], [1]], [[0]], ValueError),
    ],
)
def test_score_of_wrong_ids_is_refused(
    words: list[list[int]], targets: list[list[int]], error: type[Exception]
) -> None:
    with pytest.raises(error):
        scored(words, targets)


@pytest.mark.parametrize(("order", "context", "word"), [(1, 0, 0), (4, 0, 0), (2, 5, 0), (2, 0, 5)])
def test_find_of_what_cannot_be_is_refused(order: int, context: int, word: int) -> None:
    with pytest.raises((ValueError, IndexError)):
        index().find(order, context, word)


def test_sentence_scorer_of_a_number_is_refused() -> None:
    with pytest.raises(TypeError, match="must be str or bytes"):
        scorer().score(3)
