"""Whether a text, or a part of it, is in another, such as the text that a model was trained on.

Knows token stores and settings, and neither models nor files.
"""

import hashlib
from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from nextword.base import Values
from nextword.tokens import TokenStore

#: Key in `config.json` of a mixture: the hashes of the texts that its members were `trained` on,
#: and that the weights were `tuned` on.
SEEN_TEXTS = "seen_texts"

#: Passages of this length that occur in two texts are copies, not chance.
_PASSAGE_TOKENS = 64
_NUM_PASSAGES = 16
#: The share of the passages from which on a text counts as seen.
_SEEN_SHARE = 0.25
#: In a longer training text, passages are not searched.
_MAX_SEARCHED_TOKENS = 50_000_000


def seen_note(
    store: TokenStore, *, train: TokenStore | None, config: Values | None = None
) -> str | None:
    """Return a warning if a model has been trained on the text that it is evaluated on.

    The texts are compared by their hashes. Then sixteen passages of the text are searched in the
    training text. A mixture has no training text, but hashes in its configuration; a part of such a
    text is not recognized.

    Args:
        store: The text.
        train: The training text, encoded by the same tokenizer; None if it is not known.
        config: Content of `config.json`.

    Returns:
        The warning; None if the text is new to the model, as far as is known.
    """
    if train is None:
        return _note_of_mixture(store, config or {})
    if store.text_sha256 == train.text_sha256:
        return "this is the text that the model was trained on"
    share = seen_share(store, train=train)
    if share < _SEEN_SHARE:
        return None
    return (
        "the model was trained on this text, or on a part of it: "
        f"{round(share * _NUM_PASSAGES)} of {_NUM_PASSAGES} passages are in the training text"
    )


def seen_share(store: TokenStore, *, train: TokenStore) -> float:
    """Return the share of passages of a text that are in the training text.

    Args:
        store: The text.
        train: The training text, encoded by the same tokenizer.

    Returns:
        The share, from 0 to 1; 0 if the text has fewer than 64 tokens, or the training text more
        than 50 million.
    """
    if store.num_tokens < _PASSAGE_TOKENS or train.num_tokens > _MAX_SEARCHED_TOKENS:
        return 0.0
    content, width = np.asarray(train.ids).tobytes(), train.ids.dtype.itemsize
    starts = np.linspace(0, store.num_tokens - _PASSAGE_TOKENS, _NUM_PASSAGES).astype(int)
    found = 0
    for start in starts:
        passage = np.asarray(store.ids[start : start + _PASSAGE_TOKENS], dtype=train.ids.dtype)
        found += _contains(content, passage.tobytes(), width=width)
    return found / _NUM_PASSAGES


def shared_documents(store: TokenStore, *, other: TokenStore) -> list[int]:
    """Return which documents of a text are also documents of another text.

    Short documents, such as greetings, may be equal by chance. They count only if the shared
    documents are a quarter of one of the texts.

    Args:
        store: The text.
        other: The other text, encoded by the same tokenizer.

    Returns:
        Increasing numbers of the documents of `store`, from 0.
    """
    known = {digest for _, digest in _digests(other)}
    shared = [number for number, digest in _digests(store) if digest in known]
    sizes = np.diff(store.document_starts)[shared]
    is_large = sizes.sum() >= _SEEN_SHARE * min(store.num_tokens, other.num_tokens)
    if is_large:
        return shared
    return [number for number, size in zip(shared, sizes, strict=True) if size >= _PASSAGE_TOKENS]


def shares_passages(store: TokenStore, *, other: TokenStore) -> bool:
    """Return whether a quarter of the passages of one of two texts are in the other one.

    Args:
        store: One text.
        other: The other text, encoded by the same tokenizer.
    """
    shares = (seen_share(store, train=other), seen_share(other, train=store))
    return max(shares) >= _SEEN_SHARE


def _note_of_mixture(store: TokenStore, config: Values) -> str | None:
    seen = config.get(SEEN_TEXTS, {})
    if store.text_sha256 in seen.get("trained", ()):
        return "a member of the mixture was trained on this text"
    if store.text_sha256 in seen.get("tuned", ()):
        return "the weights of the mixture were tuned on this text"
    return None


def _digests(store: TokenStore) -> Iterator[tuple[int, bytes]]:
    """Yield the number and a hash of the ids of each document that has tokens."""
    starts = store.document_starts.tolist()
    for number, (start, end) in enumerate(pairwise(starts)):
        if end > start:
            yield number, hashlib.sha256(store.ids[start:end].tobytes()).digest()


def _contains(content: bytes, part: bytes, *, width: int) -> bool:
    """Return whether a part occurs at a multiple of the width in bytes."""
    place = content.find(part)
    while place >= 0 and place % width:
        place = content.find(part, place + 1)
    return place >= 0
