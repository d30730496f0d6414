"""Exact match and F1 of answers, as the evaluation script of SQuAD counts them."""

import re
import string
from collections import Counter
from collections.abc import Sequence

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)


def normalize_answer(text: str) -> str:
    """Return an answer in lower case, without ASCII punctuation, articles and further blanks.

    Source: `normalize_answer` of SQuAD's script [rajpurkar2016].

    Example:
        >>> normalize_answer("The  U.S. Army, a force")
        'us army force'
    """
    without_signs = text.lower().translate(_PUNCTUATION)
    return " ".join(_ARTICLES.sub(" ", without_signs).split())


def exact_match(answer: str, references: Sequence[str]) -> bool:
    """Return whether an answer equals a reference after normalization.

    Args:
        answer: The answer.
        references: The references.

    Source: [rajpurkar2016].

    Example:
        >>> exact_match("The kitchen.", ["garden", "kitchen"])
        True
    """
    normalized = normalize_answer(answer)
    return any(normalized == normalize_answer(each) for each in references)


def answer_f1(answer: str, references: Sequence[str]) -> float:
    """Return the F1 of the words of an answer after normalization; the best reference counts.

    The order of words does not matter. As in SQuAD's script, an answer without a common word with
    a reference has the F1 0, even if both are empty after normalization.

    Args:
        answer: The answer.
        references: The references, at least one.

    Source: [rajpurkar2016].

    Example:
        >>> answer_f1("in the big kitchen", ["the kitchen"])
        0.5
    """
    words = Counter(normalize_answer(answer).split())
    return max(_f1(words, Counter(normalize_answer(each).split())) for each in references)


def _f1(words: Counter[str], expected: Counter[str]) -> float:
    num_common = (words & expected).total()
    if num_common == 0:
        return 0.0
    precision = num_common / words.total()
    recall = num_common / expected.total()
    return 2 * precision * recall / (precision + recall)
