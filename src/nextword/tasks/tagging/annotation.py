"""The sentences of files together with the predictions for them."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import tee
from typing import TypeVar

from nextword.tasks.tagging.files import Sentence
from nextword.tasks.tagging.predictor import READ_AHEAD
from nextword.tasks.tagging.tagger import TaggedSequence, TaggedToken, Tagger

Prediction = TypeVar("Prediction")


def tagged(
    tagger: Tagger,
    sentences: Iterable[Sentence],
    *,
    with_probabilities: bool = False,
    read_ahead: int | None = None,
) -> Iterator[tuple[Sentence, list[TaggedToken]]]:
    """Iterate over the sentences of a file with their predicted labels, in bounded memory.

    Args:
        tagger: The tagger.
        sentences: The sentences.
        with_probabilities: See `Tagger.tag_sentences`.
        read_ahead: See `Tagger.tag_sentences`; its default when None.
    """
    predict = partial(tagger.tag_sentences, with_probabilities=with_probabilities)
    return _beside(sentences, predict, read_ahead=read_ahead)


def with_n_best(
    tagger: Tagger, sentences: Iterable[Sentence], *, n: int, read_ahead: int | None = None
) -> Iterator[tuple[Sentence, list[TaggedSequence]]]:
    """Iterate over the sentences of a file with their most probable label sequences.

    Args:
        tagger: The tagger.
        sentences: The sentences.
        n: See `Tagger.n_best_sentences`.
        read_ahead: See `Tagger.tag_sentences`; its default when None.

    Raises:
        ConfigError: The tagger has no CRF, or n is out of range.
    """
    return _beside(sentences, partial(tagger.n_best_sentences, n=n), read_ahead=read_ahead)


def _beside(
    sentences: Iterable[Sentence],
    predict: Callable[..., Iterator[Prediction]],
    *,
    read_ahead: int | None,
) -> Iterator[tuple[Sentence, Prediction]]:
    """Iterate over sentences with the predictions for them."""
    for_words, kept = tee(sentences)
    found = predict(
        (sentence.words for sentence in for_words),
        read_ahead=READ_AHEAD if read_ahead is None else read_ahead,
    )
    # The predictions come first, so that not more than `read_ahead` sentences are kept.
    for prediction, sentence in zip(found, kept, strict=True):
        yield sentence, prediction
