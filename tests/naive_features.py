"""N-gram features a second time, in sets and loops over Python's own numbers."""

from collections.abc import Mapping, Sequence

from naive_ngrams import START, Ngram

_WRAP = 2**64


def _signed(number: int) -> int:
    number %= _WRAP
    return number - _WRAP if number >= _WRAP // 2 else number


def naive_slot(ngram: Ngram, *, num_slots: int, vocab_size: int) -> int:
    """The slot of an n-gram, from its definition."""
    *context, word = ngram
    number = 0
    for each in context:
        number = _signed(number * 6364136223846793005 + each + 1)
    number = _signed((number + len(context)) * -7046029254386353131)
    number = _signed((number ^ (number >> 32)) * 6364136223846793005)
    return (number ^ (number >> 29)) % (num_slots - vocab_size + 1) + word


def naive_ngrams_of(
    sentences: Sequence[Sequence[int]], *, order: int, min_count: int = 1
) -> Mapping[Ngram, int]:
    """How often each n-gram of orders 2 to `order` is in sentences that begin with `<s>`."""
    counts: dict[Ngram, int] = {}
    for sentence in sentences:
        for length in range(2, order + 1):
            for begin in range(len(sentence) - length + 1):
                ngram = tuple(sentence[begin : begin + length])
                counts[ngram] = counts.get(ngram, 0) + 1
    return {ngram: count for ngram, count in counts.items() if count >= min_count}


def naive_additions(
    ngrams: Mapping[Ngram, int],
    read: Sequence[int],
    weights: Sequence[float],
    *,
    boundary_id: int,
    order: int,
    vocab_size: int,
) -> list[float]:
    """What the features add to the score of each word, after reading these ids in one row."""
    words = [START if each == boundary_id else each for each in read]
    scores = [0.0] * vocab_size
    for length in range(1, min(order - 1, len(words)) + 1):
        context = tuple(words[len(words) - length :])
        for word in range(vocab_size):
            ngram = (*context, word)
            if ngram in ngrams:
                slot = naive_slot(ngram, num_slots=len(weights), vocab_size=vocab_size)
                scores[word] += weights[slot]
    return scores
